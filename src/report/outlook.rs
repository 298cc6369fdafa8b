//! Links that open an interaction in Outlook on the web.

use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::Source;
use crate::model::interaction::State;
use crate::report::path_segment;

/// The link of a copy that was read from Microsoft Graph; it works for the mailbox's owner. `None`
/// for other sources, and for what is no longer there.
pub fn link(row: &Interaction) -> Option<String> {
    let is_there = !matches!(row.state, State::Withdrawn | State::Superseded);
    (row.source == Source::Graph && is_there).then(|| {
        let path = match row.kind {
            Kind::Email => "mail/deeplink/read",
            Kind::Meeting => "calendar/item",
        };
        let id = path_segment::encoded(&row.source_id);
        format!("https://outlook.office.com/{path}/{id}")
    })
}
