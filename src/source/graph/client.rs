//! The client of one tenant: one pool of connections, one token, a limiter for each mailbox.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;
use url::Url;

use crate::model::selection::Selection;
use crate::model::time::Timestamp;
use crate::runtime::clock;
use crate::runtime::random;
use crate::source::graph::auth::SignIn;
use crate::source::graph::auth::Token;
use crate::source::graph::call::Answer;
use crate::source::graph::call::Call;
use crate::source::graph::call::exchange;
use crate::source::graph::error::GraphError;
use crate::source::graph::error_response::ErrorResponse;
use crate::source::graph::limiter::Limiters;
use crate::source::graph::limiter::MailboxLimiter;
use crate::source::graph::links::Base;
use crate::source::graph::links::escaped;
use crate::source::graph::request_metrics::RequestTotals;
use crate::source::graph::retry;
use crate::source::graph::retry::Attempts;
use crate::source::graph::service_clock::ServiceClock;
use crate::source::graph::settings::GraphSettings;
use crate::source::graph::settings::Limits;
use crate::source::retry_action::RetryAction;

/// Fixed and documented, so that an administrator can allow it by name (facts 5.1).
const USER_AGENT: &str = concat!("touchpoint/", env!("CARGO_PKG_VERSION"));

/// The root below which everything is requested.
const VERSION: &str = "/v1.0";

/// Names, routes and handshakes take seconds at most; the deadline of a request covers the rest.
const CONNECT_DEADLINE: Duration = Duration::from_secs(30);

/// The directory has a budget of its own (facts 7.2): its pages follow one another anyway.
const DIRECTORY_SLOTS: u32 = 4;

/// After this many waits that did not help, they grow.
const TRUSTED_WAITS: u32 = 4;

/// This many requests in a row without any answer are no fault of single mailboxes: more than all
/// that are in flight at a time.
const UNANSWERED_MAX: u32 = 100;

/// The client of one tenant; copies share everything.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    /// Keeps no connections: after 503 and 504 a request goes over a new one (facts 7.3).
    fresh: reqwest::Client,
    graph: Base,
    sign_in: SignIn,
    in_flight: Arc<Semaphore>,
    limiters: Mutex<Limiters>,
    directory: Arc<MailboxLimiter>,
    service_clock: ServiceClock,
    /// Requests of all mailboxes that had no answer, since one had.
    unanswered: AtomicU32,
    /// Whether the service refuses header fields in `$select` (facts 11.7).
    refuses_headers: AtomicBool,
    page_size: u32,
    limits: Limits,
}

/// What concerns one mailbox. All of its copies and look-alikes share the limits of the mailbox.
#[derive(Debug, Clone)]
pub struct MailboxClient {
    client: Client,
    limiter: Arc<MailboxLimiter>,
    user: String,
}

/// Says once per process whose cryptography encrypts; every client after the first finds it there.
fn install_cryptography() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Certificate authorities beyond those of the system.
fn authorities(settings: &GraphSettings) -> Result<Vec<reqwest::Certificate>, GraphError> {
    let Some(text) = &settings.authorities else {
        return Ok(Vec::new());
    };
    reqwest::Certificate::from_pem_bundle(text.as_bytes()).map_err(|_| GraphError::Settings {
        which: "ca_file",
        why: "it takes certificates in PEM form",
    })
}

