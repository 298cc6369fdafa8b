//! Views that are behind the lake are brought up to it: after a crash, a lost cache, or another
//! tool's work on the tables. Each gives a line for the report where it had something to do.

use std::collections::BTreeMap;
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
use crate::matching::difference::Concerned;
use crate::model::activity::ContactMatch;
use crate::model::activity::MatchedInteraction;
use crate::model::contact::CrmSnapshot;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::State;
use crate::model::mailbox::SLOTS;
use crate::model::mailbox::slot;
use crate::model::run::RunStamp;
use crate::pipeline::writer::WriterError;
use crate::state::store::Opened;

/// Rows that are held in memory at a time.
const ROWS_AT_ONCE: usize = 4_096;
/// Bytes that they have at most, besides the last one.
const BYTES_AT_ONCE: usize = 16 << 20;

/// The current CRM snapshots, by slot: a catch-up uses the CRM snapshot of the commits it repeats,
/// never this run's.
#[derive(Debug)]
pub struct Snapshots {
    of_slot: BTreeMap<u8, String>,
    matchers: HashMap<String, Matcher>,
}

impl Snapshots {
    /// Reads the CRM snapshots that the newest commits name.
    pub fn of(lake: &Lake) -> Result<Self, LakeError> {
        let of_slot = lake.current_snapshots()?;
        let mut matchers = HashMap::new();
        for digest in of_slot.values() {
            if !matchers.contains_key(digest) {
                matchers.insert(digest.clone(), matcher(&lake.load_snapshot(digest)?));
            }
        }
        Ok(Self { of_slot, matchers })
    }

    /// What the current CRM snapshot says of an interaction.
    pub fn contact_matches(&self, interaction: &Interaction) -> Vec<ContactMatch> {
        let digest = self.of_slot.get(&slot(&interaction.mailbox.id));
        let matcher = digest.and_then(|digest| self.matchers.get(digest));
        matcher.map_or_else(Vec::new, |matcher| {
            matcher.contact_matches(&interaction.participants)
        })
    }
}

/// The table `contact_activity`: what crashes left undone, each slot with the CRM snapshot of its
/// commits.
pub fn activities(
    lake: &Lake,
    snapshots: &Snapshots,
    run: &RunStamp,
) -> Result<Option<String>, LakeError> {
    let mut slots = 0;
    for snapshot in lake.slots_behind()?.keys() {
        let done = lake.catch_up_activities(run, snapshot, |interaction| {
            snapshots.contact_matches(interaction)
        })?;
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

/// A CRM snapshot, ready to be asked. The company's own domains are no longer in it.
pub fn matcher(snapshot: &CrmSnapshot) -> Matcher {
    Matcher::new(snapshot, &HashSet::new())
}

/// Appends what a CRM snapshot says otherwise than the current CRM snapshots, and makes it the
/// current CRM snapshot. With `full`, everything is compared, whoever is concerned.
pub fn append(
    lake: &Lake,
    snapshot: &CrmSnapshot,
    matcher: &Matcher,
    run: &RunStamp,
    full: bool,
) -> Result<CaughtUp, LakeError> {
    let contact_matches =
        |interaction: &Interaction| matcher.contact_matches(&interaction.participants);
    if full {
        return lake.rematch(run, &snapshot.digest, true, contact_matches);
    }
    let concerned = Concerned::by(lake.other_snapshots(&snapshot.digest)?, snapshot);
    lake.rematch_concerned(
        run,
        &snapshot.digest,
        |one| concerned.has(one),
        contact_matches,
    )
}

/// The table `contact_activity` under this run's CRM snapshot: where another one is in force, what
/// it says otherwise is appended as a new generation, without any mail being read again.
pub fn snapshot(
    lake: &Lake,
    snapshot: &CrmSnapshot,
    matcher: &Matcher,
    run: &RunStamp,
) -> Result<Option<String>, LakeError> {
    let done = append(lake, snapshot, matcher, run, false)?;
    let text = || {
        format!(
            "contact_activity for the changed CRM snapshot: {} rows",
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
        rebuild.forget_cursors(*slot)?;
        for cursor in lake.cursors(*slot)? {
            rebuild.absorb_cursors([cursor?])?;
        }
    }
    rebuild.finish(&stale)?;
    Ok((count > 0).then(|| format!("state: {count} rows")))
}

/// The search index: rows that later commits added, and rows of which the CRM snapshot says
/// something else since.
pub fn index(
    lake: &Lake,
    snapshots: &Snapshots,
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
            let contact_matches = snapshots.contact_matches(&interaction);
            IndexDoc::of(&MatchedInteraction {
                interaction,
                contact_matches,
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
        bytes += row.bytes();
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
