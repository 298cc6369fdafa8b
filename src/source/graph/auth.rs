//! Sign-in with client credentials (facts 4.1, 4.3): one token for all, renewed before it ends.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::header::RETRY_AFTER;
use secrecy::ExposeSecret;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::runtime::clock;
use crate::runtime::random;
use crate::source::graph::body;
use crate::source::graph::credential::Credential;
use crate::source::graph::error::GraphError;
use crate::source::graph::links::Base;
use crate::source::graph::links::escaped;
use crate::source::graph::retry_after;
use crate::source::graph::settings::GraphSettings;
use crate::source::graph::sign_in_error::Failure;
use crate::source::graph::sign_in_error::Refusal;
use crate::source::graph::sign_in_error::failure;

/// A token is used for a day at most: the service gives hours (facts 4.1), and what a broken one
/// says must not reach beyond the clock.
const LIFE_MAX: Duration = Duration::from_hours(24);
/// How long before its end a token is renewed, at most; short-lived ones at a quarter of their
/// life.
const RENEWED_BEFORE_END: Duration = Duration::from_mins(5);

/// A token's answer is some 2 kB; what is longer than this is none.
const TOKEN_BODY_BYTES: usize = 256 * 1024;

/// The sign-in service answers in a second; a lost connection must not hold up all mailboxes.
const SIGN_IN_DEADLINE: Duration = Duration::from_mins(1);

/// Attempts at the first sign-in of a run, where it fails for a passing reason: few, so that a
/// wrong address shows soon.
const FIRST_ATTEMPTS: u32 = 4;
/// Once the service has given a token, an outage is waited for: as long as this,
const PATIENCE: Duration = Duration::from_mins(10);
/// by waits that double up to this one. (Repeated sign-ins count as a loop: AADSTS50196, facts
/// 4.1.)
const WAIT_MAX: Duration = Duration::from_mins(1);

/// The token of one tenant, shared by all its requests.
#[derive(Debug)]
pub struct SignIn {
    http: reqwest::Client,
    endpoint: String,
    client_id: String,
    credential: Credential,
    scope: String,
    backoff: Duration,
    deadline: Duration,
    state: Mutex<State>,
    /// What the service wants to find in tokens, once it has said so (facts 6.2).
    claims: Mutex<Option<String>>,
    /// Whether it has given a token in this run.
    has_signed_in: AtomicBool,
}

#[derive(Debug)]
enum State {
    Empty,
    Held(Token),
    /// A refusal is final for this run: asking again only looks like a loop (facts 4.1).
    Refused(Refusal),
    /// It did not answer for so long that mailboxes fail; it is asked again from this moment on.
    Silent(Refusal, Instant),
}

/// A token ready for the header. (`Debug` shows no sensitive header value.)
#[derive(Debug, Clone)]
pub struct Token {
    /// `Bearer …`, marked sensitive.
    pub header: HeaderValue,
    serial: u64,
    renew_at: Instant,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: serde_json::Value,
}

impl SignIn {
    /// Prepares the sign-in; nothing is sent yet.
    pub fn new(
        http: reqwest::Client,
        settings: &GraphSettings,
        login: &Base,
        graph: &Base,
    ) -> Self {
        let tenant = escaped(&settings.tenant_id);
        Self {
            http,
            endpoint: login.join(&format!("/{tenant}/oauth2/v2.0/token")),
            client_id: settings.client_id.clone(),
            credential: settings.credential.clone(),
            scope: format!("{}/.default", graph.origin()),
            backoff: settings.limits.backoff,
            deadline: settings.limits.deadline.min(SIGN_IN_DEADLINE),
            state: Mutex::new(State::Empty),
            claims: Mutex::new(None),
            has_signed_in: AtomicBool::new(false),
        }
    }

    /// The token in force; whoever asks while it is renewed waits for the same one.
    pub async fn token(&self) -> Result<Token, GraphError> {
        let mut state = self.state.lock().await;
        match &*state {
            State::Held(token) if clock::monotonic() < token.renew_at => return Ok(token.clone()),
            State::Refused(refusal) => return Err(refusal.clone().into()),
            State::Silent(refusal, again_at) if clock::monotonic() < *again_at => {
                return Err(refusal.clone().into());
            }
            State::Held(_) | State::Empty | State::Silent(..) => {}
        }
        let (next, result) = match self.sign_in().await {
            Ok(token) => (State::Held(token.clone()), Ok(token)),
            Err(Failure::Final(refusal)) => (State::Refused(refusal.clone()), Err(refusal.into())),
            Err(Failure::Passing(_, refusal)) => {
                let again_at = clock::monotonic() + WAIT_MAX;
                let next = State::Silent(refusal.clone(), again_at);
                (next, Err(refusal.into()))
            }
        };
        *state = next;
        result
    }

