//! The current rows of `contact_activity` that concern a contact, an account or some mailboxes, from
//! few columns.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::BooleanArray;
use arrow_array::Int32Array;
use arrow_array::RecordBatch;
use arrow_array::StringArray;
use arrow_array::TimestampMicrosecondArray;
use hashbrown::HashMap;

use crate::lake::Lake;
use crate::lake::delta::file_reader::OnlyRows;
use crate::lake::error::LakeError;
use crate::lake::generations;
use crate::lake::generations::Generations;
use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::id_at;
use crate::lake::rows::cells::instant_at;
use crate::lake::rows::cells::text;
use crate::lake::rows::cells::word;
use crate::lake::rows::keys::InteractionKey;
use crate::lake::rows::keys::MailboxKeys;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::project;
use crate::model::contact::CrmSnapshot;
use crate::model::id::Id128;
use crate::model::interaction::Kind;
use crate::model::interaction::Role;
use crate::model::interaction::State;
use crate::model::mailbox::MailboxKind;
use crate::model::touch::Touch;

/// The columns of a [`Touch`], and what shows whether its row is current.
const COLUMNS: [&str; 16] = [
    "generation",
    "interaction_id",
    "mailbox_id",
    "state",
    "kind",
    "occurred_at",
    "is_bulk",
    "user_role",
    "mailbox_kind",
    "contact_id",
    "contact_role",
    "contact_response",
    "account_id",
    "match_rule",
    "internal_count",
    "external_count",
];
/// How Graph writes that an invitation was declined.
const DECLINED: &str = "declined";

/// Whose rows are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TouchesOf {
    /// Those of the contact with an id.
    Contact(String),
    /// Those of the account with an id, with or without a contact.
    Account(String),
    /// Those of some mailboxes, by their ids.
    Mailboxes(HashSet<String>),
    /// All of them.
    All,
}

impl TouchesOf {
    /// Whether a row is one of them.
    pub fn has(&self, touch: &Touch) -> bool {
        match self {
            Self::Contact(id) => touch.contact_id.as_deref() == Some(id),
            Self::Account(id) => touch.account_id.as_deref() == Some(id),
            Self::Mailboxes(ids) => ids.contains(&*touch.mailbox_id),
            Self::All => true,
        }
    }
}

/// The generation of a row, and the row where its state is `active`.
struct Rated {
    key: InteractionKey,
    generation: i64,
    touch: Option<Touch>,
}

impl Lake {
    /// The current rows of a contact, an account or some mailboxes, in no particular order.
    ///
    /// Rows are filtered before they are kept; one that is kept takes some 100 bytes. For a contact or
    /// an account a second pass reads the generations of the interactions found: what is current may
    /// be a row without that contact. Call it from a blocking thread.
    ///
    /// # Errors
    /// A file of the table cannot be read.
    pub fn touches(&self, of: &TouchesOf) -> Result<Vec<Touch>, LakeError> {
        let (only, are_complete) = match of {
            TouchesOf::Contact(id) => (Some(with("contact_id", [id.clone()])), false),
            TouchesOf::Account(id) => (Some(with("account_id", [id.clone()])), false),
            TouchesOf::Mailboxes(ids) => (Some(with("mailbox_id", ids.iter().cloned())), true),
            TouchesOf::All => (None, true),
        };
        let files = self.activities.live_files()?;
        let wanted = project(TableName::ContactActivity, &COLUMNS);
        let each = |_: &_, batch: &RecordBatch| rated(batch);
        let rows = self.in_parallel(&self.activities, &files, &wanted, only.as_ref(), each)?;
        let rows: Vec<Rated> = rows.into_iter().flatten().collect();
        let generations = if are_complete {
            rows.iter().map(|row| (row.key, row.generation)).collect()
        } else {
            self.generations(&rows)?
        };
        let rows = rows.into_iter();
        let current = rows.filter(|row| generations.is_highest(row.key, row.generation));
        Ok(current.filter_map(|row| row.touch).collect())
    }

    /// The highest generations of the interactions of some rows.
    fn generations(&self, rows: &[Rated]) -> Result<Generations, LakeError> {
        let ids: HashSet<Id128> = rows.iter().map(|row| row.key.interaction_id).collect();
        let wanted_keys: HashSet<InteractionKey> = rows.iter().map(|row| row.key).collect();
        let files = self.activities.live_files()?;
        let wanted = project(TableName::ContactActivity, &generations::COLUMNS);
        let only = OnlyRows::Of(Arc::new(ids));
        let each = |_: &_, batch: &RecordBatch| {
            let mut keys = generations::keys(batch)?;
            keys.retain(|(key, _)| wanted_keys.contains(key));
            Ok(keys)
        };
        let found = self.in_parallel(&self.activities, &files, &wanted, Some(&only), each)?;
        Ok(found.into_iter().flatten().collect())
    }

    /// How many rows of all generations `contact_activity` has of each mailbox.
    ///
    /// # Errors
    /// A file of the table cannot be read.
    pub fn activity_rows(&self) -> Result<BTreeMap<Arc<str>, u64>, LakeError> {
        let files = self.activities.live_files()?;
        let wanted = project(TableName::ContactActivity, &["mailbox_id"]);
        let each = |_: &_, batch: &RecordBatch| {
            let cells = Cells::new(batch);
            let mut counts: HashMap<String, u64> = HashMap::new();
            for id in cells.texts("mailbox_id")?.iter().flatten() {
                *counts.entry_ref(id).or_insert(0) += 1;
            }
            Ok(counts)
        };
        let counts = self.in_parallel(&self.activities, &files, &wanted, None, each)?;
        let mut sums: BTreeMap<Arc<str>, u64> = BTreeMap::new();
        for (id, count) in counts.into_iter().flatten() {
            *sums.entry(id.into()).or_default() += count;
        }
        Ok(sums)
    }

