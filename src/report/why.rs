//! Why something is, or is not, in the lake, as text and JSON from the same lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::model::activity::ContactMatch;
use crate::model::outcome::Outcome;
use crate::model::time::Timestamp;
use crate::model::why::Explanation;
use crate::model::why::Finding;
use crate::model::why::MailboxFindings;
use crate::model::why::Part;
use crate::model::why::RowFinding;
use crate::model::why::RuleFinding;
use crate::model::why::StateFinding;
use crate::model::why::Subject;
use crate::report::instant::day;
use crate::report::instant::minute_utc;
use crate::report::table::number;
use crate::report::terminal::harmless;

/// Mailboxes without the subject that are listed for people.
const LISTED_MAX: usize = 20;

/// For people: the mailboxes that have it come first.
pub fn text(explanation: &Explanation) -> String {
    let mut text = format!("{}\n", harmless(&title(&explanation.subject)));
    push(&mut text, &explanation.findings);
    let all = explanation.mailboxes.iter();
    let (with, without): (Vec<&MailboxFindings>, Vec<_>) =
        all.partition(|one| is_recorded(&one.findings));
    for one in &with {
        push_mailbox(&mut text, one, "recorded");
    }
    for one in without.iter().take(LISTED_MAX) {
        push_mailbox(&mut text, one, "not recorded");
    }
    let more = without.len().saturating_sub(LISTED_MAX);
    if more > 0 {
        let _ = writeln!(
            text,
            "\n{more} more mailboxes without it (name one with --mailbox; all of them with --format json)"
        );
    }
    text
}

fn is_recorded(findings: &[Finding]) -> bool {
    findings.iter().any(|one| matches!(one, Finding::Row(_)))
}

fn push_mailbox(text: &mut String, one: &MailboxFindings, what: &str) {
    let mailbox = &one.mailbox;
    let _ = writeln!(
        text,
        "\n{} {}: {what}",
        harmless(&mailbox.tenant),
        harmless(&mailbox.address)
    );
    push(text, &one.findings);
}

fn push(text: &mut String, findings: &[Finding]) {
    for finding in findings {
        let (basis, _, line) = line(finding);
        let _ = writeln!(text, "  [{basis}] {}", harmless(&line));
    }
}

/// For programs: all mailboxes, in order of tenant and address.
pub fn json(explanation: &Explanation) -> Value {
    let (kind, value) = match &explanation.subject {
        Subject::Message(id) => ("message", id.clone()),
        Subject::Interaction(id) => ("interaction", id.clone()),
        Subject::Address(address) => ("address", address.clone()),
        Subject::Day(first, _) => ("day", day(*first)),
    };
    let lines = |findings: &[Finding]| -> Vec<Value> {
        let lines = findings.iter().map(line);
        lines
            .map(|(basis, code, text)| json!({ "basis": basis, "code": code, "text": text }))
            .collect()
    };
    let mailbox = |one: &MailboxFindings| {
        json!({
            "tenant": &*one.mailbox.tenant,
            "mailbox_id": &*one.mailbox.id,
            "mailbox": &*one.mailbox.address,
            "recorded": is_recorded(&one.findings),
            "findings": lines(&one.findings),
        })
    };
    json!({
        "kind": kind,
        "subject": value,
        "findings": lines(&explanation.findings),
        "mailboxes": explanation.mailboxes.iter().map(mailbox).collect::<Vec<_>>(),
    })
}

fn title(subject: &Subject) -> String {
    match subject {
        Subject::Message(id) => format!("message <{id}>"),
        Subject::Interaction(id) => format!("interaction {id}"),
        Subject::Address(address) => format!("address {address}"),
        Subject::Day(first, _) => format!("day {} (UTC)", day(*first)),
    }
}

const LAKE: &str = "lake";
const RULES: &str = "rules";

/// On what a finding rests, the word for it, and its sentence.
fn line(finding: &Finding) -> (&'static str, &'static str, String) {
    let (basis, (code, text)) = match finding {
        Finding::Row(row) => (LAKE, of_row(row)),
        Finding::Rule(rule) => (RULES, of_rule(rule)),
        Finding::State(state) => (LAKE, of_state(state)),
    };
    (basis, code, text)
}

fn of_row(finding: &RowFinding) -> (&'static str, String) {
    match finding {
        RowFinding::Recorded {
            part,
            interactions,
            span: (first, last),
        } => {
            let what = match part {
                Part::Mail => "mails",
                Part::Meetings => "meetings",
            };
            let count = number(*interactions);
            let text = format!("{count} {what} from {} to {}", day(*first), day(*last));
            ("recorded", text)
        }
        RowFinding::Current {
            id,
            at,
            revision,
            state,
            run_id,
        } => {
            let (at, state) = (minute_utc(*at), state.as_str());
            let text = format!("id {id}, {at}, revision {revision}, {state}, by run {run_id}");
            ("recorded", text)
        }
        RowFinding::Matched(found) => {
            let text = format!("matched {} by {}", who(found), found.rule.as_str());
            ("matched", text)
        }
        RowFinding::NotMatched => {
            let text = "the CRM snapshot of its run has no contact or account in it";
            ("not_matched", text.to_owned())
        }
        RowFinding::NotRecorded => ("not_recorded", "no row of the lake has it".to_owned()),
    }
}

