//! What a run would read, before it reads anything.

use std::fmt::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::model::connection::Connection;
use crate::model::mailbox::MailboxKind;
use crate::model::run::FoundKind;
use crate::model::run::MailboxFacts;
use crate::model::run::Plan;
use crate::model::run::PlanLine;
use crate::report::json::failed_tenant;
use crate::report::json::plan_line;
use crate::report::table;
use crate::report::table::Side;
use crate::report::terminal::fold;

/// What `run --plan` shows.
#[derive(Debug, Clone)]
pub struct PlanReport {
    /// Mailboxes, whether they are read and why.
    pub plan: Plan,
    /// The first window of mailboxes that are new, as configured.
    pub window: String,
    /// How much of a mail is stored.
    pub content: String,
    /// Permissions that the application needs, each with its functions.
    pub permissions: Vec<(&'static str, Vec<&'static str>)>,
}

/// For people.
pub fn text(plan: &PlanReport, width: usize) -> String {
    let lines = &plan.plan.lines;
    let within = lines.iter().filter(|line| line.is_in_scope());
    let (known, new): (Vec<&PlanLine>, Vec<_>) = within.partition(|line| is_known(line));
    let mut text = format!(
        "{} of {} mailboxes are in scope, {} of them new\n\n",
        known.len() + new.len(),
        lines.len(),
        new.len()
    );
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let why = line.included_by().or(line.why_not()).unwrap_or_default();
            let details = details(line, !known.is_empty());
            let verdict = if line.is_in_scope() { "in" } else { "out" };
            vec![
                line.tenant.clone(),
                line.address.clone(),
                verdict.to_owned(),
                std::iter::once(why.to_owned())
                    .chain(details)
                    .collect::<Vec<_>>()
                    .join("; "),
            ]
        })
        .collect();
    let head = [
        ("tenant", Side::Left),
        ("mailbox", Side::Left),
        ("", Side::Left),
        ("why", Side::Left),
    ];
    text.push_str(&table::render(&head, &rows, width));
    for failed in &plan.plan.failed {
        let _ = writeln!(text, "nothing is known of a tenant: {}", failed.reason);
    }
    let _ = writeln!(
        text,
        "\nfirst window: {}\ncontent level: {}",
        plan.window, plan.content
    );
    if let Some(digest) = &plan.plan.digest {
        let _ = writeln!(text, "digest of the list: {digest}");
        if !new.is_empty() {
            let _ = writeln!(text, "to read those that are new: run --confirm {digest}");
        }
    }
    for (name, functions) in &plan.permissions {
        let _ = writeln!(text, "permission {name}: {}", functions.join(", "));
    }
    fold(&text, width)
}

/// Whether a run has read the mailbox, or tried to.
fn is_known(line: &PlanLine) -> bool {
    line.facts
        .last
        .is_some_and(|last| last != Connection::WaitingForConfirmation)
}

/// What else is known of a mailbox; that one is new is said where others are not.
fn details(line: &PlanLine, says_new: bool) -> Vec<String> {
    let facts = &line.facts;
    let mut details = Vec::new();
    if !line.is_in_scope() {
        return details;
    }
    match facts.last.filter(|_| is_known(line)) {
        None if says_new => details.push("new".to_owned()),
        None | Some(Connection::Connected) => {}
        Some(last) => details.push(format!("last run: {}", last.as_str())),
    }
    details.extend(captured(facts).map(str::to_owned));
    match &facts.kind {
        Some(FoundKind::Mailbox(MailboxKind::Archive | MailboxKind::User)) | None => {}
        Some(FoundKind::Mailbox(MailboxKind::Shared)) if !facts.reads_shared => {
            details.push("shared mailbox, not read: shared_mailboxes is not set".to_owned());
        }
        Some(FoundKind::Mailbox(kind)) => details.push(format!("{} mailbox", kind.as_str())),
        Some(FoundKind::None { code }) => details.push(format!(
            "no mailbox in Microsoft 365 ({code}){}",
            if facts.account.is_synced {
                ", perhaps one on premises: the account is synchronised from there"
            } else {
                ""
            }
        )),
    }
    if facts.account.is_disabled {
        details.push("account disabled".to_owned());
    }
    if let [first, more @ ..] = &facts.other_addresses[..] {
        let more = match more.len() {
            0 => String::new(),
            count => format!(" and {count} more addresses"),
        };
        details.push(format!("also {first}{more}"));
    }
    details
}

/// What is captured of a mailbox, where that is not all.
fn captured(facts: &MailboxFacts) -> Option<&'static str> {
    match (facts.captures_mail, facts.meetings) {
        (true, "none") => Some("mail only"),
        (true, "recorded") => Some("of meetings only recorded ones"),
        (false, "none") => Some("neither mail nor meetings"),
        (false, "recorded") => Some("recorded meetings only"),
        (false, _) => Some("meetings only"),
        (true, _) => None,
    }
}

fn json_line(line: &PlanLine) -> Value {
    let facts = &line.facts;
    let mut json = plan_line(line);
    json["new"] = json!(!is_known(line));
    json["last_connection"] = json!(facts.last.map(Connection::as_str));
    json["kind"] = json!(match &facts.kind {
        None => None,
        Some(FoundKind::Mailbox(kind)) => Some(kind.as_str()),
        Some(FoundKind::None { .. }) => Some("none"),
    });
    json["mail"] = json!(facts.captures_mail);
    json["meetings"] = json!(facts.meetings);
    json["account_disabled"] = json!(facts.account.is_disabled);
    json["account_on_premises"] = json!(facts.account.is_synced);
    json["other_addresses"] = json!(facts.other_addresses);
    json
}

/// For programs.
pub fn json(plan: &PlanReport) -> Value {
    let permissions: Vec<Value> = plan
        .permissions
        .iter()
        .map(|(name, functions)| json!({ "name": name, "reason": functions.join(", ") }))
        .collect();
    json!({
        "mailboxes": plan.plan.lines.iter().map(json_line).collect::<Vec<_>>(),
        "digest": plan.plan.digest,
        "failed_tenants": plan.plan.failed.iter().map(failed_tenant).collect::<Vec<_>>(),
        "window": plan.window,
        "content": plan.content,
        "permissions": permissions,
    })
}
