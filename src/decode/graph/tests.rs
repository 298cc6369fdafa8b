//! What is made of items: of this project's pages, of generated ones, and of other people's.

use std::io::Read;
use std::path::PathBuf;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::*;
use crate::model::time::Timestamp;

const FIRST: &str = include_str!("../../../fixtures/graph/delta-first.json");
const LAST: &str = include_str!("../../../fixtures/graph/delta-last.json");

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    value: Vec<&'a RawValue>,
}

fn decoded(text: &str) -> Decoded {
    item(text.as_bytes(), &"folder".into(), ContentLevel::Full)
}

fn items(page: &str, content: ContentLevel) -> Vec<Decoded> {
    let page: Page<'_> = serde_json::from_str(page).unwrap();
    let read = |raw: &&RawValue| item(raw.get().as_bytes(), &"folder".into(), content);
    page.value.iter().map(read).collect()
}

fn mail_of(decoded: Decoded) -> Mail {
    match decoded {
        Decoded::Mail(mail) => *mail,
        other => panic!("no mail: {other:?}"),
    }
}

/// A mail with one member put in (or in place of another).
fn with(member: &str, value: &str) -> Mail {
    let mut whole: Value = serde_json::json!({
        "id": "a", "subject": "s", "sentDateTime": "2026-01-02T03:04:05Z",
        "from": {"emailAddress": {"address": "a@x.org"}}, "toRecipients": [],
    });
    whole[member] = serde_json::from_str(value).unwrap();
    mail_of(decoded(&whole.to_string()))
}

#[test]
fn a_whole_mail_is_read_in_the_order_of_roles() {
    let mut read = items(FIRST, ContentLevel::Preview);
    let mail = mail_of(read.remove(0));
    let people: Vec<(Role, Option<&str>, &str)> = mail
        .participants
        .iter()
        .map(|somebody| {
            (
                somebody.role,
                somebody.name.as_deref(),
                somebody.address.as_str(),
            )
        })
        .collect();
    assert_eq!(
        people,
        [
            (Role::From, Some("Ann Lee"), "ann.lee@contoso.example"),
            (Role::Sender, Some("Office"), "Office@contoso.example"),
            (Role::To, Some("Jana Nováková"), "jana@fabrikam.example"),
            (
                Role::Cc,
                Some("Bob"),
                "/O=CONTOSO/OU=EU/CN=RECIPIENTS/CN=BOB"
            ),
            (Role::Bcc, None, "archive@contoso.example"),
        ]
    );
    assert_eq!(
        mail.message_id.as_deref(),
        Some("DB7PR04MB1@eurprd04.prod.example")
    );
    assert_eq!(
        mail.subject.as_deref(),
        Some("Angebot für Halle 4 – \"final\"")
    );
    assert_eq!(mail.sent.unwrap().rfc3339(), "2026-03-02T09:15:28Z");
    assert_eq!(mail.received.unwrap().rfc3339(), "2026-03-02T09:15:31Z");
    assert!(mail.preview.unwrap().starts_with("Guten Morgen"));
    assert_eq!(
        mail.thread_id.as_deref(),
        Some("0405060708090a0b0c0d0e0f10111213")
    );
    assert_eq!((mail.is_draft, mail.class), (false, MailClass::Plain));
    assert_eq!(mail.sensitivity, Sensitivity::Unknown);
}

/// Facts 1.4.
#[test]
fn meeting_mail_has_its_type_and_no_redundant_sender() {
    let mut read = items(FIRST, ContentLevel::Preview);
    let mail = mail_of(read.remove(1));
    assert_eq!(mail.class, MailClass::Meeting);
    assert_eq!((mail.thread_id, mail.preview), (None, None));
    let roles: Vec<Role> = mail
        .participants
        .iter()
        .map(|somebody| somebody.role)
        .collect();
    assert_eq!(roles, [Role::From, Role::To]);
}

