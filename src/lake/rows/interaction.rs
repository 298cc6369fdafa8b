//! The columns of `interactions`.

use std::sync::Arc;
use std::sync::LazyLock;

use crate::lake::rows::column::Label;
use crate::lake::rows::columns::TableColumn;
use crate::lake::rows::columns::TableColumns;
use crate::lake::rows::mailbox;
use crate::lake::rows::names;
use crate::model::id::Id128;
use crate::model::interaction::Direction;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::Role;
use crate::model::interaction::Source;
use crate::model::interaction::State;
use crate::model::time::Timestamp;

type Column = TableColumn<Interaction>;

/// The columns of `interactions`, in order.
pub(crate) static INTERACTIONS: LazyLock<TableColumns<Interaction>> = LazyLock::new(|| {
    let mut columns = origin();
    columns.extend(subject_matter());
    columns.extend(content());
    columns.extend(properties());
    columns.extend(capture());
    TableColumns::new(columns, blank())
});

/// What names the row, and where it was read.
fn origin() -> Vec<Column> {
    let [mailbox_id, address, kind, tenant] = mailbox::columns(
        names::MAILBOX_ADDRESS,
        |row: &Interaction| &row.mailbox,
        |row, mailbox| row.mailbox = mailbox,
    );
    vec![
        Column::id(
            names::INTERACTION_ID,
            |row| row.interaction_id,
            |row, id| row.interaction_id = id,
        ),
        mailbox_id,
        address,
        kind,
        tenant,
        Column::word(
            Label::new("source", "Where it was read: graph, mbox, maildir or eml.").with_stats(),
            |row| row.source.as_str(),
            Source::parse,
            |row, source| row.source = source,
        ),
        Column::text(
            Label::new(
                "source_id",
                "The provider's own id of this copy; for archives, file name or hash.",
            ),
            |row| &row.source_id,
            |row, id| id.clone_into(&mut row.source_id),
        ),
        Column::text(
            Label::new("container", "Folder or calendar in which it was found."),
            |row| &row.container,
            |row, container| row.container = container.into(),
        ),
    ]
}

/// What it is, in which version, and when it took place.
fn subject_matter() -> Vec<Column> {
    vec![
        Column::word(
            names::KIND,
            |row| row.kind.as_str(),
            Kind::parse,
            |row, kind| row.kind = kind,
        ),
        Column::int(
            names::REVISION,
            |row| row.revision,
            |row, revision| row.revision = revision,
        ),
        Column::word(
            names::STATE,
            |row| row.state.as_str(),
            State::parse,
            |row, state| row.state = state,
        ),
        Column::instant(
            names::OCCURRED_AT,
            |row| row.occurred_at,
            |row, at| row.occurred_at = at,
        ),
        Column::maybe_instant(
            names::ENDED_AT,
            |row| row.ended_at,
            |row, at| row.ended_at = at,
        ),
        Column::word(
            names::DIRECTION,
            |row| row.direction.as_str(),
            Direction::parse,
            |row, direction| row.direction = direction,
        ),
    ]
}

/// Content and people.
fn content() -> Vec<Column> {
    vec![
        Column::maybe_text(
            Label::new(
                "subject",
                "Subject, as far as the content level and the sender's privacy allow.",
            ),
            |row| row.subject.as_deref(),
            |row, text| row.subject = text.map(str::to_owned),
        ),
        Column::maybe_text(
            Label::new(
                "preview",
                "At most 255 characters of text, from the content level preview on.",
            ),
            |row| row.preview.as_deref(),
            |row, text| row.preview = text.map(str::to_owned),
        ),
        Column::maybe_text(
            Label::new("body_text", "The text, at the content level full only."),
            |row| row.body_text.as_deref(),
            |row, text| row.body_text = text.map(str::to_owned),
        ),
        Column::flag(
            Label::new(
                "sensitivity_known",
                "False where the permission hides whether the sender marked the mail as private.",
            ),
            |row| row.sensitivity_known,
            |row, is_known| row.sensitivity_known = is_known,
        ),
        Column::maybe_text(
            names::THREAD_ID,
            |row| row.thread_id.as_deref(),
            |row, id| row.thread_id = id.map(str::to_owned),
        ),
        Column::maybe_text(
            Label::new(
                "series_id",
                "The series a meeting belongs to; null for mails.",
            ),
            |row| row.series_id.as_deref(),
            |row, id| row.series_id = id.map(str::to_owned),
        ),
        Column::participants(
            Label::new(
                "participants",
                "Who takes part, one entry for each address and role: from, sender, to, cc, bcc, \
                 organizer, required, optional, resource, in this order.",
            ),
            |row| &row.participants,
            |row, people| row.participants = people,
        ),
    ]
}

