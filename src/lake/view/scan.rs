//! Every interaction with the state of the view: in parallel, in chunks that fit in memory.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::RecordBatch;

use crate::lake::Lake;
use crate::lake::delta::file_reader::OnlyRows;
use crate::lake::delta::table::LiveFile;
use crate::lake::error::LakeError;
use crate::lake::rows::cells::BadCell;
use crate::lake::rows::keys::Revisions;
use crate::lake::rows::keys::month_number;
use crate::lake::rows::projection;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::project;
use crate::lake::view::diff;
use crate::lake::view::diff::ViewState;
use crate::lake::view::diff::ViewStates;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::Participant;
use crate::model::mailbox::SLOTS;

/// Interactions that are compared at a time: what the view says of them is held in some hundred
/// bytes each.
const ROWS_PER_CHUNK: u64 = 1_000_000;
/// Interactions between two times that results are handed over: where all of them differ, their
/// new rows are held until then.
const ROWS_PER_WINDOW: u64 = 250_000;

/// Whether a changed CRM snapshot may match a participant differently.
pub(crate) type Concerns<'a> = &'a (dyn Fn(&Participant) -> bool + Sync);

/// Which interactions are scanned.
pub(crate) enum Selection<'a> {
    /// All of them.
    All,
    /// Those with a participant who is concerned.
    Concerned(Concerns<'a>),
    /// Those with these ids.
    Ids(Arc<HashSet<Id128>>),
}

/// What is compared at a time: some months, or some slots of a large one.
pub(crate) struct Chunk {
    /// The slots.
    pub slots: Vec<u8>,
    /// Files of `interactions`.
    pub rows: Vec<LiveFile>,
    /// Files of `contact_activity` of the same months.
    pub view: Vec<LiveFile>,
}

impl Chunk {
    /// Puts months together as long as they have at most `limit` rows, and cuts larger ones by
    /// slots.
    fn all(
        months: impl Iterator<Item = (Vec<LiveFile>, Vec<LiveFile>)>,
        slots: &[u8],
        limit: u64,
    ) -> Vec<Self> {
        let mut chunks: Vec<Self> = Vec::new();
        let mut room = 0;
        for (rows, view) in months {
            let count = count_rows(&rows);
            if count <= room
                && let Some(chunk) = chunks.last_mut()
                && chunk.slots.len() == slots.len()
            {
                chunk.rows.extend(rows);
                chunk.view.extend(view);
                room -= count;
                continue;
            }
            room = limit.saturating_sub(count);
            let parts = count.div_ceil(limit).clamp(1, u64::from(SLOTS));
            let parts = usize::try_from(parts).unwrap_or(1);
            for part in slots.chunks(slots.len().div_ceil(parts).max(1)) {
                chunks.push(Self {
                    slots: part.to_vec(),
                    rows: rows.clone(),
                    view: view.clone(),
                });
            }
        }
        chunks
    }
}

impl Lake {
    /// The parts in which some slots are compared. An interaction and what the view says of it lie
    /// in the same month, so in the same part.
    pub(crate) fn chunks(&self, slots: &[u8]) -> Result<Vec<Chunk>, LakeError> {
        let mut months: BTreeMap<String, (Vec<LiveFile>, Vec<LiveFile>)> = BTreeMap::new();
        for file in self.interactions.live_files()? {
            months.entry(file.month.clone()).or_default().0.push(file);
        }
        for file in self.activities.live_files()? {
            months.entry(file.month.clone()).or_default().1.push(file);
        }
        Ok(Chunk::all(months.into_values(), slots, ROWS_PER_CHUNK))
    }

    /// Calls `compare`, in parallel, for the highest revision of each interaction in each mailbox
    /// and month, with what the view says of it, and `take` for what comes of it, in order. Gives
    /// the number of interactions that the view has rows of and that are not there.
    ///
    /// Rows have only the columns that a comparison reads. Call it from a blocking thread.
    pub(crate) fn scan_view<T: Send>(
        &self,
        slots: &[u8],
        which: &Selection<'_>,
        compare: impl Fn(&Interaction, Option<&ViewState>) -> Option<T> + Sync,
        mut take: impl FnMut(T) -> Result<(), LakeError>,
    ) -> Result<u64, LakeError> {
        let mut unmatched = 0;
        for chunk in self.chunks(slots)? {
            let only = match which {
                Selection::All => None,
                Selection::Ids(ids) => Some(Arc::clone(ids)),
                Selection::Concerned(concerns) => Some(self.concerned(&chunk.rows, *concerns)?),
            };
            if only.as_ref().is_some_and(|ids| ids.is_empty()) {
                continue;
            }
            let only = only.map(OnlyRows::Of);
            let scan = ChunkScan {
                slots: &chunk.slots,
                view: self.view(&chunk, only.as_ref())?,
                revisions: self.revisions(&chunk.rows)?,
                concerns: match which {
                    Selection::Concerned(concerns) => Some(*concerns),
                    _ => None,
                },
            };
            let wanted = projection::schema(self.settings.activity_content);
            for files in windows(&chunk.rows) {
                let each = |file: &LiveFile, batch: &RecordBatch| scan.at(file, batch, &compare);
                let found =
                    self.in_parallel(&self.interactions, files, &wanted, only.as_ref(), each)?;
                found.into_iter().flatten().try_for_each(&mut take)?;
            }
            unmatched += scan.view.unmatched();
        }
        Ok(unmatched)
    }