/// Facts 1.4.
#[test]
fn a_removal_may_come_in_the_first_round() {
    let expected = Decoded::Removed {
        source_id: "AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A3".into(),
    };
    assert_eq!(items(FIRST, ContentLevel::Preview)[2], expected);
}

/// Facts 1.5.
#[test]
fn partial_items_are_not_mail_and_read_flags_not_changes() {
    let read = items(LAST, ContentLevel::Preview);
    let has_news = |decoded: &Decoded| match decoded {
        Decoded::Partial { has_news, .. } => *has_news,
        other => panic!("not partial: {other:?}"),
    };
    assert_eq!(read.iter().map(has_news).collect::<Vec<_>>(), [false, true]);
}

/// Facts 1.5.
#[test]
fn booleans_may_be_text() {
    assert!(with("isDraft", "\"true\"").is_draft);
    assert!(with("isDraft", "true").is_draft);
    for no in ["\"false\"", "\"yes\"", "1", "null", "{}"] {
        assert!(!with("isDraft", no).is_draft, "{no}");
    }
}

/// Facts 1.9.
#[test]
fn from_may_be_missing_and_addresses_may_be_names() {
    let mail = with("from", "null");
    assert!(mail.participants.is_empty());
    let nameless = r#"[{"emailAddress":{"name":"undisclosed-recipients:;","address":""}},
        {"emailAddress":{"name":"","address":null}}, {}, null, 7]"#;
    let mail = with("toRecipients", nameless);
    let [_, only] = &mail.participants[..] else {
        panic!("{:?}", mail.participants)
    };
    assert_eq!(
        (only.name.as_deref(), only.address.as_str()),
        (None, "undisclosed-recipients:;")
    );
}

