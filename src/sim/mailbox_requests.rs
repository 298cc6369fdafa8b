//! What an open mailbox answers: folders, messages, events, and the rounds of their chains.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::time::Timestamp;
use crate::sim::calendar;
use crate::sim::calendar::round::Block;
use crate::sim::faults::request_kind::RequestKind;
use crate::sim::faults::schedule::Schedule;
use crate::sim::faults::schedule::Seen;
use crate::sim::mail::delta;
use crate::sim::mail::folder_listing;
use crate::sim::mail::listing;
use crate::sim::mail::position::Position;
use crate::sim::mail::render;
use crate::sim::mail::round;
use crate::sim::mail::round::Entry;
use crate::sim::paging;
use crate::sim::permissions::Shown;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::rng::mix;
use crate::sim::spec::CalendarChain;
use crate::sim::world::World;
use crate::sim::zones;

/// Rounds kept ready, so that a chain of many pages is not computed for each of them.
const ROUNDS_MAX: usize = 256;
/// Chains whose newest link is remembered. Beyond it all is forgotten, and old links live again.
const CHAINS_MAX: usize = 1_000_000;

/// Mailbox, folder, both ends, and the chain.
type RoundKey = (usize, usize, i64, i64, u64);
/// Mailbox, both ends, and the chain.
type CalendarKey = (usize, i64, i64, u64);

/// A request to Graph and what came with it.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The world.
    pub world: &'a World,
    /// The request.
    pub request: &'a Request,
    /// What its token allows.
    pub roles: &'a [String],
    /// The authority that links name.
    pub host: &'a str,
    /// The caller's clock.
    pub wall: Timestamp,
    /// The simulated clock.
    pub now: Timestamp,
    /// Number of the request.
    pub turn: u64,
}

/// A call to a mailbox that is served.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// The call.
    pub call: Call<'a>,
    /// Number of the mailbox.
    pub mailbox: usize,
    /// How much of its items is shown.
    pub shown: Shown,
}

/// What open mailboxes remember of their requests.
#[derive(Debug)]
pub struct Mailboxes {
    /// `value[]` entries of message delta answered with 200, per mailbox.
    pub served: Vec<u64>,
    /// The same of calendarView, delta and plain.
    pub served_events: Vec<u64>,
    /// The faults, with how often each was met.
    pub faults: Schedule,
    generations: HashMap<u64, u32>,
    rounds: HashMap<RoundKey, Arc<Vec<Entry>>>,
    calendar_rounds: HashMap<CalendarKey, Arc<Vec<Block>>>,
}

impl Mailboxes {
    /// The mailboxes of a world, of which nothing was asked yet.
    pub fn new(world: &World) -> Self {
        Self {
            served: vec![0; world.mailboxes.len()],
            served_events: vec![0; world.mailboxes.len()],
            faults: Schedule::of(world),
            generations: HashMap::new(),
            rounds: HashMap::new(),
            calendar_rounds: HashMap::new(),
        }
    }

    /// What an open mailbox answers; the path is that behind the mailbox.
    pub fn open(&mut self, visit: &Visit<'_>, path: &[&str], lower: &[&str]) -> Response {
        let now = visit.call.now;
        let Visit { call, mailbox, .. } = *visit;
        let Call {
            world,
            request,
            host,
            ..
        } = call;
        let seen = Seen::of(request, RequestKind::Folders, Some(mailbox), now);
        let surplus = |folder| self.faults.surplus(world, seen, folder);
        let count = folder_listing::Count {
            now,
            surplus: &surplus,
        };
        if let ["mailfolders", _, ..] = lower {
            let folder = match folder_listing::find(world, mailbox, path[1], now) {
                Ok(folder) => folder,
                Err(response) => return response,
            };
            return match lower[2..] {
                [] => folder_listing::one_folder(world, mailbox, folder, request, &count),
                ["childfolders"] => {
                    folder_listing::folders(world, mailbox, folder, request, host, &count)
                }
                ["messages"] => self.list(visit, Some(folder)),
                ["messages", "delta"] => self.delta(visit, folder),
                ["messages", _] => self.message(visit, path[3]),
                _ => no_segment(path),
            };
        }
        match lower {
            ["mailboxsettings", "userpurpose"] => {
                let purpose = world.people[mailbox].purpose;
                Response::json(format!("{{\"value\":\"{purpose}\"}}"), 0)
            }
            ["mailfolders"] => folder_listing::folders(world, mailbox, 0, request, host, &count),
            ["messages"] => self.list(visit, None),
            ["messages", "delta"] => Response::error(
                400,
                "ErrorInvalidUrlQuery",
                "Change tracking is not supported against 'microsoft.graph.message'.",
            ),
            ["messages", _] => self.message(visit, path[1]),
            ["calendarview", "delta"] => self.calendar(visit),
            ["calendarview"] => self.events(visit),
            ["events", _] => self.event(visit, path[1]),
            _ => no_segment(path),
        }
    }

