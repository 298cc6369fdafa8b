//! JSON batches: up to 20 reads of one mailbox in one request (facts 1.11).

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;
use serde_json::value::RawValue;

use crate::model::page::FetchedItem;
use crate::model::page::ItemAnswer;
use crate::model::selection::Selection;
use crate::runtime::clock;
use crate::source::graph::call::Call;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::client::refused;
use crate::source::graph::envelope;
use crate::source::graph::error::GraphError;
use crate::source::graph::error_response::ErrorResponse;
use crate::source::graph::links::escaped;
use crate::source::graph::retry;
use crate::source::graph::retry::Attempts;
use crate::source::graph::retry::RequestTarget;
use crate::source::graph::retry_after;
use crate::source::graph::selection::properties;
use crate::source::retry_action::RetryAction;

/// The most that one batch may hold (facts 1.11).
const PARTS_MAX: usize = 20;

/// Bytes of one part's headers: as much as HTTP servers take.
const HEADERS_MAX: usize = 16 * 1_024;

#[derive(Deserialize)]
struct Replies<'a> {
    #[serde(borrow, deserialize_with = "envelope::bounded")]
    responses: Vec<Reply<'a>>,
}

#[derive(Deserialize)]
struct Reply<'a> {
    id: String,
    status: u16,
    #[serde(borrow, default)]
    headers: Option<&'a RawValue>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
}

/// What one part of a batch was answered with.
type Part = Result<Bytes, ErrorResponse>;

impl MailboxClient {
    /// Messages by their immutable ids, in the order of the ids. One that is unavailable does not
    /// cost the others.
    pub async fn messages_by_id(
        &self,
        ids: &[String],
        selection: Selection,
    ) -> Result<Vec<FetchedItem>, GraphError> {
        let select = properties(self.taken(selection));
        let path = |id: &str| format!("/messages/{}?$select={select}", escaped(id));
        let call = self.batch_call("messages by id", RequestTarget::Item)?;
        self.items_by_id(&call, ids, path).await
    }

    /// Items by their ids, in the order of the ids; `path` says where an id is, below the
    /// mailbox's owner. One that is unavailable is marked so, and does not cost the others.
    pub(super) async fn items_by_id(
        &self,
        call: &Call,
        ids: &[String],
        path: impl Fn(&str) -> String,
    ) -> Result<Vec<FetchedItem>, GraphError> {
        let mut fetched = Vec::with_capacity(ids.len());
        for ids in ids.chunks(PARTS_MAX) {
            let paths: Vec<String> = ids.iter().map(|id| self.path(&path(id))).collect();
            let parts = self.batch(call, &paths).await?;
            for (id, part) in ids.iter().zip(parts) {
                let answer = match present(call, part) {
                    Err(error) if error.action() == RetryAction::ItemUnreadable => {
                        ItemAnswer::Refused
                    }
                    found => found?.map_or(ItemAnswer::Gone, ItemAnswer::Item),
                };
                let id = id.clone();
                fetched.push(FetchedItem { id, answer });
            }
        }
        Ok(fetched)
    }

    /// Describes a batch about this mailbox.
    pub(super) fn batch_call(
        &self,
        name: &'static str,
        target: RequestTarget,
    ) -> Result<Call, GraphError> {
        // One batch uses the whole concurrency of a mailbox (facts 1.11).
        let url = self.batch_url()?;
        Ok(Call {
            alone: true,
            ..Call::get(name, target, url).with_immutable_ids()
        })
    }

    /// Reads up to 20 paths; parts that were throttled are sent again, all others are not.
    pub(super) async fn batch(
        &self,
        call: &Call,
        paths: &[String],
    ) -> Result<Vec<Part>, GraphError> {
        let mut parts: Vec<Part> = vec![Err(ErrorResponse::no_answer()); paths.len()];
        let mut open: Vec<usize> = (0..paths.len()).collect();
        let mut attempts = Attempts {
            sent: 0,
            renewed: true,
            limit: self.attempts(),
        };
        loop {
            let call = Call {
                body: Some(requests(call, paths, &open)),
                ..call.clone()
            };
            let mut answers = self.ask(&call, |whole| replies(&whole)).await?;
            attempts.sent += 1;
            let mut longest = ErrorResponse::no_answer();
            open.retain(|&place| {
                let part = answers.remove(&place);
                // A part without an answer is requested again like one that was throttled.
                let part = part.unwrap_or_else(|| Err(ErrorResponse::no_answer()));
                let again = part.as_ref().err().filter(|error_response| {
                    let action = retry::action(call.target, error_response, attempts);
                    matches!(action, RetryAction::RetryAfter | RetryAction::SmallerPage)
                });
                if let Some(error_response) = again
                    && error_response.retry_after >= longest.retry_after
                {
                    longest = error_response.clone();
                }
                let is_open = again.is_some();
                if let Some(slot) = parts.get_mut(place) {
                    *slot = part;
                }
                is_open
            });
            if open.is_empty() {
                return Ok(parts);
            }
            self.wait(&call, &longest, attempts).await?;
        }
    }
}

/// The body of a part; `None` where the thing is gone; an error for the whole call otherwise.
pub(super) fn present(call: &Call, part: Part) -> Result<Option<Bytes>, GraphError> {
    let error_response = match part {
        Ok(body) => return Ok(Some(body)),
        Err(error_response) => error_response,
    };
    let attempts = Attempts {
        sent: u32::MAX,
        renewed: true,
        limit: 0,
    };
    match retry::action(call.target, &error_response, attempts) {
        RetryAction::ItemGone | RetryAction::FolderGone => Ok(None),
        action => Err(refused(call, &error_response, action)),
    }
}

fn requests(call: &Call, paths: &[String], open: &[usize]) -> Bytes {
    // What holds for the batch as a whole is not handed down to its parts (facts 1.8, 1.11).
    let preferences = call.preferences(0).unwrap_or_default();
    let requests: Vec<Value> = open
        .iter()
        .filter_map(|place| {
            let url = paths.get(*place)?;
            Some(json!({
                "id": place.to_string(),
                "method": "GET",
                "url": url,
                "headers": {"Prefer": preferences},
            }))
        })
        .collect();
    json!({ "requests": requests }).to_string().into()
}

/// Reads the answers by their number; `None` where the whole is garbled.
fn replies(whole: &Bytes) -> Option<HashMap<usize, Part>> {
    let parsed: Replies<'_> = serde_json::from_slice(whole).ok()?;
    let mut parts = HashMap::new();
    for reply in parsed.responses {
        let body = match reply.body {
            Some(raw) => whole.slice(envelope::range(whole, raw.get())?),
            None => Bytes::new(),
        };
        let part = if (200..300).contains(&reply.status) {
            Ok(body)
        } else {
            let wait = reply.headers.and_then(wait);
            Err(ErrorResponse::of_answer(reply.status, &body, wait))
        };
        if let Ok(place) = reply.id.parse() {
            parts.insert(place, part);
        }
    }
    Some(parts)
}

fn wait(headers: &RawValue) -> Option<Duration> {
    let text = Some(headers.get()).filter(|text| text.len() <= HEADERS_MAX)?;
    let headers: HashMap<String, Value> = serde_json::from_str(text).ok()?;
    let (_, value) = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    retry_after::parse(&text, clock::now())
}
