//! The column of participants: a list of people.

use std::sync::Arc;

use arrow_array::Array as _;
use arrow_array::ArrayRef;
use arrow_array::BooleanArray;
use arrow_array::ListArray;
use arrow_array::RecordBatch;
use arrow_array::StringArray;
use arrow_array::StructArray;
use arrow_buffer::OffsetBuffer;
use arrow_schema::ArrowError;
use arrow_schema::DataType;
use arrow_schema::Field;
use arrow_schema::Fields;

use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::owned;
use crate::lake::rows::cells::word;
use crate::model::address;
use crate::model::address::Address;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;
use crate::model::limits;

/// The element of the list.
pub(crate) fn element() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Struct(fields()), true))
}

/// The fields of one participant.
pub(crate) fn fields() -> Fields {
    Fields::from(vec![
        Field::new("address", DataType::Utf8, true),
        Field::new("name", DataType::Utf8, true),
        Field::new("role", DataType::Utf8, true),
        Field::new("response", DataType::Utf8, true),
        Field::new("internal", DataType::Boolean, true),
    ])
}

/// Puts the lists of some rows into a column.
pub(crate) fn to_array<'a>(
    lists: impl Iterator<Item = &'a [Participant]> + Clone,
) -> Result<ArrayRef, ArrowError> {
    let all = || lists.clone().flatten();
    let people: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(
            all().map(|p| p.address.as_str()),
        )),
        Arc::new(all().map(|p| p.name.as_deref()).collect::<StringArray>()),
        Arc::new(StringArray::from_iter_values(
            all().map(|p| p.role.as_str()),
        )),
        Arc::new(
            all()
                .map(|p| p.response.as_deref())
                .collect::<StringArray>(),
        ),
        Arc::new(all().map(|p| Some(p.internal)).collect::<BooleanArray>()),
    ];
    let people = StructArray::try_new(fields(), people, None)?;
    let lengths = OffsetBuffer::from_lengths(lists.map(<[Participant]>::len));
    let lists = ListArray::try_new(element(), lengths, Arc::new(people), None)?;
    Ok(Arc::new(lists))
}

/// The column of a batch, with or without names.
pub(crate) struct ParticipantLists<'a> {
    lists: &'a ListArray,
    address: StringArray,
    name: Option<StringArray>,
    role: StringArray,
    response: StringArray,
    internal: BooleanArray,
}

impl<'a> ParticipantLists<'a> {
    pub(crate) fn new(cells: &Cells<'a>, name: &str) -> Result<Self, BadCell> {
        let lists = cells.lists(name)?;
        let people = lists.values().as_any().downcast_ref::<StructArray>();
        let people = people.ok_or_else(|| format!("column {name} holds no people"))?;
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

    /// Whether somebody in a row has an address.
    pub(crate) fn has(&self, row: usize, address: &str) -> bool {
        range_of(self.lists, row).any(|at| self.address.value(at) == address)
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
