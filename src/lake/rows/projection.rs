//! Rows of `interactions` as far as `contact_activity` repeats or needs them, from few columns.

use std::sync::Arc;

use arrow_array::Array as _;
use arrow_array::RecordBatch;
use arrow_array::StructArray;
use arrow_schema::DataType;
use arrow_schema::Field;
use arrow_schema::Fields;
use arrow_schema::Schema;

use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::id_at;
use crate::lake::rows::fingerprint;
use crate::lake::rows::interaction::INTERACTIONS;
use crate::lake::rows::keys::MailboxKeys;
use crate::lake::rows::keys::MonthKey;
use crate::lake::rows::keys::Revisions;
use crate::lake::rows::participants::fields;
use crate::lake::rows::participants::is_address;
use crate::lake::rows::participants::range_of;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::project;
use crate::lake::settings::ActivityContent;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;

/// Columns that a row of the view is derived from and does not have under the same name.
const NEEDED: [&str; 4] = [
    "interaction_id",
    "mailbox_id",
    "mailbox_address",
    "participants",
];

/// The schema of what the view needs of an interaction: what it repeats and compares, as far as the
/// content goes, and what else its rows are derived from.
pub(crate) fn schema(content: ActivityContent) -> Arc<Schema> {
    let is_left_out = |column: &&str| match content {
        ActivityContent::None => ["subject", "preview"].contains(column),
        ActivityContent::Subject => *column == "preview",
        ActivityContent::Preview => false,
    };
    let columns = fingerprint::columns().chain(NEEDED);
    let columns: Vec<&str> = columns.filter(|column| !is_left_out(column)).collect();
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
    let all = fields();
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

/// The ids of the interactions of a batch that name a participant who is concerned.
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

/// Calls `each` with the rows of a batch with [`schema`] that are the highest revision in their
/// `month`, in some slots. What `contact_activity` neither repeats nor needs is blank in them.
pub(crate) fn highest(
    batch: &RecordBatch,
    month: i32,
    slots: &[u8],
    revisions: &Revisions,
    mut each: impl FnMut(MonthKey, Interaction),
) -> Result<(), BadCell> {
    let cells = Cells::new(batch);
    let (ids, mailboxes) = (cells.texts("interaction_id")?, cells.texts("mailbox_id")?);
    let revision = cells.ints("revision")?;
    let mut mailbox_keys = MailboxKeys::default();
    let (mut rows, mut keys) = (Vec::new(), Vec::new());
    for row in 0..batch.num_rows() {
        let mailbox = mailbox_keys.get(mailboxes.value(row));
        let key = mailbox.interaction(id_at(ids, row, "interaction_id")?);
        let key = key.in_month(month);
        if slots.contains(&mailbox.slot) && revisions.is_highest_of(key, revision.value(row)) {
            rows.push(row);
            keys.push(key);
        }
    }
    let mut keys = keys.into_iter();
    INTERACTIONS.read(batch, &rows, |row| {
        if let Some(key) = keys.next() {
            each(key, row);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_view_reads_what_it_repeats_as_far_as_the_content_goes() {
        let names = |content| {
            let schema = schema(content);
            let names = schema.fields().iter().map(|field| field.name().clone());
            names.collect::<Vec<_>>()
        };
        let without_content = [
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
        assert_eq!(names(ActivityContent::None), without_content);
        let subject = names(ActivityContent::Subject);
        assert_eq!(subject.len(), without_content.len() + 1);
        assert!(subject.contains(&"subject".to_owned()));
        let preview = names(ActivityContent::Preview);
        assert_eq!(preview.len(), without_content.len() + 2);
    }
}
