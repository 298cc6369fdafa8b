//! The mails under `fixtures/mail`, read as the file beside each says, with either kind of line end.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use serde_json::json;
use touchpoint::decode::mime;
use touchpoint::model::mail::Decoded;
use touchpoint::model::mail::Mail;
use touchpoint::model::page::ArchiveMessage;
use touchpoint::model::time::Timestamp;

const OPTIONS: mime::Options = mime::Options {
    body_text: true,
    content_key: true,
};

fn read(bytes: Vec<u8>) -> Value {
    let message = ArchiveMessage {
        source_id: "1".into(),
        container: "INBOX".into(),
        place: "1.eml".into(),
        bytes: bytes.into(),
        received: None,
        is_draft: false,
        is_junk: false,
        former_ids: Vec::new(),
        unreadable: None,
    };
    match mime::mail(&message, OPTIONS) {
        Decoded::Mail(mail) => of_mail(&mail),
        Decoded::Unreadable { reason, .. } => json!({ "unreadable": reason }),
        other => panic!("a file has no such item: {other:?}"),
    }
}

fn of_mail(mail: &Mail) -> Value {
    let participants: Vec<Value> = mail
        .participants
        .iter()
        .map(|entry| json!([entry.role.as_str(), entry.name, entry.address]))
        .collect();
    json!({
        "message_id": mail.message_id,
        "sent": mail.sent.map(Timestamp::rfc3339),
        "received": mail.received.map(Timestamp::rfc3339),
        "subject": mail.subject,
        "preview": mail.preview,
        "participants": participants,
        "sensitivity": format!("{:?}", mail.sensitivity),
        "class": format!("{:?}", mail.class),
        "bulk_reason": mail.bulk_reason,
        "thread_id": mail.thread_id,
        "content_key": mail.content_key.map(|key| key.to_string()),
    })
}

fn with_line_ends(bytes: &[u8], end: &[u8]) -> Vec<u8> {
    let lines = bytes.split(|byte| *byte == b'\n');
    let bare = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    bare.collect::<Vec<_>>().join(end)
}

#[test]
fn each_mail_is_read_as_the_file_beside_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mail");
    let entries = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mails: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|end| end == "eml"))
        .collect();
    assert!(!mails.is_empty());
    for path in mails {
        let bytes = fs::read(&path).unwrap();
        let expected = fs::read_to_string(path.with_extension("json")).unwrap_or_default();
        let expected: Value = serde_json::from_str(&expected).unwrap_or_default();
        for end in [&b"\n"[..], b"\r\n"] {
            let found = read(with_line_ends(&bytes, end));
            let pretty = serde_json::to_string_pretty(&found).unwrap();
            assert_eq!(found, expected, "{}: {pretty}", path.display());
        }
    }
}
