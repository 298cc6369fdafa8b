//! The pure core: a request, the state and the time in; a response and a delay out.

use std::collections::HashMap;

use serde_json::Value;
use serde_json::json;

use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::sim::admin_unit;
use crate::sim::answer::Answer;
use crate::sim::assertion::Presented;
use crate::sim::batch;
use crate::sim::consent;
use crate::sim::directory;
use crate::sim::faults::distort;
use crate::sim::faults::refusal;
use crate::sim::faults::request_kind::RequestKind;
use crate::sim::faults::schedule::Seen;
use crate::sim::grants::Consent;
use crate::sim::headers;
use crate::sim::mailbox_requests::Call;
use crate::sim::mailbox_requests::Mailboxes;
use crate::sim::mailbox_requests::Visit;
use crate::sim::mailbox_requests::no_segment;
use crate::sim::permissions;
use crate::sim::person::Access;
use crate::sim::query::options;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::rng::mix;
use crate::sim::throttle::Throttle;
use crate::sim::token;
use crate::sim::world::World;

/// What changes while the tenant serves.
#[derive(Debug)]
pub struct State {
    /// The simulated clock.
    pub now: Timestamp,
    /// Simulated seconds that pass with each request.
    pub seconds_per_request: i64,
    /// What open mailboxes remember of their requests.
    pub mailboxes: Mailboxes,
    throttles: Vec<Throttle>,
    requests: u64,
    /// Whether an administrator has given consent.
    has_consent: bool,
    /// Assertions of sign-ins so far.
    presented: Presented,
}

impl State {
    /// The state of a tenant whose clock shows `now`.
    pub fn new(world: &World, now: Timestamp) -> Self {
        Self {
            now,
            seconds_per_request: world.spec.switches.seconds_per_request,
            mailboxes: Mailboxes::new(world),
            throttles: vec![Throttle::default(); world.mailboxes.len()],
            requests: 0,
            has_consent: world.spec.permissions.consent == Consent::Given,
            presented: Presented::default(),
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
    pub fn answer(
        &mut self,
        world: &World,
        request: &Request,
        host: &str,
        wall: Timestamp,
    ) -> Answer {
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
            answer.response = distort::apply(fault, request, host, turn, answer.response);
        }
        answer
    }

    /// The answer as far as a fault has not taken its place.
    fn undisturbed(
        &mut self,
        world: &World,
        request: &Request,
        host: &str,
        wall: Timestamp,
    ) -> Answer {
        self.requests += 1;
        let pieces = request.pieces();
        let mut answer = Answer::of(Response::default());
        answer.delay_ms = world.spec.switches.latency_ms;
        let names: Vec<&str> = pieces.iter().map(String::as_str).collect();
        if let [tenant, "oauth2", "v2.0", "token"] = names[..] {
            if self.is_disturbed(world, request, RequestKind::Token, &mut answer) {
                return answer;
            }
            answer.response = if request.method == "POST" && !self.has_consent {
                token::unknown_application(wall)
            } else if request.method == "POST" {
                token::issue(world, &mut self.presented, tenant, request, wall)
            } else {
                Response::error(405, "MethodNotAllowed", "Use POST.")
            };
            return answer;
        }
        if let [tenant, "v2.0", "adminconsent"] = names[..] {
            let (response, is_given) = consent::decide(world, tenant, request);
            self.has_consent |= is_given;
            answer.response = response;
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
            if self.is_disturbed(world, request, RequestKind::Batch, &mut answer) {
                return answer;
            }
            self.batch(world, request, host, wall, &mut answer);
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
                now: self.now,
                turn: self.requests,
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
        let asked = RequestKind::of(request, &lower);
        if asked.is_meant_by(RequestKind::Directory)
            && self.is_disturbed(world, request, asked, answer)
        {
            return;
        }
        let users = permissions::of_users(roles);
        let shown = (users, roles);
        let members = |cast| directory::members(world, request, host, (path[1], cast), shown);
        let in_unit = |cast| admin_unit::members(world, request, host, (path[2], cast), shown);
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
                ["directory", "administrativeunits"] => admin_unit::units(world, request, host),
                ["directory", "administrativeunits", _] => {
                    admin_unit::one_unit(world, request, path[2])
                }
                ["directory", "administrativeunits", _, "members"] => in_unit(false),
                [
                    "directory",
                    "administrativeunits",
                    _,
                    "members",
                    "microsoft.graph.user" | "graph.user",
                ] => in_unit(true),
                _ => no_segment(path),
            },
        };
    }

