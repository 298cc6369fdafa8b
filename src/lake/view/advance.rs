//! Bringing `contact_activity` to the versions of `interactions`, whatever happened in between.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::RecordBatch;

use crate::lake::Lake;
use crate::lake::commit::Plan;
use crate::lake::delta::table::SlotStep;
use crate::lake::error::LakeError;
use crate::lake::read::Rows;
use crate::lake::read::Since;
use crate::lake::read::files_since;
use crate::lake::rows::keys::InteractionKey;
use crate::lake::rows::keys::Moves;
use crate::lake::rows::keys::month_number;
use crate::lake::view::derive;
use crate::lake::view::derive::RowProvenance;
use crate::lake::view::diff::ViewState;
use crate::lake::view::diff::rows_to_append;
use crate::lake::view::scan::Selection;
use crate::model::activity::Activity;
use crate::model::activity::ContactMatch;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::State;
use crate::model::mailbox::slot;
use crate::model::run::RunStamp;
use crate::runtime::clock;
use crate::runtime::random;

/// Rows that are held before they are written: bounds the memory of a catch-up from nothing.
const ROWS_PER_FLUSH: usize = 250_000;

/// What a catch-up did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaughtUp {
    /// The slots that were behind.
    pub slots: Vec<u8>,
    /// Rows that were appended.
    pub activities: usize,
    /// Whether everything had to be compared: another CRM snapshot, or another program merged
    /// files.
    pub compared_all: bool,
}

impl Lake {
    /// The slots in which `contact_activity` is behind, by digest of the current CRM snapshot
    /// there.
    pub fn slots_behind(&self) -> Result<BTreeMap<String, Vec<u8>>, LakeError> {
        let reached = self.activity_versions()?;
        let mut behind: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (slot, version) in self.interaction_versions()? {
            if reached.get(&slot) != Some(&version) {
                let record = self.cursors.slot_record(version, slot)?;
                behind.entry(record.snapshot).or_default().push(slot);
            }
        }
        Ok(behind)
    }

    /// An error where the view is ahead of the rows in a slot of this process: another program set them
    /// back alone. Generations never fall, so nothing that was added could count.
    pub(crate) fn check_order(&self) -> Result<(), LakeError> {
        for slot in &self.settings.slots {
            if self.activities.slot_version(*slot)? > self.interactions.slot_version(*slot)? {
                let why = "it is ahead of interactions, which was set back alone";
                return Err(LakeError::bad_file(&self.activities.folder)(&why));
            }
        }
        Ok(())
    }

    /// Brings the view to the versions of `interactions` in the slots of this process that are
    /// behind and whose current CRM snapshot is `snapshot` (see [`Lake::slots_behind`]); `matcher`
    /// must ask that CRM snapshot.
    ///
    /// It writes the same versions as the commits would have, so that of two processes that catch
    /// up the same slot one finds it done. Blocks, as [`Lake::commit`] does.
    pub fn catch_up_activities(
        &self,
        run: &RunStamp,
        snapshot: &str,
        matcher: impl Fn(&Interaction) -> Vec<ContactMatch> + Sync,
    ) -> Result<CaughtUp, LakeError> {
        let _lock = self.lock_commits();
        let mut slots = self.slots_behind()?.remove(snapshot).unwrap_or_default();
        slots.retain(|slot| self.check_held(*slot).is_ok());
        if slots.is_empty() {
            return Ok(CaughtUp::default());
        }
        let steps = self.steps_to(&slots)?;
        let mut since = Since::Unknown;
        if !self.has_snapshot_changed(&steps, snapshot) {
            let reached = steps.iter().map(|step| (step.slot, step.previous));
            since = self.interactions_since(&reached.collect())?;
        }
        match since {
            Since::Rows(rows) => {
                let mut writing = Writing::new(self, run, snapshot, steps);
                self.derive_all(rows, &mut writing, &matcher)?;
                writing.commit(false)
            }
            Since::Unknown => self.advance_view(run, snapshot, steps, &Selection::All, &matcher),
        }
    }

    /// Brings some slots of the view to the versions of `interactions` by comparing it with what
    /// `matcher` says.
    pub(crate) fn advance_view(
        &self,
        run: &RunStamp,
        snapshot: &str,
        steps: Vec<SlotStep>,
        which: &Selection<'_>,
        matcher: &(impl Fn(&Interaction) -> Vec<ContactMatch> + Sync),
    ) -> Result<CaughtUp, LakeError> {
        let mut writing = Writing::new(self, run, snapshot, steps);
        self.append_differences(&mut writing, which, matcher)?;
        writing.commit(matches!(which, Selection::All))
    }

    /// The steps of the view to where `interactions` is.
    fn steps_to(&self, slots: &[u8]) -> Result<Vec<SlotStep>, LakeError> {
        let step = |slot: &u8| {
            Ok(SlotStep {
                slot: *slot,
                previous: self.activities.slot_version(*slot)?,
                version: self.interactions.slot_version(*slot)?.unwrap_or_default(),
            })
        };
        slots.iter().map(step).collect()
    }

