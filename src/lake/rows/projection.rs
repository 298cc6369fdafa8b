//! Rows of `interactions` as far as `contact_activity` repeats or needs them, from few columns.

use std::sync::Arc;

use arrow_array::Array;
use arrow_array::BooleanArray;
use arrow_array::Int32Array;
use arrow_array::RecordBatch;
use arrow_array::StringArray;
use arrow_array::StructArray;
use arrow_array::TimestampMicrosecondArray;
use arrow_schema::DataType;
use arrow_schema::Field;
use arrow_schema::Fields;
use arrow_schema::Schema;

use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::instant;
use crate::lake::rows::cells::owned;
use crate::lake::rows::cells::text;
use crate::lake::rows::cells::word;
use crate::lake::rows::interaction::Mailboxes;
use crate::lake::rows::interaction::People;
use crate::lake::rows::interaction::id_at;
use crate::lake::rows::interaction::instant_at;
use crate::lake::rows::interaction::is_address;
use crate::lake::rows::interaction::range_of;
use crate::lake::rows::keys::InteractionKey;
use crate::lake::rows::keys::MailboxKeys;
use crate::lake::rows::keys::MonthKey;
use crate::lake::rows::keys::Revisions;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::participant_fields;
use crate::lake::rows::schema::project;
use crate::lake::settings::ActivityContent;
use crate::model::id::Id128;
use crate::model::interaction::Direction;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;
use crate::model::interaction::Source;
use crate::model::interaction::State;

/// The columns of [`MatchRows`], but for those of the content.
const COLUMNS: [&str; 15] = [
    "interaction_id",
    "mailbox_id",
    "mailbox_address",
    "mailbox_kind",
    "tenant",
    "kind",
    "revision",
    "state",
    "occurred_at",
    "ended_at",
    "direction",
    "thread_id",
    "participants",
    "is_bulk",
    "user_role",
];

/// The schema of what the view needs of an interaction.
pub(crate) fn schema(content: ActivityContent) -> Arc<Schema> {
    let mut columns = COLUMNS.to_vec();
    match content {
        ActivityContent::None => {}
        ActivityContent::Subject => columns.push("subject"),
        ActivityContent::Preview => columns.extend(["subject", "preview"]),
    }
    with_people(&columns, &["address", "role", "response", "internal"])
}

/// The schema of what [`concerned`] needs.
pub(crate) fn concerned_schema() -> Arc<Schema> {
    with_people(
        &["interaction_id", "participants"],
        &["address", "internal"],
    )
}

