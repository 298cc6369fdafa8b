//! The tenant's own endpoints under `/_sim/`: its clock, its log and its counts.

use serde_json::Value;
use serde_json::json;

use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::shared::Shared;

/// Answers a request to `/_sim/…`.
pub fn answer(shared: &Shared, request: &Request) -> Response {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/_sim/now") => clock(shared.state().now),
        ("POST", "/_sim/advance") => advance(shared, &request.body),
        ("POST", "/_sim/pace") => pace(shared, &request.body),
        ("GET", "/_sim/log") => {
            let first = request.number("since").unwrap_or(0);
            let (next, requests) = shared.journal().since(first as u64);
            Response::json(json!({"next": next, "requests": requests}).to_string(), 0)
        }
        // Mails and events together; `?of=mail` or `?of=calendar` gives one of them.
        ("GET", "/_sim/served") => {
            let of = request.option("of");
            let state = shared.state();
            let served: serde_json::Map<String, Value> = shared
                .world
                .people
                .iter()
                .zip(
                    state
                        .mailboxes
                        .served
                        .iter()
                        .zip(&state.mailboxes.served_events),
                )
                .map(|(person, (mails, events))| {
                    let count = match of.as_deref() {
                        Some("mail") => *mails,
                        Some("calendar") => *events,
                        _ => mails + events,
                    };
                    (person.id.clone(), json!(count))
                })
                .collect();
            Response::json(Value::Object(served).to_string(), 0)
        }
        _ => Response::error(
            404,
            "NotFound",
            "now, advance, pace, log and served are all there is.",
        ),
    }
}

fn clock(now: Timestamp) -> Response {
    Response::json(json!({"now": now.rfc3339()}).to_string(), 0)
}

/// How fast the clock runs by itself from now on.
fn pace(shared: &Shared, body: &[u8]) -> Response {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    match body["seconds_per_request"].as_i64() {
        Some(seconds) if seconds >= 0 => {
            let mut state = shared.state();
            state.seconds_per_request = seconds;
            clock(state.now)
        }
        _ => Response::error(400, "BadRequest", "Say {\"seconds_per_request\": 0}."),
    }
}

fn advance(shared: &Shared, body: &[u8]) -> Response {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let mut state = shared.state();
    let days = body["days"]
        .as_i64()
        .map(|days| state.now.plus(days.saturating_mul(DAY)));
    let until = body["until"].as_str().and_then(Timestamp::parse_rfc3339);
    match days.or(until) {
        Some(until) if until >= state.now => {
            state.now = until;
            clock(state.now)
        }
        Some(_) => Response::error(400, "BadRequest", "The clock never goes back."),
        None => Response::error(
            400,
            "BadRequest",
            "Say {\"days\": 1} or {\"until\": \"2026-03-03T02:00:00Z\"}.",
        ),
    }
}