    /// The ids of interactions that name a participant who is concerned, in any revision.
    fn concerned(
        &self,
        files: &[LiveFile],
        concerns: Concerns<'_>,
    ) -> Result<Arc<HashSet<Id128>>, LakeError> {
        let wanted = projection::concerned_schema();
        let each = |_: &LiveFile, batch: &RecordBatch| projection::concerned(batch, concerns);
        let found = self.in_parallel(&self.interactions, files, &wanted, None, each)?;
        Ok(Arc::new(found.into_iter().flatten().collect()))
    }

    /// What the view currently says in the months of a chunk.
    fn view(&self, chunk: &Chunk, only: Option<&OnlyRows>) -> Result<ViewStates, LakeError> {
        let wanted = project(TableName::ContactActivity, &diff::columns());
        let each = |file: &LiveFile, batch: &RecordBatch| {
            diff::view_rows(batch, month_number(&file.month), &chunk.slots)
        };
        let mut view = ViewStates::default();
        let rows = self.in_parallel(&self.activities, &chunk.view, &wanted, only, each)?;
        rows.iter().flatten().for_each(|row| view.add(row));
        Ok(view)
    }
}

/// What the rows of a chunk are compared with.
struct ChunkScan<'a> {
    slots: &'a [u8],
    view: ViewStates,
    revisions: Revisions,
    concerns: Option<Concerns<'a>>,
}

impl ChunkScan<'_> {
    fn at<T>(
        &self,
        file: &LiveFile,
        batch: &RecordBatch,
        compare: &(impl Fn(&Interaction, Option<&ViewState>) -> Option<T> + Sync),
    ) -> Result<Vec<T>, BadCell> {
        let month = month_number(&file.month);
        let mut found = Vec::new();
        projection::highest(batch, month, self.slots, &self.revisions, |key, row| {
            // An earlier revision may be what named them.
            let concerns = self.concerns.as_ref();
            if concerns.is_none_or(|concerns| row.participants.iter().any(concerns)) {
                found.extend(compare(&row, self.view.of(key)));
            }
        })?;
        Ok(found)
    }
}

fn count_rows(files: &[LiveFile]) -> u64 {
    files.iter().map(|file| file.rows).sum()
}

/// Cuts a list of files where their rows grow too many; a single file is never cut.
fn windows(files: &[LiveFile]) -> impl Iterator<Item = &[LiveFile]> {
    let mut sum = 0;
    files.chunk_by(move |before, next| {
        sum += before.rows;
        if sum + next.rows > ROWS_PER_WINDOW {
            sum = 0;
            return false;
        }
        true
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(month: usize, rows: u64) -> LiveFile {
        LiveFile {
            path: format!("{month}-{rows}"),
            size: 1,
            month: format!("2026-{month:02}"),
            rows,
        }
    }

    #[test]
    fn every_file_is_scanned_once_for_each_slot_and_no_chunk_is_too_large() {
        let counts = [3, 3, 4, 1, 25, 0, 10, 11, 2, 0];
        let months = (1..).zip(counts).map(|(month, rows)| {
            let view = vec![file(month, rows + 1_000)];
            (vec![file(month, rows)], view)
        });
        let slots = [1, 2, 3, 5, 8, 13];
        let chunks = Chunk::all(months, &slots, 10);
        let mut scanned = BTreeMap::new();
        for chunk in &chunks {
            let share = count_rows(&chunk.rows) * chunk.slots.len() as u64 / slots.len() as u64;
            assert!(share <= 10, "{share}");
            assert_eq!(chunk.rows.len(), chunk.view.len());
            for (file, slot) in chunk
                .rows
                .iter()
                .flat_map(|f| chunk.slots.iter().map(move |s| (f, s)))
            {
                *scanned.entry((file.path.clone(), *slot)).or_insert(0) += 1;
            }
        }
        assert_eq!(scanned.len(), counts.len() * slots.len());
        assert!(scanned.values().all(|times| *times == 1));
        assert_eq!(chunks[0].rows.len(), 3, "small months go together");
    }

    #[test]
    fn windows_hold_all_files_in_order() {
        let files: Vec<LiveFile> = (1..40).map(|n| file(n, 20_000 * n as u64)).collect();
        let windows: Vec<&[LiveFile]> = windows(&files).collect();
        assert_eq!(windows.concat(), files);
        let is_fit = |files: &&[LiveFile]| files.len() == 1 || count_rows(files) <= ROWS_PER_WINDOW;
        assert!(windows.iter().all(is_fit));
        assert!(windows.iter().any(|files| files.len() > 1));
    }
}