/// Some columns, and of the participants only some fields.
fn with_people(columns: &[&str], people: &[&str]) -> Arc<Schema> {
    let all = participant_fields();
    let wanted = all
        .iter()
        .filter(|field| people.contains(&field.name().as_str()));
    let person = DataType::Struct(wanted.cloned().collect::<Fields>());
    let list = DataType::List(Arc::new(Field::new("element", person, true)));
    let schema = project(TableName::Interactions, columns);
    let fields = schema.fields().iter().map(|field| {
        if field.name() == "participants" {
            Arc::new(field.as_ref().clone().with_data_type(list.clone()))
        } else {
            Arc::clone(field)
        }
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The ids of the interactions of a batch that name somebody who is concerned.
pub(crate) fn concerned(
    batch: &RecordBatch,
    concerns: &(dyn Fn(&Participant) -> bool + Sync),
) -> Result<Vec<Id128>, BadCell> {
    let cells = Cells::new(batch);
    let ids = cells.texts("interaction_id")?;
    let lists = cells.lists("participants")?;
    let people = lists.values().as_any().downcast_ref::<StructArray>();
    let people = RecordBatch::from(people.ok_or("column participants holds no people")?.clone());
    let cells = Cells::new(&people);
    let (addresses, internal) = (cells.texts("address")?, cells.flags("internal")?);
    // One for all: nothing is copied but its address.
    let mut person = Participant {
        address: String::new(),
        is_address: true,
        name: None,
        role: Role::To,
        response: None,
        internal: false,
    };
    let mut is_concerned = |at: usize| {
        person.address.clear();
        person.address.push_str(addresses.value(at));
        person.internal = internal.value(at);
        person.is_address = person.internal || is_address(&person.address);
        concerns(&person)
    };
    let mut found = Vec::new();
    for row in 0..batch.num_rows() {
        if range_of(lists, row).any(&mut is_concerned) {
            found.push(id_at(ids, row, "interaction_id")?);
        }
    }
    Ok(found)
}

/// Calls `each` with the rows of a batch that are the highest revision in their `month`, in some
/// slots.
pub(crate) fn highest(
    batch: &RecordBatch,
    month: i32,
    slots: &[u8],
    revisions: &Revisions,
    mut each: impl FnMut(MonthKey, Interaction),
) -> Result<(), BadCell> {
    let mut rows = MatchRows::new(batch)?;
    for row in 0..batch.num_rows() {
        let key = rows.key(row)?;
        let month_key = key.key.in_month(month);
        if slots.contains(&key.slot) && revisions.is_highest_of(month_key, key.revision) {
            each(month_key, rows.row(row)?);
        }
    }
    Ok(())
}

/// The columns of a batch with [`schema`].
pub(crate) struct MatchRows<'a> {
    ids: &'a StringArray,
    mailbox: [&'a StringArray; 4],
    kind: &'a StringArray,
    state: &'a StringArray,
    direction: &'a StringArray,
    revision: &'a Int32Array,
    occurred_at: &'a TimestampMicrosecondArray,
    ended_at: &'a TimestampMicrosecondArray,
    subject: Option<&'a StringArray>,
    preview: Option<&'a StringArray>,
    thread_id: &'a StringArray,
    user_role: &'a StringArray,
    is_bulk: &'a BooleanArray,
    people: People<'a>,
    nothing: Arc<str>,
    mailboxes: Mailboxes,
    keys: MailboxKeys,
}

/// What there is to know of a row before it is read.
pub(crate) struct RowKey {
    pub slot: u8,
    pub key: InteractionKey,
    pub revision: i32,
}

impl<'a> MatchRows<'a> {
    pub fn new(batch: &'a RecordBatch) -> Result<Self, BadCell> {
        let cells = Cells::new(batch);
        let text_of = |name: &str| cells.texts(name);
        Ok(Self {
            ids: text_of("interaction_id")?,
            mailbox: [
                text_of("mailbox_id")?,
                text_of("mailbox_address")?,
                text_of("mailbox_kind")?,
                text_of("tenant")?,
            ],
            kind: text_of("kind")?,
            state: text_of("state")?,
            direction: text_of("direction")?,
            revision: cells.ints("revision")?,
            occurred_at: cells.instants("occurred_at")?,
            ended_at: cells.instants("ended_at")?,
            subject: text_of("subject").ok(),
            preview: text_of("preview").ok(),
            thread_id: text_of("thread_id")?,
            user_role: text_of("user_role")?,
            is_bulk: cells.flags("is_bulk")?,
            people: People::new(&cells)?,
            nothing: Arc::from(""),
            mailboxes: Mailboxes::default(),
            keys: MailboxKeys::default(),
        })
    }

    /// What a row is of.
    pub fn key(&mut self, row: usize) -> Result<RowKey, BadCell> {
        let [mailbox_id, ..] = self.mailbox;
        let mailbox = self.keys.get(mailbox_id.value(row));
        Ok(RowKey {
            slot: mailbox.slot,
            key: mailbox.interaction(id_at(self.ids, row, "interaction_id")?),
            revision: self.revision.value(row),
        })
    }

    /// A row; what `contact_activity` neither repeats nor needs is empty.
    pub fn row(&mut self, row: usize) -> Result<Interaction, BadCell> {
        Ok(Interaction {
            interaction_id: id_at(self.ids, row, "interaction_id")?,
            mailbox: self.mailboxes.get(self.mailbox, row)?,
            source: Source::Graph,
            source_id: String::new(),
            container: Arc::clone(&self.nothing),
            kind: word(self.kind, row, Kind::parse, "kind")?,
            revision: self.revision.value(row),
            state: word(self.state, row, State::parse, "state")?,
            occurred_at: instant_at(self.occurred_at, row, "occurred_at")?,
            ended_at: instant(self.ended_at, row),
            direction: word(self.direction, row, Direction::parse, "direction")?,
            subject: self.subject.and_then(|subject| owned(subject, row)),
            preview: self.preview.and_then(|preview| owned(preview, row)),
            body_text: None,
            sensitivity_known: true,
            thread_id: owned(self.thread_id, row),
            series_id: None,
            participants: self.people.of(row)?,
            is_bulk: self.is_bulk.value(row),
            bulk_reason: None,
            is_online_meeting: None,
            online_provider: None,
            is_recurring: None,
            is_all_day: None,
            fingerprint: 0,
            captured_at: instant_at(self.occurred_at, row, "occurred_at")?,
            run_id: Arc::clone(&self.nothing),
            user_role: text(self.user_role, row).and_then(Role::parse),
        })
    }
}
