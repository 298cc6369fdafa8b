//! Sign-in with client credentials (facts 4.1, 4.3): one token for all, renewed before it ends.

use std::borrow::Cow;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::header::RETRY_AFTER;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::runtime::clock;
use crate::runtime::random;
use crate::source::graph::body;
use crate::source::graph::error::GraphError;
use crate::source::graph::links::Base;
use crate::source::graph::links::escaped;
use crate::source::graph::retry_after;
use crate::source::graph::settings::GraphSettings;

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
    secret: SecretString,
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

#[derive(Debug, Clone)]
struct Refusal {
    code: Cow<'static, str>,
    advice: &'static str,
}

const NO_ANSWER: Refusal = Refusal {
    code: Cow::Borrowed("no_answer"),
    advice: "the sign-in service cannot be reached or is overloaded; check login_url and the \
             network, then run again",
};

enum Failure {
    /// With the wait that the service requested.
    Passing(Option<Duration>),
    Final(Refusal),
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: serde_json::Value,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Denied {
    error: String,
    error_codes: Vec<i64>,
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
            secret: settings.secret.clone(),
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
            Err(Failure::Passing(_)) => {
                let again_at = clock::monotonic() + WAIT_MAX;
                (State::Silent(NO_ANSWER, again_at), Err(NO_ANSWER.into()))
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
            let asked_for = match self.ask().await {
                Ok(token) => {
                    self.has_signed_in.store(true, Ordering::Relaxed);
                    return Ok(token);
                }
                Err(Failure::Passing(asked_for)) => asked_for,
                refused => return refused,
            };
            let pause = asked_for.unwrap_or(wait).min(WAIT_MAX);
            let is_over = if self.has_signed_in.load(Ordering::Relaxed) {
                begun.elapsed() + pause > PATIENCE
            } else {
                attempt >= FIRST_ATTEMPTS
            };
            if is_over {
                break;
            }
            tracing::warn!(attempt, "the sign-in service did not answer; trying again");
            tokio::time::sleep(pause).await;
            wait = (wait * 2).min(WAIT_MAX);
        }
        Err(Failure::Passing(None))
    }

    async fn ask(&self) -> Result<Token, Failure> {
        let claims = self.claims.lock().await.clone();
        let mut form = vec![
            ("client_id", self.client_id.as_str()),
            ("scope", self.scope.as_str()),
            ("grant_type", "client_credentials"),
            ("client_secret", self.secret.expose_secret()),
        ];
        form.extend(claims.as_deref().map(|claims| ("claims", claims)));
        let sent = self
            .http
            .post(&self.endpoint)
            .timeout(self.deadline)
            .form(&form)
            .send();
        let passing = || Failure::Passing(None);
        let response = sent.await.map_err(|_| passing())?;
        let status = response.status();
        let asked_for = response.headers().get(RETRY_AFTER);
        let asked_for = asked_for.and_then(|text| text.to_str().ok());
        let asked_for = asked_for.and_then(|text| retry_after::parse(text, clock::now()));
        let (read, _) = body::read(response, TOKEN_BODY_BYTES).await;
        let body = read.map_err(|_| passing())?;
        if !status.is_success() {
            return Err(failure(status.as_u16(), asked_for, &body));
        }
        let granted: Granted = serde_json::from_slice(&body).map_err(|_| passing())?;
        token(&granted).ok_or_else(passing)
    }
}

