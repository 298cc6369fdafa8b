//! The rows that `contact_activity` should have, against those it has.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use crate::lake::activities;
use crate::lake::activities::Stamp;
use crate::lake::activity_rows;
use crate::lake::error::LakeError;
use crate::lake::interaction_rows;
use crate::lake::open::Lake;
use crate::lake::read::read;
use crate::lake::schema::TableName;
use crate::lake::table::LiveFile;
use crate::lake::table::Table;
use crate::model::activity::Activity;
use crate::model::activity::Touch;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::mailbox::SLOTS;
use crate::model::mailbox::slot;

/// Interactions that are compared at a time; larger months are read in several passes, so that
/// memory stays bounded.
const ROWS_PER_PASS: u64 = 1_000_000;

/// The current rows of one interaction of one mailbox in the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Current {
    pub generation: i64,
    /// Digest of the book that said so.
    pub crm_snapshot: Arc<str>,
    /// What each row says, rising; nothing of a closing row.
    says: Vec<Id128>,
}

/// Interaction and mailbox.
type Grain = (Id128, Arc<str>);

/// What a row says, without generation, run and time, by which equal results may differ.
fn says(row: &Activity) -> Id128 {
    let text = format!(
        "{:?}",
        (
            (row.activity_id, row.revision, row.state, row.kind),
            (row.direction, row.occurred_at, row.ended_at, &row.subject),
            (&row.preview, &row.thread_id, row.is_bulk, row.user_role),
            (&row.mailbox.address, row.mailbox.kind, &row.mailbox.tenant),
            (&row.touch, row.internal_count, row.external_count),
        )
    );
    Id128::of(&[text.as_bytes()])
}

/// What some rows of one interaction say, in an order of its own.
pub(super) fn all_say(rows: &[Activity]) -> Vec<Id128> {
    let mut all: Vec<Id128> = rows.iter().map(says).collect();
    all.sort_unstable();
    all
}

impl Current {
    /// Whether the view says of an interaction what these rows say.
    pub fn is(&self, rows: &[Activity]) -> bool {
        self.says == all_say(rows)
    }
}

impl Lake {
    /// Calls `each` for every row of `interactions` in some slots, with what the view says of it.
    ///
    /// Month by month, as an interaction and its activities lie in the same one.
    pub(super) fn for_each_pair(
        &self,
        slots: &[u8],
        mut each: impl FnMut(Interaction, Option<&Current>) -> Result<(), LakeError>,
    ) -> Result<(), LakeError> {
        let rows = by_month(&self.interactions)?;
        let activities = by_month(&self.activities)?;
        for (month, files) in rows {
            let wanted = files.iter().map(|file| file.rows).sum::<u64>();
            let passes = wanted.div_ceil(ROWS_PER_PASS).clamp(1, u64::from(SLOTS));
            let passes = usize::try_from(passes).unwrap_or(1);
            for part in slots.chunks(slots.len().div_ceil(passes).max(1)) {
                let views = activities.get(&month).map_or(&[][..], Vec::as_slice);
                let current = self.current(views, part)?;
                let from_batch = interaction_rows::from_batch;
                let paths = self.interactions.paths(&files);
                for row in read(paths, TableName::Interactions, from_batch) {
                    let row = row?;
                    if part.contains(&slot(&row.mailbox.id)) {
                        let grain = (row.interaction_id, Arc::clone(&row.mailbox.id));
                        each(row, current.get(&grain))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The current generation of each interaction in some files of the view.
    fn current(
        &self,
        files: &[LiveFile],
        slots: &[u8],
    ) -> Result<HashMap<Grain, Current>, LakeError> {
        let mut current: HashMap<Grain, Current> = HashMap::new();
        let from_batch = activity_rows::from_batch;
        let paths = self.activities.paths(files);
        for row in read(paths, TableName::ContactActivity, from_batch) {
            let row = row?;
            if !slots.contains(&slot(&row.mailbox.id)) {
                continue;
            }
            let grain = (row.interaction_id, Arc::clone(&row.mailbox.id));
            let fresh = || Current {
                generation: row.generation,
                crm_snapshot: Arc::clone(&row.crm_snapshot),
                says: Vec::new(),
            };
            let found = current.entry(grain).or_insert_with(fresh);
            if row.generation > found.generation {
                *found = fresh();
            }
            let counts = row.generation == found.generation && row.touch.is_some();
            if counts {
                found.says.push(says(&row));
            }
        }
        for found in current.values_mut() {
            found.says.sort_unstable();
        }
        Ok(current)
    }
}

/// The rows to append for an interaction, if the view does not say it yet: all of them anew, or a
/// closing row.
pub(super) fn difference(
    row: &Interaction,
    touches: &[Touch],
    stamp: &Stamp,
    current: Option<&Current>,
) -> Vec<Activity> {
    let wanted: Vec<Activity> = activities::derive(row, touches, stamp).collect();
    match current {
        Some(current) if current.is(&wanted) => Vec::new(),
        Some(_) if wanted.is_empty() => vec![activities::closing(row, stamp)],
        _ => wanted,
    }
}

fn by_month(table: &Table) -> Result<BTreeMap<String, Vec<LiveFile>>, LakeError> {
    let mut months = BTreeMap::<String, Vec<LiveFile>>::new();
    for file in table.live_files()? {
        months.entry(file.month.clone()).or_default().push(file);
    }
    Ok(months)
}
