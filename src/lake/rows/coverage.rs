//! The columns of `mailboxes`.

use std::sync::Arc;
use std::sync::LazyLock;

use crate::lake::rows::column::Label;
use crate::lake::rows::columns::TableColumn;
use crate::lake::rows::columns::TableColumns;
use crate::lake::rows::mailbox;
use crate::lake::rows::names;
use crate::model::connection::Connection;
use crate::model::coverage::Cost;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::outcome::Outcome;
use crate::model::outcome::Tally;
use crate::model::time::Timestamp;

type Column = TableColumn<Coverage>;

/// The columns of `mailboxes`, in order, one for each outcome among them. Reasons of outcomes are
/// not in the table: each outcome comes back under no reason.
pub(crate) static COVERAGE: LazyLock<TableColumns<Coverage>> = LazyLock::new(|| {
    let mut columns = reading();
    columns.extend(Outcome::ALL.map(outcome));
    columns.extend(further_counts());
    columns.extend(cost());
    columns.extend(connection());
    TableColumns::new(columns, blank())
});

/// Which mailbox was read by which run, when, and how that ended.
fn reading() -> Vec<Column> {
    let [id, address, kind, tenant] = mailbox::columns(
        names::MAILBOX_ADDRESS,
        |row: &Coverage| &row.mailbox,
        |row, mailbox| row.mailbox = mailbox,
    );
    vec![
        Column::text(
            names::RUN_ID,
            |row| &row.run_id,
            |row, id| row.run_id = id.into(),
        ),
        tenant,
        id,
        address,
        kind,
        Column::instant(
            Label::new("started_at", "When the run started with the mailbox.").with_stats(),
            |row| row.started_at,
            |row, at| row.started_at = at,
        ),
        Column::instant(
            Label::new("ended_at", "When the run finished with it."),
            |row| row.ended_at,
            |row, at| row.ended_at = at,
        ),
        Column::word(
            Label::new(
                "status",
                "complete, filled, stopped, denied, no_mailbox, incomplete, failed, interrupted or \
                 left_out.",
            )
            .with_stats(),
            |row| row.status.as_str(),
            Status::parse,
            |row, status| row.status = status,
        ),
        Column::maybe_text(
            Label::new("reason", "Why, where the status does not say it all."),
            |row| row.reason.as_deref(),
            |row, reason| row.reason = reason.map(str::to_owned),
        ),
        Column::count(
            Label::new("received", "Items that were received."),
            |row| row.tally.received,
            |row, count| row.tally.received = count,
        ),
    ]
}

/// How many items had an outcome.
fn outcome(outcome: Outcome) -> Column {
    Column::count(
        Label::new(outcome.as_str(), doc_of(outcome)),
        move |row| row.tally.of(outcome),
        move |row, count| {
            if count > 0 {
                let reasons = row.tally.outcomes.entry(outcome).or_default();
                reasons.insert(String::new(), count);
            }
        },
    )
}

fn further_counts() -> Vec<Column> {
    vec![
        Column::count(
            Label::new("derived", "Rows that stand for no item that was read."),
            |row| row.tally.derived,
            |row, count| row.tally.derived = count,
        ),
        Column::count(
            Label::new(
                "id_reused",
                "Of the duplicates, those that share only their Message-ID and day.",
            ),
            |row| row.tally.id_reused,
            |row, count| row.tally.id_reused = count,
        ),
    ]
}

/// What reading cost, how far it came, and columns that came later.
fn cost() -> Vec<Column> {
    vec![
        Column::count(
            Label::new("requests", "Requests sent, repetitions among them."),
            |row| row.cost.requests,
            |row, count| row.cost.requests = count,
        ),
        Column::count(
            Label::new("bytes", "Bytes received; for archives, bytes read."),
            |row| row.cost.bytes,
            |row, count| row.cost.bytes = count,
        ),
        Column::double(
            Label::new(
                "waited_seconds",
                "Seconds waited because the service requested it.",
            ),
            |row| row.cost.waited_seconds,
            |row, seconds| row.cost.waited_seconds = seconds,
        ),
        Column::maybe_double(
            Label::new(
                "cursor_age_hours",
                "Age of the oldest cursor of mail at the start; null at the first connection, and while mail is off.",
            ),
            |row| row.cursor_age_hours,
            |row, hours| row.cursor_age_hours = hours,
        ),
        Column::maybe_long(
            Label::new(
                "folder_items",
                "Items that the folders read report to hold; null while mail is off.",
            ),
            |row| row.folder_items,
            |row, count| row.folder_items = count,
        ),
        Column::long(
            Label::new(
                "recorded_total",
                "Interactions of this mailbox in the lake when the run finished with it.",
            ),
            |row| row.recorded_total,
            |row, count| row.recorded_total = count,
        ),
    ]
}

/// How the mailbox is connected.
fn connection() -> Vec<Column> {
    vec![
        Column::maybe_text(
            Label::new(
                "connection",
                "connected, not_connected, waiting_for_consent, waiting_for_confirmation, no_mailbox, \
                 unauthorized, error, out_of_scope, never, disabled, unlinked, incomplete or \
                 interrupted.",
            )
            .with_stats(),
            |row| row.connection.map(Connection::as_str),
            |row, word| row.connection = word.and_then(Connection::parse),
        )
        .added_later(),
        Column::maybe_instant(
            Label::new("connection_since", "Since when it is connected so."),
            |row| row.connection_since,
            |row, at| row.connection_since = at,
        )
        .added_later(),
        Column::maybe_text(
            Label::new("code", "The service's own code, where it refused."),
            |row| row.code.as_deref(),
            |row, code| row.code = code.map(str::to_owned),
        )
        .added_later(),
    ]
}

fn doc_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Removed => "Items that left their folder.",
        Outcome::Unreadable => "Items that cannot be read.",
        Outcome::Series => "Series masters, which only describe their occurrences.",
        Outcome::Unchanged => "Items read before that bring nothing new.",
        Outcome::Draft => "Items not sent yet.",
        Outcome::OutsideWindow => "Items older than the window.",
        Outcome::NotCaptured => "Items that the settings of member, team or tenant leave out.",
        Outcome::Private => "Items marked personal, private or confidential.",
        Outcome::Excluded => "Items that a rule of exclusion leaves out.",
        Outcome::InternalOnly => "Items among colleagues only.",
        Outcome::Duplicate => "Further copies of an interaction that the mailbox has recorded.",
        Outcome::Unmatched => "Items in which the CRM knows no one, where those are skipped.",
        Outcome::Recorded => "Items that became a row of interactions.",
    }
}

/// A row of which nothing was read yet.
fn blank() -> Coverage {
    Coverage {
        run_id: Arc::from(""),
        mailbox: mailbox::blank(),
        started_at: Timestamp::default(),
        ended_at: Timestamp::default(),
        status: Status::Complete,
        reason: None,
        connection: None,
        connection_since: None,
        code: None,
        tally: Tally::default(),
        cost: Cost::default(),
        cursor_age_hours: None,
        folder_items: None,
        recorded_total: 0,
        unread: Vec::new(),
        was_absent: false,
    }
}
