//! Rows of `interactions` to record batches and back.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::BooleanArray;
use arrow_array::Int32Array;
use arrow_array::Int64Array;
use arrow_array::ListArray;
use arrow_array::RecordBatch;
use arrow_array::StringArray;
use arrow_array::StructArray;
use arrow_array::TimestampMicrosecondArray;
use arrow_buffer::OffsetBuffer;
use arrow_schema::ArrowError;

use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::flag;
use crate::lake::rows::cells::instant;
use crate::lake::rows::cells::owned;
use crate::lake::rows::cells::text;
use crate::lake::rows::cells::word;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::arrow_schema;
use crate::lake::rows::schema::participant_element;
use crate::lake::rows::schema::participant_fields;
use crate::model::address;
use crate::model::address::Address;
use crate::model::id::Id128;
use crate::model::interaction::Direction;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;
use crate::model::interaction::Source;
use crate::model::interaction::State;
use crate::model::limits;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::time::Micros;

/// A column of texts that are never null.
pub(crate) fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// A column of texts that may be null.
pub(crate) fn maybe_texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

/// A column of ids.
pub(crate) fn ids(values: impl Iterator<Item = Id128>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(
        values.map(|id| id.to_string()),
    ))
}

/// A column of instants that are never null.
pub(crate) fn instants(values: impl Iterator<Item = Micros>) -> ArrayRef {
    let array = TimestampMicrosecondArray::from_iter_values(values.map(|at| at.0));
    Arc::new(array.with_timezone("UTC"))
}

/// A column of instants that may be null.
pub(crate) fn maybe_instants(values: impl Iterator<Item = Option<Micros>>) -> ArrayRef {
    let array = values
        .map(|at| at.map(|at| at.0))
        .collect::<TimestampMicrosecondArray>();
    Arc::new(array.with_timezone("UTC"))
}

/// A column of flags that are never null.
pub(crate) fn flags(values: impl Iterator<Item = bool>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<BooleanArray>())
}

fn maybe_flags(values: impl Iterator<Item = Option<bool>>) -> ArrayRef {
    Arc::new(values.collect::<BooleanArray>())
}

/// Puts rows into a batch with the columns of `interactions`, in their order.
pub(crate) fn to_batch(rows: &[&Interaction]) -> Result<RecordBatch, ArrowError> {
    let all = || rows.iter().copied();
    let columns: Vec<ArrayRef> = vec![
        ids(all().map(|r| r.interaction_id)),
        texts(all().map(|r| &*r.mailbox.id)),
        texts(all().map(|r| &*r.mailbox.address)),
        texts(all().map(|r| r.mailbox.kind.as_str())),
        texts(all().map(|r| &*r.mailbox.tenant)),
        texts(all().map(|r| r.source.as_str())),
        texts(all().map(|r| r.source_id.as_str())),
        texts(all().map(|r| &*r.container)),
        texts(all().map(|r| r.kind.as_str())),
        Arc::new(Int32Array::from_iter_values(all().map(|r| r.revision))),
        texts(all().map(|r| r.state.as_str())),
        instants(all().map(|r| r.occurred_at)),
        maybe_instants(all().map(|r| r.ended_at)),
        texts(all().map(|r| r.direction.as_str())),
        maybe_texts(all().map(|r| r.subject.as_deref())),
        maybe_texts(all().map(|r| r.preview.as_deref())),
        maybe_texts(all().map(|r| r.body_text.as_deref())),
        flags(all().map(|r| r.sensitivity_known)),
        maybe_texts(all().map(|r| r.thread_id.as_deref())),
        maybe_texts(all().map(|r| r.series_id.as_deref())),
        participants(rows)?,
        flags(all().map(|r| r.is_bulk)),
        maybe_texts(all().map(|r| r.bulk_reason.as_deref())),
        maybe_flags(all().map(|r| r.is_online_meeting)),
        maybe_texts(all().map(|r| r.online_provider.as_deref())),
        maybe_flags(all().map(|r| r.is_recurring)),
        maybe_flags(all().map(|r| r.is_all_day)),
        Arc::new(Int64Array::from_iter_values(all().map(|r| r.fingerprint))),
        instants(all().map(|r| r.captured_at)),
        texts(all().map(|r| &*r.run_id)),
        maybe_texts(all().map(|r| r.user_role.map(Role::as_str))),
    ];
    RecordBatch::try_new(arrow_schema(TableName::Interactions), columns)
}

