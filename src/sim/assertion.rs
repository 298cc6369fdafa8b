//! The check of client assertions: signed with the application's certificate, or a platform's (facts
//! 4.2).

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error as _;
use serde_json::Number;
use webpki::EndEntityCert;
use webpki::ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY as PS256;

use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::sim::credentials::thumbprint;
use crate::sim::world::World;

/// Status, error, AADSTS number and text of an answer without a token.
pub type Refusal = (u16, &'static str, u32, &'static str);

/// The one kind of assertion.
pub const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Seconds by which clocks may differ (facts 4.2).
const SKEW: i64 = 300;

/// What was presented so far.
#[derive(Debug, Default)]
pub struct Presented {
    /// `jti` of assertions and when they expire, in seconds.
    ids: HashMap<String, i64>,
    /// The number of the newest token of the platform.
    newest: usize,
}

/// Where an assertion is presented.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint<'a> {
    /// The host that the request names.
    pub host: &'a str,
    /// The path that is requested.
    pub path: &'a str,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    #[serde(rename = "x5t#S256")]
    thumbprint: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    aud: String,
    iss: String,
    sub: String,
    jti: String,
    /// Microsoft's own library for Python sends none.
    #[serde(default, deserialize_with = "seconds")]
    nbf: Option<i64>,
    #[serde(default, deserialize_with = "seconds")]
    iat: Option<i64>,
    #[serde(default, deserialize_with = "seconds")]
    exp: Option<i64>,
}

/// A time of a token, of which the fraction counts for nothing.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let text = Number::deserialize(deserializer)?.to_string();
    let whole = text.split('.').next().unwrap_or_default();
    whole.parse().map(Some).map_err(D::Error::custom)
}

/// Checks an assertion, and keeps in mind that it was presented.
pub fn check(
    world: &World,
    presented: &mut Presented,
    endpoint: Endpoint<'_>,
    assertion: &str,
    wall: Timestamp,
) -> Result<(), Refusal> {
    let parts: Vec<&str> = assertion.split('.').collect();
    let &[head, body, signature] = parts.as_slice() else {
        return Err(malformed("JWT is not well formed."));
    };
    let header: Option<Header> = json(head);
    match header {
        Some(header) if header.thumbprint.is_some() => {
            signed(world, &header, head, body, signature)?;
            let claims = json(body).ok_or(malformed("A required claim is missing."))?;
            of_application(world, presented, endpoint, &claims, wall.0 / SECOND)
        }
        _ => of_platform(world, presented, assertion),
    }
}

fn json<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// Whether the registered certificate signed it.
fn signed(
    world: &World,
    header: &Header,
    head: &str,
    body: &str,
    signature: &str,
) -> Result<(), Refusal> {
    if header.alg != "PS256" || header.typ.as_deref() != Some("JWT") {
        return Err(malformed("The algorithm or the type is not supported."));
    }
    let named = header.thumbprint.as_ref();
    let named = named.and_then(|text| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok());
    let registered = world.spec.app.certificate();
    let registered = registered.filter(|der| Some(thumbprint(der)) == named);
    let Some(der) = registered else {
        return Err((
            401,
            "invalid_client",
            700_027,
            "Client assertion contains an invalid signature. [Reason - The key was not found.]",
        ));
    };
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    let text = format!("{head}.{body}");
    let verified = EndEntityCert::try_from(&der)
        .and_then(|key| key.verify_signature(PS256, text.as_bytes(), &signature));
    verified.map_err(|_| {
        (
            401,
            "invalid_client",
            700_027,
            "Client assertion failed signature validation.",
        )
    })
}

/// Whether its claims are those of the application, here and now, for the first time.
fn of_application(
    world: &World,
    presented: &mut Presented,
    Endpoint { host, path }: Endpoint<'_>,
    claims: &Claims,
    now: i64,
) -> Result<(), Refusal> {
    let refused = |code, text| Err((401, "invalid_client", code, text));
    let client = &world.app.client_id;
    let audience = claims.aud.strip_prefix("https://");
    let audience = audience.or(claims.aud.strip_prefix("http://"));
    let begins = claims.nbf.max(claims.iat).unwrap_or(i64::MAX);
    let ends = claims.exp.unwrap_or(0);
    let is_in_time = begins.saturating_sub(SKEW) <= now && now < ends.saturating_add(SKEW);
    if claims.iss != *client || claims.sub != *client {
        refused(
            700_021,
            "Client assertion application identifier doesn't match 'client_id' parameter.",
        )
    } else if audience.and_then(|rest| rest.strip_prefix(host)) != Some(path) {
        refused(
            700_023,
            "Client assertion audience claim does not match Realm issuer.",
        )
    } else if !is_in_time {
        refused(
            700_024,
            "Client assertion is not within its valid time range.",
        )
    } else if claims.jti.is_empty() {
        Err(malformed("The claim 'jti' is empty."))
    } else {
        presented
            .ids
            .retain(|_, expires| expires.saturating_add(SKEW) > now);
        match presented.ids.insert(claims.jti.clone(), ends) {
            None => Ok(()),
            Some(_) => Err(malformed("The assertion was presented before.")),
        }
    }
}

/// Whether the platform wrote it, and nothing newer.
fn of_platform(world: &World, presented: &mut Presented, assertion: &str) -> Result<(), Refusal> {
    let mut tokens = world.spec.app.federated_tokens.iter();
    match tokens.position(|token| token == assertion) {
        None => Err((
            400,
            "invalid_request",
            70_021,
            "No matching federated identity record found for presented assertion.",
        )),
        Some(number) if number < presented.newest => Err((
            401,
            "invalid_client",
            700_024,
            "Client assertion is not within its valid time range.",
        )),
        Some(number) => {
            presented.newest = number;
            Ok(())
        }
    }
}

fn malformed(text: &'static str) -> Refusal {
    (401, "invalid_client", 50_027, text)
}
