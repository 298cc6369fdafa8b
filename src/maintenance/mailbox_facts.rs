//! What a lake says of each mailbox: how it is connected, its window and settings, what could not be read,
//! and what became of what is not recorded.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use crate::lake::Lake;
use crate::maintenance::statuses::place;
use crate::maintenance::why_error::WhyError;
use crate::model::connection::Connection;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::cursor::FailedItem;
use crate::model::cursor::LEDGER_KEY_PREFIX;
use crate::model::cursor::MAILBOX_KEY;
use crate::model::cursor::MailboxCursor;
use crate::model::mailbox::Mailbox;
use crate::model::outcome::Outcome;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::model::why::Part;
use crate::model::why::StateFinding;

/// How long after the end of a day a run that read what came on it may have begun.
const NIGHTS: i64 = DAY;

/// Outcomes of items that are not recorded and that the state alone knows.
const NOT_KEPT: [Outcome; 9] = [
    Outcome::Unreadable,
    Outcome::Draft,
    Outcome::OutsideWindow,
    Outcome::NotCaptured,
    Outcome::Private,
    Outcome::Excluded,
    Outcome::InternalOnly,
    Outcome::Duplicate,
    Outcome::Unmatched,
];

/// One mailbox.
#[derive(Debug)]
pub(crate) struct MailboxFacts {
    /// Which.
    pub mailbox: Arc<Mailbox>,
    /// What its runs said, the earliest first.
    runs: Vec<Coverage>,
    cursor: Option<MailboxCursor>,
    unread: Vec<FailedItem>,
}

/// All mailboxes of which a run has written a row, in order of tenant and address.
///
/// # Errors
/// The lake cannot be read.
pub(crate) fn read(lake: &Lake) -> Result<Vec<MailboxFacts>, WhyError> {
    let mut runs: HashMap<Arc<str>, Vec<Coverage>> = HashMap::new();
    for row in lake.mailboxes()? {
        let row = row?;
        runs.entry(row.mailbox.id.clone()).or_default().push(row);
    }
    let mut cursors: HashMap<String, MailboxCursor> = HashMap::new();
    let mut unread: HashMap<String, Vec<FailedItem>> = HashMap::new();
    for record in lake.all_cursors() {
        let record = record?;
        let Some(value) = &record.value else { continue };
        if record.key == MAILBOX_KEY {
            cursors.insert(record.mailbox_id, serde_json::from_str(value)?);
        } else if record.key.starts_with(LEDGER_KEY_PREFIX) {
            let items = unread.entry(record.mailbox_id).or_default();
            items.push(serde_json::from_str(value)?);
        }
    }
    let facts = runs.into_iter().filter_map(|(id, mut runs)| {
        runs.sort_by_key(|run| run.started_at);
        Some(MailboxFacts {
            mailbox: runs.last()?.mailbox.clone(),
            runs,
            cursor: cursors.remove(&*id),
            unread: unread.remove(&*id).unwrap_or_default(),
        })
    });
    let mut facts: Vec<MailboxFacts> = facts.collect();
    facts.sort_by(|a, b| place(&a.mailbox).cmp(&place(&b.mailbox)));
    Ok(facts)
}

/// The addresses of all mailboxes.
///
/// # Errors
/// The lake cannot be read.
pub(crate) fn addresses(lake: &Lake) -> Result<HashSet<String>, WhyError> {
    let known = lake.last_connections()?.into_values();
    Ok(known.map(|one| one.mailbox.address.to_string()).collect())
}

