//! Times, numbers and links as pages write them.

use crate::insight::answer::Named;
use crate::insight::lookup::What;
use crate::model::time::Timestamp;
use crate::report::instant::minute;
use crate::report::instant::minute_utc;
use crate::report::path_segment;
use crate::report::terminal::harmless;

/// When something took place: a minute, or two.
pub(in crate::serve) fn period(start: Timestamp, end: Option<Timestamp>) -> String {
    match end {
        None => minute_utc(start),
        Some(end) => format!("{} to {}", minute(start), minute_utc(end)),
    }
}

/// The page of a contact, an account or a colleague.
pub(in crate::serve) fn link_of(named: &Named) -> String {
    link(named.what, &named.id)
}

/// The page of what has an id.
pub(in crate::serve) fn link(what: What, id: &str) -> String {
    let id = path_segment::encoded(id);
    format!("/{}/{id}", what.as_str())
}

/// A text of somebody else on one line: nothing in it changes the direction of what stands around it, or
/// is invisible.
pub(in crate::serve) fn clean(text: &str) -> String {
    harmless(text)
}

/// The same, line by line.
pub(in crate::serve) fn clean_lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n")
}

/// `1 mailbox`, `2 mailboxes`.
pub(in crate::serve) fn count(number: usize, one: &str, several: &str) -> String {
    let written = crate::report::table::number(number as u64);
    let what = if number == 1 { one } else { several };
    format!("{written} {what}")
}
