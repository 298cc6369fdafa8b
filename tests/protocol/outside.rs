//! What happens from outside: starts, crashes, losses of power, other tools, a changing world.

use std::rc::Rc;

use crate::disk::DataFile;
use crate::disk::Entry;
use crate::disk::SlotIndex;
use crate::disk::TABLES;
use crate::disk::Table;
use crate::moment::Moment;
use crate::moment::Stop;
use crate::mutation::Mutation;
use crate::mutation::Rules;
use crate::process::Process;
use crate::process::Step;

/// What led from one moment to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A process took this step.
    Step(usize, Step),
    Start(usize),
    Crash(usize),
    /// Power is lost; of each log so many commits are left.
    PowerLoss([usize; 2]),
    Compaction(Table),
    Vacuum,
    /// Nothing runs for so long that all files are older than 24 hours.
    Day,
    ChangedBook,
    Move,
    Reset,
    LostState,
    LostIndex,
    Backup,
    Restore,
}

/// Number of the file that another tool makes of all others; its table is added.
const COMPACTED: u8 = 240;

/// All moments that may follow, with what leads there. Where a process has a step before it that
/// no other process can tell, the others wait: the order makes no difference.
pub fn next(moment: &Moment, rules: &Rules) -> Vec<(Event, Moment)> {
    let mut next = Vec::new();
    let inner = (0..2).find(|number| {
        let process = moment.processes[*number].as_ref();
        process.is_some_and(|process| process.step.is_inner())
    });
    for number in 0..2 {
        if let Some(process) = &moment.processes[number]
            && inner.is_none_or(|inner| inner == number)
        {
            let event = Event::Step(number, process.step);
            let moments = process.advance(moment, number, rules);
            next.extend(moments.into_iter().map(|moment| (event, moment)));
        }
    }
    processes(moment, rules, inner, &mut next);
    tools(moment, &mut next);
    world(moment, &mut next);
    next
}

/// Starts a process, where nobody else holds one of its slots.
pub fn start(moment: &Moment, number: usize, slots: &[u8], rules: &Rules) -> Moment {
    let mut moment = moment.clone();
    let mut others = moment.processes.iter().flatten();
    let is_held = others.any(|other| other.slots.iter().any(|slot| slots.contains(slot)));
    let run = moment.runs;
    moment.runs += 1;
    if is_held && rules.mutation != Some(Mutation::TakesNoLocks) {
        return moment.stop(number, Stop::Locked);
    }
    moment.processes[number] = Some(Process::new(run, slots, moment.book));
    moment
}

fn processes(
    moment: &Moment,
    rules: &Rules,
    inner: Option<usize>,
    next: &mut Vec<(Event, Moment)>,
) {
    for number in 0..2 {
        let is_running = moment.processes[number].is_some();
        let may_start = moment.budget.starts > 0 && inner.is_none();
        if !is_running && may_start && !rules.slots[number].is_empty() {
            let mut now = start(moment, number, &rules.slots[number], rules);
            now.budget.starts -= 1;
            next.push((Event::Start(number), now));
        }
        if is_running && moment.budget.crashes > 0 {
            let mut now = moment.clone();
            now.processes[number] = None;
            now.budget.crashes -= 1;
            next.push((Event::Crash(number), now));
        }
    }
    if moment.budget.power_losses > 0 {
        let [rows, view] = TABLES.map(|table| {
            let log = moment.disk.lake.log(table);
            let mut kept = vec![log.durable, log.entries.len()];
            kept.dedup();
            kept
        });
        for kept in rows
            .iter()
            .flat_map(|rows| view.iter().map(|view| [*rows, *view]))
        {
            let mut now = moment.clone();
            now.processes = [None, None];
            now.lake().lose_power(kept);
            now.budget.power_losses -= 1;
            next.push((Event::PowerLoss(kept), now));
        }
    }
}

/// Other people's tools. A vacuum spares what is younger than a day, and no run takes that long.
fn tools(moment: &Moment, next: &mut Vec<(Event, Moment)>) {
    let lake = &moment.disk.lake;
    for table in TABLES {
        let seen = lake.log(table).entries.len();
        let live = lake.live_files(table, seen).unwrap_or_default();
        if moment.budget.compactions > 0 && live.len() > 1 {
            let file = DataFile {
                id: COMPACTED + 2 * moment.budget.compactions + table as u8,
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
            let mut now = moment.clone();
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
    let is_quiet = moment.processes.iter().all(Option::is_none);
    if moment.budget.days > 0 && is_quiet {
        let mut now = moment.clone();
        now.budget.days -= 1;
        now.lake().grow_old();
        next.push((Event::Day, now));
    }
    if moment.budget.vacuums > 0 {
        let mut now = moment.clone();
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

fn world(moment: &Moment, next: &mut Vec<(Event, Moment)>) {
    let budget = &moment.budget;
    let mut push = |is_possible: bool, event, change: &dyn Fn(&mut Moment)| {
        if is_possible {
            let mut now = moment.clone();
            change(&mut now);
            next.push((event, now));
        }
    };
    let is_quiet = moment.processes.iter().all(Option::is_none);
    push(budget.books > 0, Event::ChangedBook, &|now| {
        now.book = 1 - now.book;
        now.budget.books -= 1;
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
    let may_back_up = is_quiet && moment.backup.is_none() && budget.restores > 0;
    push(may_back_up, Event::Backup, &|now| {
        now.backup = Some(now.disk.lake.clone());
        now.budget.restores -= 1;
    });
    push(
        is_quiet && moment.backup.is_some(),
        Event::Restore,
        &|now| {
            if let Some(backup) = now.backup.take() {
                now.disk.lake = backup;
            }
        },
    );
}
