//! The pure core: a request, the state and the time in; a response and a delay out.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::time::Micros;
use crate::model::time::SECOND;
use crate::sim::answer::Answer;
use crate::sim::batch;
use crate::sim::calendar;
use crate::sim::calendar::round::Block;
use crate::sim::delta;
use crate::sim::delta::Position;
use crate::sim::dice::mix;
use crate::sim::directory;
use crate::sim::faults::asked::Asked;
use crate::sim::faults::distort;
use crate::sim::faults::refusal;
use crate::sim::faults::schedule::Schedule;
use crate::sim::faults::schedule::Seen;
use crate::sim::headers;
use crate::sim::listing;
use crate::sim::paging;
use crate::sim::permissions;
use crate::sim::permissions::Shown;
use crate::sim::query::options;
use crate::sim::render;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::round;
use crate::sim::round::Entry;
use crate::sim::spec::CalendarChain;
use crate::sim::throttle::Throttle;
use crate::sim::token;
use crate::sim::world::Access;
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

/// What changes while the tenant serves.
#[derive(Debug)]
pub struct State {
    /// The simulated clock.
    pub now: Micros,
    /// Simulated seconds that pass with each request.
    pub seconds_per_request: i64,
    /// `value[]` entries of message delta answered with 200, per mailbox.
    pub served: Vec<u64>,
    /// The same of calendarView, delta and plain.
    pub served_events: Vec<u64>,
    throttles: Vec<Throttle>,
    generations: HashMap<u64, u32>,
    rounds: HashMap<RoundKey, Arc<Vec<Entry>>>,
    calendar_rounds: HashMap<CalendarKey, Arc<Vec<Block>>>,
    requests: u64,
    faults: Schedule,
}

/// A request to Graph and what came with it.
#[derive(Debug, Clone, Copy)]
struct Call<'a> {
    world: &'a World,
    request: &'a Request,
    /// What its token allows.
    roles: &'a [String],
    host: &'a str,
    wall: Micros,
}

/// A call to a mailbox that is served.
#[derive(Debug, Clone, Copy)]
struct Visit<'a> {
    call: Call<'a>,
    mailbox: usize,
    shown: Shown,
}

impl State {
    /// The state of a tenant whose clock shows `now`.
    pub fn new(world: &World, now: Micros) -> Self {
        Self {
            now,
            seconds_per_request: world.spec.switches.seconds_per_request,
            served: vec![0; world.mailboxes.len()],
            served_events: vec![0; world.mailboxes.len()],
            throttles: vec![Throttle::default(); world.mailboxes.len()],
            generations: HashMap::new(),
            rounds: HashMap::new(),
            calendar_rounds: HashMap::new(),
            requests: 0,
            faults: Schedule::of(world),
        }
    }

    /// Gives the slot of a mailbox free.
    pub fn drained(&mut self, mailbox: usize) {
        self.throttles[mailbox].leave();
    }

    /// Takes a slot of a mailbox for as long as a batch runs, as the answers to its items did.
    pub fn reserve(&mut self, mailbox: usize) {
        self.throttles[mailbox].reserve();
    }

    /// Answers a request. `host` is the authority that links name, `wall` the caller's clock.
    pub fn answer(&mut self, world: &World, request: &Request, host: &str, wall: Micros) -> Answer {
        self.now = self.now.plus(self.seconds_per_request * SECOND);
        let mut answer = self.undisturbed(world, request, host, wall);
        if answer.fault.is_none() {
            headers::complete(
                &mut answer,
                request,
                (world.spec.seed, self.requests),
                self.now,
            );
        }
        let fault = answer
            .fault
            .and_then(|number| world.spec.faults.get(number));
        if let Some(fault) = fault {
            answer.delay_ms += distort::delay(fault);
            answer.wire = distort::wire(fault);
            let turn = self.requests;
            answer.response = distort::spoilt(fault, request, host, turn, answer.response);
        }
        answer
    }

