//! What cursor files say of slots and mailboxes, as JSON.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;

use crate::lake::batch::MailboxTally;
use crate::lake::cursors::entry::Entry;
use crate::lake::error::LakeError;
use crate::model::coverage::Cost;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::outcome::Tally;
use crate::model::time::Timestamp;

/// A slot's chain of files is merged from this length on, once it holds as much as the last full
/// file: then the work of merging stays in proportion to what was written.
const LINKS_BEFORE_MERGE: usize = 16;
/// A chain is merged at this length in any case: its files are open at the same time.
const LINKS_MAX: usize = 128;

/// What a cursor file says of a slot as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SlotRecord {
    /// The version of this file.
    pub version: i64,
    /// The files before it, newest first, back to the last full one; none where this one is full.
    pub before: Vec<i64>,
    /// The version before this one, of a full file as well; older files do not record it.
    #[serde(default)]
    pub previous: Option<i64>,
    /// Rows of the slot in `interactions`, this commit's included.
    pub rows: u64,
    /// Wrapping sum of their hashes.
    pub hash_sum: u64,
    /// Digest of the current CRM snapshot.
    #[serde(rename = "book")]
    pub snapshot: String,
    /// Entries of the last full one.
    pub full_entries: u64,
    /// Entries of the files since.
    pub link_entries: u64,
}

impl SlotRecord {
    /// The record of a slot that has nothing yet.
    pub(crate) fn new(version: i64, snapshot: &str) -> Self {
        Self {
            version,
            before: Vec::new(),
            previous: None,
            rows: 0,
            hash_sum: 0,
            snapshot: snapshot.to_owned(),
            full_entries: 0,
            link_entries: 0,
        }
    }

    /// Adds what was there before; where that is due for a merge, this file must be a full one.
    pub(crate) fn follow(&mut self, before: Self, entries: u64) {
        self.previous = Some(before.version);
        self.rows += before.rows;
        self.hash_sum = self.hash_sum.wrapping_add(before.hash_sum);
        if !before.is_merge_due() {
            self.full_entries = before.full_entries;
            self.link_entries = before.link_entries + entries;
            self.before = vec![before.version];
            self.before.extend(before.before);
        }
    }

    /// Whether the next file of this slot should be a full one.
    pub(crate) fn is_merge_due(&self) -> bool {
        let links = self.before.len();
        links >= LINKS_MAX
            || (links >= LINKS_BEFORE_MERGE && self.link_entries >= self.full_entries)
    }
}

/// What was counted for a mailbox in a run, as JSON in a cursor file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Count {
    address: String,
    kind: String,
    tenant: String,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub tally: Tally,
    requests: u64,
    bytes: u64,
    waited_seconds: f64,
}

impl Count {
    pub(crate) fn new(counted: &MailboxTally, started_at: Timestamp, ended_at: Timestamp) -> Self {
        Self {
            address: counted.mailbox.address.to_string(),
            kind: counted.mailbox.kind.as_str().to_owned(),
            tenant: counted.mailbox.tenant.to_string(),
            started_at,
            ended_at,
            tally: counted.tally.clone(),
            requests: counted.cost.requests,
            bytes: counted.cost.bytes,
            waited_seconds: counted.cost.waited_seconds,
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.started_at = self.started_at.min(other.started_at);
        self.ended_at = self.ended_at.max(other.ended_at);
        self.tally.add(&other.tally);
        self.requests += other.requests;
        self.bytes += other.bytes;
        self.waited_seconds += other.waited_seconds;
    }

    pub(crate) fn cost(&self) -> Cost {
        Cost {
            requests: self.requests,
            bytes: self.bytes,
            waited_seconds: self.waited_seconds,
        }
    }

    pub(crate) fn mailbox(&self, id: &str) -> Mailbox {
        Mailbox {
            id: id.into(),
            address: Arc::from(self.address.as_str()),
            kind: MailboxKind::parse(&self.kind).unwrap_or(MailboxKind::User),
            tenant: Arc::from(self.tenant.as_str()),
            own_addresses: Vec::new(),
        }
    }
}

/// Writes a value of a cursor file.
pub(crate) fn to_json<T: Serialize>(value: &T, path: &Path) -> Result<String, LakeError> {
    serde_json::to_string(value).map_err(|e| LakeError::bad_file(path)(&e))
}

/// Reads a value of a cursor file.
pub(crate) fn from_json<T: for<'a> Deserialize<'a>>(
    entry: &Entry,
    path: &Path,
) -> Result<T, LakeError> {
    serde_json::from_str(entry.value.as_deref().unwrap_or_default())
        .map_err(|e| LakeError::bad_file(path)(&e))
}

/// Counts by run and mailbox.
pub(crate) type Counts = BTreeMap<(String, String), Count>;