    /// The CRM snapshots that are current, those of most slots first. There is one, except where a
    /// run that brought a new one has not finished.
    ///
    /// # Errors
    /// A snapshot cannot be read.
    pub fn snapshots_in_force(&self) -> Result<Vec<CrmSnapshot>, LakeError> {
        let mut slots: BTreeMap<String, usize> = BTreeMap::new();
        for digest in self.current_snapshots()?.into_values() {
            *slots.entry(digest).or_default() += 1;
        }
        let mut digests: Vec<(String, usize)> = slots.into_iter().collect();
        digests.sort_by_key(|(_, slots)| std::cmp::Reverse(*slots));
        let snapshots = digests.iter().map(|(digest, _)| self.load_snapshot(digest));
        snapshots.collect()
    }
}

fn with(column: &'static str, texts: impl IntoIterator<Item = String>) -> OnlyRows {
    let texts = Arc::new(texts.into_iter().collect());
    OnlyRows::With(TableName::ContactActivity, column, texts)
}

/// The rows of a batch; only active ones with a match have more than their generation.
fn rated(batch: &RecordBatch) -> Result<Vec<Rated>, BadCell> {
    let cells = Cells::new(batch);
    let (ids, mailboxes) = (cells.texts("interaction_id")?, cells.texts("mailbox_id")?);
    let (states, rules) = (cells.texts("state")?, cells.texts("match_rule")?);
    let generations = cells.longs("generation")?;
    let mut reader = TouchReader::new(&cells)?;
    let mut keys = MailboxKeys::default();
    let mut rows = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let mailbox = keys.get(mailboxes.value(row));
        let interaction_id = id_at(ids, row, "interaction_id")?;
        let is_active = text(states, row) == Some(State::Active.as_str());
        rows.push(Rated {
            key: mailbox.interaction(interaction_id),
            generation: generations.value(row),
            touch: if is_active && text(rules, row).is_some() {
                Some(reader.read(row, interaction_id, mailboxes.value(row))?)
            } else {
                None
            },
        });
    }
    Ok(rows)
}

/// The columns of active rows of a batch.
struct TouchReader<'a> {
    kinds: &'a StringArray,
    mailbox_kinds: &'a StringArray,
    user_roles: &'a StringArray,
    contact_roles: &'a StringArray,
    responses: &'a StringArray,
    contacts: &'a StringArray,
    accounts: &'a StringArray,
    instants: &'a TimestampMicrosecondArray,
    are_bulk: &'a BooleanArray,
    people: [&'a Int32Array; 2],
    texts: Texts<'a>,
}

impl<'a> TouchReader<'a> {
    fn new(cells: &Cells<'a>) -> Result<Self, BadCell> {
        Ok(Self {
            kinds: cells.texts("kind")?,
            mailbox_kinds: cells.texts("mailbox_kind")?,
            user_roles: cells.texts("user_role")?,
            contact_roles: cells.texts("contact_role")?,
            responses: cells.texts("contact_response")?,
            contacts: cells.texts("contact_id")?,
            accounts: cells.texts("account_id")?,
            instants: cells.instants("occurred_at")?,
            are_bulk: cells.flags("is_bulk")?,
            people: [cells.ints("internal_count")?, cells.ints("external_count")?],
            texts: Texts::default(),
        })
    }

    fn read(
        &mut self,
        row: usize,
        interaction_id: Id128,
        mailbox_id: &'a str,
    ) -> Result<Touch, BadCell> {
        let people = self.people.map(|counts| counts.value(row));
        let people = people.map(|count| u32::try_from(count).unwrap_or_default());
        let response = text(self.responses, row).unwrap_or_default();
        let (contact_id, account_id) = (text(self.contacts, row), text(self.accounts, row));
        Ok(Touch {
            interaction_id,
            mailbox_id: self.texts.shared(mailbox_id),
            mailbox_kind: word(self.mailbox_kinds, row, MailboxKind::parse, "mailbox_kind")?,
            kind: word(self.kinds, row, Kind::parse, "kind")?,
            occurred_at: instant_at(self.instants, row, "occurred_at")?,
            user_role: text(self.user_roles, row).and_then(Role::parse),
            contact_id: contact_id.map(|id| self.texts.shared(id)),
            account_id: account_id.map(|id| self.texts.shared(id)),
            contact_role: word(self.contact_roles, row, Role::parse, "contact_role")?,
            contact_declined: response.eq_ignore_ascii_case(DECLINED),
            is_bulk: self.are_bulk.value(row),
            people: people.into_iter().sum(),
        })
    }
}

/// The texts of a batch, each in memory once.
#[derive(Default)]
struct Texts<'a>(HashMap<&'a str, Arc<str>>);

impl<'a> Texts<'a> {
    fn shared(&mut self, text: &'a str) -> Arc<str> {
        Arc::clone(self.0.entry(text).or_insert_with(|| text.into()))
    }
}
