//! What `touchpoint check` found, for people and for programs.

use std::fmt::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::model::access::ConsentRow;
use crate::model::access::Finding;
use crate::model::access::Grant;
use crate::model::access::Probe;
use crate::model::access::Severity;
use crate::model::access::TenantAccess;
use crate::report::exit;
use crate::report::table;
use crate::report::table::Side;
use crate::report::terminal::fold;

/// The most severe finding decides; a report without any is complete.
pub fn exit_code(tenants: &[TenantAccess]) -> u8 {
    let findings = tenants.iter().flat_map(|tenant| &tenant.findings);
    match findings.map(|finding| finding.severity).max() {
        Some(Severity::Stop) => exit::NOT_RUN,
        Some(Severity::Gap) => exit::GAPS,
        Some(Severity::Advice) | None => exit::COMPLETE,
    }
}

/// For people.
pub fn text(tenants: &[TenantAccess], width: usize) -> String {
    let parts = tenants.iter().map(|tenant| tenant_text(tenant, width));
    fold(&parts.collect::<Vec<_>>().join("\n"), width)
}

fn tenant_text(found: &TenantAccess, width: usize) -> String {
    let mut text = format!(
        "{}: {} mailboxes in scope\n\n",
        found.tenant, found.in_scope
    );
    if !found.consent.is_empty() {
        let rows: Vec<Vec<String>> = found.consent.iter().map(consent_row).collect();
        let head = [
            ("function", Side::Left),
            ("permission", Side::Left),
            ("found", Side::Left),
        ];
        text.push_str(&table::render(&head, &rows, width));
    }
    for (what, roles) in [
        ("wider than needed", &found.too_wide),
        ("not needed", &found.not_needed),
    ] {
        if !roles.is_empty() {
            let _ = writeln!(text, "{what}: {}", roles.join(", "));
        }
    }
    if !found.probes.is_empty() {
        let rows: Vec<Vec<String>> = found.probes.iter().map(probe_row).collect();
        let head = [
            ("mailbox", Side::Left),
            ("request", Side::Left),
            ("expected", Side::Left),
            ("found", Side::Left),
            ("", Side::Left),
        ];
        let _ = writeln!(text, "\n{}", table::render(&head, &rows, width).trim_end());
    }
    text.push('\n');
    for line in &found.content {
        let _ = writeln!(text, "{line}");
    }
    for finding in &found.findings {
        let _ = writeln!(text, "{}: {}", finding.severity.as_str(), finding.text);
    }
    if let Some(link) = &found.consent_link {
        let _ = writeln!(text, "an administrator gives consent at: {link}");
    }
    let _ = writeln!(text, "{}", summary(found));
    text
}

/// The last line: whether a run may begin.
fn summary(found: &TenantAccess) -> String {
    let of = |severity| {
        let findings = found.findings.iter();
        findings
            .filter(|finding| finding.severity == severity)
            .count()
    };
    match (of(Severity::Stop), of(Severity::Gap)) {
        (0, 0) => format!("{}: completed", found.tenant),
        (0, gaps) => format!("{}: completed, with {gaps} gaps", found.tenant),
        (stops, _) => format!("{}: not completed, {stops} things to do", found.tenant),
    }
}

fn consent_row(row: &ConsentRow) -> Vec<String> {
    let found = match &row.grant {
        Grant::Entra(names) => format!("granted in Entra ({})", names.join(", ")),
        Grant::Exchange => "granted in Exchange (RBAC for Applications)".to_owned(),
        Grant::Missing if row.is_optional => "missing (optional)".to_owned(),
        Grant::Missing => "missing".to_owned(),
        Grant::Unknown => "unknown".to_owned(),
    };
    vec![row.function.to_owned(), row.permission.to_owned(), found]
}

fn probe_row(probe: &Probe) -> Vec<String> {
    let found = probe.found.as_str();
    let detail = if probe.is_wrong() && (probe.is_named || probe.is_open()) {
        format!("wrong  {}", probe.found.detail())
    } else {
        probe.found.detail().to_owned()
    };
    vec![
        probe.mailbox.clone(),
        probe.kind.as_str().to_owned(),
        probe.expected.as_str().to_owned(),
        found.to_owned(),
        detail.trim_end().to_owned(),
    ]
}

/// For programs.
pub fn json(tenants: &[TenantAccess]) -> Value {
    json!({
        "tenants": tenants.iter().map(tenant_json).collect::<Vec<_>>(),
        "exit_code": exit_code(tenants),
    })
}

fn tenant_json(found: &TenantAccess) -> Value {
    json!({
        "tenant": found.tenant,
        "in_scope": found.in_scope,
        "consent": found.consent.iter().map(consent_json).collect::<Vec<_>>(),
        "too_wide": found.too_wide,
        "not_needed": found.not_needed,
        "probes": found.probes.iter().map(probe_json).collect::<Vec<_>>(),
        "content": found.content,
        "findings": found.findings.iter().map(finding_json).collect::<Vec<_>>(),
        "consent_link": found.consent_link,
    })
}

fn consent_json(row: &ConsentRow) -> Value {
    let (state, granted_by) = match &row.grant {
        Grant::Entra(names) => ("entra", names.as_slice()),
        Grant::Exchange => ("exchange", &[][..]),
        Grant::Missing => ("missing", &[][..]),
        Grant::Unknown => ("unknown", &[][..]),
    };
    json!({
        "function": row.function,
        "permission": row.permission,
        "optional": row.is_optional,
        "granted": state,
        "granted_by": granted_by,
    })
}

fn probe_json(probe: &Probe) -> Value {
    json!({
        "mailbox": probe.mailbox,
        "request": probe.kind.as_str(),
        "expected": probe.expected.as_str(),
        "found": probe.found.as_str(),
        "detail": probe.found.detail(),
        "wrong": probe.is_wrong(),
    })
}

fn finding_json(finding: &Finding) -> Value {
    json!({ "severity": finding.severity.as_str(), "text": finding.text })
}