fn of_rule(finding: &RuleFinding) -> (&'static str, String) {
    match finding {
        RuleFinding::ExcludedAddress => {
            let text = "[capture] exclude.addresses has it: what it takes part in is excluded";
            ("excluded_address", text.to_owned())
        }
        RuleFinding::ExcludedDomain => {
            let text =
                "[capture] exclude.domains has its domain: what it takes part in is excluded";
            ("excluded_domain", text.to_owned())
        }
        RuleFinding::Internal { is_skipped: true } => {
            let text =
                "of the own company, so never a contact; items among colleagues only are skipped";
            ("internal", text.to_owned())
        }
        RuleFinding::Internal { is_skipped: false } => {
            let text = "of the own company, so never a contact";
            ("internal", text.to_owned())
        }
        RuleFinding::Freemail => {
            let text = "its domain is freemail: it stands for no account";
            ("freemail", text.to_owned())
        }
        RuleFinding::InCrm(found) => {
            let rule = found.rule.as_str();
            let text = format!("the CRM snapshot in force has {} by {rule}", who(found));
            ("in_crm", text)
        }
        RuleFinding::NotInCrm { near, unmatched } => {
            let mut text = format!(
                "the CRM snapshot in force does not have it; unmatched = \"{unmatched}\" decides"
            );
            if !near.is_empty() {
                let _ = write!(text, "; spelled alike: {}", near.join(", "));
            }
            ("not_in_crm", text)
        }
        RuleFinding::NoCrm => {
            let text = "no run has stored a CRM snapshot";
            ("no_crm", text.to_owned())
        }
    }
}

fn of_state(finding: &StateFinding) -> (&'static str, String) {
    match finding {
        StateFinding::Connection {
            connection,
            since,
            code,
        } => {
            let code = code.as_ref().map(|code| format!(" ({code})"));
            let (code, since) = (code.unwrap_or_default(), minute_utc(*since));
            let word = connection.as_str();
            (word, format!("{word}{code} since {since}"))
        }
        StateFinding::LastRead(at) => {
            let text = format!("last read completely {}", minute_utc(*at));
            ("last_read", text)
        }
        StateFinding::Window {
            part,
            start,
            is_after_day,
        } => window(*part, *start, *is_after_day),
        StateFinding::Off {
            part,
            setting,
            from,
            until,
        } => {
            let from = from.map_or("the beginning".to_owned(), minute_utc);
            let until = until.map_or("today".to_owned(), minute_utc);
            let text = format!("{} = {setting} from {from} until {until}", part.as_str());
            ("not_captured", text)
        }
        StateFinding::Unread {
            reason,
            items,
            tries,
            since,
        } => {
            let (items, since) = (number(*items), minute_utc(*since));
            let text = format!(
                "{items} items could not be read ({reason}), tried up to {tries} times since {since}; \
                 which ones is unknown"
            );
            ("unread", text)
        }
        StateFinding::NotKept {
            runs,
            span: (first, last),
            outcomes,
        } => {
            let counts = listed(outcomes);
            let (runs, first, last) = (number(*runs), minute_utc(*first), minute_utc(*last));
            let text = format!(
                "of items that were read and not recorded only counts are kept: {counts}, in {runs} runs \
                 from {first} to {last}"
            );
            ("not_kept", text)
        }
        StateFinding::NeverRead => {
            let text = "no run has read this mailbox";
            ("never_read", text.to_owned())
        }
    }
}

fn window(part: Part, start: Timestamp, is_after_day: bool) -> (&'static str, String) {
    let (code, verdict) = if is_after_day {
        ("before_window", ": the day lies before it")
    } else {
        ("window", "")
    };
    let (part, start) = (part.as_str(), minute_utc(start));
    (
        code,
        format!("the window of {part} begins {start}{verdict}"),
    )
}

/// `3 excluded, 1 private`.
fn listed(outcomes: &BTreeMap<Outcome, u64>) -> String {
    let counts = outcomes.iter();
    let counts = counts.map(|(outcome, items)| format!("{} {}", number(*items), outcome.as_str()));
    let counts: Vec<String> = counts.collect();
    if counts.is_empty() {
        "none".to_owned()
    } else {
        counts.join(", ")
    }
}

/// `contact c1 (Ann) of account a1`.
fn who(found: &ContactMatch) -> String {
    let contact = found.contact.as_ref();
    let contact = contact.map(|(id, name)| format!("contact {id} ({name})"));
    let account = found.account.as_ref();
    let account = account.map(|(id, _)| format!("account {id}"));
    let parts: Vec<String> = contact.into_iter().chain(account).collect();
    parts.join(" of ")
}
