//! Refusals: what their bodies say, which may be next to nothing (facts 6.1).

use std::time::Duration;

use serde_json::Value;

/// A call that was not answered with what was requested.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorResponse {
    /// HTTP status; `None` where no (whole) answer came.
    pub status: Option<u16>,
    /// Codes in lower case, the outermost first; empty ones are left out.
    pub codes: Vec<String>,
    /// The wait that the service names.
    pub retry_after: Option<Duration>,
    /// The service's name for the request: what its support asks for (facts 8.1).
    pub request_id: Option<String>,
    /// What a new token must hold (JSON), where the service names it (facts 6.2).
    pub claims: Option<String>,
}

/// The code of an answer that was not read to its end because of its size.
pub const TOO_LARGE: &str = "too_large";

/// The code of an answer that came whole and is not what was requested.
const GARBLED: &str = "garbled";

/// A refusal says its codes in some hundred bytes. A larger body is a gateway's page, or meant to
/// fill memory: read as values, 64 MiB of zeros take a gigabyte.
const BODY_MAX: usize = 64 * 1_024;

/// Objects nested deeper than this are not looked into.
const INNER_ERRORS_MAX: usize = 8;

/// Codes are words; a longer text is none, and might hold anything.
const CODE_LENGTH_MAX: usize = 64;

impl ErrorResponse {
    /// No answer, or none that is whole.
    pub fn no_answer() -> Self {
        Self::default()
    }

    /// An answer that is larger than what is read of one.
    pub fn too_large() -> Self {
        Self {
            codes: vec![TOO_LARGE.to_owned()],
            ..Self::default()
        }
    }

    /// An answer that cannot be understood.
    pub fn garbled() -> Self {
        Self {
            codes: vec![GARBLED.to_owned()],
            ..Self::default()
        }
    }

    /// Whether nothing came, or nothing that is of use.
    pub fn is_without_answer(&self) -> bool {
        self.status.is_none()
    }

    /// Whether nothing whole came.
    pub fn is_silence(&self) -> bool {
        self.is_without_answer() && self.codes.is_empty()
    }

    /// An answer with an error status, whatever its body is.
    pub fn of_answer(status: u16, body: &[u8], retry_after: Option<Duration>) -> Self {
        let body = Some(body).filter(|body| body.len() <= BODY_MAX);
        let parsed: Option<Value> = body.and_then(|body| serde_json::from_slice(body).ok());
        Self {
            status: Some(status),
            codes: parsed.as_ref().map(codes).unwrap_or_default(),
            retry_after,
            request_id: None,
            claims: None,
        }
    }

    /// The code for people: the innermost, or `(none)`.
    pub fn code(&self) -> &str {
        self.codes.last().map_or("(none)", String::as_str)
    }
}

/// `error.code` and the codes of its inner errors, however the member is spelled.
fn codes(body: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut level = body.get("error");
    // The sign-in service, and some gateways, answer with a word instead of an object.
    if let Some(Value::String(word)) = level {
        found.extend(code(word));
    }
    for _ in 0..INNER_ERRORS_MAX {
        let Some(Value::Object(members)) = level else {
            break;
        };
        if let Some(Value::String(text)) = members.get("code") {
            found.extend(code(text));
        }
        level = members
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("innererror"))
            .map(|(_, inner)| inner);
    }
    found
}

fn code(text: &str) -> Option<String> {
    let is_word = !text.is_empty()
        && text.len() <= CODE_LENGTH_MAX
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    is_word.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: &[&str]) {
        let error_response = ErrorResponse::of_answer(500, body.as_bytes(), None);
        assert_eq!(error_response.codes, expected, "{body}");
        assert_eq!(error_response.status, Some(500));
    }

    /// Facts 6.1.
    #[test]
    fn an_error_needs_nothing_but_its_status() {
        check("", &[]);
        check("<html>Service Unavailable</html>", &[]);
        check(r#"{"error":{"code":"","message":""}}"#, &[]);
        check(r#"{"error":{}}"#, &[]);
        check(r#"{"error":null}"#, &[]);
        check(r#"{"error":{"code":404}}"#, &[]);
        check("[]", &[]);
        check(r#"{"error":"invalid_client"}"#, &["invalid_client"]);
    }

    #[test]
    fn a_refusal_that_is_too_large_to_be_one_is_known_by_its_status_alone() {
        let body = |blanks| format!(r#"{{"error":{{"code":"Denied"}}{}}}"#, " ".repeat(blanks));
        check(&body(1_000), &["denied"]);
        check(&body(BODY_MAX), &[]);
    }

    /// Facts 6.1.
    #[test]
    fn inner_errors_are_found_however_they_are_spelled() {
        check(
            r#"{"error":{"code":"SyncStateNotFound","innererror":{"code":"Inner","innerError":{"code":"Most"}}}}"#,
            &["syncstatenotfound", "inner", "most"],
        );
        check(
            r#"{"error":{"code":"TooManyRequests","innerError":{"code":"429","status":"429"}}}"#,
            &["toomanyrequests", "429"],
        );
    }

    #[test]
    fn a_code_that_is_no_word_is_not_repeated_anywhere() {
        check(r#"{"error":{"code":"mail of ann@x.org"}}"#, &[]);
        check(
            &format!(r#"{{"error":{{"code":"{}"}}}}"#, "a".repeat(65)),
            &[],
        );
    }
}
