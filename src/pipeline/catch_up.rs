//! Views that are behind the lake are brought up to it: after a crash, a lost cache, or another
//! tool's work on the tables. Each gives a line for the report where it had something to do.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::index::doc::IndexDoc;
use crate::index::writer::Indexer;
use crate::index::writer::Keys;
use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::lake::read::Filter;
use crate::lake::read::Rows;
use crate::lake::read::Since;
use crate::lake::view::advance::CaughtUp;
use crate::matching::Matcher;
use crate::matching::difference::BookDifference;
use crate::model::activity::Matched;
use crate::model::activity::Touch;
use crate::model::contact::ContactBook;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::Participant;
use crate::model::interaction::State;
use crate::model::mailbox::SLOTS;
use crate::model::mailbox::slot;
use crate::model::run::RunStamp;
use crate::pipeline::writer::WriterError;
use crate::state::store::Opened;
use crate::sync::batch::interaction_bytes;

/// Rows that are held in memory at a time.
const ROWS_AT_ONCE: usize = 4_096;
/// Bytes that they have at most, besides the last one.
const BYTES_AT_ONCE: usize = 16 << 20;

/// The books in force, by slot: a catch-up uses the book of the commits it repeats, never
/// tonight's.
#[derive(Debug)]
pub struct Books {
    of_slot: BTreeMap<u8, String>,
    matchers: HashMap<String, Matcher>,
}

impl Books {
    /// Reads the books that the newest commits name.
    pub fn of(lake: &Lake) -> Result<Self, LakeError> {
        let of_slot = lake.books_in_force()?;
        let mut matchers = HashMap::new();
        for digest in of_slot.values() {
            if !matchers.contains_key(digest) {
                matchers.insert(digest.clone(), matcher(&lake.load_book(digest)?));
            }
        }
        Ok(Self { of_slot, matchers })
    }

    /// What the book in force says of an interaction.
    pub fn touches(&self, interaction: &Interaction) -> Vec<Touch> {
        let digest = self.of_slot.get(&slot(&interaction.mailbox.id));
        let matcher = digest.and_then(|digest| self.matchers.get(digest));
        matcher.map_or_else(Vec::new, |matcher| {
            matcher.touches(&interaction.participants)
        })
    }
}

/// The table `contact_activity`: what crashes left undone, each slot with the book of its commits.
pub fn activities(lake: &Lake, books: &Books, run: &RunStamp) -> Result<Option<String>, LakeError> {
    let mut slots = 0;
    for book in lake.slots_behind()?.keys() {
        let done = lake.catch_up_activities(run, book, |interaction| books.touches(interaction))?;
        slots += done.slots.len();
    }
    Ok((slots > 0).then(|| format!("contact_activity in {slots} slots")))
}

/// The table `mailboxes`: runs that died before they could tell.
pub fn mailboxes(lake: &Lake, run: &RunStamp) -> Result<Option<String>, LakeError> {
    let rows = lake.unreported_runs(&run.run_id)?;
    lake.write_mailboxes(&rows)?;
    Ok((!rows.is_empty()).then(|| format!("mailboxes: {} rows of interrupted runs", rows.len())))
}

/// A book, ready to be asked. The company's own domains are no longer in it.
pub fn matcher(book: &ContactBook) -> Matcher {
    Matcher::new(book, &HashSet::new())
}

/// Appends what a book says otherwise than the books in force, and makes it the book in force.
/// With `full`, everything is compared, whoever is concerned.
pub fn append(
    lake: &Lake,
    book: &ContactBook,
    matcher: &Matcher,
    run: &RunStamp,
    full: bool,
) -> Result<CaughtUp, LakeError> {
    let touches = |interaction: &Interaction| matcher.touches(&interaction.participants);
    if full {
        return lake.rematch(run, &book.digest, true, touches);
    }
    let concerned = Concerned::by(lake, book)?;
    lake.rematch_concerned(run, &book.digest, |one| concerned.has(one), touches)
}

