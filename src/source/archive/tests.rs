//! Archives of every format, made in temporary folders.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::model::page::ArchiveMessage;
use crate::model::time::Timestamp;
use crate::source::archive::error::ArchiveError;
use crate::source::archive::limits::MESSAGE_BYTES_MAX;
use crate::source::archive::limits::SMALL_MESSAGE_BYTES;
use crate::source::archive::mailbox::Archive;
use crate::source::archive::mailbox::ArchiveMailbox;
use crate::source::archive::spec::ArchiveSpec;
use crate::source::archive::spec::Format;
use crate::source::archive::spec::Layout;
use crate::source::archive::spec::Links;

fn put(top: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = top.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn spec(top: &Path, format: Format, layout: Layout) -> ArchiveSpec {
    ArchiveSpec {
        name: "old".into(),
        format,
        path: top.to_path_buf(),
        layout,
        links: Links::Inside,
    }
}

fn one() -> Layout {
    Layout::One {
        address: "ann@x.org".into(),
    }
}

fn subfolders() -> Layout {
    Layout::Subfolders {
        addresses: BTreeMap::from([("ann".into(), "ann@x.org".into())]),
    }
}

fn read(mailbox: &ArchiveMailbox) -> Vec<ArchiveMessage> {
    mailbox.messages().map(Result::unwrap).collect()
}

fn only(spec: &ArchiveSpec) -> Vec<ArchiveMessage> {
    let mailboxes = Archive::open(spec).unwrap();
    assert_eq!(mailboxes.len(), 1);
    read(&mailboxes[0])
}

fn ids(messages: &[ArchiveMessage]) -> Vec<&str> {
    let ids = messages.iter().map(|message| message.source_id.as_str());
    ids.collect()
}

fn mbox(content: impl AsRef<[u8]>) -> Vec<ArchiveMessage> {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "a.mbox", content);
    only(&spec(&dir.path().join("a.mbox"), Format::Mbox, one()))
}

#[test]
fn a_maildir_is_read_without_tmp_and_flags() {
    let dir = tempfile::tempdir().unwrap();
    for name in [
        "cur/2.b:2,S",
        "new/1.a",
        "tmp/3.c",
        "cur/.hidden",
        "cur/4.d:2,DS",
        ".Sent/cur/5.e:2,",
        ".cache/6.f",
        "deep/7.g",
    ] {
        put(dir.path(), name, "Subject: x\n\nx");
    }
    let messages = only(&spec(dir.path(), Format::Maildir, one()));
    assert_eq!(
        ids(&messages),
        [".Sent/5.e", "1.a", "2.b", "4.d", "deep/7.g"]
    );
    let drafts: Vec<bool> = messages.iter().map(|message| message.is_draft).collect();
    assert_eq!(drafts, [false, false, false, true, false]);
    assert_eq!(&*messages[1].container, "INBOX");
}

#[test]
fn a_maildir_without_new_is_a_maildir() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "cur/1.a:2,T", "Subject: x\n\nx");
    assert_eq!(only(&spec(dir.path(), Format::Maildir, one())).len(), 1);
    assert!(matches!(
        Archive::open(&spec(dir.path(), Format::Maildir, subfolders())),
        Err(ArchiveError::IsOneMaildir { .. })
    ));
}

#[test]
fn each_child_folder_is_a_mailbox() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "bob/inbox/1.", "Subject: x\n\nx");
    put(dir.path(), "ann/inbox/1.", "Subject: x\n\nx");
    put(dir.path(), "ann/_sent_mail/1.", "Subject: x\n\nx");
    put(dir.path(), "ann/spam/1.", "Subject: x\n\nx");
    put(dir.path(), "ann/drafts/1.", "Subject: x\n\nx");
    let mailboxes = Archive::open(&spec(dir.path(), Format::Maildir, subfolders())).unwrap();
    let names = mailboxes.iter().map(|m| (&*m.id, &*m.address));
    let expected = [("archive:old/ann", "ann@x.org"), ("archive:old/bob", "bob")];
    assert_eq!(names.collect::<Vec<_>>(), expected);
    let messages = read(&mailboxes[0]);
    let expected = ["_sent_mail/1.", "drafts/1.", "inbox/1.", "spam/1."];
    assert_eq!(ids(&messages), expected);
    assert!(messages[1].is_draft && messages[3].is_junk);
}

