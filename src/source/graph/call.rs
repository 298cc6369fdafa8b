//! One request as it is described before it is sent, and the sending of it.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::RequestBuilder;
use reqwest::header::ACCEPT_ENCODING;
use reqwest::header::AUTHORIZATION;
use reqwest::header::CONTENT_TYPE;
use reqwest::header::DATE;
use reqwest::header::HeaderValue;
use reqwest::header::RETRY_AFTER;
use reqwest::header::WWW_AUTHENTICATE;
use url::Url;

use crate::model::time::Timestamp;
use crate::runtime::clock;
use crate::runtime::random;
use crate::source::graph::body;
use crate::source::graph::body::BodyFault;
use crate::source::graph::claims;
use crate::source::graph::error_response::ErrorResponse;
use crate::source::graph::limiter::MailboxLimiter;
use crate::source::graph::retry::RequestTarget;
use crate::source::graph::retry_after;

/// A request to Graph.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a header or a limit of its own"
)]
pub struct Call {
    /// What is asked, without ids: for messages to people.
    pub name: &'static str,
    /// What it is about.
    pub target: RequestTarget,
    /// Where.
    pub url: Url,
    /// Sent with POST where there is one.
    pub body: Option<Bytes>,
    /// Whether ids are wanted in the form that survives moves (facts 1.8: on every request).
    pub immutable_ids: bool,
    /// Whether the page size is a wish in a header (facts 1.3: on every request of a chain).
    pub sized_pages: bool,
    /// The most items that a page of a list may hold: `$top`, or less where pages became smaller.
    pub top: Option<u32>,
    /// The first page of what is behind a link of a list, by another way than that link: requested
    /// where the link fails, for a link keeps its `$top` and its depth (facts 1.7).
    pub instead: Option<Url>,
    /// Whether times are wanted in UTC (facts 2.1: what a calendar else answers depends on it).
    pub utc_times: bool,
    /// Whether it may run beside nothing else of its mailbox (facts 1.11: batches).
    pub alone: bool,
}

impl Call {
    /// A GET.
    pub fn get(name: &'static str, target: RequestTarget, url: Url) -> Self {
        Self {
            name,
            target,
            url,
            body: None,
            immutable_ids: false,
            sized_pages: false,
            top: None,
            instead: None,
            utc_times: false,
            alone: false,
        }
    }

    /// The same with immutable ids.
    #[must_use]
    pub fn with_immutable_ids(mut self) -> Self {
        self.immutable_ids = true;
        self
    }

    /// What is sent after this has failed for the size or the depth of its page, where it can be
    /// requested in another way.
    pub fn other_way(&self) -> Option<Self> {
        let url = self.instead.clone()?;
        Some(Self {
            target: RequestTarget::Folder,
            url,
            instead: None,
            ..self.clone()
        })
    }

    /// The address with the size of the page, where it is a list's.
    fn address(&self, limiter: &MailboxLimiter) -> Url {
        let mut url = self.url.clone();
        if let Some(largest) = self.top.filter(|_| self.target != RequestTarget::ListLink) {
            let top = format!("$top={}", limiter.list_size(largest));
            let query = url
                .query()
                .map_or_else(|| top.clone(), |query| format!("{query}&{top}"));
            url.set_query(Some(&query));
        }
        url
    }

    /// The `Prefer` header, where anything is preferred.
    pub fn preferences(&self, page_size: u32) -> Option<String> {
        let size = self
            .sized_pages
            .then(|| format!("odata.maxpagesize={page_size}"));
        let ids = self.immutable_ids.then(|| IMMUTABLE_IDS.to_owned());
        let zone = self.utc_times.then(|| UTC_TIMES.to_owned());
        let all: Vec<String> = size.into_iter().chain(ids).chain(zone).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    /// The request with all its headers.
    pub fn build(
        &self,
        http: &reqwest::Client,
        authorization: HeaderValue,
        limiter: &MailboxLimiter,
    ) -> RequestBuilder {
        let method = if self.body.is_some() {
            Method::POST
        } else {
            Method::GET
        };
        let mut request = http
            .request(method, self.address(limiter))
            .header(AUTHORIZATION, authorization)
            .header(ACCEPT_ENCODING, "gzip")
            // It names the request on both sides (facts 8.1).
            .header("client-request-id", random::guid());
        if let Some(preferences) = self.preferences(limiter.page_size()) {
            request = request.header("Prefer", preferences);
        }
        if let Some(body) = &self.body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.clone());
        }
        request
    }
}

/// The preference for ids that survive moves (facts 1.8).
const IMMUTABLE_IDS: &str = "IdType=\"ImmutableId\"";

/// The preference for times in UTC (facts 2.1).
const UTC_TIMES: &str = "outlook.timezone=\"UTC\"";

/// The word of a challenge that a new token may meet (facts 6.2).
const CLAIMS: &str = "insufficient_claims";

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The body, or why there is none.
    pub result: Result<Bytes, ErrorResponse>,
    /// Bytes received.
    pub bytes: usize,
    /// What time it is for the service: its `Date` header (facts 6.1).
    pub served_at: Option<Timestamp>,
}

/// Sends a request and drains its answer within a deadline.
pub async fn exchange(request: RequestBuilder, limit: usize, deadline: Duration) -> Answer {
    let no_answer = || Answer {
        result: Err(ErrorResponse::no_answer()),
        bytes: 0,
        served_at: None,
    };
    let whole = async {
        let Ok(response) = request.send().await else {
            return no_answer();
        };
        let request_id = response.headers().get("request-id");
        let request_id = request_id.and_then(|id| Some(id.to_str().ok()?.to_owned()));
        let challenge = response.headers().get(WWW_AUTHENTICATE);
        let challenge = challenge
            .and_then(|text| text.to_str().ok())
            .filter(|text| text.contains(CLAIMS));
        let (wants_claims, claims) = (challenge.is_some(), challenge.and_then(claims::of));
        let status = response.status();
        let header = |name| response.headers().get(name)?.to_str().ok();
        let served_at = header(DATE).and_then(retry_after::parse_date);
        // A date is one of the service's clock, which need not be that of this machine.
        let now = served_at.unwrap_or_else(clock::now);
        let wait = header(RETRY_AFTER).and_then(|text| retry_after::parse(text, now));
        let (read, bytes) = body::read(response, limit).await;
        let result = match read {
            Ok(body) if status.is_success() => Ok(body),
            Err(BodyFault::Broken) if status.is_success() => Err(ErrorResponse::no_answer()),
            Err(BodyFault::TooLarge) if status.is_success() => Err(ErrorResponse::too_large()),
            // What an error says in its body is of use, but is not needed.
            error => {
                let body = error.unwrap_or_default();
                let mut error_response = ErrorResponse::of_answer(status.as_u16(), &body, wait);
                error_response.request_id = request_id;
                error_response.claims = claims;
                error_response
                    .codes
                    .extend(wants_claims.then(|| CLAIMS.to_owned()));
                Err(error_response)
            }
        };
        Answer {
            result,
            bytes,
            served_at,
        }
    };
    tokio::time::timeout(deadline, whole)
        .await
        .unwrap_or_else(|_| no_answer())
}