/// Whom a book may concern, against every other book that is in force somewhere.
#[derive(Debug)]
pub struct Concerned {
    /// `None`: everybody.
    differences: Option<Vec<BookDifference>>,
}

impl Concerned {
    /// Compares a book with those in force. Where one of them is gone, nobody knows what it said,
    /// and everybody is concerned.
    pub fn by(lake: &Lake, book: &ContactBook) -> Result<Self, LakeError> {
        let others: BTreeSet<String> = lake.books_in_force()?.into_values().collect();
        let others = others.iter().filter(|digest| **digest != *book.digest);
        let differences = others.map(|digest| {
            let old = lake.load_book(digest).ok()?;
            Some(BookDifference::of(&old, book))
        });
        Ok(Self {
            differences: differences.collect(),
        })
    }

    /// Whether some book in force may say something else of a participant.
    pub fn has(&self, participant: &Participant) -> bool {
        let differences = self.differences.as_ref();
        differences.is_none_or(|all| all.iter().any(|one| one.concerns(participant)))
    }
}

/// The table `contact_activity` under tonight's book: where another one is in force, what it says
/// otherwise is appended as a new generation, without any mail being read again.
pub fn book(
    lake: &Lake,
    book: &ContactBook,
    matcher: &Matcher,
    run: &RunStamp,
) -> Result<Option<String>, LakeError> {
    let done = append(lake, book, matcher, run, false)?;
    let text = || {
        format!(
            "contact_activity for the changed book: {} rows",
            done.activities
        )
    };
    Ok((done.activities > 0).then(text))
}

/// The state cache. Slots that are behind take what later commits added; slots that are unknown,
/// or know of commits that the lake does not (one that was restored from a backup), are made again.
pub fn state(lake: &Lake, opened: &Opened) -> Result<Option<String>, WriterError> {
    let mut stale = BTreeMap::new();
    let mut reached = BTreeMap::new();
    let mut unknown = Vec::new();
    let versions = lake.interaction_versions()?;
    for slot in (0..SLOTS).filter(|slot| !versions.contains_key(slot)) {
        // The lake was restored from before the slot's first commit: what it saw then is not there.
        if opened.state.version(slot)?.is_some() {
            opened.state.reset_slot(slot)?;
        }
    }
    for (slot, version) in versions {
        let known = opened.state.version(slot)?;
        if known == Some(version) {
            continue;
        }
        stale.insert(slot, version);
        let is_behind = match known {
            Some(known) => lake.has_passed(slot, known)?,
            None => false,
        };
        reached.insert(slot, known.filter(|_| is_behind));
        if reached[&slot].is_none() {
            unknown.push(slot);
        }
    }
    if stale.is_empty() {
        return Ok(None);
    }
    let slots: Vec<u8> = stale.keys().copied().collect();
    let rows = match lake.interactions_since(&reached)? {
        Since::Rows(rows) => rows,
        Since::Unknown => {
            unknown.clone_from(&slots);
            lake.interactions(&Filter::of_slots(&slots))?
        }
    };
    let mut count = 0;
    let mut rebuild = opened.state.rebuild(&unknown)?;
    for_each_block(rows, |rows| {
        count += rows.len();
        rebuild.absorb_rows(&rows).map_err(WriterError::from)
    })?;
    for slot in &slots {
        for cursor in lake.cursors(*slot)? {
            rebuild.absorb_cursors([cursor?])?;
        }
    }
    rebuild.finish(&stale)?;
    Ok((count > 0).then(|| format!("state: {count} rows")))
}