/// Facts 13.
#[test]
fn a_recipient_address_may_contain_a_name_or_scheme() {
    for (address, name, expected) in [
        ("Eva Miller <eva@fabrikam.com>", "", Some("Eva Miller")),
        ("Eva Miller <eva@fabrikam.com>", "Eva", Some("Eva")),
        ("mailto:eva@fabrikam.com", "", None),
    ] {
        let recipient =
            format!(r#"[{{"emailAddress":{{"name":"{name}","address":"{address}"}}}}]"#);
        let mail = with("toRecipients", &recipient);
        let to = mail
            .participants
            .iter()
            .find(|one| one.role == Role::To)
            .unwrap();
        assert_eq!(to.address, "eva@fabrikam.com");
        assert_eq!(to.name.as_deref(), expected);
    }
}

/// Facts 1.9.
#[test]
fn header_fields_mark_bulk_mail() {
    let newsletter = r#"[{"name":"MIME-Version","value":"1.0"},
        {"name":"List-Unsubscribe","value":"<https://x.org/stop>"}]"#;
    for (fields, expected) in [
        (newsletter, Some("newsletter")),
        (r#"[{"name":"Auto-Submitted","value":" no"}]"#, None),
        (
            r#"[{"name":"Auto-Submitted"},{"value":"x"},7]"#,
            Some("auto_submitted"),
        ),
        ("[]", None),
        ("null", None),
        ("\"text\"", None),
    ] {
        let mail = with("internetMessageHeaders", fields);
        assert_eq!(mail.bulk_reason, expected, "{fields}");
    }
}

#[test]
fn a_recipient_may_contain_several_addresses_or_text() {
    let named = |address: &str| {
        let to = serde_json::json!([{ "emailAddress": { "name": "Eva", "address": address } }]);
        let mail = with("toRecipients", &to.to_string());
        let to = mail
            .participants
            .into_iter()
            .filter(|one| one.role == Role::To);
        to.map(|one| one.address).collect::<Vec<_>>()
    };
    assert_eq!(named("eva@y.org; bob@x.org"), ["eva@y.org", "bob@x.org"]);
    assert_eq!(
        named("Eva <eva@y.org> <bob@x.org>"),
        ["eva@y.org", "bob@x.org"]
    );
    assert_eq!(named("\u{201c}eva@y.org\u{201d}"), ["eva@y.org"]);
    assert_eq!(named("eva@y.org, bob@"), ["eva@y.org", "eva@y.org, bob@"]);
    assert_eq!(named("/O=Y/CN=eva@y.org"), ["/O=Y/CN=eva@y.org"]);
}

#[test]
fn header_fields_reveal_replaced_authors_and_reports() {
    let from = r#"{"emailAddress": {"name": "'Eva' via Sales", "address": "sales@contoso.com"}}"#;
    let mail = |fields: &Value| {
        let mut whole: Value = serde_json::json!({
            "id": "a", "subject": "s", "sentDateTime": "2026-01-02T03:04:05Z", "toRecipients": [],
            "internetMessageHeaders": fields,
        });
        whole["from"] = serde_json::from_str(from).unwrap();
        mail_of(decoded(&whole.to_string()))
    };
    for field in ["X-Original-From", "x-original-sender", "Reply-To"] {
        let mail = mail(&serde_json::json!([{ "name": field, "value": "Eva <eva@fabrikam.com>" }]));
        let people = mail.participants.iter();
        let people: Vec<_> = people.map(|one| (one.role, one.address.as_str())).collect();
        let expected = [
            (Role::From, "eva@fabrikam.com"),
            (Role::Sender, "sales@contoso.com"),
        ];
        assert_eq!(people, expected, "{field}");
    }
    let value = "multipart/report; report-type=delivery-status; boundary=x";
    let report = mail(&serde_json::json!([{ "name": "Content-Type", "value": value }]));
    assert_eq!(report.bulk_reason, Some("report"));
    assert_eq!(report.participants[0].address, "sales@contoso.com");
}

#[test]
fn a_member_of_the_wrong_type_costs_that_member_only() {
    for member in [
        "subject",
        "from",
        "toRecipients",
        "ccRecipients",
        "sentDateTime",
        "body",
    ] {
        for wrong in [
            "7",
            "true",
            "[]",
            "{}",
            "[[1]]",
            "{\"a\":{\"b\":[]}}",
            "null",
            "\"x\"",
            "1e99",
        ] {
            let mail = with(member, wrong);
            assert_eq!(mail.source_id, "a", "{member} {wrong}");
        }
    }
}

#[test]
fn endless_nesting_costs_its_item_at_most() {
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    for member in ["unknown", "subject", "from", "toRecipients", "id"] {
        let text = format!(
            r#"{{"id":"a","subject":"s","sentDateTime":"2026-01-02T03:04:05Z","{member}":{deep}}}"#
        );
        let read = decoded(&text);
        // That nothing of it goes down with the stack is what is tested.
        assert!(
            !matches!(read, Decoded::Removed { .. }),
            "{member}: {read:?}"
        );
    }
}

#[test]
fn a_subject_without_end_is_cut() {
    let mail = with("subject", &format!("\"{}\"", "ü".repeat(2_000_000)));
    let subject = mail.subject.unwrap();
    assert_eq!(subject.chars().count(), limits::SUBJECT_CHARS);
}

#[test]
fn what_is_no_item_is_refused_with_a_reason() {
    for (text, expected) in [
        ("", "malformed"),
        ("null", "malformed"),
        ("[]", "malformed"),
        ("{\"id\":\"a\"", "malformed"),
        ("{\"id\":\"a\"} x", "malformed"),
        ("{}", "no_id"),
        ("{\"id\":\"\"}", "no_id"),
        ("{\"id\":7,\"subject\":\"s\"}", "no_id"),
    ] {
        match decoded(text) {
            Decoded::Unreadable { reason, .. } => assert_eq!(reason.as_str(), expected, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn a_preview_that_ends_within_a_character_is_read() {
    let text =
        r#"{"id":"a","subject":"s","sentDateTime":null,"from":null,"bodyPreview":"ok \ud83d"}"#;
    assert_eq!(
        mail_of(decoded(text)).preview.as_deref(),
        Some("ok \u{fffd}")
    );
    let long = format!("\"{}\"", "é".repeat(300));
    assert_eq!(
        with("bodyPreview", &long).preview.unwrap().chars().count(),
        255
    );
}

#[test]
fn times_that_mean_never_or_nothing_are_missing() {
    for nothing in [
        "0001-01-01T00:00:00Z",
        "",
        "yesterday",
        "2026-02-30T00:00:00Z",
    ] {
        assert_eq!(
            with("sentDateTime", &format!("\"{nothing}\"")).sent,
            None,
            "{nothing}"
        );
    }
    for (text, expected) in [
        (
            "2026-01-02T03:04:05.1234567Z",
            "2026-01-02T03:04:05.123456Z",
        ),
        ("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05Z"),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05Z"),
        ("1601-01-01T00:00:00Z", "1601-01-01T00:00:00Z"),
    ] {
        let sent = with("sentDateTime", &format!("\"{text}\"")).sent;
        assert_eq!(sent.map(Timestamp::rfc3339).as_deref(), Some(expected));
    }
}

#[test]
fn a_message_id_is_read_from_the_first_brackets() {
    for (text, expected) in [
        ("<a@x>", Some("a@x")),
        (" a@x ", Some("a@x")),
        ("junk <a@x> <b@x>", Some("a@x")),
        ("<A@x", Some("<A@x")),
        ("<>", None),
        ("", None),
    ] {
        let id = with("internetMessageId", &format!("\"{text}\"")).message_id;
        assert_eq!(id.as_deref(), expected, "{text}");
    }
}

/// Facts 1.1.
#[test]
fn without_body_permission_only_the_text_is_missing() {
    let text =
        r#"{"id":"a","subject":"s","sentDateTime":null,"receivedDateTime":null,"from":null}"#;
    let mail = mail_of(decoded(text));
    assert_eq!((mail.preview, mail.body_text), (None, None));
}

#[test]
fn the_content_level_decides_what_is_kept() {
    let text = r#"{"id":"a","subject":"s","sentDateTime":null,"from":null,"bodyPreview":"p",
        "body":{"contentType":"html","content":"<p>Hello <b>you</b></p><script>x</script>"}}"#;
    let at = |content| {
        let mail = mail_of(item(text.as_bytes(), &"f".into(), content));
        (
            mail.preview,
            mail.body_text.map(|text| text.trim().to_owned()),
        )
    };
    assert_eq!(at(ContentLevel::Envelope), (None, None));
    assert_eq!(at(ContentLevel::Preview), (Some("p".into()), None));
    assert_eq!(
        at(ContentLevel::Full),
        (Some("p".into()), Some("Hello you".into()))
    );
    let plain = with("body", r#"{"contentType":"text","content":"<p>kept</p>"}"#);
    assert_eq!(plain.body_text.as_deref(), Some("<p>kept</p>"));
}

/// Facts 1.5.
#[test]
fn the_fingerprint_depends_on_content_not_folder_or_read_flag() {
    let plain = with("isRead", "false");
    for same in [
        with("isRead", "true"),
        with("parentFolderId", "\"z\""),
        with("changeKey", "\"z\""),
    ] {
        assert_eq!(same.fingerprint, plain.fingerprint);
    }
    let moved = r#"{"id":"a","subject":"s","sentDateTime":"2026-01-02T03:04:05Z",
        "from":{"emailAddress":{"address":"a@x.org"}}}"#;
    let moved = mail_of(item(moved.as_bytes(), &"other".into(), ContentLevel::Full));
    assert_eq!(moved.fingerprint, plain.fingerprint);
    for other in [
        with("subject", "\"S\""),
        with("subject", "null"),
        with("isDraft", "true"),
        with("bodyPreview", "\"p\""),
        with("sentDateTime", "null"),
        with(
            "ccRecipients",
            r#"[{"emailAddress":{"address":"b@x.org"}}]"#,
        ),
    ] {
        assert_ne!(other.fingerprint, plain.fingerprint, "{other:?}");
    }
}

/// Any JSON, seldom deep.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(Value::from("2026-01-02T03:04:05Z")),
        Just(Value::from("true")),
    ];
    let member = prop_oneof![
        Just("emailAddress".to_owned()),
        Just("address".to_owned()),
        Just("name".to_owned()),
        Just("content".to_owned()),
        ".{0,4}",
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(member.clone(), inner, 0..4).prop_map(Value::from_iter),
        ]
    })
}

