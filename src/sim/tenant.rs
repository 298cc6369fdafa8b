//! The pure core: a request, the state and the time in; a response and a delay out.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::time::Micros;
use crate::sim::batch;
use crate::sim::calendar;
use crate::sim::calendar::round::Block;
use crate::sim::delta;
use crate::sim::delta::Position;
use crate::sim::dice::mix;
use crate::sim::directory;
use crate::sim::listing;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::round;
use crate::sim::round::Entry;
use crate::sim::spec::CalendarChain;
use crate::sim::throttle::Throttle;
use crate::sim::token;
use crate::sim::world::Access;
use crate::sim::world::World;

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
    /// `value[]` entries of message delta answered with 200, per mailbox.
    pub served: Vec<u64>,
    /// The same of calendarView, delta and plain.
    pub served_events: Vec<u64>,
    throttles: Vec<Throttle>,
    generations: HashMap<u64, u32>,
    rounds: HashMap<RoundKey, Arc<Vec<Entry>>>,
    calendar_rounds: HashMap<CalendarKey, Arc<Vec<Block>>>,
    requests: u64,
}

/// What an answer needs besides its response.
#[derive(Debug)]
pub struct Answer {
    /// The response.
    pub response: Response,
    /// How long to wait before it is sent, in milliseconds.
    pub delay_ms: u64,
    /// The mailbox whose slot is held until the body is drained.
    pub held: Option<usize>,
    /// The mailbox that was asked for.
    pub mailbox: Option<usize>,
    /// Requests to that mailbox in flight, this one included.
    pub in_flight: u32,
}

impl State {
    /// The state of a tenant whose clock shows `now`.
    pub fn new(world: &World, now: Micros) -> Self {
        Self {
            now,
            served: vec![0; world.mailboxes.len()],
            served_events: vec![0; world.mailboxes.len()],
            throttles: vec![Throttle::default(); world.mailboxes.len()],
            generations: HashMap::new(),
            rounds: HashMap::new(),
            calendar_rounds: HashMap::new(),
            requests: 0,
        }
    }

    /// Gives the slot of a mailbox free.
    pub fn drained(&mut self, mailbox: usize) {
        self.throttles[mailbox].leave();
    }

    /// Answers a request. `host` is the authority that links name, `wall` the caller's clock.
    pub fn answer(&mut self, world: &World, request: &Request, host: &str, wall: Micros) -> Answer {
        self.requests += 1;
        let pieces = request.pieces();
        let mut answer = Answer {
            response: Response::default(),
            delay_ms: world.spec.switches.latency_ms,
            held: None,
            mailbox: None,
            in_flight: 0,
        };
        let names: Vec<&str> = pieces.iter().map(String::as_str).collect();
        if let [tenant, "oauth2", "v2.0", "token"] = names[..] {
            answer.response = if request.method == "POST" {
                token::issue(world, tenant, request, wall)
            } else {
                Response::error(405, "MethodNotAllowed", "Use POST.")
            };
            return answer;
        }
        if let Err(response) = token::check(world, request, wall) {
            answer.response = response;
            return answer;
        }
        if names.first() != Some(&"v1.0") {
            answer.response = Response::error(400, "BadRequest", "Invalid version.");
            return answer;
        }
        let rest = &names[1..];
        if rest == ["$batch"] && request.method == "POST" {
            answer.response = batch::answer(self, world, request, host, wall);
        } else if request.method != "GET" {
            answer.response =
                Response::error(405, "MethodNotAllowed", "This application may read only.");
        } else {
            self.graph(world, request, rest, host, wall, &mut answer);
        }
        answer
    }

