//! What a run would read, before it reads anything.

use std::fmt::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::model::run::Plan;
use crate::report::json::failed_tenant;
use crate::report::json::plan_line;
use crate::report::table;
use crate::report::table::Side;

/// What `run --plan` shows.
#[derive(Debug, Clone)]
pub struct PlanReport {
    /// Mailboxes, whether they are read and why.
    pub plan: Plan,
    /// The first window of mailboxes that are new, as configured.
    pub window: String,
    /// How much of a mail is stored.
    pub content: String,
    /// Permissions that the application needs, each with its reason.
    pub permissions: Vec<(String, String)>,
}

/// For people.
pub fn text(plan: &PlanReport) -> String {
    let lines = &plan.plan.lines;
    let within = lines.iter().filter(|line| line.is_in_scope()).count();
    let mut text = format!("{within} of {} mailboxes are in scope\n\n", lines.len());
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let why = line.included_by().or(line.why_not());
            let verdict = if line.is_in_scope() { "in" } else { "out" };
            vec![
                line.tenant.clone(),
                line.address.clone(),
                verdict.to_owned(),
                why.unwrap_or_default().to_owned(),
            ]
        })
        .collect();
    let head = [
        ("tenant", Side::Left),
        ("mailbox", Side::Left),
        ("", Side::Left),
        ("why", Side::Left),
    ];
    text.push_str(&table::render(&head, &rows));
    for failed in &plan.plan.failed {
        let _ = writeln!(text, "nothing is known of a tenant: {}", failed.reason);
    }
    let _ = writeln!(
        text,
        "\nfirst window: {}\ncontent level: {}",
        plan.window, plan.content
    );
    if let Some(digest) = &plan.plan.digest {
        let _ = writeln!(
            text,
            "digest of the list: {digest}\nto read those that are new: run --confirm {digest}"
        );
    }
    for (name, reason) in &plan.permissions {
        let _ = writeln!(text, "permission {name}: {reason}");
    }
    text
}

/// For programs.
pub fn json(plan: &PlanReport) -> Value {
    let permissions: Vec<Value> = plan
        .permissions
        .iter()
        .map(|(name, reason)| json!({ "name": name, "reason": reason }))
        .collect();
    json!({
        "mailboxes": plan.plan.lines.iter().map(plan_line).collect::<Vec<_>>(),
        "digest": plan.plan.digest,
        "failed_tenants": plan.plan.failed.iter().map(failed_tenant).collect::<Vec<_>>(),
        "window": plan.window,
        "content": plan.content,
        "permissions": permissions,
    })
}
