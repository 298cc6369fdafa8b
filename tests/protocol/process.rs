//! One run of the program, step by step, as `src/lake` and `src/pipeline` take them.

use crate::catch_up;
use crate::catch_up::Steps;
use crate::commit::Attempt;
use crate::commit::Kind;
use crate::disk::DataFile;
use crate::disk::Gone;
use crate::disk::SlotIndex;
use crate::disk::SlotState;
use crate::disk::Table;
use crate::mutation::Mutation;
use crate::mutation::Rules;
use crate::system::Stop;
use crate::system::SystemState;
use crate::world::Cursor;
use crate::world::ITEMS;
use crate::world::Known;
use crate::world::SLOTS;
use crate::world::is_matched;

/// The next step of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Open(Table),
    CleanUp,
    CatchUp,
    ChangeSnapshot,
    ReportCrashedRuns,
    State,
    Index,
    Fetch,
    Write(Table),
    SyncFile(Table),
    WriteCursors,
    SyncCursors,
    Put(Table),
    SyncLog(Table),
    Compare,
    CommitState,
    CommitIndex,
    Acknowledge,
    Merge,
}

impl Step {
    /// Whether the step neither affects nor depends on other processes.
    pub(crate) fn is_inner(self) -> bool {
        !matches!(
            self,
            Self::Open(_)
                | Self::CleanUp
                | Self::Put(_)
                | Self::SyncLog(_)
                | Self::ReportCrashedRuns
                | Self::Acknowledge
                | Self::Merge
        )
    }
}

/// A process that is running.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Process {
    pub run: u8,
    /// The slots whose locks it holds.
    pub slots: Vec<u8>,
    /// The snapshot that it read at its start.
    pub snapshot: u8,
    pub step: Step,
    /// The number of commits of each log that it has seen.
    pub seen: [usize; 2],
    pub attempt: Option<Attempt>,
    /// Where its chains continue, and which are finished.
    pub chains: [(Option<Cursor>, bool); 2],
    /// Documents of its commits that are not indexed yet.
    pub index: [SlotIndex; 2],
    /// Files that it wrote.
    pub files: u8,
}

/// The possible successor states.
pub(crate) type Next = Result<Vec<SystemState>, Stop>;

impl From<Gone> for Stop {
    fn from(_: Gone) -> Self {
        Self::FileGone
    }
}

impl Process {
    /// A process that has just taken its locks.
    pub(crate) fn new(run: u8, slots: &[u8], snapshot: u8) -> Self {
        Self {
            run,
            slots: slots.to_vec(),
            snapshot,
            step: Step::Open(Table::Rows),
            seen: [0, 0],
            attempt: None,
            chains: [(None, false); 2],
            index: [SlotIndex::default(); 2],
            files: 0,
        }
    }

    /// Whether no other process can be writing.
    pub(crate) fn holds_all(&self) -> bool {
        self.slots.len() == usize::from(SLOTS)
    }

    /// Takes the next step, with every possible result.
    pub(crate) fn advance(
        &self,
        system: &SystemState,
        number: usize,
        rules: &Rules,
    ) -> Vec<SystemState> {
        let turn = Turn {
            me: self.clone(),
            now: system.clone(),
            number,
            rules,
        };
        match turn.take() {
            Ok(next) => next,
            Err(stop) => vec![system.clone().stop(number, stop)],
        }
    }
}

/// A process taking a step.
pub(crate) struct Turn<'a> {
    pub me: Process,
    pub now: SystemState,
    pub number: usize,
    pub rules: &'a Rules,
}