fn item_json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "@odata.type",
        "id",
        "@removed",
        "subject",
        "bodyPreview",
        "body",
        "from",
        "sender",
        "toRecipients",
        "ccRecipients",
        "bccRecipients",
        "sentDateTime",
        "receivedDateTime",
        "internetMessageId",
        "conversationIndex",
        "isDraft",
        "isRead",
        "flag",
        "x",
    ]);
    prop::collection::btree_map(names.prop_map(str::to_owned), json(), 0..12)
        .prop_map(Value::from_iter)
}

proptest! {
    #[test]
    fn both_json_readers_read_the_same_item(value in item_json(), pretty in any::<bool>()) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        let mut mended = Vec::new();
        let ours = lenient::parse::<RawItem<'_>>(text.as_bytes(), &mut mended).unwrap();
        let theirs = RawItem::deserialize(&value).unwrap();
        prop_assert_eq!(&ours, &theirs);
        let text_reader: RawItem<'_> = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&ours, &text_reader);
        // And whatever it is, it becomes something.
        let _ = decoded(&text);
    }

    #[test]
    fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..64), cut in 0_usize..2000) {
        let _ = item(&bytes, &"f".into(), ContentLevel::Full);
        let page = FIRST.as_bytes();
        let _ = item(&page[cut.min(page.len())..], &"f".into(), ContentLevel::Full);
    }
}