#[test]
fn eml_files_are_known_by_what_they_say_and_how_often() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "a/1.eml", "Subject: x\n\nx");
    put(dir.path(), "a/2.EML", "Subject: x\n\nx");
    put(dir.path(), "a/3.txt", "Subject: x\n\nx");
    put(dir.path(), "b/4.eml", b"\xd0\xcf\x11\xe0 no mail");
    let messages = only(&spec(dir.path(), Format::Eml, one()));
    assert_eq!(messages.len(), 3);
    let first = &messages[0].source_id;
    assert_eq!(messages[1].source_id, format!("{first}-2"));
    assert_eq!(messages[2].unreadable, Some("not_mail"));
}

#[test]
fn an_mbox_is_split_at_from_lines_and_unquoted_once() {
    let messages = mbox(
        "From ann@x.org Thu Nov  9 12:00:00 2000\nSubject: 1\n\n>From me\n>>From you\n> From\n\n\
         From - Thu Jan  1 00:00:00 1970\r\nSubject: 2\r\n\r\nx\r\n\r\n\
         From nobody Thu Jan  1 00:00:00 1970\nSubject: 3\n\nno line end",
    );
    let bodies: Vec<&[u8]> = messages.iter().map(|message| &message.bytes[..]).collect();
    let expected: [&[u8]; 3] = [
        b"Subject: 1\n\nFrom me\n>From you\n> From\n",
        b"Subject: 2\r\n\r\nx\r\n",
        b"Subject: 3\n\nno line end",
    ];
    assert_eq!(bodies, expected);
    let received = messages.iter().map(|m| m.received.map(Timestamp::rfc3339));
    let expected = [Some("2000-11-09T12:00:00Z".to_owned()), None, None];
    assert_eq!(received.collect::<Vec<_>>(), expected);
}

#[test]
fn an_mbox_is_split_where_writers_split_it_and_nowhere_else() {
    let subjects = |content: &str| {
        let messages = mbox(content);
        let subjects = messages.iter().map(|message| {
            let text = String::from_utf8_lossy(&message.bytes).into_owned();
            let subject = text.lines().find_map(|line| line.strip_prefix("Subject: "));
            subject.unwrap_or_default().to_owned()
        });
        subjects.collect::<Vec<_>>().join(" ")
    };
    let first = "From ann@x.org Mon Jan  5 10:00:00 2026\nSubject: 1\nDate: x\n";
    let other = "Subject: 2\nDate: x\n\ny\n";
    for separator in [
        "From ann@x.org Mon Jan  5 10:00:00 2026\n",
        "From ann@x.org Mon, 5 Jan 2026 10:00:00 +0100\n",
        "From Ann Lee Mon Jan  5 10:00:00 2026\n",
        "From ann@x.org 2026-01-05 10:00:00\n",
        "From -\n",
    ] {
        assert_eq!(
            subjects(&format!("{first}\nx\n\n{separator}{other}")),
            "1 2",
            "{separator}"
        );
    }
    // Without a blank line before it, as Eudora writes it.
    let eudora = "From ???@??? Mon Jan  5 10:00:00 2026\r\n";
    assert_eq!(
        subjects(&format!("{eudora}Subject: 1\r\n\r\nx\r\n{eudora}{other}")),
        "1 2"
    );
    for line in [
        "From Berlin 5 Jan 2026 10:00\nTo Munich 5 Jan 2026 14:00\n",
        "From our call on Mon Jan  5 10:00:00 2026\nTo: do\n",
        "From the customer:\nSubject: old\nDate: x\n",
        "From ann@x.org\nSubject: old\n",
    ] {
        assert_eq!(
            subjects(&format!("{first}\nx\n\n{line}\ny\n")),
            "1",
            "{line}"
        );
    }
    let middle = "x\nFrom ann@x.org Mon Jan  5 10:00:00 2026\nis such a line\n";
    assert_eq!(subjects(&format!("{first}\n{middle}")), "1");
}

#[test]
fn content_length_counts_where_it_leads_to_a_separator() {
    let line = "From ann@x.org Mon Jan  5 10:00:00 2026\n";
    let body = format!("x\n\n{line}Subject: inner\nDate: x\n\ny\n");
    let next = format!("{line}Subject: 2\nDate: x\n\nz\n");
    let count = |length: usize, next: &str| {
        mbox(format!(
            "{line}Subject: 1\nContent-Length: {length}\n\n{body}\n{next}"
        ))
        .len()
    };
    assert_eq!(count(body.len(), &next), 2);
    assert_eq!(count(body.len(), ""), 1);
    assert_eq!(count(body.len() + 1, &next), 2);
    for wrong in [0, 1, body.len() - 2, body.len() + 5, usize::MAX] {
        assert_eq!(count(wrong, &next), 3, "{wrong}");
    }
}