    /// A list of messages, or one of them.
    fn messages_of<'a>(&self, visit: &Visit<'a>, folder: Option<usize>) -> listing::List<'a> {
        let Visit { call, mailbox, .. } = *visit;
        let seen = Seen::of(
            call.request,
            RequestKind::Folders,
            Some(mailbox),
            visit.call.now,
        );
        let surplus = |folder| self.faults.surplus(call.world, seen, folder);
        listing::List {
            world: call.world,
            mailbox,
            folder,
            shown: visit.shown,
            surplus: folder.map_or(0, surplus),
            now: visit.call.now,
        }
    }

    /// A plain list of messages. Where it gives nothing but ids and times, no item can make it malformed.
    fn list(&mut self, visit: &Visit<'_>, folder: Option<usize>) -> Response {
        let Call {
            world,
            request,
            host,
            ..
        } = visit.call;
        let listed = listing::messages(&self.messages_of(visit, folder), request, host);
        let is_light = |name: &String| matches!(name.as_str(), "id" | "receiveddatetime");
        let is_ids_alone = request
            .select()
            .is_some_and(|names| names.iter().all(is_light));
        if is_ids_alone {
            return listed.response;
        }
        let seen = Seen::of(
            request,
            RequestKind::List,
            Some(visit.mailbox),
            visit.call.now,
        );
        self.faults
            .poison(world, seen, &listed.items)
            .unwrap_or(listed.response)
    }

    fn message(&mut self, visit: &Visit<'_>, id: &str) -> Response {
        let Call { world, request, .. } = visit.call;
        let seen = Seen::of(
            request,
            RequestKind::Item,
            Some(visit.mailbox),
            visit.call.now,
        );
        let poisoned = render::read_id(world, visit.mailbox, id)
            .and_then(|(copy, _)| self.faults.unreadable(world, seen, copy));
        poisoned
            .unwrap_or_else(|| listing::one_message(&self.messages_of(visit, None), id, request))
    }

    /// The plain list of a calendar. Where it gives nothing but ids, no event can make it malformed.
    fn events(&mut self, visit: &Visit<'_>) -> Response {
        let Call {
            world,
            request,
            host,
            ..
        } = visit.call;
        if let Some(response) = zones::refused(world, request) {
            return response;
        }
        if let Some(response) = paging::too_long(&world.spec.switches, request) {
            return response;
        }
        let listed = calendar::listing::list(world, visit.mailbox, request, host, visit.call.now);
        let is_ids_alone = request
            .select()
            .is_some_and(|names| names.iter().all(|name| name == "id"));
        if is_ids_alone {
            return listed.response;
        }
        let seen = Seen::of(
            request,
            RequestKind::Events,
            Some(visit.mailbox),
            visit.call.now,
        );
        let poisoned = self.faults.poison_event(world, seen, &listed.items);
        let response = poisoned.unwrap_or(listed.response);
        self.served_events[visit.mailbox] += response.items as u64;
        visit.shown.of_events(response)
    }

    fn event(&mut self, visit: &Visit<'_>, id: &str) -> Response {
        let Call { world, request, .. } = visit.call;
        if let Some(response) = zones::refused(world, request) {
            return response;
        }
        let mailbox = visit.mailbox;
        let seen = Seen::of(request, RequestKind::Event, Some(mailbox), visit.call.now);
        let poisoned = calendar::render::read_event_id(world, mailbox, id)
            .and_then(|event| self.faults.poison_event(world, seen, &[event]));
        let response = poisoned.unwrap_or_else(|| {
            calendar::listing::one_event(world, mailbox, id, request, visit.call.now)
        });
        visit.shown.of_events(response)
    }

    fn delta(&mut self, visit: &Visit<'_>, folder: usize) -> Response {
        let Visit {
            call,
            mailbox,
            shown,
        } = *visit;
        let Call {
            world,
            request,
            host,
            wall,
            ..
        } = call;
        let chain = mix(&[
            wall.0.cast_unsigned(),
            visit.call.turn,
            mailbox as u64,
            folder as u64,
        ]);
        let mut here = match delta::position(world, request, mailbox, folder, chain) {
            Ok(here) => here,
            Err(response) => return response,
        };
        let seen = Seen::of(request, RequestKind::Delta, Some(mailbox), visit.call.now);
        let follow = self.follow(world, here.chain, here.generation);
        if let Err(response) = follow {
            return response;
        }
        if here.until.0 == i64::MAX {
            // A restart with an earlier clock must not run backwards.
            here.until = visit.call.now.max(here.since);
            let is_first = here.since.0 == i64::MIN;
            here.cut = self.faults.cut(world, seen, is_first).unwrap_or(here.cut);
        }
        let entries = self.round(world, &here);
        let (held, _) = delta::shown(world, request, &here, &entries);
        let there = |entry: &&Entry| !matches!(entry.change, round::Change::Removed(_));
        let copies: Vec<u32> = held.iter().filter(there).map(|entry| entry.copy).collect();
        if let Some(response) = self.faults.poison(world, seen, &copies) {
            return response;
        }
        let response = delta::page(world, request, host, &here, &entries, shown);
        self.served[mailbox] += response.items as u64;
        response
    }

    /// Notes that a link of a chain was used; those before it become invalid (facts 1.6).
    fn follow(&mut self, world: &World, chain: u64, generation: u32) -> Result<(), Response> {
        if self.generations.len() >= CHAINS_MAX {
            self.generations.clear();
        }
        let highest = self.generations.entry(chain).or_insert(generation);
        if *highest >= generation + world.spec.switches.generations {
            return Err(delta::too_old(generation, *highest));
        }
        *highest = (*highest).max(generation + 1);
        Ok(())
    }

    fn calendar(&mut self, visit: &Visit<'_>) -> Response {
        let Visit { call, mailbox, .. } = *visit;
        let Call {
            world,
            request,
            host,
            wall,
            ..
        } = call;
        if let Some(response) = zones::refused(world, request) {
            return response;
        }
        let lot = [wall.0.cast_unsigned(), visit.call.turn, mailbox as u64, 71];
        let mut here = match calendar::delta::position(world, request, mailbox, mix(&lot)) {
            Ok(here) => here,
            Err(response) => return response,
        };
        if let Err(response) = self.follow(world, here.chain, here.generation) {
            return response;
        }
        if here.until.0 == i64::MAX {
            let finished = here.since.0 != i64::MIN;
            if finished && calendar::delta::kind(world, mailbox) == CalendarChain::Expired {
                return delta::too_old(here.generation, here.generation + 4);
            }
            here.until = visit.call.now.max(here.since);
        } else if calendar::delta::kind(world, mailbox) == CalendarChain::Forgotten {
            return delta::too_old(here.generation, here.generation + 4);
        }
        let key = (mailbox, here.since.0, here.until.0, here.chain);
        if self.calendar_rounds.len() >= ROUNDS_MAX {
            self.calendar_rounds.clear();
        }
        let blocks = self
            .calendar_rounds
            .entry(key)
            .or_insert_with(|| Arc::new(calendar::round::blocks(world, &here)));
        let seen = Seen::of(
            request,
            RequestKind::Calendar,
            Some(mailbox),
            visit.call.now,
        );
        let shown = calendar::delta::shown(world, request, &here, blocks);
        if let Some(response) = self.faults.poison_event(world, seen, &shown) {
            return response;
        }
        let response = calendar::delta::page(world, request, host, &here, blocks);
        self.served_events[mailbox] += response.items as u64;
        visit.shown.of_events(response)
    }

    fn round(&mut self, world: &World, here: &Position) -> Arc<Vec<Entry>> {
        let key = (
            here.mailbox,
            here.folder,
            here.since.0,
            here.until.0,
            here.chain,
        );
        if let Some(entries) = self.rounds.get(&key) {
            return Arc::clone(entries);
        }
        if self.rounds.len() >= ROUNDS_MAX {
            self.rounds.clear();
        }
        let entries = Arc::new(round::entries(world, here));
        self.rounds.insert(key, Arc::clone(&entries));
        entries
    }
}

/// Refuses a path that leads nowhere.
pub fn no_segment(path: &[&str]) -> Response {
    let last = path.last().copied().unwrap_or_default();
    Response::error(
        400,
        "BadRequest",
        &format!("Resource not found for the segment '{last}'."),
    )
}