    /// Looks for a fault of the whole answer. Whether it takes the answer's place.
    fn is_disturbed(
        &mut self,
        world: &World,
        request: &Request,
        asked: RequestKind,
        answer: &mut Answer,
    ) -> bool {
        let seen = Seen::of(request, asked, answer.mailbox, self.now);
        let Some((number, fault)) = self.mailboxes.faults.of_answer(world, seen) else {
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
        let Some(mailbox) = world.user(path[1]) else {
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
        let asked = RequestKind::of(request, lower);
        if self.is_disturbed(world, request, asked, answer) {
            return;
        }
        answer.response = match permissions::mailbox(world, call.roles, lower, (mailbox, call.now))
        {
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
                self.mailboxes.open(&visit, &path[2..], &lower[2..])
            }
        };
    }

    /// Answers all requests of a batch, each of which counts for the limits of its mailbox.
    fn batch(
        &mut self,
        world: &World,
        request: &Request,
        host: &str,
        wall: Timestamp,
        answer: &mut Answer,
    ) {
        let body = serde_json::from_slice::<Value>(&request.body).unwrap_or_default();
        let items = match batch::items(&body) {
            Ok(items) => items,
            Err(text) => {
                answer.response = Response::error(400, "BadRequest", text);
                return;
            }
        };
        // Wherever one waits for another, all of them run one by one.
        let is_sequential = items.iter().any(|item| !item.depends_on.is_empty());
        let at_once = if is_sequential {
            1
        } else {
            world.spec.switches.batch_parallel.max(1)
        };
        let mut statuses: HashMap<String, u16> = HashMap::new();
        let mut responses: Vec<Value> = Vec::new();
        let mut delay_ms = 0;
        for wave in items.chunks(at_once) {
            let (mut held, mut slowest) = (Vec::new(), 0);
            for item in wave {
                let failed = |id: &String| statuses.get(id).is_none_or(|status| *status >= 400);
                let response = if item.depends_on.iter().any(failed) {
                    Response::error(424, "FailedDependency", "A request it depends on failed.")
                } else {
                    let inner = batch::inner(request, item.value);
                    let given = self.batched(world, &inner, host, wall);
                    held.extend(given.held);
                    slowest = slowest.max(given.delay_ms);
                    given.response
                };
                statuses.insert(item.id.clone(), response.status);
                responses.push(batch::part(item.value, &response));
            }
            delay_ms += slowest;
            for mailbox in &held {
                self.drained(*mailbox);
            }
            if held.len() > answer.slots.len() {
                answer.slots = held;
            }
        }
        // While it runs, a batch takes as many slots as its largest wave.
        for mailbox in &answer.slots {
            self.reserve(*mailbox);
        }
        answer.delay_ms = answer.delay_ms.max(delay_ms);
        // The order says nothing.
        responses.reverse();
        let count = responses.len();
        answer.response = Response::json(json!({"responses": responses}).to_string(), count);
    }

    /// Answers one request of a batch.
    fn batched(&mut self, world: &World, inner: &Request, host: &str, wall: Timestamp) -> Answer {
        if inner.path.starts_with("/v1.0/$batch") {
            let nested = "Batch requests cannot be nested.";
            return Answer::of(Response::error(400, "BadRequest", nested));
        }
        self.answer(world, inner, host, wall)
    }
}
