//! What a changed CRM snapshot did, or would do.

use std::fmt::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::model::rematch::RematchResult;
use crate::model::rematch::RematchSummary;
use crate::model::rematch::SnapshotChange;
use crate::model::rematch::Whose;
use crate::report::table;
use crate::report::table::Side;
use crate::report::table::number;
use crate::report::terminal::fold;
use crate::report::text::write_notes;

/// More contacts and accounts than this are not listed for people: a new CRM changes all of them.
const LISTED_MAX: usize = 60;

/// For people.
pub fn text(summary: &RematchSummary, width: usize) -> String {
    let mut text = String::new();
    match &summary.result {
        RematchResult::Planned { changes } => write_changes(&mut text, changes, width),
        RematchResult::Appended {
            run_id,
            rows,
            caught_up,
        } => {
            for view in caught_up {
                let _ = writeln!(text, "brought up to date: {view}");
            }
            let _ = match rows {
                0 => writeln!(text, "contact_activity agrees with the CRM"),
                rows => writeln!(
                    text,
                    "contact_activity: {} rows appended (run {run_id})",
                    number(*rows)
                ),
            };
        }
    }
    if summary.without_content > 0 {
        let _ = writeln!(
            text,
            "{} mails with a CRM contact have neither subject nor text here; \
             if they were withheld without a match then, touchpoint run --mailbox … --again \
             reads a mailbox again and adds them",
            number(summary.without_content)
        );
    }
    write_notes(&mut text, &summary.notes);
    fold(&text, width)
}

fn write_changes(text: &mut String, changes: &[SnapshotChange], width: usize) {
    let (come, go) = totals(changes);
    let _ = writeln!(
        text,
        "{} rows of contact_activity would be added and {} removed; nothing was written",
        number(come),
        number(go)
    );
    if changes.is_empty() {
        return;
    }
    let head = [
        ("", Side::Left),
        ("id", Side::Left),
        ("name", Side::Left),
        ("come", Side::Right),
        ("go", Side::Right),
    ];
    let rows: Vec<Vec<String>> = changes.iter().take(LISTED_MAX).map(row).collect();
    text.push('\n');
    text.push_str(&table::render(&head, &rows, width));
    let more = changes.len().saturating_sub(LISTED_MAX);
    if more > 0 {
        let more = number(more as u64);
        let _ = writeln!(text, "  … and {more} more (all of them with --format json)");
    }
}

fn row(change: &SnapshotChange) -> Vec<String> {
    let (kind, id) = match &change.whose {
        Whose::Contact(id) => ("contact", id),
        Whose::Account(id) => ("account", id),
    };
    vec![
        kind.to_owned(),
        id.to_string(),
        change.name.as_deref().unwrap_or_default().to_owned(),
        number(change.come),
        number(change.go),
    ]
}

/// Rows that are added and removed, over all contacts and accounts.
fn totals(changes: &[SnapshotChange]) -> (u64, u64) {
    let come = changes.iter().map(|change| change.come).sum();
    (come, changes.iter().map(|change| change.go).sum())
}

/// For programs.
pub fn json(summary: &RematchSummary) -> Value {
    let mut json = match &summary.result {
        RematchResult::Planned { changes } => {
            let (come, go) = totals(changes);
            let changes: Vec<Value> = changes.iter().map(change).collect();
            json!({ "plan": true, "come": come, "go": go, "changes": changes })
        }
        RematchResult::Appended {
            run_id,
            rows,
            caught_up,
        } => json!({
            "plan": false,
            "run_id": &**run_id,
            "rows_appended": rows,
            "caught_up": caught_up,
        }),
    };
    json["crm_snapshot"] = json!(&*summary.snapshot);
    json["without_content"] = json!(summary.without_content);
    json["notes"] = json!(summary.notes);
    json
}

fn change(change: &SnapshotChange) -> Value {
    let (contact, account) = match &change.whose {
        Whose::Contact(id) => (Some(&**id), None),
        Whose::Account(id) => (None, Some(&**id)),
    };
    json!({
        "contact_id": contact,
        "account_id": account,
        "name": change.name.as_deref(),
        "come": change.come,
        "go": change.go,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(changes: Vec<SnapshotChange>) -> RematchSummary {
        RematchSummary {
            snapshot: "digest".into(),
            result: RematchResult::Planned { changes },
            without_content: 3,
            notes: vec!["a note".to_owned()],
        }
    }

    #[test]
    fn a_plan_lists_changes_per_contact_and_account() {
        let change = |whose, name: Option<&str>, come, go| SnapshotChange {
            whose,
            name: name.map(Into::into),
            come,
            go,
        };
        let summary = planned(vec![
            change(Whose::Contact("c1".into()), Some("Ann Lee"), 1200, 0),
            change(Whose::Account("a1".into()), None, 0, 7),
        ]);
        assert_eq!(
            text(&summary, 1_000),
            "1,200 rows of contact_activity would be added and 7 removed; nothing was written\n\n\
             \x20          id  name      come  go\n\
             \x20 contact  c1  Ann Lee  1,200   0\n\
             \x20 account  a1               0   7\n\
             3 mails with a CRM contact have neither subject nor text here; \
             if they were withheld without a match then, touchpoint run --mailbox … --again \
             reads a mailbox again and adds them\n\
             note: a note\n"
        );
        let json = json(&summary);
        assert_eq!((&json["come"], &json["go"]), (&json!(1200), &json!(7)));
        assert_eq!(json["changes"][0]["contact_id"], "c1");
        assert_eq!(json["changes"][1]["account_id"], "a1");
        assert!(json["changes"][1]["contact_id"].is_null());
    }

    #[test]
    fn a_long_list_is_truncated_in_text_but_not_json() {
        let changes = (0..100).map(|n| SnapshotChange {
            whose: Whose::Contact(format!("c{n}").into()),
            name: None,
            come: 1,
            go: 0,
        });
        let summary = planned(changes.collect());
        assert!(text(&summary, 1_000).contains("… and 40 more"));
        assert_eq!(json(&summary)["changes"].as_array().unwrap().len(), 100);
    }
}