impl Client {
    /// Prepares a client; nothing is sent yet.
    pub fn new(settings: &GraphSettings) -> Result<Self, GraphError> {
        let graph = Base::parse("graph_url", &settings.graph_url)?;
        let login = Base::parse("login_url", &settings.login_url)?;
        let authorities = authorities(settings)?;
        install_cryptography();
        let build = |idle: usize| {
            let builder = reqwest::Client::builder()
                .user_agent(USER_AGENT)
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(CONNECT_DEADLINE)
                .tls_certs_merge(authorities.iter().cloned())
                .pool_max_idle_per_host(idle);
            let builder = if graph.is_loopback() && login.is_loopback() {
                builder.no_proxy()
            } else {
                builder
            };
            builder.build().map_err(GraphError::Http)
        };
        let http = build(settings.limits.in_flight)?;
        let sign_in = SignIn::new(http.clone(), settings, &login, &graph);
        let inner = Inner {
            http,
            fresh: build(0)?,
            graph,
            sign_in,
            in_flight: Arc::new(Semaphore::new(settings.limits.in_flight)),
            limiters: Mutex::default(),
            directory: Arc::new(MailboxLimiter::new(DIRECTORY_SLOTS, settings.page_size)),
            service_clock: ServiceClock::default(),
            unanswered: AtomicU32::new(0),
            refuses_headers: AtomicBool::new(false),
            page_size: settings.page_size,
            limits: settings.limits.clone(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The mailbox of a user, by object id (facts 8.1: names change and need escaping).
    pub fn mailbox(&self, user_id: &str) -> MailboxClient {
        let mut limiters = self
            .inner
            .limiters
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let limiter = limiters.of(user_id, || {
            MailboxLimiter::new(
                self.inner.limits.in_flight_per_mailbox,
                self.inner.page_size,
            )
        });
        MailboxClient {
            client: self.clone(),
            limiter,
            user: escaped(user_id),
        }
    }

    /// What time it is for the service, as its newest answer says; before that, for this machine.
    ///
    /// Windows and settings are kept with the service's time, which dates the mails too: a machine
    /// whose clock is wrong would fix a wrong window permanently.
    pub fn service_time(&self) -> Timestamp {
        self.inner.service_clock.now()
    }

    /// The token in force.
    pub(super) async fn token(&self) -> Result<Token, GraphError> {
        self.inner.sign_in.token().await
    }

    /// Signs in again: a token that was issued before a permission was granted does not name it (facts
    /// 4.4), and an application that was unknown may be known now.
    pub async fn renew_sign_in(&self) {
        self.inner.sign_in.restart().await;
    }

    /// What directory calls cost so far.
    pub fn directory_totals(&self) -> RequestTotals {
        self.inner.directory.metrics.totals()
    }

    /// An address below the version root; `path` begins with a slash and is escaped already.
    pub(super) fn url(&self, path: &str) -> Result<Url, GraphError> {
        let graph = &self.inner.graph;
        graph.follow(&graph.join(&format!("{VERSION}{path}")))
    }

    /// A link of a page, if it may be followed: it leads to more of what `first` requested.
    pub(super) fn follow(&self, link: &str, first: &Url) -> Result<Url, GraphError> {
        self.inner.graph.follow_from(link, first.path())
    }

    /// Sends a call about the directory.
    pub(super) async fn ask_directory<T>(
        &self,
        call: &Call,
        parse: impl Fn(Bytes) -> Option<T>,
    ) -> Result<T, GraphError> {
        self.send(&self.inner.directory, call, parse).await
    }

    /// Sends a call until it is answered, refused for good, or given up.
    async fn send<T>(
        &self,
        limiter: &Arc<MailboxLimiter>,
        call: &Call,
        parse: impl Fn(Bytes) -> Option<T>,
    ) -> Result<T, GraphError> {
        let mut call = Cow::Borrowed(call);
        let mut attempts = Attempts {
            sent: 0,
            renewed: false,
            limit: self.attempts(),
        };
        let begun = clock::monotonic();
        let mut needs_new_connection = false;
        loop {
            let (answer, token) = self.send_once(limiter, &call, needs_new_connection).await?;
            attempts.sent += 1;
            tracing::trace!(call = call.name, answer.bytes, "a request was answered");
            let error_response = match answer.result {
                Ok(body) => match parse(body) {
                    Some(parsed) => {
                        limiter.note_success(call.sized_pages || call.top.is_some());
                        return Ok(parsed);
                    }
                    None => ErrorResponse::garbled(),
                },
                Err(error_response) => error_response,
            };
            let action =
                retry::action_after(call.target, &error_response, attempts, begun.elapsed());
            tracing::debug!(
                call = call.name,
                class = retry::class(call.target, &error_response),
                status = error_response.status,
                code = error_response.code(),
                request_id = error_response.request_id.as_deref(),
                ?action,
                "graph refused a request"
            );
            needs_new_connection = matches!(error_response.status, None | Some(503 | 504));
            match action {
                RetryAction::RenewToken => {
                    let claims = error_response.claims.clone();
                    self.inner.sign_in.forget(&token, claims).await;
                    attempts.renewed = true;
                }
                RetryAction::RetryAfter | RetryAction::SmallerPage => {
                    if action == RetryAction::SmallerPage {
                        limiter.shrink_pages();
                    }
                    self.wait(limiter, &call, &error_response, attempts).await?;
                    if let Some(other) = call
                        .other_way()
                        .filter(|_| action == RetryAction::SmallerPage)
                    {
                        call = Cow::Owned(other);
                        attempts.sent = 0;
                    }
                }
                last => return Err(refused(&call, &error_response, last)),
            }
        }
    }

    /// Times a request is sent at most. While nothing at all is answered, once: each mailbox would
    /// otherwise wait for all of its repetitions before the next one does.
    fn attempts(&self) -> u32 {
        if self.inner.unanswered.load(Ordering::Relaxed) >= UNANSWERED_MAX {
            1
        } else {
            self.inner.limits.attempts
        }
    }

    /// One request in a task of its own: if its asker goes away, the request still holds its slot
    /// until it is drained, as it does on the other side (facts 7.1).
    async fn send_once(
        &self,
        limiter: &Arc<MailboxLimiter>,
        call: &Call,
        needs_new_connection: bool,
    ) -> Result<(Answer, Token), GraphError> {
        let slot = limiter.enter(call.alone).await;
        let in_flight = Arc::clone(&self.inner.in_flight).acquire_owned().await;
        let token = self.inner.sign_in.token().await?;
        let http = if needs_new_connection {
            &self.inner.fresh
        } else {
            &self.inner.http
        };
        let request = call.build(http, token.header.clone(), limiter);
        let Limits {
            body_bytes,
            deadline,
            ..
        } = self.inner.limits;
        let limiter = Arc::clone(limiter);
        let task = tokio::spawn(async move {
            let _held = (slot, in_flight);
            limiter.metrics.add_request();
            let answer = exchange(request, body_bytes, deadline).await;
            limiter.metrics.add_bytes(answer.bytes);
            answer
        });
        let answer = task.await.unwrap_or(Answer {
            result: Err(ErrorResponse::no_answer()),
            bytes: 0,
            served_at: None,
        });
        match &answer.result {
            Err(error_response) if error_response.is_without_answer() => {
                self.inner.unanswered.fetch_add(1, Ordering::Relaxed);
            }
            _ => self.inner.unanswered.store(0, Ordering::Relaxed),
        }
        if let Some(served_at) = answer.served_at {
            self.inner.service_clock.note(served_at);
        }
        Ok((answer, token))
    }

    /// Pauses the mailbox where the service says so; else waits for this request alone.
    async fn wait(
        &self,
        limiter: &MailboxLimiter,
        call: &Call,
        error_response: &ErrorResponse,
        attempts: Attempts,
    ) -> Result<(), GraphError> {
        let limits = &self.inner.limits;
        let wanted = error_response.retry_after;
        tracing::debug!(call = call.name, ?wanted, "the service is waited for");
        match error_response.retry_after {
            Some(wait) if wait > limits.longest_wait => {
                return Err(refused(call, error_response, retry::last(call.target)));
            }
            // The service has been seen to name one second without end (facts 7.1).
            Some(wait) if attempts.sent >= TRUSTED_WAITS => {
                limiter.pause(wait.max(backoff(limits, attempts.sent)));
            }
            Some(wait) => limiter.pause(wait),
            None if error_response.status == Some(429) => {
                limiter.pause(backoff(limits, attempts.sent));
            }
            None => {
                let wait = backoff(limits, attempts.sent);
                limiter.metrics.add_wait(wait);
                tokio::time::sleep(wait).await;
            }
        }
        Ok(())
    }
}

impl MailboxClient {
    /// What time it is for the service; see [`Client::service_time`].
    pub fn service_time(&self) -> Timestamp {
        self.client.service_time()
    }

    /// What this mailbox cost so far.
    pub fn totals(&self) -> RequestTotals {
        self.limiter.metrics.totals()
    }

    /// What of a selection the service takes, as far as is known.
    pub(super) fn taken(&self, selection: Selection) -> Selection {
        if self.client.inner.refuses_headers.load(Ordering::Relaxed) {
            selection.without_headers()
        } else {
            selection
        }
    }

    /// Notes that the service refuses header fields.
    pub(super) fn note_refused_headers(&self) {
        self.client
            .inner
            .refuses_headers
            .store(true, Ordering::Relaxed);
    }

    /// An address below the mailbox's owner.
    pub(super) fn url(&self, path: &str) -> Result<Url, GraphError> {
        self.client.url(&self.path(path))
    }

    /// The address of batches.
    pub(super) fn batch_url(&self) -> Result<Url, GraphError> {
        self.client.url("/$batch")
    }

    /// The same, relative to the version root (for batches).
    pub(super) fn path(&self, path: &str) -> String {
        format!("/users/{}{path}", self.user)
    }

    /// A link of a page, if it may be followed: it leads to more of what `first` requested.
    pub(super) fn follow(&self, link: &str, first: &Url) -> Result<Url, GraphError> {
        self.client.follow(link, first)
    }

    /// A link that was kept from an earlier page of what was first requested at a path. It was fine
    /// then; if it leads elsewhere now, the configured address has changed, and the chain has to
    /// begin from scratch there.
    pub(super) fn kept(&self, link: &str, path: &str) -> Result<Url, GraphError> {
        let graph = &self.client.inner.graph;
        let first = graph.path(&(VERSION.to_owned() + &self.path(path)));
        (graph.follow_from(link, &first)).map_err(|_| GraphError::KeptLink)
    }

    /// Sends a call about this mailbox.
    pub(super) async fn ask<T>(
        &self,
        call: &Call,
        parse: impl Fn(Bytes) -> Option<T>,
    ) -> Result<T, GraphError> {
        self.client.send(&self.limiter, call, parse).await
    }

    /// Waits before parts of a batch are sent again (they carry their own refusals).
    pub(super) async fn wait(
        &self,
        call: &Call,
        error_response: &ErrorResponse,
        attempts: Attempts,
    ) -> Result<(), GraphError> {
        self.client
            .wait(&self.limiter, call, error_response, attempts)
            .await
    }

    /// Times a request is sent at most.
    pub(super) fn attempts(&self) -> u32 {
        self.client.attempts()
    }
}

/// The error of a call that is not sent again.
pub(super) fn refused(
    call: &Call,
    error_response: &ErrorResponse,
    action: RetryAction,
) -> GraphError {
    GraphError::Refused {
        call: call.name,
        status: error_response.status,
        code: error_response.code().to_owned(),
        advice: action.advice(error_response.status),
        action,
    }
}

/// Doubles with each attempt up to the cap; the upper half is left to chance, so that many
/// mailboxes do not come back at once.
fn backoff(limits: &Limits, sent: u32) -> Duration {
    let twice = limits
        .backoff
        .saturating_mul(1 << sent.saturating_sub(1).min(16));
    let half = twice.min(limits.backoff_cap) / 2;
    let micros = u64::try_from(half.as_micros()).unwrap_or(u64::MAX);
    half + Duration::from_micros(random::below(micros.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Facts 7.3.
    #[test]
    fn waits_without_retry_after_grow_with_jitter_up_to_a_cap() {
        let limits = Limits::standard();
        for (sent, low, high) in [
            (1, 1.5, 3.0),
            (2, 3.0, 6.0),
            (7, 90.0, 180.0),
            (60, 90.0, 180.0),
        ] {
            let wait = backoff(&limits, sent).as_secs_f64();
            assert!((low..=high).contains(&wait), "{sent}: {wait}");
        }
    }
}
