//! What a run would read, before it reads anything.

use std::fmt::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::model::run::PlanLine;
use crate::report::json::plan_line;
use crate::report::table;
use crate::report::table::Side;

/// What `run --plan` shows.
#[derive(Debug, Clone)]
pub struct PlanReport {
    /// Mailboxes, whether they are read and why not, in order of tenant and address.
    pub lines: Vec<PlanLine>,
    /// The first window of mailboxes that are new, as configured.
    pub window: String,
    /// How much of a mail is stored.
    pub content: String,
    /// Permissions that the application needs, each with its reason.
    pub permissions: Vec<(String, String)>,
}

/// For people.
pub fn text(plan: &PlanReport) -> String {
    let within = plan
        .lines
        .iter()
        .filter(|line| line.out_because.is_none())
        .count();
    let mut text = format!(
        "{within} of {} mailboxes would be read\n\n",
        plan.lines.len()
    );
    let rows: Vec<Vec<String>> = plan
        .lines
        .iter()
        .map(|line| {
            let verdict = if line.out_because.is_none() {
                "in"
            } else {
                "out"
            };
            let reason = line.out_because.clone().unwrap_or_default();
            vec![
                line.tenant.clone(),
                line.address.clone(),
                verdict.to_owned(),
                reason,
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
    let _ = writeln!(
        text,
        "\nfirst window: {}\ncontent level: {}",
        plan.window, plan.content
    );
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
        "mailboxes": plan.lines.iter().map(plan_line).collect::<Vec<_>>(),
        "window": plan.window,
        "content": plan.content,
        "permissions": permissions,
    })
}