#[test]
fn what_a_server_keeps_in_an_mbox_is_passed_over_however_often() {
    let data = "From MAILER-DAEMON Mon Jan  5 10:00:00 2026\nX-IMAP: 1 2\n\
                Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\n\nx\n\n";
    let mail = "From ann@x.org Mon Jan  5 10:00:00 2026\nSubject: 1\n\nx\n";
    let messages = mbox(data.repeat(100_000) + mail);
    assert_eq!(messages.len(), 1);
    assert!(messages[0].place.ends_with("message 100001"));
}

#[test]
fn what_earlier_versions_made_of_a_message_is_known_by_its_ids() {
    let line = "From ann@x.org Mon Jan  5 10:00:00 2026\n";
    let whole = mbox(format!(
        "{line}Subject: 1\n\nx\n\nFrom the start\nSubject: old\n\ny\n\n{line}Subject: 2\n\nz\n"
    ));
    let parts = ["Subject: 1\n\nx\n", "Subject: old\n\ny\n"];
    let ids = parts.map(|part| mbox(format!("{line}{part}"))[0].source_id.clone());
    assert_eq!(whole[0].former_ids, ids);
    assert!(whole[1].former_ids.is_empty());
    let blank_end = "Subject: 1\n\nx\n\nFrom the start\nSubject: old\n\ny\n\n\n";
    let former = mbox(format!("{line}{blank_end}"))[0].former_ids.clone();
    let last = mbox(format!("{line}Subject: old\n\ny\n\n\n"))[0]
        .source_id
        .clone();
    assert_eq!(former[1], last);
    assert_ne!(former[1], ids[1]);
}

#[test]
fn the_last_message_of_an_mbox_is_the_same_when_another_follows() {
    let alone = mbox("From a\nSubject: 1\n\nx\n\n");
    let bare = mbox("From a\nSubject: 1\n\nx\n");
    let followed = mbox("From a\nSubject: 1\n\nx\n\nFrom b\nSubject: 2\n\n");
    assert_eq!(ids(&alone)[0], ids(&followed)[0]);
    assert_eq!(ids(&bare)[0], ids(&followed)[0]);
    assert_eq!(followed.len(), 2);
}

#[test]
fn a_line_longer_than_a_piece_is_no_new_line() {
    let long = "x".repeat(64 << 10) + "From y\n";
    let messages = mbox(format!(
        "From a\nSubject: 1\n\n{long}\nFrom b\nSubject: 2\n\n"
    ));
    assert_eq!(messages.len(), 2);
    assert!(messages[0].bytes.ends_with(b"From y\n"));
}

#[test]
fn a_message_that_is_too_large_is_counted_and_not_held() {
    let mut content = b"From a\nSubject: 1\n\n".to_vec();
    content.resize(MESSAGE_BYTES_MAX + 100, b'x');
    content.extend_from_slice(b"\n\nFrom b\nSubject: 2\n\nx\n");
    let messages = mbox(content);
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].unreadable, Some("too_large"));
    assert!(messages[0].bytes.is_empty());
    assert_eq!(messages[1].unreadable, None);
}

#[test]
fn mbox_files_and_folders_of_them_are_mailboxes() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "ann.mbox", "From a\nSubject: 1\n\nx\n");
    put(dir.path(), "bob/inbox", "From a\nSubject: 1\n\nx\n");
    put(dir.path(), "bob/Sent.mbox", "From a\nSubject: 1\n\nx\n");
    put(dir.path(), "bob/bad.mbox", "no mbox");
    put(dir.path(), "bob/inbox.msf", "an index");
    let mailboxes = Archive::open(&spec(dir.path(), Format::Mbox, subfolders())).unwrap();
    let names: Vec<&str> = mailboxes.iter().map(|m| &*m.id).collect();
    assert_eq!(names, ["archive:old/ann", "archive:old/bob"]);
    let messages = read(&mailboxes[1]);
    let containers: Vec<&str> = messages.iter().map(|m| &*m.container).collect();
    assert_eq!(containers, ["Sent", "bad", "inbox"]);
    assert_eq!(messages[1].unreadable, Some("not_mail"));
    assert_ne!(messages[0].source_id, messages[2].source_id);
}

