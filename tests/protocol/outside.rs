//! External events: starts, crashes, power losses, other tools, a changing world.

use std::rc::Rc;

use crate::disk::DataFile;
use crate::disk::Entry;
use crate::disk::SlotIndex;
use crate::disk::TABLES;
use crate::disk::Table;
use crate::mutation::Mutation;
use crate::mutation::Rules;
use crate::process::Process;
use crate::process::Step;
use crate::system::Stop;
use crate::system::SystemState;

/// The transition from one state to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A process took this step.
    Step(usize, Step),
    Start(usize),
    Crash(usize),
    /// Power is lost; this many commits of each log survive.
    PowerLoss([usize; 2]),
    Compaction(Table),
    Vacuum,
    /// No run for so long that all files are older than 24 hours.
    Day,
    ChangedSnapshot,
    Move,
    Reset,
    LostState,
    LostIndex,
    Backup,
    Restore,
}

/// Number of the file that another tool makes of all others; its table is added.
const COMPACTED: u8 = 240;

/// All possible successor states, with their transitions. If the next step of a process is
/// invisible to all others, only that step is taken: the order makes no difference.
pub(crate) fn next(system: &SystemState, rules: &Rules) -> Vec<(Event, SystemState)> {
    let mut next = Vec::new();
    let inner = (0..2).find(|number| {
        let process = system.processes[*number].as_ref();
        process.is_some_and(|process| process.step.is_inner())
    });
    for number in 0..2 {
        if let Some(process) = &system.processes[number]
            && inner.is_none_or(|inner| inner == number)
        {
            let event = Event::Step(number, process.step);
            let states = process.advance(system, number, rules);
            next.extend(states.into_iter().map(|system| (event, system)));
        }
    }
    processes(system, rules, inner, &mut next);
    tools(system, &mut next);
    world(system, &mut next);
    next
}

/// Starts a process, unless another one holds one of its slots.
pub(crate) fn start(
    system: &SystemState,
    number: usize,
    slots: &[u8],
    rules: &Rules,
) -> SystemState {
    let mut system = system.clone();
    let mut others = system.processes.iter().flatten();
    let is_held = others.any(|other| other.slots.iter().any(|slot| slots.contains(slot)));
    let run = system.runs;
    system.runs += 1;
    if is_held && rules.mutation != Some(Mutation::TakesNoLocks) {
        return system.stop(number, Stop::Locked);
    }
    system.processes[number] = Some(Process::new(run, slots, system.snapshot));
    system
}

fn processes(
    system: &SystemState,
    rules: &Rules,
    inner: Option<usize>,
    next: &mut Vec<(Event, SystemState)>,
) {
    for number in 0..2 {
        let is_running = system.processes[number].is_some();
        let may_start = system.budget.starts > 0 && inner.is_none();
        if !is_running && may_start && !rules.slots[number].is_empty() {
            let mut now = start(system, number, &rules.slots[number], rules);
            now.budget.starts -= 1;
            next.push((Event::Start(number), now));
        }
        if is_running && system.budget.crashes > 0 {
            let mut now = system.clone();
            now.processes[number] = None;
            now.budget.crashes -= 1;
            next.push((Event::Crash(number), now));
        }
    }
    if system.budget.power_losses > 0 {
        let [rows, view] = TABLES.map(|table| {
            let log = system.disk.lake.log(table);
            let mut kept = vec![log.durable, log.entries.len()];
            kept.dedup();
            kept
        });
        for kept in rows
            .iter()
            .flat_map(|rows| view.iter().map(|view| [*rows, *view]))
        {
            let mut now = system.clone();
            now.processes = [None, None];
            now.lake().lose_power(kept);
            now.budget.power_losses -= 1;
            next.push((Event::PowerLoss(kept), now));
        }
    }
}

/// Other tools. A vacuum keeps files that are younger than a day, and no run takes that long.
fn tools(system: &SystemState, next: &mut Vec<(Event, SystemState)>) {
    let lake = &system.disk.lake;
    for table in TABLES {
        let seen = lake.log(table).entries.len();
        let live = lake.live_files(table, seen).unwrap_or_default();
        if system.budget.compactions > 0 && live.len() > 1 {
            let file = DataFile {
                id: COMPACTED + 2 * system.budget.compactions + table as u8,
                table,
                version: None,
                rows: live
                    .iter()
                    .flat_map(|file| file.rows.iter().copied())
                    .collect(),
                view: live
                    .iter()
                    .flat_map(|file| file.view.iter().copied())
                    .collect(),
                is_durable: true,
                is_old: false,
                is_removed_lately: false,
                is_ours: false,
            };
            let mut now = system.clone();
            let log = now.lake().log_mut(table);
            log.entries.push(Rc::new(Entry {
                adds: vec![file.id],
                removes: live.iter().map(|file| file.id).collect(),
                steps: Vec::new(),
            }));
            log.durable = log.entries.len();
            let olds: Vec<u8> = live.iter().map(|file| file.id).collect();
            now.lake().note_removal(&olds);
            now.lake().files.push(Rc::new(file));
            now.budget.compactions -= 1;
            next.push((Event::Compaction(table), now));
        }
    }
    let is_quiet = system.processes.iter().all(Option::is_none);
    if system.budget.days > 0 && is_quiet {
        let mut now = system.clone();
        now.budget.days -= 1;
        now.lake().grow_old();
        next.push((Event::Day, now));
    }
    if system.budget.vacuums > 0 {
        let mut now = system.clone();
        now.budget.vacuums -= 1;
        let live: Vec<u8> = (TABLES.iter())
            .flat_map(|table| lake.live(*table, lake.log(*table).entries.len()))
            .collect();
        let is_spared =
            |file: &DataFile| live.contains(&file.id) || !file.is_old || file.is_removed_lately;
        now.lake().files.retain(|file| is_spared(file));
        next.push((Event::Vacuum, now));
    }
}

fn world(system: &SystemState, next: &mut Vec<(Event, SystemState)>) {
    let budget = &system.budget;
    let mut push = |is_possible: bool, event, change: &dyn Fn(&mut SystemState)| {
        if is_possible {
            let mut now = system.clone();
            change(&mut now);
            next.push((event, now));
        }
    };
    let is_quiet = system.processes.iter().all(Option::is_none);
    push(budget.snapshots > 0, Event::ChangedSnapshot, &|now| {
        now.snapshot = 1 - now.snapshot;
        now.budget.snapshots -= 1;
    });
    push(budget.moves > 0, Event::Move, &|now| {
        now.server.month = 1 - now.server.month;
        now.server.has_moved = true;
        now.budget.moves -= 1;
    });
    push(budget.resets > 0, Event::Reset, &|now| {
        now.server.round += 1;
        now.budget.resets -= 1;
    });
    push(
        is_quiet && budget.lost_caches > 0,
        Event::LostState,
        &|now| {
            now.disk.state = [None, None];
            now.budget.lost_caches -= 1;
        },
    );
    push(
        is_quiet && budget.lost_caches > 0,
        Event::LostIndex,
        &|now| {
            now.disk.index = [SlotIndex::default(); 2];
            now.budget.lost_caches -= 1;
        },
    );
    let may_back_up = is_quiet && system.backup.is_none() && budget.restores > 0;
    push(may_back_up, Event::Backup, &|now| {
        now.backup = Some(now.disk.lake.clone());
        now.budget.restores -= 1;
    });
    push(
        is_quiet && system.backup.is_some(),
        Event::Restore,
        &|now| {
            if let Some(backup) = now.backup.take() {
                now.disk.lake = backup;
            }
        },
    );
}