    /// Appends what the view should say of rows that came since. Of several revisions only the
    /// highest of a month counts, as all of them get one generation.
    fn derive_all(
        &self,
        rows: Rows<Interaction>,
        writing: &mut Writing<'_>,
        matcher: &impl Fn(&Interaction) -> Vec<ContactMatch>,
    ) -> Result<(), LakeError> {
        let reached = writing.plan.steps.iter().map(|s| (s.slot, s.previous));
        let files = files_since(&self.interactions, &reached.collect())?;
        let files = files.unwrap_or_default().into_iter().map(|(_, file)| file);
        let revisions = self.revisions(&files.collect::<Vec<_>>())?;
        for row in rows {
            let row = row?;
            if revisions.is_highest(&row, || month_number(&row.occurred_at.month())) {
                let derived = derive::derive(&row, &matcher(&row), &writing.plan.provenance);
                writing.push(derived)?;
            }
        }
        Ok(())
    }

    /// Appends what the view should say and does not.
    fn append_differences(
        &self,
        writing: &mut Writing<'_>,
        which: &Selection<'_>,
        matcher: &(impl Fn(&Interaction) -> Vec<ContactMatch> + Sync),
    ) -> Result<(), LakeError> {
        let provenance = writing.plan.provenance.clone();
        let slots: Vec<u8> = writing.plan.steps.iter().map(|step| step.slot).collect();
        let compare = |row: &Interaction, current: Option<&ViewState>| {
            let rows = rows_to_append(row, &matcher(row), &provenance, current);
            let generation = match current {
                Some(current) if rows.is_empty() => Some(current.generation),
                None if rows.is_empty() => None,
                _ => Some(i64::MAX),
            };
            let revised = (row.revision > 1).then(|| {
                (
                    InteractionKey::of(row),
                    row.state == State::Superseded,
                    generation,
                )
            });
            (!rows.is_empty() || revised.is_some()).then_some((revised, rows))
        };
        let mut moves = Moves::default();
        self.scan_view(&slots, which, compare, |(revised, rows)| {
            if let Some((key, is_superseded, generation)) = revised {
                moves.note(key, is_superseded, generation);
            }
            writing.push(rows)
        })?;
        // A month that an interaction has left must not get a higher generation than the month in
        // which it lies: then that is written again as well.
        let overtaken: HashSet<InteractionKey> = moves.overtaken().collect();
        let ids: HashSet<Id128> = overtaken.iter().map(|key| key.interaction_id).collect();
        let compare = |row: &Interaction, _: Option<&ViewState>| {
            let lies_here =
                row.state != State::Superseded && overtaken.contains(&InteractionKey::of(row));
            lies_here.then(|| derive::derive(row, &matcher(row), &provenance))
        };
        let which = Selection::Ids(Arc::new(ids));
        self.scan_view(&slots, &which, compare, |rows| writing.push(rows))?;
        Ok(())
    }
}

impl Lake {
    /// Whether the view may have been made with another CRM snapshot: then older rows count, too.
    /// Where the old cursor file is gone (merged), this is unknown.
    fn has_snapshot_changed(&self, steps: &[SlotStep], snapshot: &str) -> bool {
        let mut befores = steps.iter().filter_map(|step| {
            let version = step.previous?;
            Some(self.cursors.slot_record(version, step.slot))
        });
        !befores.all(|before| before.is_ok_and(|before| before.snapshot == snapshot))
    }
}

/// Files of the view that are being written for one commit.
struct Writing<'a> {
    lake: &'a Lake,
    plan: Plan,
    pending: BTreeMap<String, Vec<Activity>>,
    pending_rows: usize,
    adds: Vec<RecordBatch>,
    rows: usize,
}

impl<'a> Writing<'a> {
    fn new(lake: &'a Lake, run: &RunStamp, snapshot: &str, steps: Vec<SlotStep>) -> Self {
        let newest = steps.iter().map(|step| step.version).max();
        let provenance = RowProvenance {
            // Readers pass over files by the version in their name, so it is the newest.
            generation: newest.unwrap_or_default(),
            matched_at: clock::now(),
            crm_snapshot: snapshot.into(),
            run_id: Arc::clone(&run.run_id),
            content: lake.settings.activity_content,
        };
        // The commit that is repeated may have left files under its names, from the same run.
        let attempt = format!("{}_{:08x}", run.run_id, random::bits() >> 32);
        let run = RunStamp {
            run_id: attempt.into(),
            started_at: run.started_at,
        };
        Self {
            lake,
            plan: Plan {
                steps,
                run,
                provenance,
            },
            pending: BTreeMap::new(),
            pending_rows: 0,
            adds: Vec::new(),
            rows: 0,
        }
    }

    /// Takes rows of one interaction; they get the version of their slot as generation.
    fn push(&mut self, mut rows: Vec<Activity>) -> Result<(), LakeError> {
        let Some(first) = rows.first() else {
            return Ok(());
        };
        let month = first.occurred_at.month();
        let own = slot(&first.mailbox.id);
        if let Some(step) = self.plan.steps.iter().find(|step| step.slot == own) {
            for row in &mut rows {
                row.generation = step.version;
            }
        }
        self.rows += rows.len();
        self.pending_rows += rows.len();
        self.pending.entry(month).or_default().extend(rows);
        if self.pending_rows >= ROWS_PER_FLUSH {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), LakeError> {
        let months = std::mem::take(&mut self.pending);
        self.pending_rows = 0;
        let first = self.adds.len();
        let (adds, _) = self.lake.write_activities(&self.plan, &months, first)?;
        self.adds.extend(adds);
        Ok(())
    }

    fn commit(mut self, compared_all: bool) -> Result<CaughtUp, LakeError> {
        self.flush()?;
        self.lake.activities.append(&self.adds, &self.plan.steps)?;
        Ok(CaughtUp {
            slots: self.plan.steps.iter().map(|step| step.slot).collect(),
            activities: self.rows,
            compared_all,
        })
    }
}