    /// Gives up a token that was refused, unless it has been renewed already; tokens are requested
    /// with the claims that the refusal named from then on.
    pub async fn forget(&self, refused: &Token, claims: Option<String>) {
        if claims.is_some() {
            *self.claims.lock().await = claims;
        }
        let mut state = self.state.lock().await;
        if matches!(&*state, State::Held(token) if token.serial == refused.serial) {
            *state = State::Empty;
        }
    }

    /// Gives up what is known: the token in force, or that the application was refused.
    pub async fn restart(&self) {
        *self.state.lock().await = State::Empty;
    }

    /// Signs in, and tries again where the failure may pass; whoever needs a token waits meanwhile.
    async fn sign_in(&self) -> Result<Token, Failure> {
        let begun = clock::monotonic();
        let mut wait = self.backoff;
        for attempt in 1.. {
            let (asked_for, refusal) = match self.ask().await {
                Ok(token) => {
                    self.has_signed_in.store(true, Ordering::Relaxed);
                    return Ok(token);
                }
                Err(Failure::Passing(asked_for, refusal)) => (asked_for, refusal),
                refused => return refused,
            };
            let pause = asked_for.unwrap_or(wait).min(WAIT_MAX);
            let is_over = if self.has_signed_in.load(Ordering::Relaxed) {
                begun.elapsed() + pause > PATIENCE
            } else {
                attempt >= FIRST_ATTEMPTS
            };
            if is_over {
                return Err(Failure::Passing(None, refusal));
            }
            tracing::warn!(attempt, "there is no token yet; trying again");
            tokio::time::sleep(pause).await;
            wait = (wait * 2).min(WAIT_MAX);
        }
        Err(no_answer())
    }

    async fn ask(&self) -> Result<Token, Failure> {
        let claims = self.claims.lock().await.clone();
        let proof = self.credential.fields(&self.endpoint, &self.client_id);
        // Who writes an assertion may be about to replace it.
        let proof = proof.await;
        let proof = proof.map_err(|refusal| Failure::Passing(None, refusal))?;
        let mut form = vec![
            ("client_id", self.client_id.as_str()),
            ("scope", self.scope.as_str()),
            ("grant_type", "client_credentials"),
        ];
        form.extend(
            proof
                .iter()
                .map(|(key, value)| (*key, value.expose_secret())),
        );
        form.extend(claims.as_deref().map(|claims| ("claims", claims)));
        let sent = self
            .http
            .post(&self.endpoint)
            .timeout(self.deadline)
            .form(&form)
            .send();
        let response = sent.await.map_err(|_| no_answer())?;
        let status = response.status();
        let asked_for = response.headers().get(RETRY_AFTER);
        let asked_for = asked_for.and_then(|text| text.to_str().ok());
        let asked_for = asked_for.and_then(|text| retry_after::parse(text, clock::now()));
        let (read, _) = body::read(response, TOKEN_BODY_BYTES).await;
        let body = read.map_err(|_| no_answer())?;
        if !status.is_success() {
            return Err(failure(status.as_u16(), asked_for, &body));
        }
        let granted: Granted = serde_json::from_slice(&body).map_err(|_| no_answer())?;
        token(&granted).ok_or_else(no_answer)
    }
}

fn no_answer() -> Failure {
    Failure::Passing(None, Refusal::NO_ANSWER)
}

fn token(granted: &Granted) -> Option<Token> {
    let text = format!("Bearer {}", granted.access_token);
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    // A number, or (older endpoints) a number as text.
    let seconds = match &granted.expires_in {
        serde_json::Value::Number(number) => number.as_u64(),
        serde_json::Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let life = Duration::from_secs(seconds.unwrap_or(0)).min(LIFE_MAX);
    let use_for = life.saturating_sub(RENEWED_BEFORE_END.min(life / 4));
    Some(Token {
        header,
        serial: random::bits(),
        renew_at: clock::monotonic() + use_for,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_ends_when_expires_in_says_and_shows_itself_nowhere() {
        for (expires, life) in [
            (serde_json::json!(3599), 3299),
            (serde_json::json!("40"), 30),
            (serde_json::json!(u64::MAX), 86_100),
            (serde_json::json!("9223372036854775807"), 86_100),
            (serde_json::json!(-5), 0),
        ] {
            let granted = Granted {
                access_token: "very-secret".to_owned(),
                expires_in: expires,
            };
            let token = token(&granted).unwrap();
            let left = token.renew_at.duration_since(clock::monotonic());
            let life = Duration::from_secs(life);
            assert!(
                left <= life && left + Duration::from_secs(1) > life,
                "{left:?}"
            );
            assert!(!format!("{token:?}").contains("very-secret"));
        }
    }
}
