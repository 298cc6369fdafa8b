//! The token endpoint and the check of access tokens (facts 4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::sim::assertion;
use crate::sim::assertion::Endpoint;
use crate::sim::assertion::KIND;
use crate::sim::assertion::Presented;
use crate::sim::assertion::Refusal;
use crate::sim::permissions;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::request::pairs;
use crate::sim::world::World;

/// The id of Graph in every tenant.
const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";

/// Answers `POST /{tenant}/oauth2/v2.0/token`. `wall` is the clock of the caller, not the
/// simulated one: tokens live in real seconds.
pub fn issue(
    world: &World,
    presented: &mut Presented,
    tenant: &str,
    request: &Request,
    wall: Timestamp,
) -> Response {
    let form = pairs(&String::from_utf8_lossy(&request.body));
    let host = request.header("host").unwrap_or("127.0.0.1");
    let field = |name: &str| {
        let found = form.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    };
    let basic = request.header("authorization").and_then(basic);
    let client = field("client_id").or(basic.as_ref().map(|(id, _)| id.clone()));
    let secret = field("client_secret").or(basic.map(|(_, secret)| secret));
    let refused = refusal(world, (tenant, host), &field, client.as_ref()).or_else(|| {
        let endpoint = Endpoint {
            host,
            path: &request.path,
        };
        let proven = match (field("client_assertion"), secret) {
            (Some(_), Some(_)) => Err(BOTH),
            (Some(_), None) if field("client_assertion_type").as_deref() != Some(KIND) => {
                Err(KIND_MISSING)
            }
            (Some(text), None) => assertion::check(world, presented, endpoint, &text, wall),
            (None, Some(secret)) if secret == world.app.secret => Ok(()),
            (None, Some(_)) => Err(WRONG_SECRET),
            (None, None) => Err(NO_CREDENTIAL),
        };
        proven.err()
    });
    if let Some((status, error, code, text)) = refused {
        return failure(wall, status, error, code, text);
    }
    let seconds = world.spec.switches.token_seconds;
    let token = sign(world, wall.plus(seconds * SECOND));
    let body = serde_json::json!({
        "token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds,
        "access_token": token,
    });
    Response::json(body.to_string(), 0).with("cache-control", "no-store".to_owned())
}

const NO_CREDENTIAL: Refusal = (
    401,
    "invalid_client",
    7_000_218,
    "The request body must contain 'client_assertion' or 'client_secret'.",
);
const WRONG_SECRET: Refusal = (
    401,
    "invalid_client",
    7_000_215,
    "Invalid client secret provided.",
);
const KIND_MISSING: Refusal = (
    400,
    "invalid_request",
    900_144,
    "The request body must contain the following parameter: 'client_assertion_type'.",
);
/// What the service does then is not documented; no client should depend on it.
const BOTH: Refusal = (
    400,
    "invalid_request",
    90_013,
    "Invalid input: 'client_secret' and 'client_assertion'.",
);

/// What is wrong before the credential is looked at.
fn refusal(
    world: &World,
    (tenant, host): (&str, &str),
    field: &impl Fn(&str) -> Option<String>,
    client: Option<&String>,
) -> Option<Refusal> {
    let is_name = |one: &String| one.eq_ignore_ascii_case(tenant);
    let is_tenant = is_name(&world.app.tenant_id) || world.spec.domains.iter().any(is_name);
    let scope = field("scope");
    let resource = scope.as_deref().and_then(resource);
    if !is_tenant {
        Some((
            400,
            "invalid_request",
            90002,
            "Tenant not found. Check the tenant id.",
        ))
    } else if field("grant_type").as_deref() != Some("client_credentials") {
        Some((
            400,
            "unsupported_grant_type",
            70003,
            "The app requested an unsupported grant type.",
        ))
    } else if scope.is_none() {
        Some((
            400,
            "invalid_request",
            900_144,
            "The request body must contain the following parameter: 'scope'.",
        ))
    } else if resource.is_none() {
        Some((
            400,
            "invalid_scope",
            70011,
            "The provided value for the input parameter 'scope' is not valid.",
        ))
    } else if !resource.is_some_and(|resource| is_graph(resource, host)) {
        Some((
            400,
            "invalid_resource",
            500_011,
            "The resource principal was not found in the tenant.",
        ))
    } else if client.is_none() {
        Some((
            400,
            "invalid_request",
            900_144,
            "The request body must contain the following parameter: 'client_id'.",
        ))
    } else if client != Some(&world.app.client_id) {
        Some((
            400,
            "unauthorized_client",
            700_016,
            "Application with this identifier was not found in the directory.",
        ))
    } else {
        None
    }
}

