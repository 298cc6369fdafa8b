//! No decoder takes more than in proportion to what it reads: each is fed repeated tokens of its
//! grammar.
//!
//! `TOUCHPOINT_LONG=1` feeds it longer texts and more pairs of tokens.

use std::sync::Arc;
use std::time::Duration;

use crate::decode::event;
use crate::decode::graph;
use crate::decode::mime;
use crate::model::mail::ContentLevel;
use crate::model::page::ArchiveMessage;
use crate::model::time::Timestamp;
use crate::runtime::clock::Stopwatch;

/// What the grammars are made of: encoded words, addresses, dates, HTML, parts, encodings, JSON.
const TOKENS: &[&str] = &[
    "=?a",
    "=?utf-8?q?x",
    "=?utf-8?b?!",
    "?=",
    "<!--",
    "<!--a-->",
    "<!--a--!",
    "<!--a--!>",
    "<a x='",
    "<a x=\"",
    "<script>",
    "</script",
    "<",
    ">",
    "&amp",
    "&#x",
    "&",
    "(",
    ")",
    "\"",
    "\\",
    "a:",
    "g:;",
    "ab, ",
    "a@b.c, ",
    "a@b;",
    "ä.",
    "a.",
    "@",
    "x-",
    "1:",
    "smtp:",
    ";",
    "--b\n",
    "--b--\n",
    "\n",
    "\r\n",
    "a:\n",
    "Content-Type: message/rfc822\n\n",
    "Content-Type: multipart/mixed; boundary=b\n\n--b\n",
    "; a*0*=b",
    "=3D",
    "+AGE-",
    "QUJD",
    "METHOD:",
    "\u{301}",
    "w",
];

/// Bytes of the shorter text; the longer one has four times as many.
const BYTES: usize = 8 << 10;
/// Below this, growth cannot be measured.
const NOTICEABLE: Duration = Duration::from_millis(150);
/// In proportion it is 4; quadratic reading makes it 16. The clock of a busy machine is not exact.
const GROWTH_MAX: u32 = 8;
/// Times that a measurement is repeated before it counts: the shortest does.
const TRIES: u32 = 4;

/// Where a text is put, and who reads it.
type Place = (&'static str, fn(&str));

const PLACES: &[Place] = &[
    ("subject", |text| field("Subject", text)),
    ("to", |text| field("To", text)),
    ("from", |text| field("From", text)),
    ("sender", |text| field("From: a@b\nSender", text)),
    ("date", |text| field("Date", text)),
    ("received", |text| field("Received", text)),
    ("references", |text| field("References", text)),
    ("message id", |text| field("Message-ID", text)),
    ("list", |text| field("List-Post", text)),
    ("type", |text| {
        body(&format!("text/plain; {}", one_line(text)), "x");
    }),
    ("plain", |text| body("text/plain; charset=utf-8", text)),
    ("html", |text| body("text/html", text)),
    ("calendar", |text| body("text/calendar", text)),
    ("utf-7", |text| body("text/plain; charset=utf-7", text)),
    ("base64", |text| {
        body("text/plain\nContent-Transfer-Encoding: base64", text);
    }),
    ("quoted", |text| {
        body(
            "text/html\nContent-Transfer-Encoding: quoted-printable",
            text,
        );
    }),
    ("parts", |text| body("multipart/mixed; boundary=b", text)),
    ("header", |text| mail(text.to_owned())),
    ("graph mail", |text| {
        let mail = serde_json::json!({
            "id": "1", "subject": text, "receivedDateTime": text, "from": recipient(text),
            "toRecipients": [recipient(text)], "body": { "contentType": "html", "content": text },
        });
        let _ = graph::item(
            mail.to_string().as_bytes(),
            &Arc::from("f"),
            ContentLevel::Full,
        );
    }),
    ("graph event", |text| {
        let event = serde_json::json!({
            "id": "1", "subject": text, "start": { "dateTime": text, "timeZone": text },
            "attendees": [recipient(text)], "body": { "contentType": "html", "content": text },
        });
        let _ = event::item(event.to_string().as_bytes(), ContentLevel::Full);
    }),
    ("json", |text| {
        let _ = graph::item(text.as_bytes(), &Arc::from("f"), ContentLevel::Full);
    }),
];

fn recipient(text: &str) -> serde_json::Value {
    serde_json::json!({ "emailAddress": { "name": text, "address": text } })
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

fn field(name: &str, text: &str) {
    mail(format!("{name}: {}\n\nx\n", one_line(text)));
}

fn body(kind: &str, text: &str) {
    mail(format!("Content-Type: {kind}\n\n{text}"));
}

fn mail(bytes: String) {
    let message = ArchiveMessage {
        source_id: "1".into(),
        container: "INBOX".into(),
        place: "1.eml".into(),
        bytes: bytes.into(),
        received: Some(Timestamp(1)),
        is_draft: false,
        is_junk: false,
        former_ids: Vec::new(),
        unreadable: None,
    };
    let options = mime::Options {
        body_text: true,
        content_key: true,
    };
    let _ = mime::mail(&message, options);
}

fn time((_, read): &Place, token: &str, bytes: usize) -> Duration {
    let text = token.repeat(bytes / token.len());
    let watch = Stopwatch::start();
    read(&text);
    watch.elapsed()
}

fn check(place: &Place, token: &str, bytes: usize) {
    let mut found = (Duration::MAX, Duration::MAX);
    for _ in 0..TRIES {
        let long = time(place, token, 4 * bytes);
        if long < NOTICEABLE {
            return;
        }
        found.1 = found.1.min(long);
        found.0 = found.0.min(time(place, token, bytes));
        if found.1 < found.0 * GROWTH_MAX {
            return;
        }
    }
    panic!(
        "{}: {token:?} takes {found:?} at {bytes} and four times as many bytes",
        place.0
    );
}

#[test]
fn decoding_time_is_linear_in_input_size() {
    let is_long = std::env::var_os("TOUCHPOINT_LONG").is_some();
    let bytes = if is_long { 64 << 10 } else { BYTES };
    for place in PLACES {
        for token in TOKENS {
            check(place, token, bytes);
            if is_long {
                for other in TOKENS {
                    check(place, &format!("{token}{other}"), bytes);
                }
            }
        }
    }
}
