//! What the gateway adds to an answer: the id of the request, what diagnoses it, and the inner part
//! of an error (facts 6.1).

use serde_json::Value;
use serde_json::json;

use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::sim::answer::Answer;
use crate::sim::request::Request;
use crate::sim::rng::guid;
use crate::sim::rng::mix;

const DIAGNOSTIC: &str = r#"{"ServerInfo":{"DataCenter":"Germany West Central","Slice":"E","Ring":"4","ScaleUnit":"001","RoleInstance":"FR3PEPF00000001"}}"#;
const CHALLENGE: &str = r#"Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000""#;

/// Completes an answer. Outlook's errors have no inner part (facts 6.1); those of the directory and
/// of the gateway do.
pub fn complete(answer: &mut Answer, request: &Request, lot: (u64, u64), now: Timestamp) {
    let response = &mut answer.response;
    let id = guid(mix(&[lot.0, lot.1, 41]), mix(&[lot.0, lot.1, 42]));
    response.headers.push(("request-id", id.clone()));
    if request.path.ends_with("/oauth2/v2.0/token") {
        return;
    }
    response
        .headers
        .push(("x-ms-ags-diagnostic", DIAGNOSTIC.to_owned()));
    if response.status == 401 {
        let challenge = CHALLENGE.to_owned();
        response.headers.push(("www-authenticate", challenge));
    }
    if response.status < 400 || answer.mailbox.is_some() {
        return;
    }
    let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) else {
        return;
    };
    if body["error"].is_object() {
        let seconds = Timestamp(now.0 - now.0 % SECOND).rfc3339();
        // The time has no zone.
        let date = seconds.trim_end_matches('Z').to_owned();
        let client = request.header("client-request-id").unwrap_or(&id);
        body["error"]["innerError"] =
            json!({"date": date, "request-id": id, "client-request-id": client});
        response.body = body.to_string().into_bytes();
    }
}