/// Properties of mails and meetings.
fn properties() -> Vec<Column> {
    vec![
        Column::flag(
            names::IS_BULK,
            |row| row.is_bulk,
            |row, is_bulk| row.is_bulk = is_bulk,
        ),
        Column::maybe_text(
            Label::new("bulk_reason", "The rule by which it is bulk."),
            |row| row.bulk_reason.as_deref(),
            |row, reason| row.bulk_reason = reason.map(str::to_owned),
        ),
        Column::maybe_flag(
            Label::new(
                "is_online_meeting",
                "Meetings: held online; null for mails.",
            ),
            |row| row.is_online_meeting,
            |row, is_online| row.is_online_meeting = is_online,
        ),
        Column::maybe_text(
            Label::new("online_provider", "Meetings: the service it is held on."),
            |row| row.online_provider.as_deref(),
            |row, provider| row.online_provider = provider.map(str::to_owned),
        ),
        Column::maybe_flag(
            Label::new("is_recurring", "Meetings: one of a series; null for mails."),
            |row| row.is_recurring,
            |row, is_recurring| row.is_recurring = is_recurring,
        ),
        Column::maybe_flag(
            Label::new("is_all_day", "Meetings: lasts whole days; null for mails."),
            |row| row.is_all_day,
            |row, is_all_day| row.is_all_day = is_all_day,
        ),
    ]
}

/// How it was captured, and columns that came later.
fn capture() -> Vec<Column> {
    vec![
        Column::long(
            Label::new(
                "fingerprint",
                "Hash of what was read, to tell a change from a repetition.",
            ),
            |row| row.fingerprint,
            |row, fingerprint| row.fingerprint = fingerprint,
        ),
        Column::instant(
            Label::new("captured_at", "When the run that wrote the row read it.").with_stats(),
            |row| row.captured_at,
            |row, at| row.captured_at = at,
        ),
        Column::text(
            names::RUN_ID,
            |row| &row.run_id,
            |row, id| row.run_id = id.into(),
        ),
        Column::maybe_text(
            Label::new(
                "user_role",
                "Best role of the mailbox's owner; null where they are not named (lists, blind \
                 copies, shared mailboxes).",
            ),
            |row| row.user_role.map(Role::as_str),
            |row, role| row.user_role = role.and_then(Role::parse),
        ),
    ]
}

/// A row of which nothing was read yet.
fn blank() -> Interaction {
    let nothing: Arc<str> = Arc::from("");
    Interaction {
        interaction_id: Id128::default(),
        mailbox: mailbox::blank(),
        source: Source::Graph,
        source_id: String::new(),
        container: Arc::clone(&nothing),
        kind: Kind::Email,
        revision: 0,
        state: State::Active,
        occurred_at: Timestamp::default(),
        ended_at: None,
        direction: Direction::Inbound,
        subject: None,
        preview: None,
        body_text: None,
        sensitivity_known: true,
        thread_id: None,
        series_id: None,
        participants: Vec::new(),
        is_bulk: false,
        bulk_reason: None,
        is_online_meeting: None,
        online_provider: None,
        is_recurring: None,
        is_all_day: None,
        fingerprint: 0,
        captured_at: Timestamp::default(),
        run_id: nothing,
        user_role: None,
    }
}