    /// The answer as far as a fault has not taken its place.
    fn undisturbed(
        &mut self,
        world: &World,
        request: &Request,
        host: &str,
        wall: Micros,
    ) -> Answer {
        self.requests += 1;
        let pieces = request.pieces();
        let mut answer = Answer::of(Response::default());
        answer.delay_ms = world.spec.switches.latency_ms;
        let names: Vec<&str> = pieces.iter().map(String::as_str).collect();
        if let [tenant, "oauth2", "v2.0", "token"] = names[..] {
            if self.is_disturbed(world, request, Asked::Token, &mut answer) {
                return answer;
            }
            answer.response = if request.method == "POST" {
                token::issue(world, tenant, request, wall)
            } else {
                Response::error(405, "MethodNotAllowed", "Use POST.")
            };
            return answer;
        }
        let roles = match token::check(world, request, wall) {
            Ok(roles) => roles,
            Err(response) => {
                answer.response = response;
                return answer;
            }
        };
        if names.first() != Some(&"v1.0") {
            answer.response = Response::error(400, "BadRequest", "Invalid version.");
            return answer;
        }
        let rest = &names[1..];
        if rest == ["$batch"] && request.method == "POST" {
            if self.is_disturbed(world, request, Asked::Batch, &mut answer) {
                return answer;
            }
            batch::answer(self, world, request, host, wall, &mut answer);
        } else if request.method != "GET" {
            answer.response =
                Response::error(405, "MethodNotAllowed", "This application may read only.");
        } else {
            let call = Call {
                world,
                request,
                roles: &roles,
                host,
                wall,
            };
            self.graph(&call, rest, &mut answer);
        }
        answer
    }

