//! What a row of `contact_activity` says, as a hash: equal results have equal hashes.

use std::hash::DefaultHasher;
use std::hash::Hasher;

use arrow_array::BooleanArray;
use arrow_array::Int32Array;
use arrow_array::StringArray;
use arrow_array::TimestampMicrosecondArray;

use crate::lake::rows::activity::NO_ROLE;
use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::instant;
use crate::lake::rows::cells::text;
use crate::model::activity::Activity;
use crate::model::activity::MatchRule;
use crate::model::interaction::Role;

/// Columns of text that may be null, in the order in which they are hashed.
const TEXTS: [&str; 19] = [
    "state",
    "kind",
    "direction",
    "subject",
    "preview",
    "thread_id",
    "tenant",
    "user_address",
    "user_role",
    "mailbox_kind",
    "contact_id",
    "contact_name",
    "contact_address",
    "contact_role",
    "contact_response",
    "account_id",
    "account_name",
    "match_rule",
    "activity_id",
];
/// The other columns that [`FingerprintColumns`] reads.
const OTHERS: [&str; 6] = [
    "revision",
    "occurred_at",
    "ended_at",
    "is_bulk",
    "internal_count",
    "external_count",
];

/// All columns by which a row is compared: not its generation, its run, its book and its time, in
/// which equal results may differ, and not what names the interaction.
pub(crate) fn columns() -> impl Iterator<Item = &'static str> {
    TEXTS.into_iter().chain(OTHERS)
}

/// What a row says.
struct Said<'a> {
    texts: [Option<&'a str>; 19],
    /// In the order of [`OTHERS`].
    numbers: [Option<i64>; 6],
}

impl Said<'_> {
    fn hash(&self, buffer: &mut Vec<u8>) -> u64 {
        buffer.clear();
        for number in self.numbers {
            buffer.push(u8::from(number.is_some()));
            buffer.extend_from_slice(&number.unwrap_or_default().to_le_bytes());
        }
        for text in self.texts {
            let length = text.map_or(u64::MAX, |text| text.len() as u64);
            buffer.extend_from_slice(&length.to_le_bytes());
            buffer.extend_from_slice(text.unwrap_or_default().as_bytes());
        }
        // It is compared within this process only, so it need not stay the same for ever.
        let mut hasher = DefaultHasher::new();
        hasher.write(buffer);
        hasher.finish()
    }
}

/// What a row says that is not written yet.
pub(crate) fn of(row: &Activity, buffer: &mut Vec<u8>) -> u64 {
    let touch = row.touch.as_ref();
    let contact = touch.and_then(|touch| touch.contact.as_ref());
    let account = touch.and_then(|touch| touch.account.as_ref());
    let activity_id = row.activity_id.to_string();
    let said = Said {
        texts: [
            Some(row.state.as_str()),
            Some(row.kind.as_str()),
            Some(row.direction.as_str()),
            row.subject.as_deref(),
            row.preview.as_deref(),
            row.thread_id.as_deref(),
            Some(&*row.mailbox.tenant),
            Some(&*row.mailbox.address),
            Some(row.user_role.map_or(NO_ROLE, Role::as_str)),
            Some(row.mailbox.kind.as_str()),
            contact.map(|(id, _)| &**id),
            contact.map(|(_, name)| &**name),
            touch.map(|touch| touch.address.as_str()),
            touch.map(|touch| touch.role.as_str()),
            touch.and_then(|touch| touch.response.as_deref()),
            account.map(|(id, _)| &**id),
            account.and_then(|(_, name)| name.as_deref()),
            touch.map(|touch| MatchRule::as_str(touch.rule)),
            Some(&activity_id),
        ],
        numbers: [
            Some(i64::from(row.revision)),
            Some(row.occurred_at.0),
            row.ended_at.map(|at| at.0),
            Some(i64::from(row.is_bulk)),
            Some(i64::from(row.internal_count)),
            Some(i64::from(row.external_count)),
        ],
    };
    said.hash(buffer)
}

/// The columns of a batch of the view that a row is compared by.
pub(crate) struct FingerprintColumns<'a> {
    texts: Vec<&'a StringArray>,
    revision: &'a Int32Array,
    internal: &'a Int32Array,
    external: &'a Int32Array,
    occurred_at: &'a TimestampMicrosecondArray,
    ended_at: &'a TimestampMicrosecondArray,
    is_bulk: &'a BooleanArray,
}

impl<'a> FingerprintColumns<'a> {
    pub fn new(cells: &Cells<'a>) -> Result<Self, BadCell> {
        let texts = TEXTS.into_iter().map(|name| cells.texts(name));
        Ok(Self {
            texts: texts.collect::<Result<_, _>>()?,
            revision: cells.ints("revision")?,
            internal: cells.ints("internal_count")?,
            external: cells.ints("external_count")?,
            occurred_at: cells.instants("occurred_at")?,
            ended_at: cells.instants("ended_at")?,
            is_bulk: cells.flags("is_bulk")?,
        })
    }

    /// What a row says.
    pub fn hash(&self, row: usize, buffer: &mut Vec<u8>) -> u64 {
        let mut texts = [None; 19];
        for (text_of, array) in texts.iter_mut().zip(&self.texts) {
            *text_of = text(array, row);
        }
        let said = Said {
            texts,
            numbers: [
                Some(i64::from(self.revision.value(row))),
                instant(self.occurred_at, row).map(|at| at.0),
                instant(self.ended_at, row).map(|at| at.0),
                Some(i64::from(self.is_bulk.value(row))),
                Some(i64::from(self.internal.value(row))),
                Some(i64::from(self.external.value(row))),
            ],
        };
        said.hash(buffer)
    }
}