fn participants(rows: &[&Interaction]) -> Result<ArrayRef, ArrowError> {
    let all = || rows.iter().flat_map(|r| r.participants.iter());
    let people: Vec<ArrayRef> = vec![
        texts(all().map(|p| p.address.as_str())),
        maybe_texts(all().map(|p| p.name.as_deref())),
        texts(all().map(|p| p.role.as_str())),
        maybe_texts(all().map(|p| p.response.as_deref())),
        flags(all().map(|p| p.internal)),
    ];
    let people = StructArray::try_new(participant_fields(), people, None)?;
    let lengths = OffsetBuffer::from_lengths(rows.iter().map(|r| r.participants.len()));
    let lists = ListArray::try_new(participant_element(), lengths, Arc::new(people), None)?;
    Ok(Arc::new(lists))
}

/// Hands out one `Arc<Mailbox>` for each run of rows of the same mailbox.
#[derive(Default)]
pub(crate) struct Mailboxes {
    last: Option<Arc<Mailbox>>,
}

impl Mailboxes {
    pub(crate) fn get(
        &mut self,
        [id, address, kind, tenant]: [&StringArray; 4],
        row: usize,
    ) -> Result<Arc<Mailbox>, BadCell> {
        let kind = word(kind, row, MailboxKind::parse, "mailbox_kind")?;
        let (id, address, tenant) = (id.value(row), address.value(row), tenant.value(row));
        if let Some(last) = &self.last
            && &*last.id == id
            && &*last.address == address
            && &*last.tenant == tenant
            && last.kind == kind
        {
            return Ok(Arc::clone(last));
        }
        let mailbox = Arc::new(Mailbox {
            id: id.into(),
            address: address.into(),
            kind,
            tenant: tenant.into(),
            own_addresses: Vec::new(),
        });
        self.last = Some(Arc::clone(&mailbox));
        Ok(mailbox)
    }
}

/// Reads the id of a cell.
pub(crate) fn id_at(array: &StringArray, row: usize, column: &str) -> Result<Id128, BadCell> {
    word(array, row, Id128::parse, column)
}

/// Reads an instant that is never null.
pub(crate) fn instant_at(
    array: &TimestampMicrosecondArray,
    row: usize,
    column: &str,
) -> Result<Micros, BadCell> {
    instant(array, row).ok_or_else(|| format!("column {column} is null"))
}

/// Reads the rows of a batch that has all columns of `interactions`.
pub(crate) fn from_batch(batch: &RecordBatch) -> Result<Vec<Interaction>, BadCell> {
    let cells = Cells::new(batch);
    let text_of = |name: &str| cells.texts(name);
    let mailbox = [
        text_of("mailbox_id")?,
        text_of("mailbox_address")?,
        text_of("mailbox_kind")?,
        text_of("tenant")?,
    ];
    let (interaction_id, source) = (text_of("interaction_id")?, text_of("source")?);
    let (source_id, container) = (text_of("source_id")?, text_of("container")?);
    let (kind, state) = (text_of("kind")?, text_of("state")?);
    let (direction, revision) = (text_of("direction")?, cells.ints("revision")?);
    let (occurred_at, ended_at) = (cells.instants("occurred_at")?, cells.instants("ended_at")?);
    let (subject, preview) = (text_of("subject")?, text_of("preview")?);
    let (body_text, sensitivity) = (text_of("body_text")?, cells.flags("sensitivity_known")?);
    let (thread_id, series_id) = (text_of("thread_id")?, text_of("series_id")?);
    let people = People::new(&cells)?;
    let (is_bulk, bulk_reason) = (cells.flags("is_bulk")?, text_of("bulk_reason")?);
    let online = cells.flags("is_online_meeting")?;
    let provider = text_of("online_provider")?;
    let (recurring, all_day) = (cells.flags("is_recurring")?, cells.flags("is_all_day")?);
    let (fingerprint, captured) = (cells.longs("fingerprint")?, cells.instants("captured_at")?);
    let (run_id, user_role) = (text_of("run_id")?, text_of("user_role")?);
    let mut mailboxes = Mailboxes::default();
    let row = |row: usize| {
        Ok(Interaction {
            interaction_id: id_at(interaction_id, row, "interaction_id")?,
            mailbox: mailboxes.get(mailbox, row)?,
            source: word(source, row, Source::parse, "source")?,
            source_id: source_id.value(row).to_owned(),
            container: container.value(row).into(),
            kind: word(kind, row, Kind::parse, "kind")?,
            revision: revision.value(row),
            state: word(state, row, State::parse, "state")?,
            occurred_at: instant_at(occurred_at, row, "occurred_at")?,
            ended_at: instant(ended_at, row),
            direction: word(direction, row, Direction::parse, "direction")?,
            subject: owned(subject, row),
            preview: owned(preview, row),
            body_text: owned(body_text, row),
            sensitivity_known: sensitivity.value(row),
            thread_id: owned(thread_id, row),
            series_id: owned(series_id, row),
            participants: people.of(row)?,
            is_bulk: is_bulk.value(row),
            bulk_reason: owned(bulk_reason, row),
            is_online_meeting: flag(online, row),
            online_provider: owned(provider, row),
            is_recurring: flag(recurring, row),
            is_all_day: flag(all_day, row),
            fingerprint: fingerprint.value(row),
            captured_at: instant_at(captured, row, "captured_at")?,
            run_id: run_id.value(row).into(),
            user_role: text(user_role, row).and_then(Role::parse),
        })
    };
    (0..batch.num_rows()).map(row).collect()
}

