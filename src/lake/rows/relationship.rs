//! The columns of an export of relationships.

use std::sync::Arc;
use std::sync::LazyLock;

use crate::lake::rows::column::Label;
use crate::lake::rows::columns::TableColumn;
use crate::lake::rows::columns::TableColumns;
use crate::model::relationship::Relationship;
use crate::model::time::Timestamp;

type Column = TableColumn<Relationship>;

/// The columns, in order.
pub(crate) static RELATIONSHIPS: LazyLock<TableColumns<Relationship>> = LazyLock::new(|| {
    let columns = vec![
        Column::text(
            Label::new("user_address", "The colleague."),
            |row| &row.user_address,
            |row, text| row.user_address = text.into(),
        ),
        name(
            Label::new(
                "contact_id",
                "The CRM's id; null for the account as a whole.",
            ),
            |row| &row.contact_id,
        ),
        name(
            Label::new("contact_name", "The contact's name in the CRM."),
            |row| &row.contact_name,
        ),
        name(
            Label::new("account_id", "The CRM's id of the account."),
            |row| &row.account_id,
        ),
        name(
            Label::new("account_name", "The account's name in the CRM."),
            |row| &row.account_name,
        ),
        Column::double(
            Label::new("score", "0 to 100; INSIGHT.md has the formula."),
            |row| row.score,
            |_, _| {},
        ),
        Column::text(
            Label::new("strength", "mutual, or weak by rule."),
            |row| &row.strength,
            |_, _| {},
        ),
        Column::count(
            Label::new(
                "sent",
                "Mails from the colleague in the window of the score.",
            ),
            |row| row.sent,
            |_, _| {},
        ),
        Column::count(
            Label::new("received", "Mails to the colleague in it."),
            |row| row.received,
            |_, _| {},
        ),
        Column::count(
            Label::new("meetings", "Meetings among few that took place in it."),
            |row| row.meetings,
            |_, _| {},
        ),
        instant(
            Label::new("first_at", "The first direct exchange that the lake has."),
            |row| row.first_at,
        ),
        instant(Label::new("last_at", "The last direct exchange."), |row| {
            row.last_at
        }),
        instant(
            Label::new("next_meeting_at", "The start of the next meeting."),
            |row| row.next_meeting_at,
        ),
        instant(
            Label::new(
                "unanswered_since",
                "Since when mails in the direction of the last one are unanswered.",
            ),
            |row| row.unanswered_since,
        ),
        Column::flag(
            Label::new("is_cooling", "Whether it was strong and is silent now."),
            |row| row.is_cooling,
            |_, _| {},
        ),
    ];
    TableColumns::new(columns, Relationship::default())
});

/// An export is written only.
fn name(label: Label, get: fn(&Relationship) -> &Option<Arc<str>>) -> Column {
    Column::maybe_text(label, move |row| get(row).as_deref(), |_, _| {})
}

fn instant(label: Label, get: fn(&Relationship) -> Option<Timestamp>) -> Column {
    Column::maybe_instant(label, get, |_, _| {})
}