/// The resource of `resource/.default`; another scope is none for client credentials, and so are
/// several of them.
fn resource(scope: &str) -> Option<&str> {
    let resource = scope.trim().strip_suffix("/.default")?;
    (!resource.is_empty() && !resource.contains(' ')).then_some(resource)
}

/// Whether a resource is Graph: by its URL, by that under which it is served here, or by its id.
fn is_graph(resource: &str, host: &str) -> bool {
    let resource = resource.trim_end_matches('/');
    let served = resource
        .strip_prefix("https://")
        .or(resource.strip_prefix("http://"));
    resource == "https://graph.microsoft.com" || resource == GRAPH_ID || served == Some(host)
}

fn basic(header: &str) -> Option<(String, String)> {
    let bytes = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |part: &str| {
        percent_encoding::percent_decode_str(part)
            .decode_utf8_lossy()
            .into_owned()
    };
    Some((decode(id), decode(secret)))
}

/// The refusal where no administrator has given consent: the tenant does not know the application
/// (facts 4.3).
pub fn unknown_application(wall: Timestamp) -> Response {
    let text = "Application with this identifier was not found in the directory.";
    failure(wall, 400, "unauthorized_client", 700_016, text)
}

/// A token that says by itself until when it holds and what was granted in Entra when it was
/// issued, so that a restart keeps it, and a later change of what is granted does not change it
/// (facts 4.4). As the service's it has three parts, of which the second can be read.
pub fn sign(world: &World, until: Timestamp) -> String {
    let claims = serde_json::json!({
        "aud": "https://graph.microsoft.com", "tid": world.app.tenant_id,
        "appid": world.app.client_id, "idtyp": "app", "exp": until.0 / SECOND, "until": until.0,
        "roles": world.spec.permissions.entra,
    });
    let head = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
    let text = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    format!("{text}.{}", seal(world, &text))
}

/// What a token says: until when it holds, in microseconds, and what was granted.
#[derive(Debug, Deserialize)]
struct Claims {
    until: i64,
    roles: Vec<String>,
}

fn read(world: &World, token: &str) -> Option<Claims> {
    let (text, mark) = token.rsplit_once('.')?;
    if seal(world, text) != mark {
        return None;
    }
    let claims = URL_SAFE_NO_PAD.decode(text.split_once('.')?.1).ok()?;
    serde_json::from_slice(&claims).ok()
}

/// What a link holds, as a token that only this world can make and read.
pub fn hide(world: &World, text: &str) -> String {
    let text = format!("{text}|padding-of-an-opaque-token-that-must-not-be-parsed");
    format!("{}.{}", URL_SAFE_NO_PAD.encode(&text), seal(world, &text))
}

/// Reads what [`hide`] made; `None` where this world did not.
pub fn reveal(world: &World, token: &str) -> Option<String> {
    let (text, mark) = token.split_once('.')?;
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    (seal(world, &text) == mark).then_some(text)
}

/// A mark that only this world can make.
fn seal(world: &World, text: &str) -> String {
    let key = blake3::derive_key("simulated tenant seal", world.app.secret.as_bytes());
    let hash = blake3::keyed_hash(&key, text.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_bytes()[..24])
}

/// The roles of a request's token, or the 401 for one without a valid token.
pub fn check(world: &World, request: &Request, wall: Timestamp) -> Result<Vec<String>, Response> {
    let refuse = |message| Err(Response::error(401, "InvalidAuthenticationToken", message));
    let Some(token) = request
        .header("authorization")
        .and_then(|text| text.strip_prefix("Bearer "))
    else {
        return refuse("Access token is empty.");
    };
    match read(world, token) {
        None => refuse("CompactToken parsing failed with error code: 80049217"),
        Some(claims) if claims.until <= wall.0 => {
            refuse("Lifetime validation failed, the token is expired.")
        }
        Some(claims) if world.spec.permissions.are_none(&claims.roles) => {
            Err(permissions::no_permissions())
        }
        Some(claims) => Ok(claims.roles),
    }
}

fn failure(wall: Timestamp, status: u16, error: &str, code: u32, text: &str) -> Response {
    // A blank stands where RFC 3339 has its T (facts 4.3).
    let timestamp = Timestamp(wall.0 - wall.0 % SECOND)
        .rfc3339()
        .replace('T', " ");
    let (trace, correlation) = (
        "3255fe56-c3d9-45ca-8c8a-0e4e40a30c00",
        "cb2f9d0c-2b1c-4a3b-9b66-5f0fe2b3c0a8",
    );
    let body = serde_json::json!({
        "error": error,
        "error_description": format!("AADSTS{code}: {text}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {timestamp}"),
        "error_codes": [code], "timestamp": timestamp, "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
    });
    let mut response = Response::json(body.to_string(), 0);
    response.status = status;
    response
}
