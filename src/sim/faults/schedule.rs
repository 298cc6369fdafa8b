//! Which fault meets a request: rows of the world file, counted as they are met.

use crate::model::time::Timestamp;
use crate::sim::calendar::meeting::Item;
use crate::sim::faults::fault::Fault;
use crate::sim::faults::fault::Kind;
use crate::sim::faults::fault::Place;
use crate::sim::faults::fault::Round;
use crate::sim::faults::marked::Marked;
use crate::sim::faults::refusal;
use crate::sim::faults::request_kind::RequestKind;
use crate::sim::mail::delta;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::world::World;

/// Entries after which first rounds were seen to end (facts 1.2).
const ROUND_MAX: usize = 5000;

/// A request as faults see it.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// The simulated time.
    pub now: Timestamp,
    /// Its kind.
    pub asked: RequestKind,
    /// The mailbox; none for sign-in, directory and batches.
    pub mailbox: Option<usize>,
    /// Items that are wished for on a page.
    pub page: usize,
    /// Whether it follows a link of an earlier answer.
    pub is_link: bool,
}

impl Seen {
    /// What faults see of a request.
    pub fn of(
        request: &Request,
        asked: RequestKind,
        mailbox: Option<usize>,
        now: Timestamp,
    ) -> Self {
        let wish = request.prefer().page.or(request.number("$top"));
        Self {
            now,
            asked,
            mailbox,
            page: wish.unwrap_or(delta::PAGE_DEFAULT),
            is_link: delta::token_of(request).is_some(),
        }
    }
}

#[derive(Debug)]
struct Row {
    whom: Option<usize>,
    period: (Timestamp, Timestamp),
    met: u64,
}

/// The faults of a world, and how many requests each has met.
#[derive(Debug)]
pub struct Schedule {
    rows: Vec<Row>,
    marked: Marked,
}

impl Schedule {
    /// The faults of a world, none of which has happened yet.
    pub fn of(world: &World) -> Self {
        let row = |fault: &Fault| Row {
            whom: (!fault.mailbox.is_anybody())
                .then(|| world.person(&fault.mailbox).unwrap_or(usize::MAX)),
            period: fault.period().unwrap_or_default(),
            met: 0,
        };
        Self {
            rows: world.spec.faults.iter().map(row).collect(),
            marked: Marked::of(world),
        }
    }

    /// The first fault that a request meets, of those that `wanted` lets through. The request is
    /// counted by every one of these whose mailbox, kind of request and time it is.
    fn meet<'a>(
        &mut self,
        world: &'a World,
        seen: Seen,
        wanted: impl Fn(&Marked, usize, &Fault) -> bool,
    ) -> Option<(usize, &'a Fault)> {
        let mut found = None;
        for (number, (row, fault)) in self.rows.iter_mut().zip(&world.spec.faults).enumerate() {
            let is_met = (row.whom.is_none() || row.whom == seen.mailbox)
                && seen.asked.is_meant_by(fault.request())
                && seen.now >= row.period.0
                && seen.now < row.period.1
                && wanted(&self.marked, number, fault);
            if !is_met {
                continue;
            }
            row.met += 1;
            let last = fault.times.map_or(u64::MAX, |times| fault.after + times);
            if found.is_none() && row.met > fault.after && row.met <= last {
                found = Some((number, fault));
            }
        }
        found
    }

    /// A fault that concerns the answer as a whole.
    pub fn of_answer<'a>(&mut self, world: &'a World, seen: Seen) -> Option<(usize, &'a Fault)> {
        if self.rows.is_empty() {
            return None;
        }
        self.meet(world, seen, |_, _, fault| match fault.kind {
            Kind::LargePage => seen.page > fault.at.unwrap_or(delta::PAGE_DEFAULT),
            Kind::Forgotten => seen.is_link,
            kind => !kind.is_within(),
        })
    }

    /// Entries after which a round that begins now ends too early.
    pub fn cut(&mut self, world: &World, seen: Seen, is_first: bool) -> Option<usize> {
        let fault = self.meet(world, seen, |_, _, fault| {
            let is_meant = match fault.round {
                Round::First => is_first,
                Round::Later => !is_first,
                Round::Any => true,
            };
            fault.kind == Kind::CutRound && is_meant
        });
        fault.map(|(_, fault)| fault.at.unwrap_or(ROUND_MAX))
    }

    /// The answer instead of a page that holds these copies.
    pub fn poison(&mut self, world: &World, seen: Seen, copies: &[u32]) -> Option<Response> {
        if self.rows.is_empty() {
            return None;
        }
        let mailbox = seen.mailbox?;
        let (_, fault) = self.meet(world, seen, |marked, number, fault| {
            matches!(fault.kind, Kind::PoisonedItem | Kind::PrivatePoison)
                && copies.iter().any(|copy| marked.has(number, mailbox, *copy))
        })?;
        Some(refusal::of(fault, seen.now))
    }

    /// The answer instead of a page that holds these events, or instead of one of them.
    pub fn poison_event(&mut self, world: &World, seen: Seen, events: &[Item]) -> Option<Response> {
        if self.rows.is_empty() {
            return None;
        }
        let mailbox = seen.mailbox?;
        let (_, fault) = self.meet(world, seen, |marked, number, fault| {
            let mut events = events.iter();
            matches!(fault.kind, Kind::PoisonedEvent | Kind::PoisonedMaster)
                && events.any(|event| marked.has_event(number, mailbox, *event))
        })?;
        Some(refusal::of(fault, seen.now))
    }

    /// The answer instead of one message.
    pub fn unreadable(&mut self, world: &World, seen: Seen, copy: u32) -> Option<Response> {
        let mailbox = seen.mailbox?;
        let (_, fault) = self.meet(world, seen, |marked, number, fault| {
            matches!(
                fault.kind,
                Kind::PoisonedItem | Kind::PrivatePoison | Kind::UnreadableItem
            ) && marked.has(number, mailbox, copy)
        })?;
        Some(refusal::of(fault, seen.now))
    }

    /// How many items a folder counts that are no messages.
    pub fn surplus(&self, world: &World, seen: Seen, folder: usize) -> usize {
        let rows = self.rows.iter().zip(&world.spec.faults);
        rows.filter(|(row, fault)| {
            fault.kind == Kind::Surplus
                && (row.whom.is_none() || row.whom == seen.mailbox)
                && seen.now >= row.period.0
                && seen.now < row.period.1
                && seen
                    .mailbox
                    .is_some_and(|mailbox| counts(world, fault, mailbox, folder))
        })
        .map(|(_, fault)| fault.items.unwrap_or(1))
        .sum()
    }
}

/// Whether a folder is one that counts more than it holds. The root is none.
fn counts(world: &World, fault: &Fault, mailbox: usize, folder: usize) -> bool {
    let is_any = matches!(&fault.folder, Some(Place::Name(name)) if name == "any");
    fault.concerns_folder(folder, world.mailboxes[mailbox].folders[folder].well_known)
        && (!is_any || world.mailboxes[mailbox].folders[folder].read)
}