/// The folder of other people's mail, where it is.
#[expect(
    clippy::disallowed_methods,
    reason = "a test reads the location of its input"
)]
fn corpora() -> PathBuf {
    let stated = std::env::var("TOUCHPOINT_CORPORA").ok().map(PathBuf::from);
    stated.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"))
}

#[test]
fn published_bodies_are_decoded_or_rejected_with_a_reason() {
    let path = corpora().join("mail-fixtures.tar.zst");
    let Ok(file) = std::fs::File::open(&path) else {
        println!("skipped: no {}", path.display());
        return;
    };
    let mut archive = tar::Archive::new(zstd::Decoder::new(file).unwrap());
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        let is_body = name.contains("graph/") && name.to_lowercase().ends_with(".json");
        if !is_body {
            continue;
        }
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        let read = match serde_json::from_str::<Page<'_>>(&text) {
            Ok(_) => items(&text, ContentLevel::Full),
            Err(_) => vec![decoded(&text)],
        };
        let is_json = serde_json::from_str::<Value>(&text).is_ok();
        let is_message = ["message-", "messages", "/email-"]
            .iter()
            .any(|part| name.contains(part));
        for decoded in read {
            let kind = match &decoded {
                Decoded::Mail(_) => "mail",
                Decoded::Partial { .. } => "partial",
                Decoded::Removed { .. } => "removed",
                Decoded::Unreadable { reason, .. } => reason.as_str(),
            };
            *counts.entry(kind.to_owned()).or_default() += 1;
            assert!(kind != "malformed" || !is_json, "{name}");
            assert!(
                !is_message || !is_json || kind != "no_id" || !text.contains("\"id\""),
                "{name}"
            );
            assert!(
                !name.contains("/email-") || kind == "mail",
                "{name}: {decoded:?}"
            );
        }
    }
    println!("{counts:?}");
    assert!(
        counts.get("mail").is_some_and(|mails| *mails > 20),
        "{counts:?}"
    );
}
