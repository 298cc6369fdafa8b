//! Mails of archives that are recorded under another id, or from other bytes, than the rules give
//! them now.
//!
//! Before [`RULES`] 1, a mail without a Message-ID was identified by its file name or the hash of
//! its bytes, so that reading or moving it made it another mail. Text and author were decoded
//! differently, which changes the ids of archives with `identity = "content"`. And every line of an
//! mbox that begins with `From ` opened a mail. So a mailbox that was read under earlier rules is
//! read through once: each of its mails gets its current id, and its other rows are withdrawn in
//! the same commit.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::config::archive::Identity;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::State;
use crate::model::mail::Mail;
use crate::model::maildir_name::steady_source_id;
use crate::model::time::Timestamp;
use crate::policy::identity::item_id;
use crate::policy::identity::sent_time;
use crate::policy::meeting::withdrawn;
use crate::state::key::RecordedMail;

/// The rules by which mails of archives get their ids; raised when they change.
pub(crate) const RULES: u32 = 1;

/// A row of a mail, as it is recorded.
#[derive(Debug)]
pub(crate) struct RecordedRow {
    /// Its interaction.
    pub interaction_id: Id128,
    /// The source's id of the mail.
    pub source_id: String,
    /// Its revision.
    pub revision: i32,
    /// Its state.
    pub state: State,
    /// When the mail was sent.
    pub occurred_at: Timestamp,
    /// The subject, unless it was hidden.
    pub subject: Option<String>,
    /// Of what was read.
    pub fingerprint: i64,
}

/// A row that is recorded, by its newest revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EarlierRow {
    interaction_id: Id128,
    revision: i32,
    state: State,
    occurred_at: Timestamp,
    fingerprint: i64,
    origin: Origin,
}

/// What identifies a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// Its Message-ID: no other mail has it.
    MessageId,
    /// The name of its file, or what it says.
    FileOrContent,
}

/// The rows of a mailbox. Some 200 bytes for each.
#[derive(Debug, Default)]
pub(crate) struct EarlierIds {
    rows: Vec<EarlierRow>,
    /// Withdrawn rows too: a run that ended early may have withdrawn that of a mail.
    by_id: HashMap<Id128, usize>,
    by_source: HashMap<Id128, Vec<usize>>,
    /// Of rows that do not go by a Message-ID: copies of a mail, and a mail whose file has another
    /// name or other bytes since.
    by_fingerprint: HashMap<i64, Vec<usize>>,
    /// Of the same rows, by subject and minute, where the mail is read differently now.
    by_look: HashMap<RecordedMail, Vec<usize>>,
    progress: Mutex<Progress>,
}

/// What became of the rows so far.
#[derive(Debug, Default)]
struct Progress {
    standing: HashMap<Id128, Standing>,
    /// Rows that were taken for those of mails whose files are not known.
    guessed: HashSet<Id128>,
}

/// The state of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// No mail was read that has its id.
    Open,
    /// A mail has its id.
    Kept,
    /// The same, and it got a further revision.
    Revised,
    /// It was withdrawn.
    Closed,
}

/// By what the rows of a mail are found.
#[derive(Debug)]
pub(crate) struct Trace {
    source: Id128,
    /// Of the mails that earlier rules made of it.
    former: Vec<Id128>,
    /// Of a mail whose row may have been identified by its file or content.
    guess: Option<Guess>,
}

#[derive(Debug)]
struct Guess {
    fingerprint: i64,
    looks: [RecordedMail; 2],
}

/// A row while the newest revision of each is looked for.
struct Newest {
    row: EarlierRow,
    source: Id128,
    look: RecordedMail,
}

impl EarlierIds {
    /// Of the rows of a mailbox's mails, in any order; an error among them is returned.
    pub(crate) fn of<E>(
        mailbox_id: &str,
        identity: Identity,
        rows: impl IntoIterator<Item = Result<RecordedRow, E>>,
    ) -> Result<Self, E> {
        let mut newest: HashMap<Id128, Newest> = HashMap::new();
        for row in rows {
            let row = row?;
            let known = newest.get(&row.interaction_id);
            if known.is_none_or(|known| known.row.revision < row.revision) {
                newest.insert(row.interaction_id, Newest::of(&row, mailbox_id, identity));
            }
        }
        let mut newest: Vec<Newest> = newest.into_values().collect();
        newest.sort_unstable_by_key(|one| one.row.interaction_id);
        let mut earlier = Self::default();
        for one in newest {
            earlier.add(&one);
        }
        Ok(earlier)
    }

