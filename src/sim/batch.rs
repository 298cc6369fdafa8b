//! `POST /$batch`: its items run a few at a time, or one after the other where one waits for
//! another (facts 1.11).

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::sim::request::Request;
use crate::sim::request::Response;

/// Requests in one batch.
const ITEMS_MAX: usize = 20;

/// One request of a batch.
pub struct Item<'a> {
    /// Its id within the batch.
    pub id: String,
    /// The request.
    pub value: &'a Value,
    /// Those it waits for.
    pub depends_on: Vec<String>,
}

/// The requests of a batch, or what is wrong with it.
pub fn items(body: &Value) -> Result<Vec<Item<'_>>, &'static str> {
    let Some(values) = body["requests"].as_array() else {
        return Err("Invalid batch payload format.");
    };
    if values.is_empty() || values.len() > ITEMS_MAX {
        return Err("The batch must hold 1 to 20 requests.");
    }
    let mut items: Vec<Item<'_>> = Vec::new();
    for value in values {
        let id = value["id"].as_str().unwrap_or_default().to_lowercase();
        if id.is_empty() || items.iter().any(|item| item.id == id) {
            return Err("The id of each request must be present and unique.");
        }
        if value["method"].as_str().is_none() || value["url"].as_str().is_none() {
            return Err("Method and url of each request must be present.");
        }
        let has_type = value["headers"].as_object().is_some_and(|headers| {
            let mut names = headers.keys();
            names.any(|name| name.eq_ignore_ascii_case("content-type"))
        });
        if value.get("body").is_some() && !has_type {
            return Err("A request with a body must have a Content-Type header.");
        }
        let waits_for = value["dependsOn"].as_array().into_iter().flatten();
        let depends_on: Vec<String> = waits_for
            .filter_map(|id| id.as_str().map(str::to_lowercase))
            .collect();
        // Whoever waits stands behind; so there are no circles either.
        if !depends_on
            .iter()
            .all(|id| items.iter().any(|item| item.id == *id))
        {
            return Err("dependsOn must name requests that stand before it.");
        }
        items.push(Item {
            id,
            value,
            depends_on,
        });
    }
    Ok(items)
}

/// The URLs of the requests of a batch, as they came; none where it is no batch.
pub fn urls(request: &Request) -> Vec<String> {
    if !request.path.ends_with("/$batch") {
        return Vec::new();
    }
    let body = serde_json::from_slice::<Value>(&request.body).unwrap_or_default();
    let items = body["requests"].as_array().into_iter().flatten();
    let urls = items.filter_map(|item| item["url"].as_str());
    urls.map(str::to_owned).collect()
}

/// An item as a request of its own.
pub fn inner(outer: &Request, item: &Value) -> Request {
    let url = item["url"].as_str().unwrap_or_default();
    let url = url.trim_start_matches('/');
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut headers: Vec<(String, String)> = item["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.to_lowercase(), text(value)))
        .collect();
    let token = outer.header("authorization").unwrap_or_default().to_owned();
    headers.push(("authorization".to_owned(), token));
    Request {
        method: item["method"].as_str().unwrap_or("GET").to_uppercase(),
        path: format!("/v1.0/{path}"),
        query: query.to_owned(),
        headers,
        body: Vec::new(),
    }
}

/// The answer to an item as a part of that to the batch.
pub fn part(item: &Value, response: &Response) -> Value {
    let headers = response.headers.iter();
    let headers: Map<String, Value> = headers
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let body: Value = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    json!({"id": item["id"], "status": response.status, "headers": headers, "body": body})
}