impl MailboxFacts {
    /// What could be the reason why something is not recorded, of a day or of any time.
    pub(crate) fn reasons(&self, day: Option<(Timestamp, Timestamp)>) -> Vec<StateFinding> {
        let mut findings = Vec::new();
        findings.extend(self.connection());
        let Some(cursor) = &self.cursor else {
            findings.push(StateFinding::NeverRead);
            return findings;
        };
        let complete = self
            .runs
            .iter()
            .filter(|run| run.status == Status::Complete);
        findings.extend(
            complete
                .map(|run| run.ended_at)
                .max()
                .map(StateFinding::LastRead),
        );
        for (part, window) in [
            (Part::Mail, cursor.mail_window()),
            (Part::Meetings, cursor.meeting_window()),
        ] {
            findings.extend(window.start.map(|start| StateFinding::Window {
                part,
                start,
                is_after_day: day.is_some_and(|(_, last)| last < start),
            }));
        }
        let mail = cursor.mail_settings.iter();
        let mail = mail.map(|(at, on)| (*at, (!on).then(|| "off".to_owned())));
        findings.extend(off(Part::Mail, mail.collect(), day));
        let meetings = cursor.meeting_settings.iter();
        let meetings = meetings.map(|(at, value)| (*at, (value != "all").then(|| value.clone())));
        findings.extend(off(Part::Meetings, meetings.collect(), day));
        findings.extend(self.unread());
        findings.extend(self.not_kept(day));
        findings
    }

    fn connection(&self) -> Option<StateFinding> {
        let mut said = self.runs.iter().rev();
        let connection = said
            .find_map(Coverage::said_connection)
            .unwrap_or(Connection::NotConnected);
        let latest = self.runs.last()?;
        (connection != Connection::Connected).then(|| StateFinding::Connection {
            connection,
            since: latest.connection_since.unwrap_or(latest.started_at),
            code: latest.code.clone(),
        })
    }

    /// Items that could not be read, by reason.
    fn unread(&self) -> Vec<StateFinding> {
        let mut by_reason: BTreeMap<&str, (u64, u32, Timestamp)> = BTreeMap::new();
        for item in &self.unread {
            let first = (0, 0, item.first_at);
            let sum = by_reason.entry(item.reason.as_str()).or_insert(first);
            *sum = (sum.0 + 1, sum.1.max(item.tries), sum.2.min(item.first_at));
        }
        let finding = |(reason, (items, tries, since)): (&str, _)| StateFinding::Unread {
            reason: reason.to_owned(),
            items,
            tries,
            since,
        };
        by_reason.into_iter().map(finding).collect()
    }

    /// What became of items that are not recorded, in the runs that may have read what came on a day.
    fn not_kept(&self, day: Option<(Timestamp, Timestamp)>) -> Option<StateFinding> {
        let is_of_day = |run: &&Coverage| {
            day.is_none_or(|(first, last)| {
                first <= run.started_at && run.started_at <= last.plus(NIGHTS)
            })
        };
        let read = self.runs.iter().filter(|run| run.status != Status::LeftOut);
        let runs: Vec<&Coverage> = read.filter(is_of_day).collect();
        let (first, last) = (runs.first()?, runs.last()?);
        let counted = NOT_KEPT.into_iter().map(|outcome| {
            let items: u64 = runs.iter().map(|run| run.tally.of(outcome)).sum();
            (outcome, items)
        });
        Some(StateFinding::NotKept {
            runs: runs.len() as u64,
            span: (first.started_at, last.started_at),
            outcomes: counted.filter(|(_, items)| *items > 0).collect(),
        })
    }
}

/// The times in which a setting was not the widest, as far as they concern a day.
fn off(
    part: Part,
    history: Vec<(Timestamp, Option<String>)>,
    day: Option<(Timestamp, Timestamp)>,
) -> Vec<StateFinding> {
    let ends = history.iter().skip(1).map(|(at, _)| Some(*at));
    let ends: Vec<Option<Timestamp>> = ends.chain([None]).collect();
    let spans = history.into_iter().zip(ends).enumerate();
    let findings = spans.filter_map(|(number, ((from, setting), until))| {
        // The first setting has no lower bound.
        let from = (number > 0).then_some(from);
        let is_meant = day.is_none_or(|(first, last)| {
            from.is_none_or(|from| from <= last) && until.is_none_or(|until| first < until)
        });
        Some(StateFinding::Off {
            part,
            setting: setting.filter(|_| is_meant)?,
            from,
            until,
        })
    });
    findings.collect()
}