    fn add(&mut self, one: &Newest) {
        let at = self.rows.len();
        self.rows.push(one.row);
        self.by_id.insert(one.row.interaction_id, at);
        if one.row.state != State::Active {
            return;
        }
        self.by_source.entry(one.source).or_default().push(at);
        if one.row.origin == Origin::FileOrContent {
            let same = self.by_fingerprint.entry(one.row.fingerprint);
            same.or_default().push(at);
            self.by_look.entry(one.look).or_default().push(at);
        }
    }

    /// Whether no mail can be recorded under another id.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All rows of a mail under other ids than its current one.
    pub(crate) fn rows_of(&self, trace: &Trace, now: Option<Id128>) -> Vec<EarlierRow> {
        let own = self.of_source(trace.source);
        let former = trace.former.iter().map(|id| self.of_source(*id));
        let sources = [own].into_iter().chain(former);
        // The first mail of a source takes all of its rows along.
        let open = sources.filter(|rows| !self.is_first_closed(rows));
        let mut found: Vec<usize> = open.flatten().copied().collect();
        let is_new = now.is_some_and(|id| !self.by_id.contains_key(&id));
        if is_new && (own.is_empty() || self.are_guessed(own)) {
            found.extend(self.guess_row(trace, &found));
        }
        found.extend(self.copies_of(&found));
        let mut seen = HashSet::new();
        found.retain(|at| seen.insert(*at));
        let rows = found.iter().filter_map(|at| self.rows.get(*at)).copied();
        rows.filter(|row| Some(row.interaction_id) != now).collect()
    }

    fn of_source(&self, source: Id128) -> &[usize] {
        self.by_source.get(&source).map_or(&[], Vec::as_slice)
    }

    fn is_first_closed(&self, rows: &[usize]) -> bool {
        let first = rows.first().and_then(|at| self.rows.get(*at));
        first.is_some_and(|row| self.standing(row) == Standing::Closed)
    }

    /// Copies of mails that went by their files, and were each recorded; the first mail takes all
    /// of them along.
    fn copies_of(&self, found: &[usize]) -> Vec<usize> {
        let rows = found.iter().filter_map(|at| self.rows.get(*at));
        let copied = rows.filter(|row| row.origin == Origin::FileOrContent && self.is_open(row));
        let fingerprints: HashSet<i64> = copied.map(|row| row.fingerprint).collect();
        let copies = fingerprints
            .iter()
            .filter_map(|one| self.by_fingerprint.get(one));
        copies.flatten().copied().collect()
    }

    fn is_open(&self, row: &EarlierRow) -> bool {
        self.standing(row) == Standing::Open
    }

    fn are_guessed(&self, rows: &[usize]) -> bool {
        let progress = self.progress();
        let mut rows = rows.iter().filter_map(|at| self.rows.get(*at));
        rows.all(|row| progress.guessed.contains(&row.interaction_id))
    }

    /// The row of a mail whose file is not known: one that says the same, or that has the same
    /// subject and minute. Where it is that of another mail which is still there, that row becomes
    /// active again ([`Self::note_read`]), or that mail takes another one of those.
    fn guess_row(&self, trace: &Trace, not: &[usize]) -> Option<usize> {
        let guess = trace.guess.as_ref()?;
        let is_open = |at: &&usize| {
            let row = self.rows.get(**at);
            row.is_some_and(|row| self.is_open(row)) && !not.contains(at)
        };
        let open = |rows: &Vec<usize>| rows.iter().find(is_open).copied();
        let same = self.by_fingerprint.get(&guess.fingerprint).and_then(open);
        let mut alike = guess.looks.iter();
        let found = same.or_else(|| alike.find_map(|look| open(self.by_look.get(look)?)))?;
        let id = self.rows.get(found)?.interaction_id;
        self.progress().guessed.insert(id);
        Some(found)
    }

    /// Notes that a row is withdrawn. `false`: it is already, or a mail has its id.
    pub(crate) fn close(&self, row: EarlierRow) -> bool {
        let is_open = self.is_open(&row);
        if is_open {
            self.note(row.interaction_id, Standing::Closed);
        }
        is_open
    }

