//! What an answer of the sign-in service that brings no token means, and what to do (facts 4.3).

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;

use crate::source::graph::error::GraphError;

/// Why there is no token.
#[derive(Debug, Clone)]
pub struct Refusal {
    code: Cow<'static, str>,
    advice: &'static str,
}

/// Whether it may pass.
#[derive(Debug)]
pub enum Failure {
    /// With the wait that the service requested, and what is said if it does not pass.
    Passing(Option<Duration>, Refusal),
    /// Asking again gives the same answer.
    Final(Refusal),
}

impl Refusal {
    /// No answer, or one that says nothing of the application.
    pub const NO_ANSWER: Self = Self {
        code: Cow::Borrowed("no_answer"),
        advice: "the sign-in service cannot be reached or is overloaded; check login_url and the \
                 network, then run again",
    };
    /// The file of the assertion is gone, empty or something else.
    pub const NO_ASSERTION: Self = Self {
        code: Cow::Borrowed("no_assertion"),
        advice: "the file that assertion_file names cannot be read or holds no token any more; see \
                 that the platform mounts it and that this user may read it",
    };
    /// There are no random numbers for the signature.
    pub const NOT_SIGNED: Self = Self {
        code: Cow::Borrowed("not_signed"),
        advice: "the operating system provides no random numbers for a signature",
    };
}