/// The search index: rows that later commits added, and rows of which the book says something
/// else since.
pub fn index(
    lake: &Lake,
    books: &Books,
    indexer: &mut Indexer,
) -> Result<Option<String>, WriterError> {
    let versions = lake.interaction_versions()?;
    let reached = |slot: u8, version: i64| {
        indexer
            .reached()
            .get(&slot)
            .copied()
            .filter(|reached| *reached < version)
    };
    let stale: BTreeMap<u8, Option<i64>> = versions
        .iter()
        .filter(|(slot, version)| indexer.reached().get(slot) != Some(version))
        .map(|(slot, version)| (*slot, reached(*slot, *version)))
        .collect();
    if stale.is_empty() {
        return Ok(None);
    }
    let slots: Vec<u8> = stale.keys().copied().collect();
    let mut touched = HashSet::new();
    for activity in lake.activities_since(&stale)? {
        let activity = activity?;
        touched.insert((activity.interaction_id, activity.mailbox.id.clone()));
    }
    let mut indexed = Indexed::default();
    let mut take = |rows: Vec<Interaction>, indexed: &mut Indexed, older: &mut HashSet<Key>| {
        let newest = rows.into_iter().filter(|row| {
            older.remove(&key(row));
            indexed.is_newest(row)
        });
        let docs = newest.filter_map(|interaction| {
            let touches = books.touches(&interaction);
            IndexDoc::of(&Matched {
                interaction,
                touches,
            })
        });
        indexer
            .add(docs.collect(), Keys::Known)
            .map_err(WriterError::from)
    };
    let rows = match lake.interactions_since(&stale)? {
        Since::Rows(rows) => rows,
        Since::Unknown => lake.interactions(&Filter::of_slots(&slots))?,
    };
    for_each_block(rows, |rows| take(rows, &mut indexed, &mut touched))?;
    if !touched.is_empty() {
        let older = touched.clone();
        let is_wanted = move |row: &Result<Interaction, LakeError>| {
            row.as_ref().map_or(true, |row| older.contains(&key(row)))
        };
        let rows = lake
            .interactions(&Filter::of_slots(&slots))?
            .filter(is_wanted);
        for_each_block(Box::new(rows), |rows| {
            take(rows, &mut indexed, &mut touched)
        })?;
    }
    indexer.commit(&versions)?;
    Ok((indexed.rows > 0).then(|| format!("search index: {} rows", indexed.rows)))
}

/// Interaction and mailbox.
type Key = (Id128, Arc<str>);

fn key(row: &Interaction) -> Key {
    (row.interaction_id, row.mailbox.id.clone())
}

/// Rows come in any order, and each replaces the document of the one before: so no row may be taken
/// after one of a higher revision.
#[derive(Debug, Default)]
struct Indexed {
    /// Highest revisions so far, but for first ones: most interactions never have another.
    revisions: HashMap<Key, i32>,
    rows: usize,
}

impl Indexed {
    /// Whether nothing newer was taken of the interaction. What closes a month says nothing of it.
    fn is_newest(&mut self, row: &Interaction) -> bool {
        if row.state == State::Superseded {
            return false;
        }
        let key = key(row);
        let newest = self.revisions.get(&key).copied();
        if newest.is_some_and(|newest| newest > row.revision) {
            return false;
        }
        if row.revision > 1 {
            self.revisions.insert(key, row.revision);
        }
        self.rows += 1;
        true
    }
}

/// Takes rows block by block, so that memory stays bounded.
fn for_each_block(
    rows: Rows<Interaction>,
    mut take: impl FnMut(Vec<Interaction>) -> Result<(), WriterError>,
) -> Result<(), WriterError> {
    let (mut block, mut bytes) = (Vec::new(), 0);
    for row in rows {
        let row = row?;
        bytes += interaction_bytes(&row);
        block.push(row);
        if block.len() >= ROWS_AT_ONCE || bytes >= BYTES_AT_ONCE {
            take(std::mem::take(&mut block))?;
            bytes = 0;
        }
    }
    if block.is_empty() {
        Ok(())
    } else {
        take(block)
    }
}

#[cfg(test)]
mod tests;
