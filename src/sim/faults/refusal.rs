//! Refusals: status, code and body as a row says, or as the kind is known (facts 4.3, 6.1, 6.2).

use std::time::Duration;
use std::time::UNIX_EPOCH;

use serde_json::json;

use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::sim::faults::fault::Fault;
use crate::sim::faults::fault::Form;
use crate::sim::faults::fault::Kind;
use crate::sim::request::Response;

/// The refusal of a fault at a simulated time.
pub fn of(fault: &Fault, now: Timestamp) -> Response {
    let (status, code, message) = usual(fault.kind);
    let status = fault.status.unwrap_or(status);
    let code = fault.code.as_deref().unwrap_or(code);
    let message = fault.message.as_deref().unwrap_or(message);
    let mut response = match fault.body {
        Form::Error => Response::error(status, code, message),
        Form::Inner => with_body(
            status,
            "application/json",
            json!({"error": {"code": "generalException", "message": message,
                "innererror": {"code": code, "date": "2026-03-02T02:00:00"}}})
            .to_string(),
        ),
        Form::Empty => with_body(status, "text/plain", String::new()),
        Form::Html => with_body(status, "text/html", HTML.to_owned()),
        Form::SignIn => {
            let number: i64 = message.parse().unwrap_or_default();
            let text = format!("AADSTS{number}: Refused.\r\nTrace ID: 0\r\nCorrelation ID: 0");
            let body = json!({"error": code, "error_description": text,
                "error_codes": [number], "timestamp": "2026-03-02 02:00:00Z"});
            with_body(status, "application/json", body.to_string())
        }
    };
    if let Some(text) = &fault.retry_after {
        response = response.with("retry-after", retry_after(text, now));
    }
    match &fault.to {
        Some(to) => response.with("location", format!("{to}/v1.0/elsewhere")),
        None => response,
    }
}

const HTML: &str = "<!DOCTYPE html><html><head><title>Service Unavailable</title></head>\
    <body><h2>Our services aren't available right now</h2></body></html>";

fn with_body(status: u16, kind: &str, body: String) -> Response {
    Response {
        status,
        headers: vec![("content-type", kind.to_owned())],
        body: body.into_bytes(),
        items: 0,
    }
}

/// `date 2`: the date of the simulated clock in two seconds.
fn retry_after(text: &str, now: Timestamp) -> String {
    let Some(seconds) = text.strip_prefix("date ") else {
        return text.to_owned();
    };
    let seconds: i64 = seconds.parse().unwrap_or_default();
    let at = u64::try_from(now.0 / SECOND + seconds).unwrap_or_default();
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(at))
}

fn usual(kind: Kind) -> (u16, &'static str, &'static str) {
    match kind {
        Kind::QuotaFull => (
            403,
            "ErrorQuotaExceeded",
            "Mailbox has exceeded maximum mailbox size.",
        ),
        Kind::PrivatePoison => (
            500,
            "InternalServerError",
            "Error while processing response.",
        ),
        Kind::UnreadableItem => (
            500,
            "ErrorInternalServerError",
            "An internal server error occurred. The operation failed.",
        ),
        Kind::LargePage => (504, "UnknownError", ""),
        Kind::Forgotten => (
            410,
            "SyncStateNotFound",
            "The sync state generation is not found; generation=149;[highest=157][157][155][156].",
        ),
        _ => (500, "ErrorCorruptData", "The data is corrupt."),
    }
}