#[test]
fn names_that_are_no_utf_8_never_meet_others() {
    let dir = tempfile::tempdir().unwrap();
    let odd = OsStr::from_bytes(b"a\xffb");
    for mailbox in [odd, OsStr::new("a\\xffb"), OsStr::new("a\\\\xffb")] {
        for file in [odd, OsStr::new("a\\xffb")] {
            let folder = dir.path().join(mailbox);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(file), "Subject: x\n\nx").unwrap();
        }
    }
    let mailboxes = Archive::open(&spec(dir.path(), Format::Maildir, subfolders())).unwrap();
    let names: BTreeSet<&str> = mailboxes.iter().map(|mailbox| &*mailbox.id).collect();
    assert_eq!(names.len(), 3);
    for mailbox in &mailboxes {
        let messages = read(mailbox);
        assert_eq!(ids(&messages), ["a\\\\xffb", "a\\xffb"]);
    }
}

#[test]
fn files_that_differ_in_flags_only_are_all_read() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "cur/1.a:2,S", "Subject: first\n\nx");
    put(dir.path(), "cur/1.a:2,RS", "Subject: second\n\nx");
    put(dir.path(), "new/1.a", "Subject: third\n\nx");
    put(dir.path(), "cur/2.b:2,S", "Subject: x\n\nx");
    let spec = spec(dir.path(), Format::Maildir, one());
    let before = only(&spec);
    let all: BTreeSet<&str> = ids(&before).into_iter().collect();
    assert_eq!(all.len(), 4);
    assert!(all.contains("2.b"));
    // Flagging one of them moves none.
    fs::rename(dir.path().join("new/1.a"), dir.path().join("cur/1.a:2,FS")).unwrap();
    let after = only(&spec);
    assert_eq!(all, ids(&after).into_iter().collect());
}

#[test]
fn folders_are_read_however_deep_they_lie() {
    for (format, file) in [
        (Format::Maildir, "1.a"),
        (Format::Eml, "1.eml"),
        (Format::Mbox, "a.mbox"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let deep = "d/".repeat(200);
        put(
            dir.path(),
            &format!("{deep}{file}"),
            "From a\nSubject: x\n\nx\n",
        );
        assert_eq!(
            only(&spec(dir.path(), format, one())).len(),
            1,
            "{format:?}"
        );
    }
}

#[test]
fn a_link_leads_to_files_of_its_mailbox_only() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "mails/ann/1.a", "Subject: x\n\nx");
    put(dir.path(), "mails/bob/1.b", "Subject: secret\n\nx");
    put(dir.path(), "elsewhere/1.c", "Subject: secret\n\nx");
    let ann = dir.path().join("mails/ann");
    symlink("1.a", ann.join("2.inside")).unwrap();
    symlink("../bob/1.b", ann.join("3.bob")).unwrap();
    symlink(dir.path().join("elsewhere/1.c"), ann.join("4.out")).unwrap();
    symlink(dir.path().join("elsewhere"), ann.join("folder")).unwrap();
    symlink("gone", ann.join("5.gone")).unwrap();
    let mut spec = spec(&dir.path().join("mails"), Format::Maildir, subfolders());
    let listed = |spec: &ArchiveSpec| {
        let messages = read(&Archive::open(spec).unwrap()[0]);
        let listed = messages.iter().map(|m| (m.place.to_string(), m.unreadable));
        listed.collect::<Vec<_>>()
    };
    let refused = Some("link_outside");
    let is = |name: &str, unreadable| (name.to_owned(), unreadable);
    assert_eq!(
        listed(&spec),
        [
            is("1.a", None),
            is("2.inside", None),
            is("3.bob", refused),
            is("4.out", refused),
            is("5.gone", refused),
        ]
    );
    spec.links = Links::All;
    // A circle is left where it closes.
    symlink("..", ann.join("up")).unwrap();
    let followed = listed(&spec);
    assert!(followed.iter().all(|(_, unreadable)| unreadable.is_none()));
    let places: Vec<&str> = followed.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places[..4], ["1.a", "2.inside", "3.bob", "4.out"]);
    assert!(places.contains(&"folder/1.c"));
}

#[test]
fn of_mbox_files_of_several_owners_no_link_is_followed() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "bob.mbox", "From a\nSubject: secret\n\nx\n");
    symlink("bob.mbox", dir.path().join("ann.mbox")).unwrap();
    put(dir.path(), "eve/inbox.mbox", "From a\nSubject: 1\n\nx\n");
    // It may lead to anything: it is no mbox file of Eve's.
    symlink("/etc/passwd", dir.path().join("eve/notes")).unwrap();
    let mailboxes = Archive::open(&spec(dir.path(), Format::Mbox, subfolders())).unwrap();
    let first = |at: usize| mailboxes[at].messages().next().unwrap();
    assert!(matches!(first(0), Err(ArchiveError::Link { .. })));
    assert!(first(1).is_ok());
    assert_eq!(read(&mailboxes[2]).len(), 1);
}