/// The column `participants` of a batch, with or without names.
pub(crate) struct People<'a> {
    lists: &'a ListArray,
    address: StringArray,
    name: Option<StringArray>,
    role: StringArray,
    response: StringArray,
    internal: BooleanArray,
}

impl<'a> People<'a> {
    pub(crate) fn new(cells: &Cells<'a>) -> Result<Self, BadCell> {
        let lists = cells.lists("participants")?;
        let people = lists.values().as_any().downcast_ref::<StructArray>();
        let people = people.ok_or("column participants holds no people")?;
        let people = RecordBatch::from(people.clone());
        let cells = Cells::new(&people);
        Ok(Self {
            lists,
            address: cells.texts("address")?.clone(),
            name: cells.texts("name").ok().cloned(),
            role: cells.texts("role")?.clone(),
            response: cells.texts("response")?.clone(),
            internal: cells.flags("internal")?.clone(),
        })
    }

    pub(crate) fn of(&self, row: usize) -> Result<Vec<Participant>, BadCell> {
        let person = |at: usize| {
            let address = self.address.value(at).to_owned();
            Ok(Participant {
                is_address: is_address(&address),
                address,
                name: self.name.as_ref().and_then(|name| owned(name, at)),
                role: word(&self.role, at, Role::parse, "participants.role")?,
                response: owned(&self.response, at),
                internal: self.internal.value(at),
            })
        };
        range_of(self.lists, row).map(person).collect()
    }
}

/// Where the elements of a list lie.
pub(crate) fn range_of(lists: &ListArray, row: usize) -> std::ops::Range<usize> {
    let offsets = lists.value_offsets();
    let bound = |at: usize| offsets.get(at).and_then(|&o| usize::try_from(o).ok());
    bound(row).unwrap_or(0)..bound(row + 1).unwrap_or(0)
}

/// Whether the text of a participant is an address and not raw text.
pub(crate) fn is_address(text: &str) -> bool {
    // Nearly all addresses are plain, and then there is nothing to normalise.
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_+=".contains(&byte);
    let plain = text.split_once('@').is_some_and(|(local, domain)| {
        let mut parts = [local, domain].into_iter();
        let is_plain = parts.all(|part| !part.is_empty() && part.bytes().all(is_plain));
        is_plain && address::fits(domain) && text.len() <= limits::ADDRESS_BYTES
    });
    plain || Address::stored(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_an_address_in_the_lake_where_it_was_one_when_it_was_read() {
        for text in [
            "ann@x.example".to_owned(),
            format!("ann@{}.example", "x".repeat(63)),
            format!("ann@{}.example", "x".repeat(64)),
            format!("ann@{}x", "x.".repeat(126)),
            format!("ann@{}x", "x.".repeat(127)),
            format!("{}@x.example", "a".repeat(500)),
            format!("{}@x.example", "a".repeat(501)),
            "@x.example".to_owned(),
            "ann@".to_owned(),
            "ann".to_owned(),
            "ann@x@y.example".to_owned(),
            "Ann@x.example".to_owned(),
        ] {
            let was = Address::stored(&text).is_some();
            assert_eq!(is_address(&text), was, "{text}");
        }
    }
}
