//! For tests: a caller that goes straight to the pure core, without sockets.

use serde_json::Value;

use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::spec::Spec;
use crate::sim::tenant::State;
use crate::sim::world::World;

/// The usual preference of a client.
pub(super) const IMMUTABLE: &str = "odata.maxpagesize=100, IdType=\"ImmutableId\"";

/// A caller with a token.
pub(super) struct TestClient {
    pub world: World,
    pub state: State,
    pub wall: Timestamp,
    pub token: String,
}

impl TestClient {
    /// A caller of a small world with these switches.
    pub(super) fn new(switches: &str) -> Self {
        let text = format!("seed = 5\nusers = 16\nmails_per_user = 60\n[switches]\n{switches}");
        let world = World::build(Spec::from_toml(&text).unwrap());
        let state = State::new(&world, world.start());
        let mut client = Self {
            world,
            state,
            wall: Timestamp(1_800_000_000_000_000),
            token: String::new(),
        };
        let secret = client.world.app.secret.clone();
        let body = client.sign_in(&secret).1;
        client.token = body["access_token"].as_str().unwrap().to_owned();
        client
    }

    /// Asks for a token.
    pub(super) fn sign_in(&mut self, secret: &str) -> (u16, Value) {
        let app = &self.world.app;
        let form = format!(
            "client_id={}&client_secret={secret}&grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
            app.client_id
        );
        let path = format!("/{}/oauth2/v2.0/token", app.tenant_id);
        let response = self.raw("POST", &path, &[], form.into_bytes());
        (response.status, json(&response))
    }

    /// Any request; the slot of the mailbox is given free at once.
    pub(super) fn raw(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Response {
        let answer = self.held(method, target, headers, body);
        answer
            .1
            .into_iter()
            .for_each(|mailbox| self.state.drained(mailbox));
        answer.0
    }

    /// The same, with the body not yet drained.
    pub(super) fn held(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> (Response, Option<usize>) {
        let target = target.strip_prefix("http://sim.test").unwrap_or(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut all = vec![("authorization".to_owned(), format!("Bearer {}", self.token))];
        all.extend(
            headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: all,
            body,
        };
        let answer = self
            .state
            .answer(&self.world, &request, "sim.test", self.wall);
        (answer.response, answer.held)
    }

    /// A GET with a preference.
    pub(super) fn get(&mut self, target: &str, prefer: &str) -> (u16, Value) {
        let response = self.raw("GET", target, &[("prefer", prefer)], Vec::new());
        (response.status, json(&response))
    }

    /// The path of a mailbox.
    pub(super) fn mailbox(&self, number: usize) -> String {
        format!("/v1.0/users/{}", self.world.people[number].id)
    }

    /// The first request of a chain.
    pub(super) fn chain(&self, number: usize, folder: &str) -> String {
        let mailbox = self.mailbox(number);
        format!("{mailbox}/mailFolders/{folder}/messages/delta?$select=subject,from,isDraft")
    }

    /// All items of a round, and its delta link.
    pub(super) fn round(&mut self, first: &str, prefer: &str) -> (Vec<Value>, String) {
        let mut link = first.to_owned();
        let mut items = Vec::new();
        for _ in 0..10_000 {
            let (status, body) = self.get(&link, prefer);
            assert_eq!(status, 200, "{body}");
            items.extend(body["value"].as_array().unwrap().iter().cloned());
            if let Some(delta) = body["@odata.deltaLink"].as_str() {
                assert!(body.get("@odata.nextLink").is_none());
                return (items, delta.to_owned());
            }
            body["@odata.nextLink"]
                .as_str()
                .unwrap()
                .clone_into(&mut link);
        }
        panic!("the chain does not end");
    }

    /// Lets days pass.
    pub(super) fn days(&mut self, days: i64) {
        self.state.now = self.state.now.plus(days * DAY);
    }
}

fn json(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap_or(Value::Null)
}
