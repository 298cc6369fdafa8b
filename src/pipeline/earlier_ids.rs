//! Mails of archives that are recorded under another id, or from other bytes, than the rules give
//! them now.
//!
//! Before [`RULES`] 1, a mail without a Message-ID went by the name of its file or the hash of its
//! bytes, so that reading or moving it made another mail of it. Text and author were decoded
//! differently, which changes the ids of archives with `identity = "content"`. And every line of an
//! mbox that begins with `From ` opened a mail. So a mailbox that was read under earlier rules is
//! gone through once: each of its mails gets the id that it has now, and the rows that stand for it
//! otherwise are withdrawn in the same commit.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::config::archive::Identity;
use crate::lake::error::LakeError;
use crate::lake::narrow::Recorded;
use crate::lake::open::Lake;
use crate::lake::read::Filter;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::State;
use crate::model::mail::Mail;
use crate::model::mailbox::slot;
use crate::model::time::Micros;
use crate::policy::identity::item_id;
use crate::policy::identity::sent_time;
use crate::policy::meeting::withdrawn;
use crate::source::archive::steady_source_id;
use crate::state::key::RecordedMail;

/// The rules by which mails of archives get their ids; raised when they change.
pub const RULES: u32 = 1;

/// A row that is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarlierRow {
    interaction_id: Id128,
    revision: i32,
    occurred_at: Micros,
    fingerprint: i64,
    origin: Origin,
}

/// What a row goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// Its Message-ID: no other mail has it.
    MessageId,
    /// The name of its file, or what it says.
    FileOrContent,
}

/// The rows of a mailbox. Some 150 bytes for each.
#[derive(Debug, Default)]
pub struct EarlierIds {
    rows: Vec<EarlierRow>,
    by_source: HashMap<Id128, usize>,
    /// Of rows that do not go by a Message-ID: copies of a mail, and a mail whose file has another
    /// name or other bytes since.
    by_fingerprint: HashMap<i64, Vec<usize>>,
    /// Of rows that went by their files, by subject and minute, where the mail is read differently
    /// now.
    by_look: HashMap<RecordedMail, Vec<usize>>,
    /// Ids whose rows got a further revision.
    superseded: Mutex<HashSet<Id128>>,
}

/// A row while the newest revision of each is looked for.
struct Newest {
    row: EarlierRow,
    state: State,
    source: Id128,
    look: RecordedMail,
    is_item: bool,
}

impl EarlierIds {
    /// Reads the rows of a mailbox from the lake. Blocking.
    ///
    /// # Errors
    ///
    /// The lake cannot be read.
    pub fn of(lake: &Lake, mailbox_id: &str, identity: Identity) -> Result<Self, LakeError> {
        let mut newest: HashMap<Id128, Newest> = HashMap::new();
        for row in lake.recorded_subjects(&Filter::of_slots(&[slot(mailbox_id)]))? {
            let row = row?;
            if *row.mailbox_id != *mailbox_id || row.kind != Kind::Email {
                continue;
            }
            let known = newest.get(&row.interaction_id);
            if known.is_none_or(|known| known.row.revision < row.revision) {
                newest.insert(row.interaction_id, Newest::of(&row, identity));
            }
        }
        let mut earlier = Self::default();
        for one in newest.into_values() {
            if one.state == State::Active {
                earlier.add(&one);
            }
        }
        Ok(earlier)
    }

    fn add(&mut self, one: &Newest) {
        let at = self.rows.len();
        self.rows.push(one.row);
        self.by_source.insert(one.source, at);
        if one.row.origin == Origin::FileOrContent {
            let same = self.by_fingerprint.entry(one.row.fingerprint);
            same.or_default().push(at);
        }
        if one.is_item {
            self.by_look.entry(one.look).or_default().push(at);
        }
    }

    /// Whether a message has a row, so that it has to be read.
    pub fn has_source(&self, source_id: &str) -> bool {
        self.by_source.contains_key(&source_key(source_id))
    }

