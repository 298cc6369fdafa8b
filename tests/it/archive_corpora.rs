//! Published mail corpora: everything is read without a panic, and can be printed for comparison
//! with an independent reader (`tests/py/archive_counts.py`).

use std::collections::BTreeMap;
use std::fs;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;

use touchpoint::decode::mime;
use touchpoint::model::address::Address;
use touchpoint::model::interaction::Role;
use touchpoint::model::mail::Decoded;
use touchpoint::model::mail::Mail;
use touchpoint::model::mail::MailClass;
use touchpoint::model::page::ArchiveMessage;
use touchpoint::model::time::Timestamp;
use touchpoint::source::archive::error::ArchiveError;
use touchpoint::source::archive::mailbox::Archive;
use touchpoint::source::archive::mailbox::ArchiveMailbox;
use touchpoint::source::archive::spec::ArchiveSpec;
use touchpoint::source::archive::spec::Format;
use touchpoint::source::archive::spec::Layout;
use touchpoint::source::archive::spec::Links;

use crate::support::corpora;

const OPTIONS: mime::Options = mime::Options {
    body_text: true,
    content_key: true,
};

fn open(format: Format, path: &Path, layout: Layout) -> Result<Vec<ArchiveMailbox>, ArchiveError> {
    Archive::open(&ArchiveSpec {
        name: "corpus".into(),
        format,
        path: path.to_path_buf(),
        layout,
        links: Links::Inside,
    })
}

fn one() -> Layout {
    Layout::One {
        address: "corpus@example.org".into(),
    }
}

fn subfolders() -> Layout {
    Layout::Subfolders {
        addresses: BTreeMap::new(),
    }
}

/// The results for the messages of some mailboxes.
#[derive(Debug, Default)]
struct Counts {
    mails: usize,
    meetings: usize,
    bulk: BTreeMap<&'static str, usize>,
    unreadable: BTreeMap<String, usize>,
}

fn count(mailboxes: &[ArchiveMailbox]) -> Counts {
    let mut counts = Counts::default();
    for message in mailboxes.iter().flat_map(ArchiveMailbox::messages) {
        match mime::mail(&message.unwrap(), OPTIONS) {
            Decoded::Mail(mail) => {
                counts.mails += 1;
                counts.meetings += usize::from(mail.class == MailClass::Meeting);
                if let Some(reason) = mail.bulk_reason {
                    *counts.bulk.entry(reason).or_default() += 1;
                }
            }
            Decoded::Unreadable { reason, .. } => {
                let reason = reason.as_str().to_owned();
                *counts.unreadable.entry(reason).or_default() += 1;
            }
            other => panic!("an archive has no such item: {other:?}"),
        }
    }
    counts
}

#[test]
fn dirty_mail_of_other_projects_is_read_without_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    let names = ["suites", "spamassassin", "calendar-mail", "usrp-html"];
    let Some(()) = corpora::unpack(&names, dir.path()) else {
        return;
    };
    for name in names {
        let counts = count(&open(Format::Maildir, &dir.path().join(name), one()).unwrap());
        println!("{name}: {counts:?}");
        assert!(counts.mails > 0, "{name}");
        assert_eq!(counts.unreadable.get("malformed"), None, "{name}");
    }
}

#[test]
fn files_of_other_formats_are_no_mail() {
    let dir = tempfile::tempdir().unwrap();
    let Some(()) = corpora::unpack(&["outlook"], dir.path()) else {
        return;
    };
    let mailboxes = open(Format::Maildir, &dir.path().join("outlook"), one()).unwrap();
    for message in mailboxes.iter().flat_map(ArchiveMailbox::messages) {
        let message = message.unwrap();
        let name = message.source_id.to_lowercase();
        let is_foreign = [".pst", ".msg", ".emlx"]
            .iter()
            .any(|end| name.ends_with(end));
        if is_foreign {
            assert_eq!(message.unreadable, Some("not_mail"), "{name}");
        }
    }
}

#[test]
fn whole_mailing_lists_are_split_into_all_their_mails() {
    let dir = tempfile::tempdir().unwrap();
    let Some(()) = corpora::unpack(&["lore-crosspost"], dir.path()) else {
        return;
    };
    let lists = dir.path().join("lore-crosspost");
    let counts = count(&open(Format::Mbox, &lists, subfolders()).unwrap());
    println!("lore-crosspost: {counts:?}");
    assert_eq!((counts.mails, counts.unreadable.len()), (471, 0));
}

/// `TOUCHPOINT_DECODE="FORMAT PATH OUT"` prints the messages of `PATH`, one JSON line per message,
/// in the form of `archive_counts.py decode`.
#[test]
fn mails_are_printed_for_comparison() {
    let Some(order) = corpora::variable("TOUCHPOINT_DECODE") else {
        println!("skipped: TOUCHPOINT_DECODE is not set");
        return;
    };
    let [format, path, out] = order.split(' ').collect::<Vec<_>>()[..] else {
        panic!("TOUCHPOINT_DECODE is FORMAT PATH OUT");
    };
    let format = match format {
        "mbox" => Format::Mbox,
        "maildir" => Format::Maildir,
        _ => Format::Eml,
    };
    let layout = if format == Format::Eml {
        one()
    } else {
        subfolders()
    };
    let mut out = BufWriter::new(fs::File::create(out).unwrap());
    for mailbox in open(format, Path::new(path), layout).unwrap() {
        for message in mailbox.messages() {
            let line = json(&mailbox, &message.unwrap());
            writeln!(out, "{line}").unwrap();
        }
    }
}

fn json(mailbox: &ArchiveMailbox, message: &ArchiveMessage) -> serde_json::Value {
    let mut line = serde_json::json!({
        "mailbox": mailbox.id.rsplit('/').next(),
        "source_id": message.source_id,
    });
    let more = match mime::mail(message, OPTIONS) {
        Decoded::Mail(mail) => mail_json(&mail),
        Decoded::Unreadable { reason, .. } => serde_json::json!({ "unreadable": reason }),
        other => panic!("an archive has no such item: {other:?}"),
    };
    let (Some(line_fields), Some(more)) = (line.as_object_mut(), more.as_object()) else {
        panic!("both are objects");
    };
    line_fields.extend(more.clone());
    line
}

fn mail_json(mail: &Mail) -> serde_json::Value {
    let participants: Vec<_> = mail
        .participants
        .iter()
        .map(|entry| (entry.role.as_str(), comparable(&entry.address)))
        .collect();
    let from = mail
        .participants
        .iter()
        .find(|entry| entry.role == Role::From);
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    serde_json::json!({
        "message_id": mail.message_id,
        "participants": participants,
        "date": mail.sent.map(Timestamp::rfc3339),
        "received": mail.received.map(Timestamp::rfc3339),
        "subject": mail.subject.as_deref().map(|s| s.split_whitespace().collect::<Vec<_>>().join(" ")),
        "from": from.map(|entry| comparable(&entry.address)),
        "text": mail.body_text.as_deref().map(squeezed),
        "content_key": mail.content_key.map(|key| key.to_string()),
    })
}

fn comparable(raw: &str) -> String {
    match Address::parse(raw) {
        Some(address) => address.as_str().to_owned(),
        None => raw.trim().to_lowercase(),
    }
}
