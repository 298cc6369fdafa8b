//! From pages to a commit: what is planned, written and put, and what an unknown put means.

use std::rc::Rc;

use crate::catch_up::Steps;
use crate::catch_up::document;
use crate::disk::CursorFile;
use crate::disk::DataFile;
use crate::disk::Entry;
use crate::disk::Gone;
use crate::disk::SlotRecord;
use crate::disk::SlotState;
use crate::disk::TABLES;
use crate::disk::Table;
use crate::mutation::Mutation;
use crate::process::Next;
use crate::process::Step;
use crate::process::Turn;
use crate::system::Stop;
use crate::system::SystemState;
use crate::world::Cursor;
use crate::world::ITEMS;
use crate::world::Known;
use crate::world::Row;
use crate::world::ViewRow;
use crate::world::derive;
use crate::world::highest_in_month;

/// A chain of cursor files of this length is merged into a full one. The lake waits longer.
const LINKS_BEFORE_MERGE: usize = 2;
/// No chain is read further beyond its committed link.
const PAGES_AHEAD: u8 = 2;

/// What is being committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Batch,
    Snapshot,
    CatchUp,
    Merge,
}

/// A commit on its way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Attempt {
    pub kind: Kind,
    /// Slots with the version that they have and the one that they get.
    pub steps: Steps,
    pub rows: Vec<Row>,
    pub view: Vec<ViewRow>,
    /// The files that were written, by table.
    pub files: [Option<u8>; 2],
    /// Files that are merged.
    pub olds: Vec<u8>,
    /// For a changed snapshot: the items it affects.
    pub concerned: [bool; ITEMS as usize],
    /// Where chains continue, and what is known of their mailboxes then.
    pub reached: Vec<(u8, Cursor, Known)>,
    /// Pages of each chain that a batch holds.
    pub pages: u8,
}

impl Attempt {
    /// An attempt without any rows.
    pub(crate) fn new(kind: Kind, steps: Steps) -> Self {
        Self {
            kind,
            steps,
            rows: Vec::new(),
            view: Vec::new(),
            files: [None, None],
            olds: Vec::new(),
            concerned: [false; ITEMS as usize],
            reached: Vec::new(),
            pages: 0,
        }
    }

    /// The step that follows; `None` where the run ends with it.
    fn after(&self, step: Step, views_first: bool) -> Option<Step> {
        let (first, second) = if views_first {
            (Table::View, Table::Rows)
        } else {
            (Table::Rows, Table::View)
        };
        let next = match (self.kind, step) {
            (_, Step::Write(table)) => Step::SyncFile(table),
            (_, Step::WriteCursors) => Step::SyncCursors,
            (_, Step::Put(table)) => Step::SyncLog(table),
            (Kind::Batch, Step::SyncFile(Table::Rows)) | (Kind::Snapshot, Step::Compare) => {
                Step::Write(Table::View)
            }
            (Kind::Batch, Step::SyncFile(Table::View)) => Step::WriteCursors,
            (Kind::Batch, Step::SyncCursors) => Step::Put(first),
            (Kind::Batch, Step::SyncLog(table)) if table == first => Step::Put(second),
            (Kind::Batch, _) => Step::CommitState,
            (Kind::Snapshot, Step::SyncCursors) => Step::Put(Table::Rows),
            (Kind::Snapshot, Step::SyncLog(Table::Rows)) => Step::Compare,
            (Kind::Snapshot | Kind::CatchUp, Step::SyncFile(_)) => Step::Put(Table::View),
            (Kind::Snapshot | Kind::CatchUp, _) => Step::CatchUp,
            (Kind::Merge, Step::SyncFile(table)) => Step::Put(table),
            (Kind::Merge, _) => return None,
        };
        Some(next)
    }
}