    /// All rows that stand for a mail.
    pub fn rows_of(&self, mail: &Mail) -> Vec<EarlierRow> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        let former = mail.former_ids.iter();
        let sources = [&mail.source_id].into_iter().chain(former);
        let mut found: Vec<usize> = sources
            .filter_map(|id| self.by_source.get(&source_key(id)).copied())
            .collect();
        if found.is_empty() {
            found.extend(self.guess_row(mail));
        }
        for at in found.clone() {
            found.extend(self.copies_of(at));
        }
        let mut seen = HashSet::new();
        found.retain(|at| seen.insert(*at));
        let rows = found.iter().filter_map(|at| self.rows.get(*at));
        rows.copied().collect()
    }

    /// Copies of a mail that went by their files, and were each recorded.
    fn copies_of(&self, at: usize) -> &[usize] {
        let row = self.rows.get(at).filter(|row| {
            // The first of them takes all others along.
            row.origin == Origin::FileOrContent && !self.is_superseded(row.interaction_id)
        });
        let copies = row.and_then(|row| self.by_fingerprint.get(&row.fingerprint));
        copies.map_or(&[], Vec::as_slice)
    }

    /// Notes that a row gets a further revision; says whether it is the first time.
    pub fn supersede(&self, id: Id128) -> bool {
        self.superseded().insert(id)
    }

    fn is_superseded(&self, id: Id128) -> bool {
        self.superseded().contains(&id)
    }

    fn superseded(&self) -> MutexGuard<'_, HashSet<Id128>> {
        let superseded = self.superseded.lock();
        superseded.unwrap_or_else(PoisonError::into_inner)
    }

    /// The row of a mail whose file is not known: one that says the same, or the only one that went
    /// by its file and has the same subject and minute. A row by content keeps its id while its
    /// text is read alike, so that only what it says proves whose it is.
    fn guess_row(&self, mail: &Mail) -> Option<usize> {
        let goes_by_id = mail.message_id.is_some() && mail.content_key.is_none();
        let time = sent_time(mail.sent, mail.received).filter(|_| !goes_by_id)?;
        if let Some(same) = self.by_fingerprint.get(&mail.fingerprint) {
            return same.first().copied();
        }
        // Of a mail in which the CRM knows nobody, the row has no subject.
        let subjects = [mail.subject.as_deref(), None].into_iter();
        let mut looks = subjects.map(|subject| RecordedMail::of(subject, time.at));
        let alike = looks.find_map(|look| self.by_look.get(&look))?;
        let fingerprint = |at: &usize| self.rows.get(*at).map(|row| row.fingerprint);
        let first = alike.first()?;
        let are_copies = alike.iter().all(|at| fingerprint(at) == fingerprint(first));
        are_copies.then_some(*first)
    }
}

impl Newest {
    fn of(row: &Recorded, identity: Identity) -> Self {
        let is_item = row.interaction_id == item_id(&row.mailbox_id, &row.source_id);
        let origin = if is_item || identity == Identity::Content {
            Origin::FileOrContent
        } else {
            Origin::MessageId
        };
        Self {
            row: EarlierRow {
                interaction_id: row.interaction_id,
                revision: row.revision,
                occurred_at: row.occurred_at,
                fingerprint: row.fingerprint,
                origin,
            },
            state: row.state,
            source: source_key(&row.source_id),
            look: RecordedMail::of(row.subject.as_deref(), row.occurred_at),
            is_item,
        }
    }
}

fn source_key(source_id: &str) -> Id128 {
    Id128::of(&[b"source", steady_source_id(source_id).as_bytes()])
}

impl EarlierRow {
    /// The id under which it stands.
    pub fn interaction_id(self) -> Id128 {
        self.interaction_id
    }

    /// What takes the row back, of the mail as it is read now.
    pub fn closing(self, interaction: &Interaction) -> Interaction {
        Interaction {
            interaction_id: self.interaction_id,
            revision: self.revision.saturating_add(1),
            occurred_at: self.occurred_at,
            ..withdrawn(interaction)
        }
    }

    /// The row with what is read of its mail now, where that is more: it was split off too early.
    pub fn completed(self, interaction: &Interaction) -> Option<Interaction> {
        let is_new = self.fingerprint != interaction.fingerprint;
        (is_new && self.occurred_at == interaction.occurred_at).then(|| Interaction {
            revision: self.revision.saturating_add(1),
            ..interaction.clone()
        })
    }
}
