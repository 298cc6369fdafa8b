//! What a tenant lets the application do, compared with what the configuration wants.

use hashbrown::HashSet;

use crate::access::consent;
use crate::access::consent_link;
use crate::access::directory;
use crate::access::directory::Listing;
use crate::access::error::UNKNOWN_APPLICATION;
use crate::access::input::TenantInput;
use crate::access::probes;
use crate::access::probes::Denied;
use crate::config::capture::Capture;
use crate::config::capture::Content;
use crate::model::access::ConsentRow;
use crate::model::access::Finding;
use crate::model::access::Grant;
use crate::model::access::Probe;
use crate::model::access::ProbeAnswer;
use crate::model::access::Severity;
use crate::model::access::TenantAccess;
use crate::scope::plan::Verdict;

/// What permissions that allow more than reading are taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// A gap.
    Lenient,
    /// A reason not to begin.
    Strict,
}

/// The users whom the scope of some section holds. Tenants that cannot be listed are left out.
pub async fn selected(tenants: &[TenantInput], capture: &Capture) -> HashSet<String> {
    let mut found = HashSet::new();
    for tenant in tenants {
        if let Ok(listing) = directory::list(capture, tenant).await {
            found.extend(listing.selected_ids());
        }
    }
    found
}

/// Signs in to a tenant, lists it and tries mailboxes in and out of scope; reads no mail.
/// `selected` are the users whom the scope of some section holds.
pub async fn tenant(
    tenant: &TenantInput,
    capture: &Capture,
    selected: &HashSet<String>,
    strictness: Strictness,
) -> TenantAccess {
    let mut found = TenantAccess {
        tenant: tenant.name.to_string(),
        ..TenantAccess::default()
    };
    tenant.source.renew_sign_in().await;
    let roles = match tenant.source.granted_roles().await {
        Ok(roles) => roles,
        Err(error) => {
            let is_unknown = UNKNOWN_APPLICATION.contains(&error.code());
            found.consent_link = is_unknown.then(|| link(tenant));
            found.findings.push(Finding {
                may_pass: is_unknown,
                ..Finding::new(Severity::Stop, error.to_string())
            });
            return found;
        }
    };
    let mut shown = Content::Full;
    match directory::list(capture, tenant).await {
        Ok(listing) => {
            shown = try_mailboxes(tenant, capture, (&listing, selected), &mut found).await;
        }
        Err(error) => stop(&mut found, error.to_string()),
    }
    found.consent = consent::rows(&tenant.config, capture, roles.as_deref(), &found.probes);
    found.content = consent::content(capture, &found.consent, shown);
    if let Some(roles) = &roles {
        found.too_wide = consent::too_wide(roles);
        found.not_needed = consent::not_needed(&tenant.config, capture, roles);
    }
    let mut findings = of_consent(&found.consent);
    found.consent_link = (!findings.is_empty()).then(|| link(tenant));
    findings.extend(of_probes(&found));
    findings.extend(of_width(&found, strictness));
    found.findings.extend(findings);
    found
        .findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

/// Gives how much of mails the permissions show.
async fn try_mailboxes(
    tenant: &TenantInput,
    capture: &Capture,
    (listing, selected): (&Listing, &HashSet<String>),
    found: &mut TenantAccess,
) -> Content {
    let is_in = |verdict: Verdict| verdict == Verdict::In;
    let entries = listing.entries.iter();
    found.in_scope = entries.filter(|entry| is_in(entry.verdict)).count();
    let targets = probes::granted(tenant, listing).and_then(|granted| {
        let denied = probes::denied(tenant, listing, selected)?;
        Ok((granted, denied))
    });
    let (granted, denied) = match targets {
        Ok(targets) => targets,
        Err(error) => {
            stop(found, error.to_string());
            return Content::Full;
        }
    };
    found.probes = probes::try_granted(tenant, capture, &granted).await;
    let refused = probes::try_denied(tenant, capture, &denied).await;
    if !probes::have_answered(&refused) && !matches!(denied, Denied::WholeTenant) {
        let text = "no mailbox outside the scope has answered, so it is unknown whether the restriction \
                    works; name one under probe.denied that has a mailbox";
        found
            .findings
            .push(Finding::new(Severity::Gap, text.to_owned()));
    }
    found.probes.extend(refused);
    let advice = |note: &String| Finding::new(Severity::Advice, note.clone());
    found.findings.extend(listing.notes.iter().map(advice));
    match capture.content {
        // What hides the text hides the sensitivity as well.
        Content::Envelope if capture.mail => probes::shown_content(tenant, &granted).await,
        _ => Content::Full,
    }
}

fn stop(found: &mut TenantAccess, text: String) {
    found.findings.push(Finding::new(Severity::Stop, text));
}

/// What an administrator opens; no one waits for the redirect.
fn link(tenant: &TenantInput) -> String {
    consent_link::link(&tenant.config, &consent_link::state(), None).into()
}

/// What is missing, and where it is granted.
fn of_consent(rows: &[ConsentRow]) -> Vec<Finding> {
    let missing = rows.iter().filter(|row| row.grant == Grant::Missing);
    let finding = |row: &ConsentRow| {
        let ConsentRow {
            function,
            permission,
            ..
        } = row;
        let remedy = if row.probe.is_some() {
            "the token does not name it and the mailboxes in scope refuse: assign it in Exchange by RBAC \
             for Applications (scripts/entra), or grant it in Entra"
        } else {
            "grant it in Entra and give admin consent"
        };
        let severity = if row.is_optional {
            Severity::Gap
        } else {
            Severity::Stop
        };
        let text = format!("{function}: permission {permission} is missing; {remedy}");
        Finding::passing(severity, text)
    };
    missing.map(finding).collect()
}

/// What the mailboxes answered, one finding for each mailbox and kind of answer.
fn of_probes(found: &TenantAccess) -> Vec<Finding> {
    let mut mailboxes: Vec<&str> = Vec::new();
    for probe in &found.probes {
        if !mailboxes.contains(&probe.mailbox.as_str()) {
            mailboxes.push(&probe.mailbox);
        }
    }
    let of_mailbox = |mailbox: &str| {
        let probes = found.probes.iter().filter(|probe| probe.mailbox == mailbox);
        let probes: Vec<&Probe> = probes.collect();
        [
            open(&probes, found),
            refused(&probes, found),
            absent(&probes),
            unknown(&probes),
        ]
    };
    let findings = mailboxes.into_iter().flat_map(of_mailbox);
    findings.flatten().collect()
}

/// A mailbox outside the scope that can be read.
fn open(probes: &[&Probe], found: &TenantAccess) -> Option<Finding> {
    let open = select(probes, Probe::is_open)?;
    let granted: Vec<&str> = found
        .consent
        .iter()
        .filter(|row| open.iter().any(|probe| row.probe == Some(probe.kind)))
        .filter_map(|row| match &row.grant {
            Grant::Entra(names) => Some(names),
            _ => None,
        })
        .flatten()
        .map(String::as_str)
        .collect();
    let cause = if granted.is_empty() {
        "the scope of a role assignment in Exchange holds more mailboxes than the scope of this \
         configuration"
            .to_owned()
    } else {
        format!(
            "granted in Entra for all mailboxes, and rights add up: {}; remove it there, or restrict it \
             by an application access policy",
            granted.join(", ")
        )
    };
    Some(Finding::passing(
        Severity::Stop,
        format!(
            "the restriction does not work: {} can be read ({}); {cause}",
            open[0].mailbox,
            names(&open)
        ),
    ))
}

/// A mailbox in scope that is refused, although others are not.
fn refused(probes: &[&Probe], found: &TenantAccess) -> Option<Finding> {
    let is_missing = |probe: &Probe| {
        let mut rows = found.consent.iter();
        let row = rows.find(|row| row.probe == Some(probe.kind));
        row.is_some_and(|row| row.grant == Grant::Missing)
    };
    let refused = select(probes, |probe| probe.is_refused() && !is_missing(probe))?;
    Some(Finding::passing(
        severity(&refused),
        format!(
            "{} is refused ({}: {}) though it is in scope: a policy or the scope of a role leaves it out, \
             or has not acted yet, which takes an hour and at times more (check --wait 90m asks again)",
            refused[0].mailbox,
            names(&refused),
            refused[0].found.detail()
        ),
    ))
}

/// A user without a mailbox.
fn absent(probes: &[&Probe]) -> Option<Finding> {
    let is_absent = |probe: &Probe| matches!(probe.found, ProbeAnswer::NoMailbox { .. });
    let absent = select(probes, is_absent)?;
    let is_wrong = absent
        .iter()
        .any(|probe| probe.is_named && probe.is_wrong());
    let severity = if is_wrong {
        Severity::Stop
    } else {
        Severity::Advice
    };
    let text = format!(
        "{} has no mailbox in Microsoft 365 ({})",
        absent[0].mailbox,
        absent[0].found.detail()
    );
    Some(Finding::new(severity, text))
}

/// A mailbox of which it is unknown.
fn unknown(probes: &[&Probe]) -> Option<Finding> {
    let is_unknown = |probe: &Probe| matches!(probe.found, ProbeAnswer::Unknown { .. });
    let unknown = select(probes, is_unknown)?;
    Some(Finding::passing(
        Severity::Gap,
        format!(
            "{}: no answer shows whether it can be read ({}): {}",
            unknown[0].mailbox,
            names(&unknown),
            unknown[0].found.detail()
        ),
    ))
}

/// Those to which something applies, if there are any.
fn select<'a>(probes: &[&'a Probe], applies: impl Fn(&Probe) -> bool) -> Option<Vec<&'a Probe>> {
    let selected = probes.iter().copied().filter(|probe| applies(probe));
    let selected: Vec<&Probe> = selected.collect();
    (!selected.is_empty()).then_some(selected)
}

fn names(probes: &[&Probe]) -> String {
    let names = probes.iter().map(|probe| probe.kind.as_str());
    names.collect::<Vec<_>>().join(", ")
}

/// A wrong answer of a mailbox that the configuration names ends the check; one of a mailbox that was
/// chosen may be an exception, and the kind of a mailbox need not be known.
fn severity(probes: &[&Probe]) -> Severity {
    let is_wrong = |probe: &&Probe| probe.is_named && !probe.kind.is_optional();
    if probes.iter().any(is_wrong) {
        Severity::Stop
    } else {
        Severity::Gap
    }
}

fn of_width(found: &TenantAccess, strictness: Strictness) -> Option<Finding> {
    if found.too_wide.is_empty() {
        return None;
    }
    let severity = match strictness {
        Strictness::Lenient => Severity::Gap,
        Strictness::Strict => Severity::Stop,
    };
    let text = format!(
        "wider than needed: {}; touchpoint only reads, so remove them in Entra",
        found.too_wide.join(", ")
    );
    Some(Finding::new(severity, text))
}