impl Turn<'_> {
    fn attempt(&mut self) -> &mut Attempt {
        let attempt = &mut self.me.attempt;
        attempt.get_or_insert_with(|| Attempt::new(Kind::Batch, Steps::new()))
    }

    /// Continues after a step of the attempt.
    fn on(mut self, step: Step) -> Vec<SystemState> {
        let views_first = self.is(Mutation::CommitsViewFirst);
        match self.attempt().after(step, views_first) {
            Some(next) => self.to(next),
            None => self.end(),
        }
    }

    /// Decides the next page of every chain that is not read to its end. What was decided before and
    /// is not committed yet lies over the state. The batch is closed then, or takes further pages.
    pub(crate) fn fetch(mut self) -> Next {
        let is_open = |attempt: &Attempt| attempt.kind == Kind::Batch && attempt.steps.is_empty();
        let open = self.me.attempt.take().filter(is_open);
        let mut attempt = open.unwrap_or_else(|| Attempt::new(Kind::Batch, Steps::new()));
        let mut has_fetched = false;
        for slot in self.me.slots.clone() {
            let at = usize::from(slot);
            let (cursor, is_done) = self.me.chains[at];
            if is_done {
                continue;
            }
            has_fetched = true;
            let place = self.now.server.place(cursor);
            let mut known = self.known(&attempt, slot);
            let closes = !self.is(Mutation::LeavesMonthsOpen);
            for item in self.now.server.items(place.page) {
                let rows = known.decide(slot, *item, &self.now.server, closes);
                attempt.rows.extend(rows);
            }
            let next = Cursor {
                page: self.rules.last_page.min(place.page + 1),
                ..place
            };
            self.me.chains[at] = (Some(next), place.page == self.rules.last_page);
            if let (true, Some(state)) = (
                self.is(Mutation::KeepsCursorBeforeRows),
                &mut self.now.disk.state[at],
            ) {
                state.cursor = Some(next);
            }
            attempt.reached.retain(|(of, ..)| *of != slot);
            attempt.reached.push((slot, next, known));
        }
        if attempt.reached.is_empty() {
            return Ok(self.to(Step::CommitIndex));
        }
        attempt.pages += u8::from(has_fetched);
        let mut moments = Vec::new();
        if has_fetched && attempt.pages < PAGES_AHEAD {
            let mut open = Turn {
                me: self.me.clone(),
                now: self.now.clone(),
                ..self
            };
            open.me.attempt = Some(attempt.clone());
            moments = open.to(Step::Fetch);
        }
        let slots: Vec<u8> = attempt.reached.iter().map(|(slot, ..)| *slot).collect();
        moments.extend(self.plan(attempt, &slots, Step::Write(Table::Rows))?);
        Ok(moments)
    }

    /// What is known of a mailbox: what was decided last, committed or not.
    fn known(&self, open: &Attempt, slot: u8) -> Known {
        let state = self.now.disk.state[usize::from(slot)].map(|state| state.known);
        let decided = open.reached.iter().find(|(of, ..)| *of == slot);
        let decided = decided.map(|(.., known)| *known);
        let decided = decided.filter(|_| !self.is(Mutation::DecidesWithoutUncommittedRows));
        decided.or(state).unwrap_or_default()
    }

    /// Gives an attempt its version, in each way in which its random part may fall.
    pub(crate) fn plan(mut self, mut attempt: Attempt, slots: &[u8], next: Step) -> Next {
        let lake = &self.now.disk.lake;
        for slot in slots {
            let previous = lake.version(Table::Rows, *slot, self.me.seen[0]);
            if lake.version(Table::View, *slot, self.me.seen[1]) != previous {
                return Err(Stop::ViewBehind);
            }
            attempt.steps.push((*slot, previous, 0));
        }
        let newest = attempt
            .steps
            .iter()
            .filter_map(|(_, previous, _)| *previous)
            .max();
        let rises = !self.is(Mutation::VersionDoesNotRise);
        let mut states = Vec::new();
        for version in self.now.versions_after(newest, rises) {
            let mut attempt = attempt.clone();
            attempt.steps.iter_mut().for_each(|step| step.2 = version);
            let highest = highest_in_month(&attempt.rows);
            let view = highest
                .iter()
                .filter_map(|row| derive(row, self.me.snapshot, version));
            attempt.view = view.collect();
            let mut turn = Turn {
                me: self.me.clone(),
                now: self.now.clone(),
                ..self
            };
            turn.now.used |= 1 << version;
            turn.me.attempt = Some(attempt);
            states.extend(turn.to(next));
        }
        self.me.attempt = None;
        Ok(states)
    }

    /// Writes the file of a table, if there are rows for it.
    pub(crate) fn write(mut self, table: Table) -> Vec<SystemState> {
        let id = self.me.run * 32 + self.me.files;
        let attempt = self.attempt();
        let (mut rows, mut view) = (Vec::new(), Vec::new());
        match table {
            Table::Rows => rows.clone_from(&attempt.rows),
            Table::View => view.clone_from(&attempt.view),
        }
        let is_merged = attempt.kind == Kind::Merge;
        let version = attempt.steps.iter().map(|(.., version)| *version).max();
        if !rows.is_empty() || !view.is_empty() {
            attempt.files[table as usize] = Some(id);
            self.me.files += 1;
            self.now.lake().files.push(Rc::new(DataFile {
                id,
                table,
                version: version.filter(|_| !is_merged),
                rows,
                view,
                is_durable: false,
                is_old: false,
                is_removed_lately: false,
                is_ours: true,
            }));
        }
        self.then(Step::Write(table))
    }

    /// Continues after a step that is followed by a sync; without power losses, both are one step.
    fn then(self, step: Step) -> Vec<SystemState> {
        if self.rules.is_fine {
            return self.on(step);
        }
        match step {
            Step::Write(table) => self.sync_file(table),
            Step::WriteCursors => self.sync_cursors(),
            Step::Put(table) => self.sync_log(table),
            _ => self.on(step),
        }
    }

    pub(crate) fn sync_file(mut self, table: Table) -> Vec<SystemState> {
        let id = self.attempt().files[table as usize];
        if !self.is(Mutation::DoesNotSyncFiles) {
            let files = &mut self.now.lake().files;
            let written = files.iter_mut().find(|file| Some(file.id) == id);
            if let Some(file) = written {
                Rc::make_mut(file).is_durable = true;
            }
        }
        self.on(Step::SyncFile(table))
    }

    /// Writes what chains have reached, with what each slot has from now on.
    pub(crate) fn write_cursors(mut self) -> Next {
        let attempt = self.attempt().clone();
        let version = attempt.steps.first().map_or(0, |(.., version)| *version);
        let mut records = Vec::new();
        for (slot, previous, _) in &attempt.steps {
            let reached = attempt.reached.iter().find(|(of, ..)| of == slot);
            let added = attempt.rows.iter().filter(|row| row.slot == *slot).count();
            let mut record = SlotRecord {
                slot: *slot,
                before: Vec::new(),
                previous: *previous,
                rows: u8::try_from(added).unwrap_or(u8::MAX),
                snapshot: self.me.snapshot,
                cursor: reached.map(|(_, cursor, _)| *cursor),
                runs: if reached.is_some() {
                    1 << self.me.run
                } else {
                    0
                },
            };
            if let Some(previous) = previous {
                self.follow(&mut record, *previous)?;
            }
            records.push(record);
        }
        let cursors = &mut self.now.lake().cursors;
        if cursors.iter().any(|file| file.version == version) {
            return Err(Stop::FileExists);
        }
        cursors.push(Rc::new(CursorFile {
            version,
            records,
            is_durable: false,
            is_old: false,
        }));
        Ok(self.then(Step::WriteCursors))
    }

    /// Adds what a slot had before; a long chain is merged.
    fn follow(&self, record: &mut SlotRecord, previous: u8) -> Result<(), Gone> {
        let lake = &self.now.disk.lake;
        let before = lake.record(previous, record.slot)?;
        record.rows += before.rows;
        if before.before.len() < LINKS_BEFORE_MERGE {
            record.before = vec![previous];
            record.before.extend(&before.before);
            return Ok(());
        }
        let cursor = lake.cursor(previous, record.slot)?;
        record.cursor = record.cursor.or(cursor);
        let chain = lake.chain(previous, record.slot)?;
        let runs = chain.iter().fold(0, |runs, one| runs | one.runs);
        let is_reported = |run: &u8| {
            lake.reported
                .iter()
                .any(|(reported, slot, _)| (reported, slot) == (run, &record.slot))
        };
        let reported = (0..8)
            .filter(is_reported)
            .fold(0, |reported, run| reported | 1 << run);
        record.runs |= runs & !reported;
        Ok(())
    }

    pub(crate) fn sync_cursors(mut self) -> Vec<SystemState> {
        let version = self.attempt().steps.first().map(|(.., version)| *version);
        if !self.is(Mutation::DoesNotSyncCursors) {
            let cursors = &mut self.now.lake().cursors;
            let written = cursors
                .iter_mut()
                .find(|file| Some(file.version) == version);
            if let Some(file) = written {
                Rc::make_mut(file).is_durable = true;
            }
        }
        self.on(Step::SyncCursors)
    }

    /// Whether the log, as far as it was read, holds the attempt already.
    fn has_happened(&self, attempt: &Attempt, table: Table) -> Result<bool, Stop> {
        let lake = &self.now.disk.lake;
        let mut done = 0;
        for (slot, previous, version) in &attempt.steps {
            // The view of a batch has the versions of the rows before it.
            let current = lake.version(table, *slot, self.me.seen[table as usize]);
            if current == Some(*version) {
                done += 1;
            } else if current != *previous {
                return Err(Stop::SlotTaken);
            }
        }
        if done > 0 && done < attempt.steps.len() {
            return Err(Stop::SlotTaken);
        }
        Ok(done > 0)
    }

    /// Puts a commit at the next place of the log, in each way in which that may go.
    pub(crate) fn put(mut self, table: Table) -> Next {
        let attempt = self.attempt().clone();
        if self.has_happened(&attempt, table)? {
            if self.is(Mutation::BelievesUnsyncedPut) {
                return Ok(self.on(Step::SyncLog(table)));
            }
            return Ok(self.then(Step::Put(table)));
        }
        let lake = &self.now.disk.lake;
        let seen = lake.log(table).entries.len();
        if self.me.seen[table as usize] != seen {
            self.me.seen[table as usize] = seen;
            return Ok(self.to(Step::Put(table)));
        }
        if attempt.kind == Kind::Merge {
            let live = lake.live(table, seen);
            if !attempt.olds.iter().all(|old| live.contains(old)) {
                return Ok(self.end());
            }
        }
        let mut states = Vec::new();
        if self.now.budget.failed_puts > 0 {
            states.extend(self.give_up(table));
        }
        self.now.lake().log_mut(table).entries.push(Rc::new(Entry {
            adds: Vec::from_iter(attempt.files[table as usize]),
            removes: attempt.olds.clone(),
            steps: match attempt.kind {
                Kind::Merge => Vec::new(),
                _ => attempt
                    .steps
                    .iter()
                    .map(|(slot, _, version)| (*slot, *version))
                    .collect(),
            },
        }));
        self.now.lake().note_removal(&attempt.olds);
        self.me.seen[table as usize] = seen + 1;
        if self.now.budget.lost_replies > 0 && attempt.kind != Kind::Merge {
            states.extend(self.lose_reply(table));
        }
        states.extend(self.then(Step::Put(table)));
        Ok(states)
    }

    /// The disk refuses the put for good.
    fn give_up(&self, table: Table) -> Vec<SystemState> {
        let mut now = self.now.clone();
        now.budget.failed_puts -= 1;
        if self.is(Mutation::KeepsCursorOfFailedBatch) && table == Table::Rows {
            let mut turn = Turn {
                me: self.me.clone(),
                now,
                ..*self
            };
            turn.me.attempt = None;
            return turn.to(Step::Fetch);
        }
        vec![now.stop(self.number, Stop::GaveUp)]
    }

    /// The put has happened, but ended in an error: it is unknown until the log has been read.
    fn lose_reply(&self, table: Table) -> Vec<SystemState> {
        let mut turn = Turn {
            me: self.me.clone(),
            now: self.now.clone(),
            ..*self
        };
        turn.now.budget.lost_replies -= 1;
        if self.is(Mutation::DeletesWhatIsUnknown) {
            let written = turn.attempt().files;
            let files = &mut turn.now.lake().files;
            files.retain(|file| !written.contains(&Some(file.id)));
            return vec![turn.now.stop(self.number, Stop::GaveUp)];
        }
        if self.is(Mutation::RepeatsWhatIsUnknown) && table == Table::Rows {
            let newest = turn
                .attempt()
                .steps
                .iter()
                .map(|(.., version)| *version)
                .max();
            let version = turn.now.versions_after(newest, true)[0];
            turn.now.used |= 1 << version;
            for (_, previous, to) in &mut turn.attempt().steps {
                (*previous, *to) = (Some(*to), version);
            }
            return turn.to(Step::Write(Table::Rows));
        }
        turn.to(Step::Put(table))
    }

    pub(crate) fn sync_log(mut self, table: Table) -> Vec<SystemState> {
        if !self.is(Mutation::DoesNotSyncLog) {
            let log = self.now.lake().log_mut(table);
            log.durable = log.entries.len();
        }
        self.on(Step::SyncLog(table))
    }

    /// After a changed snapshot became current: the rows missing from the view.
    pub(crate) fn compare(mut self) -> Next {
        let attempt = self.attempt().clone();
        let view = self.differences(&attempt.steps, self.me.snapshot, attempt.concerned)?;
        self.attempt().view = view;
        Ok(self.on(Step::Compare))
    }

    pub(crate) fn commit_state(mut self) -> Next {
        let attempt = self.attempt().clone();
        let rows = self.now.disk.lake.rows(self.me.seen[0])?;
        for (slot, cursor, known) in &attempt.reached {
            let version = attempt.steps.iter().find(|(of, ..)| of == slot);
            let version = version.map_or(0, |(.., version)| *version);
            self.now.disk.state[usize::from(*slot)] = Some(SlotState {
                version,
                cursor: Some(*cursor),
                known: *known,
            });
            let index = &mut self.me.index[usize::from(*slot)];
            index.version = Some(version);
            for row in attempt.rows.iter().filter(|row| row.slot == *slot) {
                let document = document(&rows, *slot, row.item, self.me.snapshot);
                index.docs[usize::from(row.item)] = document;
            }
        }
        self.me.attempt = None;
        Ok(self.to(Step::Fetch))
    }

    /// Ends the run, or merges the small files of a table before.
    pub(crate) fn merge(self) -> Next {
        let lake = &self.now.disk.lake;
        let version = |table: Table, slot| lake.version(table, slot, self.me.seen[table as usize]);
        let is_behind = [0, 1]
            .iter()
            .any(|slot| version(Table::Rows, *slot) != version(Table::View, *slot));
        let mut states = Vec::new();
        if self.now.budget.merges > 0 && !is_behind {
            for table in TABLES {
                let mut attempt = Attempt::new(Kind::Merge, Steps::new());
                for file in lake.live_files(table, self.me.seen[table as usize])? {
                    attempt.olds.push(file.id);
                    attempt.rows.extend(&file.rows);
                    attempt.view.extend(&file.view);
                }
                let mut turn = Turn {
                    me: self.me.clone(),
                    now: self.now.clone(),
                    ..self
                };
                turn.now.budget.merges -= 1;
                turn.me.attempt = Some(attempt);
                states.extend(turn.to(Step::Write(table)));
            }
        }
        states.extend(self.end());
        Ok(states)
    }
}