impl From<Refusal> for GraphError {
    fn from(refusal: Refusal) -> Self {
        Self::SignIn {
            code: refusal.code.into_owned(),
            advice: refusal.advice,
        }
    }
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

/// Decides by `error` and `error_codes` alone; the description is no contract (facts 4.3).
fn failure(status: u16, asked_for: Option<Duration>, body: &[u8]) -> Failure {
    let denied: Denied = serde_json::from_slice(body).unwrap_or_default();
    let known = denied.error_codes.iter().find_map(|code| {
        let advice = advice(*code)?;
        Some((*code, advice))
    });
    if let Some((code, advice)) = known {
        return Failure::Final(Refusal {
            code: format!("AADSTS{code}").into(),
            advice,
        });
    }
    let is_passing = denied
        .error_codes
        .iter()
        .any(|c| [90055, 90033].contains(c))
        || denied.error == "temporarily_unavailable"
        || denied.error == "server_error"
        || status == 429
        || status == 408
        || status >= 500;
    if is_passing {
        return Failure::Passing(asked_for);
    }
    let (word, advice) = by_word(&denied.error);
    let code = match denied.error_codes.first() {
        Some(code) => format!("AADSTS{code}").into(),
        None => word.into(),
    };
    Failure::Final(Refusal { code, advice })
}

fn advice(code: i64) -> Option<&'static str> {
    Some(match code {
        700_016 => {
            "the application is not in this tenant; check tenant_id and client_id and give admin \
             consent (just after consent this can last a minute)"
        }
        7_000_215 => "the client secret is wrong; take the secret's value, not its id",
        7_000_222 => "the client secret has expired; make a new one and put it in its place",
        700_027 => "the certificate is not registered with the application",
        7_000_218 => "no client secret was sent; check client_secret",
        7_000_112 => "the application is disabled in this tenant; an administrator can enable it",
        7_000_229 => "the application has no service principal in this tenant; give admin consent",
        90_002 => "the tenant was not found; check tenant_id, and login_url if it is another cloud",
        90_038 | 900_382 => {
            "the tenant lives in another national cloud; set login_url and graph_url to that cloud"
        }
        900_144 | 9_001_023 | 50_194 => {
            "tenant_id must be the tenant's own id or verified domain, not common or organizations"
        }
        70_011 | 500_011 => "the graph_url is not one that this cloud knows; check graph_url",
        53_003 => "conditional access blocks the application; an administrator must allow it",
        50_196 => {
            "the sign-in service saw a loop and stopped it; wait some minutes, then run again"
        }
        _ => return None,
    })
}

fn by_word(error: &str) -> (&'static str, &'static str) {
    match error {
        "invalid_client" => (
            "invalid_client",
            "the client id or secret is refused; check client_id and client_secret",
        ),
        "unauthorized_client" => (
            "unauthorized_client",
            "the application may not sign in to this tenant; check tenant_id and admin consent",
        ),
        "access_denied" => (
            "access_denied",
            "a policy of the tenant blocks the application",
        ),
        "invalid_request" => (
            "invalid_request",
            "check tenant_id, client_id and login_url",
        ),
        "invalid_scope" | "invalid_resource" => ("invalid_scope", "check graph_url"),
        _ => (
            "refused",
            "the sign-in service refused; check tenant_id, client_id, client_secret and login_url",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, body: &str, expected: Option<&str>) {
        let code = match failure(status, None, body.as_bytes()) {
            Failure::Passing(_) => None,
            Failure::Final(refusal) => Some(refusal.code),
        };
        assert_eq!(code.as_deref(), expected, "{body}");
    }

    /// Facts 4.3.
    #[test]
    fn error_and_error_codes_decide_and_never_the_description() {
        check(
            401,
            r#"{"error":"invalid_client","error_description":"AADSTS90055: ..","error_codes":[7000222]}"#,
            Some("AADSTS7000222"),
        );
        check(
            400,
            r#"{"error":"unauthorized_client","error_codes":[700016]}"#,
            Some("AADSTS700016"),
        );
        check(401, r#"{"error":"invalid_client"}"#, Some("invalid_client"));
        check(
            400,
            r#"{"error":"invalid_grant","error_codes":[50196]}"#,
            Some("AADSTS50196"),
        );
        check(
            400,
            r#"{"error":"new_word","error_codes":[12345]}"#,
            Some("AADSTS12345"),
        );
        check(400, "<html>", Some("refused"));
    }

    /// Facts 4.3.
    #[test]
    fn a_throttled_or_missing_back_end_is_passing() {
        check(
            400,
            r#"{"error":"invalid_grant","error_codes":[90055]}"#,
            None,
        );
        check(
            400,
            r#"{"error":"temporarily_unavailable","error_codes":[]}"#,
            None,
        );
        check(503, "", None);
        check(429, "", None);
    }

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
