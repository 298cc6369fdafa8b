//! `POST /$batch` (facts 1.11).

use serde_json::Value;
use serde_json::json;

use crate::model::time::Micros;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::tenant::State;
use crate::sim::world::World;

/// Requests in one batch.
const ITEMS_MAX: usize = 20;

/// Answers all requests of a batch, each of which counts for the limits of its mailbox.
pub fn answer(
    state: &mut State,
    world: &World,
    request: &Request,
    host: &str,
    wall: Micros,
) -> Response {
    let malformed = |text: &str| Response::error(400, "BadRequest", text);
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return malformed("Invalid batch payload format.");
    };
    let Some(items) = body["requests"].as_array() else {
        return malformed("Invalid batch payload format.");
    };
    if items.is_empty() || items.len() > ITEMS_MAX {
        return malformed("The batch must hold 1 to 20 requests.");
    }
    let mut ids: Vec<String> = Vec::new();
    for item in items {
        let id = item["id"].as_str().unwrap_or_default().to_lowercase();
        if id.is_empty() || ids.contains(&id) {
            return malformed("The id of each request must be present and unique.");
        }
        ids.push(id);
    }
    let mut responses: Vec<Value> = items
        .iter()
        .map(|item| one(state, world, request, item, host, wall))
        .collect();
    // The order says nothing.
    responses.reverse();
    Response::json(json!({"responses": responses}).to_string(), responses.len())
}

fn one(
    state: &mut State,
    world: &World,
    outer: &Request,
    item: &Value,
    host: &str,
    wall: Micros,
) -> Value {
    let url = item["url"]
        .as_str()
        .unwrap_or_default()
        .trim_start_matches('/');
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let mut headers: Vec<(String, String)> = item["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            (
                name.to_lowercase(),
                value.as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let token = outer.header("authorization").unwrap_or_default().to_owned();
    headers.push(("authorization".to_owned(), token));
    let inner = Request {
        method: item["method"].as_str().unwrap_or("GET").to_uppercase(),
        path: format!("/v1.0/{path}"),
        query: query.to_owned(),
        headers,
        body: Vec::new(),
    };
    let response = if path.starts_with("$batch") {
        Response::error(400, "BadRequest", "Batch requests cannot be nested.")
    } else {
        let answer = state.answer(world, &inner, host, wall);
        if let Some(mailbox) = answer.held {
            state.drained(mailbox);
        }
        answer.response
    };
    let headers: serde_json::Map<String, Value> = response
        .headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let body: Value = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    json!({"id": item["id"], "status": response.status, "headers": headers, "body": body})
}