    /// Notes that a mail was read that has an id. The revision that its row needs: it was withdrawn
    /// as that of another mail, or the mail was split off too early.
    pub(crate) fn note_read(&self, now: &Interaction, was_split: bool) -> Option<Interaction> {
        let row = *self.rows.get(*self.by_id.get(&now.interaction_id)?)?;
        let standing = self.standing(&row);
        let revision = match standing {
            Standing::Closed => Some(row.reopened(now)),
            Standing::Open | Standing::Kept if was_split => row.completed(now),
            _ => None,
        };
        let is_revised = revision.is_some() || standing == Standing::Revised;
        self.note(
            now.interaction_id,
            if is_revised {
                Standing::Revised
            } else {
                Standing::Kept
            },
        );
        revision
    }

    fn standing(&self, row: &EarlierRow) -> Standing {
        let noted = self.progress().standing.get(&row.interaction_id).copied();
        noted.unwrap_or(match row.state {
            State::Active => Standing::Open,
            _ => Standing::Closed,
        })
    }

    fn note(&self, id: Id128, standing: Standing) {
        self.progress().standing.insert(id, standing);
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trace {
    /// What a mail leaves to find its rows by.
    pub(crate) fn of(mail: &Mail) -> Self {
        let goes_by_id = mail.message_id.is_some() && mail.content_key.is_none();
        let time = sent_time(mail.sent, mail.received).filter(|_| !goes_by_id);
        // The row of a mail without contacts has no subject.
        let look = |subject, at| RecordedMail::of(subject, at);
        Self {
            source: source_key(&mail.source_id),
            former: mail.former_ids.iter().map(|id| source_key(id)).collect(),
            guess: time.map(|time| Guess {
                fingerprint: mail.fingerprint,
                looks: [look(mail.subject.as_deref(), time.at), look(None, time.at)],
            }),
        }
    }
}

impl Newest {
    fn of(row: &RecordedRow, mailbox_id: &str, identity: Identity) -> Self {
        let is_item = row.interaction_id == item_id(mailbox_id, &row.source_id);
        let origin = if is_item || identity == Identity::Content {
            Origin::FileOrContent
        } else {
            Origin::MessageId
        };
        Self {
            row: EarlierRow {
                interaction_id: row.interaction_id,
                revision: row.revision,
                state: row.state,
                occurred_at: row.occurred_at,
                fingerprint: row.fingerprint,
                origin,
            },
            source: source_key(&row.source_id),
            look: RecordedMail::of(row.subject.as_deref(), row.occurred_at),
        }
    }
}

fn source_key(source_id: &str) -> Id128 {
    let steady = steady_source_id(source_id);
    Id128::of(&[b"source", without_number(&steady).as_bytes()])
}

/// The id of a message of an mbox without the number of its copy: a mail and what was taken for one
/// inside of another may be each other's.
fn without_number(source_id: &str) -> &str {
    match source_id.split_once('-') {
        Some((hash, number)) if is_copy(hash, number) => hash,
        _ => source_id,
    }
}

fn is_copy(hash: &str, number: &str) -> bool {
    Id128::parse(hash).is_some() && number.bytes().all(|b| b.is_ascii_digit())
}

impl EarlierRow {
    /// What takes the row back, of the mail as it is read now.
    pub(crate) fn closing(self, interaction: &Interaction) -> Interaction {
        Interaction {
            interaction_id: self.interaction_id,
            revision: self.revision.saturating_add(1),
            occurred_at: self.occurred_at,
            ..withdrawn(interaction)
        }
    }

    /// The revision that makes a withdrawn row active again; it follows the one that withdrew it.
    fn reopened(self, interaction: &Interaction) -> Interaction {
        let after = if self.state == State::Active { 2 } else { 1 };
        Interaction {
            revision: self.revision.saturating_add(after),
            ..interaction.clone()
        }
    }

    /// The row with what is read of its mail now, where that is more: it was split off too early.
    fn completed(self, interaction: &Interaction) -> Option<Interaction> {
        let is_new = self.fingerprint != interaction.fingerprint;
        (is_new && self.occurred_at == interaction.occurred_at).then(|| Interaction {
            revision: self.revision.saturating_add(1),
            ..interaction.clone()
        })
    }
}