    fn graph(
        &mut self,
        world: &World,
        request: &Request,
        path: &[&str],
        host: &str,
        wall: Micros,
        answer: &mut Answer,
    ) {
        let lower: Vec<String> = path.iter().map(|piece| piece.to_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        answer.response = match lower[..] {
            ["organization"] => directory::organization(world),
            ["users"] => directory::users(world, request, host),
            ["users", _] => directory::one_user(world, request, path[1]),
            ["groups"] => directory::groups(world, request, host),
            ["groups", _] => directory::one_group(world, request, path[1]),
            ["groups", _, "transitivemembers"] => {
                directory::members(world, request, host, path[1], false)
            }
            [
                "groups",
                _,
                "transitivemembers",
                "microsoft.graph.user" | "graph.user",
            ] => directory::members(world, request, host, path[1], true),
            ["users", _, ..] => {
                self.mailbox(world, request, path, host, wall, answer);
                return;
            }
            _ => no_segment(path),
        };
    }

    /// Requests to a mailbox: who it is, whether it is served, whether it has had enough.
    fn mailbox(
        &mut self,
        world: &World,
        request: &Request,
        path: &[&str],
        host: &str,
        wall: Micros,
        answer: &mut Answer,
    ) {
        let Some(mailbox) = directory::find(world, path[1]) else {
            let message = format!("The requested user '{}' is invalid.", path[1]);
            answer.response = Response::error(404, "ErrorInvalidUser", &message);
            return;
        };
        answer.mailbox = Some(mailbox);
        let lot = mix(&[world.spec.seed, self.requests, 31]);
        match self.throttles[mailbox].enter(&world.spec.switches, wall, lot) {
            Ok(in_flight) => answer.in_flight = in_flight,
            Err(response) => {
                answer.response = response;
                return;
            }
        }
        answer.held = Some(mailbox);
        answer.response = match world.people[mailbox].access {
            // The same mailbox gives either of them (facts 6.2).
            Access::NoMailbox if lot.is_multiple_of(2) => Response::error(
                404,
                "MailboxNotEnabledForRESTAPI",
                "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
            ),
            Access::NoMailbox => {
                Response::error(404, "ResourceNotFound", "Resource could not be discovered.")
            }
            Access::Denied => Response::error(
                403,
                "ErrorAccessDenied",
                "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings.",
            ),
            Access::Open => self.open(world, request, path, host, wall, mailbox),
        };
    }

    fn open(
        &mut self,
        world: &World,
        request: &Request,
        path: &[&str],
        host: &str,
        wall: Micros,
        mailbox: usize,
    ) -> Response {
        let now = self.now;
        let lower: Vec<String> = path[2..].iter().map(|piece| piece.to_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        if let ["mailfolders", _, ..] = lower[..] {
            let folder = match listing::find(world, mailbox, path[3], now) {
                Ok(folder) => folder,
                Err(response) => return response,
            };
            return match lower[2..] {
                [] => listing::one_folder(world, mailbox, folder, request, now),
                ["childfolders"] => listing::folders(world, mailbox, folder, request, host, now),
                ["messages"] => listing::messages(world, mailbox, Some(folder), request, host, now),
                ["messages", "delta"] => self.delta(world, request, host, mailbox, folder, wall),
                ["messages", _] => listing::one_message(world, mailbox, path[5], request, now),
                _ => no_segment(path),
            };
        }
        match lower[..] {
            ["mailboxsettings", "userpurpose"] => {
                let purpose = world.people[mailbox].purpose;
                Response::json(format!("{{\"value\":\"{purpose}\"}}"), 0)
            }
            ["mailfolders"] => listing::folders(world, mailbox, 0, request, host, now),
            ["messages"] => listing::messages(world, mailbox, None, request, host, now),
            ["messages", _] => listing::one_message(world, mailbox, path[3], request, now),
            ["calendarview", "delta"] => self.calendar(world, request, host, mailbox, wall),
            ["calendarview"] => {
                let response = calendar::listing::list(world, mailbox, request, host, now);
                self.served_events[mailbox] += response.items as u64;
                response
            }
            ["events", _] => calendar::listing::one_event(world, mailbox, path[3], request, now),
            _ => no_segment(path),
        }
    }

    fn delta(
        &mut self,
        world: &World,
        request: &Request,
        host: &str,
        mailbox: usize,
        folder: usize,
        wall: Micros,
    ) -> Response {
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
        let follow = self.follow(world, here.chain, here.generation);
        if let Err(response) = follow {
            return response;
        }
        if here.until.0 == i64::MAX {
            // A restart with an earlier clock must not run backwards.
            here.until = self.now.max(here.since);
        }
        let entries = self.round(world, &here);
        let response = delta::page(world, request, host, &here, &entries);
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

    fn calendar(
        &mut self,
        world: &World,
        request: &Request,
        host: &str,
        mailbox: usize,
        wall: Micros,
    ) -> Response {
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
        }
        let key = (mailbox, here.since.0, here.until.0, here.chain);
        if self.calendar_rounds.len() >= ROUNDS_MAX {
            self.calendar_rounds.clear();
        }
        let blocks = self
            .calendar_rounds
            .entry(key)
            .or_insert_with(|| Arc::new(calendar::round::blocks(world, &here)));
        let response = calendar::delta::page(world, request, host, &here, blocks);
        self.served_events[mailbox] += response.items as u64;
        response
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