#[test]
fn a_folder_goes_by_its_own_name_and_not_by_that_of_a_link() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "b/Sent/1.a", "Subject: x\n\nx");
    symlink("b/Sent", dir.path().join("a link")).unwrap();
    symlink("b/Sent", dir.path().join("z link")).unwrap();
    let mut spec = spec(dir.path(), Format::Maildir, one());
    spec.links = Links::All;
    assert_eq!(ids(&only(&spec)), ["b/Sent/1.a"]);
}

#[test]
fn a_file_flagged_while_reading_is_read_under_its_new_name() {
    let dir = tempfile::tempdir().unwrap();
    for name in [
        "new/1.a",
        "new/2.b",
        "cur/3.c:2,",
        "cur/4.d:2,S",
        "cur/5.e:2,",
    ] {
        put(dir.path(), name, "Subject: x\n\nx");
    }
    fs::create_dir_all(dir.path().join("tmp")).unwrap();
    let mailbox = &Archive::open(&spec(dir.path(), Format::Maildir, one())).unwrap()[0];
    let mut messages = mailbox.messages();
    let mut ids = vec![messages.next().unwrap().unwrap().source_id];
    let rename = |from: &str, to: &str| {
        fs::rename(dir.path().join(from), dir.path().join(to)).unwrap();
    };
    rename("new/2.b", "cur/2.b:2,");
    rename("cur/3.c:2,", "cur/3.c:2,RS");
    fs::remove_file(dir.path().join("cur/5.e:2,")).unwrap();
    ids.extend(messages.map(|message| message.unwrap().source_id));
    ids.sort();
    assert_eq!(ids, ["1.a", "2.b", "3.c", "4.d"]);
}

#[test]
fn an_mbox_that_is_a_link_out_of_the_archive_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "elsewhere/a.mbox", "From a\nSubject: 1\n\nx\n");
    put(dir.path(), "mails/b.mbox", "From a\nSubject: 1\n\nx\n");
    symlink("../elsewhere/a.mbox", dir.path().join("mails/a.mbox")).unwrap();
    let mut spec = spec(&dir.path().join("mails"), Format::Mbox, one());
    let mailbox = &Archive::open(&spec).unwrap()[0];
    let mut messages = mailbox.messages();
    let first = messages.next().unwrap();
    assert!(matches!(first, Err(ArchiveError::Link { .. })));
    assert!(messages.next().unwrap().is_ok());
    spec.links = Links::All;
    assert_eq!(only(&spec).len(), 2);
    // What the configuration itself names is followed.
    spec.links = Links::Inside;
    spec.path = dir.path().join("mails/a.mbox");
    assert_eq!(only(&spec).len(), 1);
}

#[test]
fn room_is_asked_for_before_a_large_message_is_held() {
    for format in [Format::Mbox, Format::Eml] {
        let dir = tempfile::tempdir().unwrap();
        let mail = |bytes: usize| format!("From a\nSubject: x\n\n{}\n", "x".repeat(bytes));
        put(dir.path(), "1.eml", mail(100));
        put(dir.path(), "2.eml", mail(SMALL_MESSAGE_BYTES + 100));
        put(
            dir.path(),
            "a.mbox",
            mail(100) + &mail(SMALL_MESSAGE_BYTES + 100),
        );
        let mailbox = &Archive::open(&spec(dir.path(), format, one())).unwrap()[0];
        let mut messages = mailbox.messages();
        let mut asked = Vec::new();
        while messages.next_with(&mut |bytes| asked.push(bytes)).is_some() {}
        assert_eq!(asked.len(), 1, "{format:?}");
        assert!(asked[0] > SMALL_MESSAGE_BYTES);
    }
}

#[test]
fn a_path_that_is_not_of_the_format_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "mail.pst", b"!BDN");
    let fails = |path: &Path, format| {
        let error = Archive::open(&spec(path, format, one())).unwrap_err();
        assert!(error.to_string().contains(&path.display().to_string()));
        error
    };
    let missing = fails(&dir.path().join("none"), Format::Maildir);
    assert!(matches!(missing, ArchiveError::Missing { .. }));
    let pst = fails(&dir.path().join("mail.pst"), Format::Mbox);
    assert!(matches!(pst, ArchiveError::NotMbox { .. }));
    let file = fails(&dir.path().join("mail.pst"), Format::Maildir);
    assert!(matches!(file, ArchiveError::NotAFolder { .. }));
    let empty = fails(dir.path(), Format::Eml);
    assert!(matches!(empty, ArchiveError::NoMessage { .. }));
}