impl Turn<'_> {
    fn take(self) -> Next {
        match self.me.step {
            Step::Open(table) => Ok(self.open(table)),
            Step::CleanUp => self.clean_up(),
            Step::CatchUp => self.catch_up(),
            Step::ChangeSnapshot => self.change_snapshot(),
            Step::ReportCrashedRuns => self.report_crashed_runs(),
            Step::State => self.state(),
            Step::Index => self.index(),
            Step::Fetch => self.fetch(),
            Step::Write(table) => Ok(self.write(table)),
            Step::SyncFile(table) => Ok(self.sync_file(table)),
            Step::WriteCursors => self.write_cursors(),
            Step::SyncCursors => Ok(self.sync_cursors()),
            Step::Put(table) => self.put(table),
            Step::SyncLog(table) => Ok(self.sync_log(table)),
            Step::Compare => self.compare(),
            Step::CommitState => self.commit_state(),
            Step::CommitIndex => Ok(self.commit_index()),
            Step::Acknowledge => Ok(self.acknowledge()),
            Step::Merge => self.merge(),
        }
    }

    /// Continues with a step.
    pub(crate) fn to(mut self, step: Step) -> Vec<SystemState> {
        self.me.step = step;
        self.now.processes[self.number] = Some(self.me);
        vec![self.now]
    }

    /// Ends the run.
    pub(crate) fn end(mut self) -> Vec<SystemState> {
        self.now.processes[self.number] = None;
        vec![self.now]
    }

    /// Whether the program has this defect.
    pub(crate) fn is(&self, mutation: Mutation) -> bool {
        self.rules.mutation == Some(mutation)
    }

    /// Reads a log, which is synced first: nothing may depend on data that can be lost.
    fn open(mut self, table: Table) -> Vec<SystemState> {
        let is_unsynced = self.is(Mutation::ReadsUnsyncedLogs);
        let log = self.now.lake().log_mut(table);
        self.me.seen[table as usize] = log.entries.len();
        if !is_unsynced {
            log.durable = log.entries.len();
        }
        match table {
            Table::Rows => self.to(Step::Open(Table::View)),
            Table::View => self.to(Step::CleanUp),
        }
    }

    fn clean_up(mut self) -> Next {
        let all = self.me.holds_all() || self.is(Mutation::DeletesWithoutLockOrAge);
        let (files, cursors) = self.now.disk.lake.unnamed(self.me.seen)?;
        let lake = self.now.lake();
        let is_spared = |file: &DataFile| !file.is_old || file.is_removed_lately;
        lake.files
            .retain(|file| !files.contains(&file.id) || !file.is_ours || (!all && is_spared(file)));
        let is_going = |version, is_old| cursors.contains(&version) && (all || is_old);
        lake.cursors
            .retain(|file| !is_going(file.version, file.is_old));
        Ok(self.to(Step::CatchUp))
    }

    /// The slots of this process in which the view lags behind the rows.
    fn behind(&self) -> Steps {
        let lake = &self.now.disk.lake;
        let steps = self.me.slots.iter().filter_map(|slot| {
            let version = lake.version(Table::Rows, *slot, self.me.seen[0])?;
            let reached = lake.version(Table::View, *slot, self.me.seen[1]);
            (reached != Some(version)).then_some((*slot, reached, version))
        });
        steps.collect()
    }

    /// Catches up the view in the slots that share a snapshot, with that snapshot.
    fn catch_up(mut self) -> Next {
        let lake = &self.now.disk.lake;
        let mut steps = self.behind();
        let Some((slot, _, version)) = steps.first() else {
            return Ok(self.to(Step::ChangeSnapshot));
        };
        let in_force = lake.record(*version, *slot)?.snapshot;
        let is_same = |(slot, _, version): &(u8, _, _)| {
            let record = lake.record(*version, *slot);
            record.is_ok_and(|record| record.snapshot == in_force)
        };
        steps.retain(is_same);
        let snapshot = if self.is(Mutation::CatchesUpWithNewestSnapshot) {
            self.me.snapshot
        } else {
            in_force
        };
        let mut since = None;
        if !catch_up::has_snapshot_changed(lake, &steps, in_force) {
            let skips = self.is(Mutation::SkipsMergedFiles);
            since = catch_up::rows_since(lake, self.me.seen[0], &steps, skips)?;
        }
        let view = match since {
            Some(rows) => catch_up::fast(&rows, &steps, snapshot),
            None => self.differences(&steps, snapshot, [true; 2])?,
        };
        let mut attempt = Attempt::new(Kind::CatchUp, steps);
        attempt.view = view;
        self.me.attempt = Some(attempt);
        Ok(self.to(Step::Write(Table::View)))
    }

    /// The rows missing from the view under a snapshot.
    pub(crate) fn differences(
        &self,
        steps: &Steps,
        snapshot: u8,
        concerned: [bool; 2],
    ) -> Result<Vec<crate::world::ViewRow>, Gone> {
        let lake = &self.now.disk.lake;
        let (rows, view) = (lake.rows(self.me.seen[0])?, lake.view(self.me.seen[1])?);
        Ok(catch_up::compare(&rows, &view, steps, snapshot, concerned))
    }

    /// Makes the newest snapshot the current one of the slots that have another one.
    fn change_snapshot(mut self) -> Next {
        if !self.is(Mutation::BelievesOtherBranches) {
            self.drop_index_ahead();
        }
        let lake = &self.now.disk.lake;
        let mut slots = Vec::new();
        let mut concerned = [false; ITEMS as usize];
        for slot in &self.me.slots {
            let Some(version) = lake.version(Table::Rows, *slot, self.me.seen[0]) else {
                continue;
            };
            let snapshot = lake.record(version, *slot)?.snapshot;
            if snapshot != self.me.snapshot {
                slots.push(*slot);
                for item in 0..ITEMS {
                    concerned[usize::from(item)] |=
                        is_matched(snapshot, item) != is_matched(self.me.snapshot, item);
                }
            }
        }
        if slots.is_empty() {
            return Ok(self.to(Step::ReportCrashedRuns));
        }
        let mut attempt = Attempt::new(Kind::Snapshot, Steps::new());
        attempt.concerned = concerned;
        self.plan(attempt, &slots, Step::WriteCursors)
    }

    /// Reports runs that counted something and were never acknowledged: they crashed. For slots
    /// that other processes hold, it is unknown whether their run is over.
    fn report_crashed_runs(mut self) -> Next {
        let reports_all = self.is(Mutation::ReportsRunningRuns);
        let lake = &self.now.disk.lake;
        let mut crashed_runs = Vec::new();
        for slot in (0..SLOTS).filter(|slot| reports_all || self.me.slots.contains(slot)) {
            let Some(version) = lake.version(Table::Rows, slot, self.me.seen[0]) else {
                continue;
            };
            let runs = lake
                .chain(version, slot)?
                .iter()
                .fold(0, |runs, one| runs | one.runs);
            let is_reported = |run: u8| {
                lake.reported
                    .iter()
                    .any(|(reported, of, _)| (*reported, *of) == (run, slot))
            };
            let crashed = (0..8).filter(|run| runs & (1 << run) != 0);
            let crashed = crashed.filter(|run| *run != self.me.run && !is_reported(*run));
            crashed_runs.extend(crashed.map(|run| (run, slot, true)));
        }
        self.now.lake().reported.extend(crashed_runs);
        Ok(self.to(Step::State))
    }

    fn state(mut self) -> Next {
        for slot in self.me.slots.clone() {
            let lake = &self.now.disk.lake;
            let at = usize::from(slot);
            let known = self.now.disk.state[at];
            let version = lake.version(Table::Rows, slot, self.me.seen[0]);
            let is_ahead = known.is_some_and(|known| Some(known.version) > version);
            if is_ahead && self.is(Mutation::BelievesStateAhead) {
                self.me.chains[at] = (known.and_then(|known| known.cursor), false);
                continue;
            }
            let Some(version) = version else {
                self.now.disk.state[at] = None;
                continue;
            };
            let mut reached = known.filter(|known| known.version < version);
            if let Some(known) = reached
                && !self.is(Mutation::BelievesOtherBranches)
                && !lake.has_passed(version, slot, known.version)?
            {
                reached = None;
            }
            if known.is_none_or(|known| known.version != version) {
                let steps = vec![(slot, reached.map(|known| known.version), version)];
                let seen = self.me.seen[0];
                let since = catch_up::rows_since(lake, seen, &steps, false)?;
                let known = match (reached, since) {
                    (Some(reached), Some(rows)) => reached.known.and(&rows, slot),
                    _ => Known::of(&lake.rows(seen)?, slot),
                };
                self.now.disk.state[at] = Some(SlotState {
                    version,
                    cursor: lake.cursor(version, slot)?,
                    known,
                });
            }
            let cursor = self.now.disk.state[at].and_then(|known| known.cursor);
            self.me.chains[at] = (cursor, false);
        }
        Ok(self.to(Step::Index))
    }

    /// Rebuilds the index if it is ahead of the lake: before anything is committed, because a later
    /// version would hide that.
    fn drop_index_ahead(&mut self) {
        let lake = &self.now.disk.lake;
        let index = &self.now.disk.index;
        let is_ahead = |slot: &u8| {
            let version = lake.version(Table::Rows, *slot, self.me.seen[0]);
            index[usize::from(*slot)].version > version
        };
        if self.me.slots.iter().any(is_ahead) {
            self.now.disk.index = [SlotIndex::default(); 2];
        }
    }

    fn index(mut self) -> Next {
        if self.is(Mutation::BelievesOtherBranches) {
            self.drop_index_ahead();
        }
        let lake = &self.now.disk.lake;
        let version = |slot| lake.version(Table::Rows, slot, self.me.seen[0]);
        let mut index = self.now.disk.index;
        let rows = lake.rows(self.me.seen[0])?;
        let view = lake.view(self.me.seen[1])?;
        for slot in &self.me.slots {
            let entry = &mut index[usize::from(*slot)];
            let Some(version) = version(*slot).filter(|v| entry.version != Some(*v)) else {
                continue;
            };
            let snapshot = lake.record(version, *slot)?.snapshot;
            let steps = vec![(*slot, entry.version, version)];
            let since = catch_up::rows_since(lake, self.me.seen[0], &steps, false)?;
            let since = since.unwrap_or_else(|| rows.clone());
            for item in 0..ITEMS {
                let is_new = since
                    .iter()
                    .any(|row| (row.slot, row.item) == (*slot, item));
                let is_touched = view.iter().any(|row| {
                    (row.slot, row.item) == (*slot, item) && Some(row.generation) > entry.version
                });
                if is_new || is_touched {
                    let document = catch_up::document(&rows, *slot, item, snapshot);
                    entry.docs[usize::from(item)] = document;
                }
            }
            entry.version = Some(version);
        }
        self.now.disk.index = index;
        self.me.index = index;
        Ok(self.to(Step::Fetch))
    }

    fn commit_index(mut self) -> Vec<SystemState> {
        for slot in &self.me.slots {
            self.now.disk.index[usize::from(*slot)] = self.me.index[usize::from(*slot)];
        }
        self.to(Step::Acknowledge)
    }

    fn acknowledge(mut self) -> Vec<SystemState> {
        let run = self.me.run;
        let rows = self.me.slots.iter().map(|slot| (run, *slot, false));
        self.now.lake().reported.extend(rows);
        self.to(Step::Merge)
    }
}
