//! Which settings differ from those that the table `audit` has: of the configuration, and of members
//! whose own settings narrow those of their tenant.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use crate::config::Config;
use crate::config::members::Settings;
use crate::model::audit::AuditAction;
use crate::model::audit::AuditEntry;
use crate::model::run::PlanLine;
use crate::model::run::RunStamp;
use crate::model::shard::Shard;

/// The settings of today, by what they are of.
pub(crate) type Current = BTreeMap<String, String>;

/// The settings of the configuration, and those of the members in scope. The configuration is the
/// same in all shards, so the first one notes it.
pub(crate) fn current(config: &Config, lines: &[PlanLine], shard: Shard) -> Current {
    let mut current = Current::new();
    if shard.is_first() {
        current.extend(config.stated.clone());
    }
    let in_scope = lines.iter().filter(|line| line.is_in_scope());
    let members = in_scope.filter(|line| config.tenants.iter().any(|one| one.name == line.tenant));
    for line in members {
        let text = written(line.facts.captures_mail, line.facts.meetings);
        current.insert(line.address.clone(), text);
    }
    current
}

/// A row for each setting that is not as it was. `known` is what the table had last of each subject. A
/// member of whom it has nothing is noted where the settings are not the tenant's.
pub(crate) fn changes(
    run: &RunStamp,
    actor: &Arc<str>,
    current: &Current,
    default: Settings,
    known: &HashMap<String, Option<String>>,
) -> Vec<AuditEntry> {
    let default = written(default.mail, default.meetings.as_str());
    let mut rows = Vec::new();
    let mut add = |subject: &str, before: Option<&String>, after: Option<&String>| {
        rows.push(AuditEntry {
            at: run.started_at,
            actor: actor.clone(),
            action: AuditAction::Setting,
            subject: subject.to_owned(),
            before: before.cloned(),
            after: after.cloned(),
            run_id: Some(run.run_id.clone()),
        });
    };
    for (subject, now) in current {
        let before = known.get(subject).and_then(Option::as_ref);
        let is_usual = before.is_none() && is_member(subject) && *now == default;
        if before != Some(now) && !is_usual {
            add(subject, before, Some(now));
        }
    }
    let is_noted = current.keys().any(|subject| !is_member(subject));
    for (subject, before) in known {
        let is_gone = is_noted && !is_member(subject) && !current.contains_key(subject);
        if is_gone && before.is_some() {
            add(subject, before.as_ref(), None);
        }
    }
    rows.sort_by(|a, b| a.subject.cmp(&b.subject));
    rows
}

/// Keys of the configuration begin with the name of a section, which no address does.
fn is_member(subject: &str) -> bool {
    let first = subject.split('.').next().unwrap_or_default();
    !["capture", "view", "lake", "tenants"].contains(&first)
}

fn written(mail: bool, meetings: &str) -> String {
    format!(
        "mail = {}, meetings = {meetings}",
        if mail { "on" } else { "off" }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::capture::Meetings;
    use crate::model::time::Timestamp;

    const USUAL: Settings = Settings {
        mail: true,
        meetings: Meetings::All,
        never: false,
        meetings_need_seat: false,
    };

    fn run() -> RunStamp {
        RunStamp {
            run_id: "run".into(),
            started_at: Timestamp(5),
        }
    }

    fn current(settings: &[(&str, &str)]) -> Current {
        let settings = settings.iter();
        settings
            .map(|(subject, value)| ((*subject).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn each_change_is_one_row_and_none_is_repeated() {
        let mut known = HashMap::new();
        let mut expect =
            |settings: &[(&str, &str)], expected: &[(&str, Option<&str>, Option<&str>)]| {
                let found = changes(&run(), &"run".into(), &current(settings), USUAL, &known);
                let rows: Vec<(&str, Option<&str>, Option<&str>)> = found
                    .iter()
                    .map(|row| (&*row.subject, row.before.as_deref(), row.after.as_deref()))
                    .collect();
                assert_eq!(rows, expected);
                for row in found {
                    known.insert(row.subject, row.after);
                }
            };
        let all = "mail = on, meetings = all";
        let off = "mail = off, meetings = all";
        let content = ("capture.content", "\"full\"");
        let both = [("ann@x.com", all), ("bob@x.com", off), content];
        expect(
            &both,
            &[
                ("bob@x.com", None, Some(off)),
                ("capture.content", None, Some("\"full\"")),
            ],
        );
        expect(&both, &[]);
        // Another shard: the configuration is not its to note.
        expect(&[("bob@x.com", off)], &[]);
        // Bob has left the scope, and Ann has no mail captured any more.
        expect(
            &[("ann@x.com", off), content],
            &[("ann@x.com", None, Some(off))],
        );
        expect(
            &[("ann@x.com", all), ("capture.mail", "true")],
            &[
                ("ann@x.com", Some(off), Some(all)),
                ("capture.content", Some("\"full\""), None),
                ("capture.mail", None, Some("true")),
            ],
        );
        expect(&[("ann@x.com", all), ("capture.mail", "true")], &[]);
    }
}