    fn graph(&mut self, call: &Call<'_>, path: &[&str], answer: &mut Answer) {
        let Call {
            world,
            request,
            host,
            roles,
            ..
        } = *call;
        let lower: Vec<String> = path.iter().map(|piece| piece.to_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        if let Err(response) = options::check(world, request, &lower) {
            answer.response = response;
            return;
        }
        if let ["users", _, _, ..] = lower[..] {
            self.mailbox(call, path, &lower, answer);
            return;
        }
        let asked = Asked::of(request, &lower);
        if asked.is_meant_by(Asked::Directory) && self.is_disturbed(world, request, asked, answer) {
            return;
        }
        let users = permissions::of_users(roles);
        let members = |cast| directory::members(world, request, host, (path[1], cast), users);
        answer.response = match permissions::directory(world, roles, &lower) {
            Err(response) => response,
            Ok(()) => match lower[..] {
                ["organization"] => directory::organization(world, request),
                ["users"] => directory::users(world, request, host, users),
                ["users", _] => directory::one_user(world, request, path[1], users),
                ["groups"] => directory::groups(world, request, host),
                ["groups", _] => directory::one_group(world, request, path[1]),
                ["groups", _, "transitivemembers"] => members(false),
                [
                    "groups",
                    _,
                    "transitivemembers",
                    "microsoft.graph.user" | "graph.user",
                ] => members(true),
                _ => no_segment(path),
            },
        };
    }

    /// Looks for a fault of the whole answer. Whether it takes the answer's place.
    fn is_disturbed(
        &mut self,
        world: &World,
        request: &Request,
        asked: Asked,
        answer: &mut Answer,
    ) -> bool {
        let seen = Seen::of(request, asked, answer.mailbox, self.now);
        let Some((number, fault)) = self.faults.of_answer(world, seen) else {
            return false;
        };
        answer.fault = Some(number);
        if fault.kind.is_refusal() {
            answer.response = refusal::of(fault, self.now);
        }
        fault.kind.is_refusal()
    }

    /// Requests to a mailbox: who it is, whether it has had enough, whether it is served.
    fn mailbox(&mut self, call: &Call<'_>, path: &[&str], lower: &[&str], answer: &mut Answer) {
        let Call { world, request, .. } = *call;
        let Some(mailbox) = directory::find(world, path[1]) else {
            let message = format!("The requested user '{}' is invalid.", path[1]);
            answer.response = Response::error(404, "ErrorInvalidUser", &message);
            return;
        };
        answer.mailbox = Some(mailbox);
        let lot = mix(&[world.spec.seed, self.requests, 31]);
        match self.throttles[mailbox].enter(&world.spec.switches, call.wall, lot) {
            Ok(in_flight) => answer.in_flight = in_flight,
            Err(response) => {
                answer.response = response;
                return;
            }
        }
        answer.held = Some(mailbox);
        let asked = Asked::of(request, lower);
        if self.is_disturbed(world, request, asked, answer) {
            return;
        }
        answer.response = match permissions::mailbox(world, call.roles, lower, mailbox) {
            Err(response) => response,
            // The same mailbox gives either of them (facts 6.2).
            Ok(_) if world.people[mailbox].access == Access::NoMailbox => {
                if lot.is_multiple_of(2) {
                    Response::error(
                        404,
                        "MailboxNotEnabledForRESTAPI",
                        "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
                    )
                } else {
                    Response::error(404, "ResourceNotFound", "Resource could not be discovered.")
                }
            }
            Ok(shown) => {
                let visit = Visit {
                    call: *call,
                    mailbox,
                    shown,
                };
                self.open(&visit, &path[2..], &lower[2..])
            }
        };
    }

    /// What an open mailbox answers; the path is that behind the mailbox.
    fn open(&mut self, visit: &Visit<'_>, path: &[&str], lower: &[&str]) -> Response {
        let now = self.now;
        let Visit { call, mailbox, .. } = *visit;
        let Call {
            world,
            request,
            host,
            ..
        } = call;
        let seen = Seen::of(request, Asked::Folders, Some(mailbox), now);
        let surplus = |folder| self.faults.surplus(world, seen, folder);
        let count = listing::Count {
            now,
            surplus: &surplus,
        };
        if let ["mailfolders", _, ..] = lower {
            let folder = match listing::find(world, mailbox, path[1], now) {
                Ok(folder) => folder,
                Err(response) => return response,
            };
            return match lower[2..] {
                [] => listing::one_folder(world, mailbox, folder, request, &count),
                ["childfolders"] => listing::folders(world, mailbox, folder, request, host, &count),
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
            ["mailfolders"] => listing::folders(world, mailbox, 0, request, host, &count),
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
        let seen = Seen::of(call.request, Asked::Folders, Some(mailbox), self.now);
        let surplus = |folder| self.faults.surplus(call.world, seen, folder);
        listing::List {
            world: call.world,
            mailbox,
            folder,
            shown: visit.shown,
            surplus: folder.map_or(0, surplus),
            now: self.now,
        }
    }

    /// A plain list of messages. Where it gives nothing but ids and times, no item can spoil it.
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
        let seen = Seen::of(request, Asked::List, Some(visit.mailbox), self.now);
        self.faults
            .poison(world, seen, &listed.items)
            .unwrap_or(listed.response)
    }

    fn message(&mut self, visit: &Visit<'_>, id: &str) -> Response {
        let Call { world, request, .. } = visit.call;
        let seen = Seen::of(request, Asked::Item, Some(visit.mailbox), self.now);
        let spoiled = render::read_id(world, visit.mailbox, id)
            .and_then(|(copy, _)| self.faults.unreadable(world, seen, copy));
        spoiled.unwrap_or_else(|| listing::one_message(&self.messages_of(visit, None), id, request))
    }

    /// The plain list of a calendar. Where it gives nothing but ids, no event can spoil it.
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
        let listed = calendar::listing::list(world, visit.mailbox, request, host, self.now);
        let is_ids_alone = request
            .select()
            .is_some_and(|names| names.iter().all(|name| name == "id"));
        if is_ids_alone {
            return listed.response;
        }
        let seen = Seen::of(request, Asked::Events, Some(visit.mailbox), self.now);
        let spoilt = self.faults.poison_event(world, seen, &listed.items);
        let response = spoilt.unwrap_or(listed.response);
        self.served_events[visit.mailbox] += response.items as u64;
        visit.shown.of_events(response)
    }

    fn event(&mut self, visit: &Visit<'_>, id: &str) -> Response {
        let Call { world, request, .. } = visit.call;
        if let Some(response) = zones::refused(world, request) {
            return response;
        }
        let mailbox = visit.mailbox;
        let seen = Seen::of(request, Asked::Event, Some(mailbox), self.now);
        let spoilt = calendar::render::read_event_id(world, mailbox, id)
            .and_then(|event| self.faults.poison_event(world, seen, &[event]));
        let response = spoilt
            .unwrap_or_else(|| calendar::listing::one_event(world, mailbox, id, request, self.now));
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
            self.requests,
            mailbox as u64,
            folder as u64,
        ]);
        let mut here = match delta::position(world, request, mailbox, folder, chain) {
            Ok(here) => here,
            Err(response) => return response,
        };
        let seen = Seen::of(request, Asked::Delta, Some(mailbox), self.now);
        let follow = self.follow(world, here.chain, here.generation);
        if let Err(response) = follow {
            return response;
        }
        if here.until.0 == i64::MAX {
            // A restart with an earlier clock must not run backwards.
            here.until = self.now.max(here.since);
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
        let lot = [wall.0.cast_unsigned(), self.requests, mailbox as u64, 71];
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
            here.until = self.now.max(here.since);
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
        let seen = Seen::of(request, Asked::Calendar, Some(mailbox), self.now);
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

fn no_segment(path: &[&str]) -> Response {
    let last = path.last().copied().unwrap_or_default();
    Response::error(
        400,
        "BadRequest",
        &format!("Resource not found for the segment '{last}'."),
    )
}
