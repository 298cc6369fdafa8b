//! The state of the whole system: service, disk, processes, and the faults that may still occur.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::rc::Rc;

use crate::disk::Disk;
use crate::disk::Lake;
use crate::disk::Table;
use crate::process::Process;
use crate::world::Server;
use crate::world::Version;

/// How often each event may still occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    pub starts: u8,
    pub crashes: u8,
    pub power_losses: u8,
    /// Puts that succeed while their reply is lost.
    pub lost_replies: u8,
    /// Puts that fail until the process gives up.
    pub failed_puts: u8,
    /// Merging of all small files by the program itself.
    pub merges: u8,
    /// Merging of all files of a table by another tool.
    pub compactions: u8,
    /// Another tool deletes what no commit names and is older than a day.
    pub vacuums: u8,
    /// Days without a run.
    pub days: u8,
    /// Changes of the CRM snapshot.
    pub snapshots: u8,
    /// The meetings move to another month.
    pub moves: u8,
    /// The service forgets all chains.
    pub resets: u8,
    /// Loss of the state cache, and of the index.
    pub lost_caches: u8,
    /// Backups of the lake, which are put back later.
    pub restores: u8,
}

impl Budget {
    /// No events and no runs.
    pub(crate) const NOTHING: Self = Self {
        starts: 0,
        crashes: 0,
        power_losses: 0,
        lost_replies: 0,
        failed_puts: 0,
        merges: 0,
        compactions: 0,
        vacuums: 0,
        days: 0,
        snapshots: 0,
        moves: 0,
        resets: 0,
        lost_caches: 0,
        restores: 0,
    };
}

/// The state of the system.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SystemState {
    pub server: Server,
    /// The newest CRM snapshot.
    pub snapshot: u8,
    pub disk: Disk,
    pub processes: [Option<Process>; 2],
    pub budget: Budget,
    /// Assigned versions, one bit each: no two attempts share one.
    pub used: u64,
    /// Runs that were started.
    pub runs: u8,
    pub backup: Option<Rc<Lake>>,
    /// Why a process stopped unexpectedly.
    pub stopped: Option<Stop>,
}

/// Why a process gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stop {
    /// Another process holds one of its slots.
    Locked,
    /// The disk refuses.
    GaveUp,
    /// A slot has a version that this process did not give it.
    SlotTaken,
    /// The view lags behind although it was caught up.
    ViewBehind,
    /// A file that a commit names is not there.
    FileGone,
    /// A file with the same name is there.
    FileExists,
}

impl SystemState {
    /// The initial state: an empty lake, and mailboxes that were never read.
    pub(crate) fn first(budget: Budget) -> Self {
        Self {
            server: Server {
                month: 0,
                has_moved: false,
                round: 0,
            },
            snapshot: 0,
            disk: Disk::default(),
            processes: [None, None],
            budget,
            used: 0,
            runs: 0,
            backup: None,
            stopped: None,
        }
    }

    /// The lake, to be changed.
    pub(crate) fn lake(&mut self) -> &mut Lake {
        Rc::make_mut(&mut self.disk.lake)
    }

    /// The versions that an attempt after `newest` may get: the random part may be lower or higher
    /// than that of an abandoned attempt with the same sequence number.
    pub(crate) fn versions_after(&self, newest: Option<Version>, rises: bool) -> Vec<Version> {
        let sequence = newest.map_or(0, |version| version / 4) + u8::from(rises);
        let all = sequence * 4..sequence * 4 + 4;
        let is_used = |version: &Version| self.used & (1 << version) != 0;
        let mut free: Vec<Version> = all.clone().filter(|version| !is_used(version)).collect();
        let was_given_up = |version: Version| is_used(&version) && !self.is_pending(version);
        if free.len() == 4 {
            return vec![sequence * 4 + 1];
        }
        if free.len() > 2 {
            free.remove(1);
        }
        free.truncate(if all.into_iter().any(was_given_up) {
            2
        } else {
            1
        });
        free
    }

    /// Whether a version was committed, or may still be.
    fn is_pending(&self, version: Version) -> bool {
        let entries = self.disk.lake.log(Table::Rows).entries.iter();
        let mut committed = entries.flat_map(|entry| &entry.steps);
        let attempts = self
            .processes
            .iter()
            .flatten()
            .filter_map(|one| one.attempt.as_ref());
        let mut attempts = attempts.flat_map(|attempt| &attempt.steps);
        committed.any(|step| step.1 == version) || attempts.any(|step| step.2 == version)
    }

    /// Ends a process; its writes remain.
    pub(crate) fn stop(mut self, number: usize, stop: Stop) -> Self {
        self.processes[number] = None;
        if !matches!(stop, Stop::Locked | Stop::GaveUp) {
            self.stopped = Some(stop);
        }
        self
    }

    /// The same for states that differ only in the remaining budget.
    pub(crate) fn hash64_without_budget(&self) -> u64 {
        Self {
            budget: Budget::NOTHING,
            ..self.clone()
        }
        .hash64()
    }

    /// A hash that identifies the state.
    pub(crate) fn hash64(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}