impl From<Refusal> for GraphError {
    fn from(refusal: Refusal) -> Self {
        Self::SignIn {
            code: refusal.code.into_owned(),
            advice: refusal.advice,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Denied {
    error: String,
    error_codes: Vec<i64>,
}

/// Decides by `error` and `error_codes` alone; the description is no contract (facts 4.3).
pub fn failure(status: u16, asked_for: Option<Duration>, body: &[u8]) -> Failure {
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
    let is_passing = denied.error_codes.iter().any(|c| PASSING.contains(c))
        || denied.error == "temporarily_unavailable"
        || denied.error == "server_error"
        || status == 429
        || status == 408
        || status >= 500;
    if is_passing {
        return Failure::Passing(asked_for, Refusal::NO_ANSWER);
    }
    let (word, advice) = by_word(&denied.error);
    let code = match denied.error_codes.first() {
        Some(code) => format!("AADSTS{code}").into(),
        None => word.into(),
    };
    Failure::Final(Refusal { code, advice })
}

/// The service itself fails, or is asked too often.
const PASSING: [i64; 2] = [90_055, 90_033];

fn advice(code: i64) -> Option<&'static str> {
    let row = ADVICE.iter().find(|(codes, _)| codes.contains(&code));
    row.map(|(_, advice)| *advice)
}

/// What to do about each code.
const ADVICE: &[(&[i64], &str)] = &[
    (
        &[700_016],
        "the application is not in this tenant; check tenant_id and client_id and give admin consent \
         (just after consent this can last a minute)",
    ),
    (
        &[7_000_215],
        "the client secret is wrong; take the secret's value, not its id",
    ),
    (
        &[7_000_222],
        "the client secret has expired; make a new one and put it in its place",
    ),
    (
        &[700_024],
        "the assertion is not valid at this time; set this machine's clock (by NTP), and with an \
         assertion_file see that the platform renews it",
    ),
    (
        &[700_027],
        "the certificate is not registered with the application, or it has expired there; upload it \
         (without its key) to Certificates & secrets of the app registration",
    ),
    (
        &[700_021],
        "the assertion is that of another application; check client_id",
    ),
    (
        &[700_023],
        "the assertion is meant for another tenant or cloud; check tenant_id and login_url",
    ),
    (
        &[50_027],
        "the assertion cannot be read or its signature is wrong; see what writes the assertion_file",
    ),
    (
        &[70_021, 700_211, 700_212, 700_213],
        "no federated credential of the application fits the token in assertion_file; compare its \
         issuer, subject and audience with Certificates & secrets of the app registration (a new one \
         takes some minutes)",
    ),
    (
        &[7_000_218],
        "no credential was sent; check client_secret, certificate or assertion_file",
    ),
    (
        &[7_000_112],
        "the application is disabled in this tenant; an administrator can enable it",
    ),
    (
        &[7_000_229],
        "the application has no service principal in this tenant; give admin consent",
    ),
    (
        &[65_001],
        "the application has no consent in this tenant; an administrator can give it",
    ),
    (
        &[90_002],
        "the tenant was not found; check tenant_id, and login_url if it is another cloud",
    ),
    (
        &[90_038, 900_382],
        "the tenant lives in another national cloud; set login_url and graph_url to that cloud",
    ),
    (
        &[900_144, 9_001_023, 50_194],
        "tenant_id must be the tenant's own id or verified domain, not common or organizations",
    ),
    (
        &[70_011, 500_011],
        "the graph_url is not one that this cloud knows; check graph_url",
    ),
    (
        &[53_003],
        "Conditional Access blocks the application; give an administrator its client_id, the time of \
         this run and the outgoing IP address of this machine: the sign-in logs of service principals \
         name the policy, which must exclude the application or allow the address",
    ),
    (
        &[50_034, 50_076, 50_079],
        "the service expects a user to sign in, which the application is not; check client_id and \
         tenant_id",
    ),
    (
        &[50_196],
        "the sign-in service saw a loop and stopped it; wait some minutes, then run again",
    ),
];

fn by_word(error: &str) -> (&'static str, &'static str) {
    match error {
        "invalid_client" => (
            "invalid_client",
            "the client id or its credential is refused; check client_id and client_secret, \
             certificate or assertion_file",
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
            "the sign-in service refused; check tenant_id, client_id, its credential and login_url",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn check(status: u16, body: &str, expected: Option<&str>) {
        let code = match failure(status, None, body.as_bytes()) {
            Failure::Passing(..) => None,
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
        check(401, r#"{"error":"invalid_client"}"#, Some("invalid_client"));
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
        for code in PASSING {
            let body = format!(r#"{{"error":"invalid_grant","error_codes":[{code}]}}"#);
            check(400, &body, None);
        }
        check(
            400,
            r#"{"error":"temporarily_unavailable","error_codes":[]}"#,
            None,
        );
        check(503, "", None);
        check(429, "", None);
    }

    #[test]
    fn each_code_has_the_advice_that_helps() {
        let expected: &[(&[i64], &[&str])] = &[
            (&[700_016], &["tenant_id", "client_id", "admin consent"]),
            (&[7_000_215], &["secret's value, not its id"]),
            (&[7_000_222], &["secret has expired", "new one"]),
            (&[700_024], &["clock", "NTP", "renews"]),
            (&[700_027], &["not registered", "upload"]),
            (&[700_021], &["client_id"]),
            (&[700_023], &["tenant_id", "login_url"]),
            (&[50_027], &["signature", "assertion_file"]),
            (
                &[70_021, 700_211, 700_212, 700_213],
                &["issuer, subject and audience"],
            ),
            (&[7_000_218], &["certificate or assertion_file"]),
            (&[7_000_112], &["disabled", "enable"]),
            (&[7_000_229], &["no service principal", "consent"]),
            (&[65_001], &["consent"]),
            (&[90_002], &["tenant_id", "login_url"]),
            (&[90_038, 900_382], &["national cloud", "graph_url"]),
            (&[900_144, 9_001_023, 50_194], &["not common"]),
            (&[70_011, 500_011], &["graph_url"]),
            (
                &[53_003],
                &[
                    "Conditional Access",
                    "client_id",
                    "IP address",
                    "sign-in logs",
                ],
            ),
            (&[50_034, 50_076, 50_079], &["expects a user"]),
            (&[50_196], &["wait some minutes"]),
        ];
        let codes = |rows: &mut dyn Iterator<Item = i64>| rows.collect::<BTreeSet<i64>>();
        let tested = codes(&mut expected.iter().flat_map(|(codes, _)| codes.iter().copied()));
        let known = codes(&mut ADVICE.iter().flat_map(|(codes, _)| codes.iter().copied()));
        assert_eq!(tested, known);
        for (codes, words) in expected {
            for code in *codes {
                let body = format!(r#"{{"error":"invalid_client","error_codes":[1, {code}]}}"#);
                let Failure::Final(refusal) = failure(503, None, body.as_bytes()) else {
                    panic!("{code} does not pass");
                };
                assert_eq!(refusal.code, format!("AADSTS{code}"));
                for word in *words {
                    assert!(refusal.advice.contains(word), "{code}: {}", refusal.advice);
                }
            }
        }
    }

    /// Facts 4.3. The other rows concern users who sign in.
    #[test]
    fn every_code_of_the_facts_that_an_application_meets_has_advice() {
        const OF_USERS: [i64; 6] = [65_004, 70_008, 700_082, 50_173, 54_005, 501_481];
        let facts = include_str!("FACTS.md");
        let table = facts.split("### 4.3 ").nth(1).unwrap();
        let table = table.split("### 4.4 ").next().unwrap();
        let cells = table.lines().filter_map(|line| line.split('|').nth(1));
        let codes = cells.flat_map(|cell| cell.split(','));
        let codes: Vec<i64> = codes.filter_map(|code| code.trim().parse().ok()).collect();
        assert!(codes.len() > 20, "{codes:?}");
        for code in codes {
            let is_known = advice(code).is_some() || PASSING.contains(&code);
            assert_ne!(is_known, OF_USERS.contains(&code), "{code}");
        }
    }
}
