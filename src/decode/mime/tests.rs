//! Whole mails, one trap each.

use proptest::prelude::*;

use super::*;
use crate::model::mail::MailClass;

const OPTIONS: Options = Options {
    body_text: true,
    content_key: true,
};

fn message(bytes: &[u8]) -> ArchiveMessage {
    ArchiveMessage {
        source_id: "1".into(),
        former_ids: Vec::new(),
        container: "INBOX".into(),
        place: "1.eml".into(),
        bytes: bytes.to_vec().into(),
        received: None,
        is_draft: false,
        is_junk: false,
        unreadable: None,
    }
}

fn read(text: &str) -> Mail {
    match mail(&message(text.as_bytes()), OPTIONS) {
        Decoded::Mail(mail) => *mail,
        other => panic!("{other:?}"),
    }
}

/// Why a message could not be read; empty for a mail.
fn reason_of(decoded: &Decoded) -> &str {
    match decoded {
        Decoded::Unreadable { reason, .. } => reason.as_str(),
        _ => "",
    }
}

fn read_dated(rest: &str) -> Mail {
    read(&format!("Date: 24 Nov 2026 10:00:00 +0000\n{rest}"))
}

fn named(mail: &Mail) -> Vec<(Role, &str)> {
    let named = mail.participants.iter();
    named.map(|p| (p.role, p.address.as_str())).collect()
}

#[test]
fn of_repeated_fields_the_first_counts_and_recipients_are_united() {
    let mail = read(
        "From: a@x.org\nTo: b@x.org\nSubject: one\nDate: 1 Jan 2001 10:00:00 +0000\n\
         Message-ID: <1@x>\nFrom: z@x.org\nTo: c@x.org\nSubject: two\nMessage-ID: <2@x>\n\
         Date: 2 Jan 2001 10:00:00 +0000\nCc: d@x.org\n\nhello",
    );
    let expected = [
        (Role::From, "a@x.org"),
        (Role::To, "b@x.org"),
        (Role::To, "c@x.org"),
        (Role::Cc, "d@x.org"),
    ];
    assert_eq!(named(&mail), expected);
    assert_eq!(mail.subject.as_deref(), Some("one"));
    assert_eq!(mail.message_id.as_deref(), Some("1@x"));
    let sent = mail.sent.map(Timestamp::rfc3339);
    assert_eq!(sent.as_deref(), Some("2001-01-01T10:00:00Z"));
}

#[test]
fn a_sender_is_named_only_where_it_differs() {
    let same = read_dated("From: Ann <A@x.org>\nSender: a@X.org\n\n");
    assert_eq!(named(&same), [(Role::From, "A@x.org")]);
    let other = read_dated("From: a@x.org\nSender: pa@x.org\n\n");
    assert_eq!(named(&other)[1], (Role::Sender, "pa@x.org"));
}

#[test]
fn the_receipt_is_the_topmost_received_or_mbox_line() {
    let text = "Received: from a (b; c) by d;\n\tTue, 24 Nov 2026 11:00:00 +0100 (CET)\n\
                Received: by e; Mon, 23 Nov 2026 11:00:00 +0100\nSubject: x\n\n";
    let received = read(text).received.map(Timestamp::rfc3339);
    assert_eq!(received.as_deref(), Some("2026-11-24T10:00:00Z"));
    let mut bare = message(b"Subject: x\n\nhello");
    assert_eq!(reason_of(&mail(&bare, OPTIONS)), "no_date");
    bare.received = Some(Timestamp(5));
    let Decoded::Mail(mail) = mail(&bare, OPTIONS) else {
        panic!("a mail with a receipt is read");
    };
    assert_eq!((mail.sent, mail.received), (None, Some(Timestamp(5))));
}

#[test]
fn a_message_id_is_read_from_the_first_brackets() {
    let id = |value: &str| read_dated(&format!("Message-ID: {value}\n\n")).message_id;
    assert_eq!(id("<A.b@X> (c) <d@e>").as_deref(), Some("A.b@X"));
    assert_eq!(id(" bare@x ").as_deref(), Some("bare@x"));
    assert_eq!(id("<>"), None);
    assert_eq!(id("\n <folded@x>").as_deref(), Some("folded@x"));
}

#[test]
fn a_thread_is_named_by_its_first_mail() {
    let root = read_dated("Message-ID: <1@x>\n\n").thread_id;
    let reply = read_dated("Message-ID: <3@x>\nReferences: <1@x>\n <2@x>\n\n").thread_id;
    assert!(root.is_some());
    assert_eq!(root, reply);
    assert_eq!(read_dated("Subject: x\n\n").thread_id, None);
}

#[test]
fn private_mails_are_told_by_their_header() {
    for (value, expected) in [
        ("Personal", Sensitivity::Private),
        ("private", Sensitivity::Private),
        ("Company-Confidential", Sensitivity::Private),
        ("normal", Sensitivity::Normal),
    ] {
        let mail = read_dated(&format!("Sensitivity: {value}\n\n"));
        assert_eq!(mail.sensitivity, expected, "{value}");
    }
    assert_eq!(read_dated("\n").sensitivity, Sensitivity::Normal);
}

#[test]
fn copies_with_different_white_space_share_a_content_key() {
    let key = |text: &str| read_dated(text).content_key;
    let one = key("From: A <a@x.org>\nSubject: a  b\nMessage-ID: <1@x>\n\nhello  world\n");
    let two =
        key("From: a@X.org\nSubject: =?utf-8?q?a?= b\nMessage-ID: <2@x>\n\nhello\r\n\u{a0}world");
    assert_eq!(one, two);
    let other = key("From: a@x.org\nSubject: a b\n\nhello word");
    assert_ne!(one, other);
}

#[test]
fn bulk_mail_is_recognised_by_headers_sender_and_subject() {
    let reason = |text: &str| read_dated(text).bulk_reason;
    assert_eq!(reason("List-Id: <n.x.org>\n\n"), Some("newsletter"));
    assert_eq!(
        reason("From: No Reply <no-reply@x.org>\n\n"),
        Some("no_reply_sender")
    );
    assert_eq!(reason("From: a@x.org\nSubject: hello\n\n"), None);
}

#[test]
fn a_body_is_handed_over_only_on_request() {
    let text = b"Date: 24 Nov 2026 10:00:00 +0000\n\nhello";
    let options = Options {
        body_text: false,
        content_key: false,
    };
    let Decoded::Mail(brief) = mail(&message(text), options) else {
        panic!("it is a mail");
    };
    let full = read(std::str::from_utf8(text).unwrap());
    assert_eq!(brief.body_text, None);
    assert_eq!(full.body_text.as_deref(), Some("hello"));
    assert_eq!(brief.preview.as_deref(), Some("hello"));
    assert_eq!(brief.fingerprint, full.fingerprint);
    assert_eq!(brief.content_key, None);
    assert_eq!(brief.class, MailClass::Plain);
}

/// Bytes that look like mail enough to reach every branch.
fn mail_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"\n\n".to_vec()),
        Just(b"From: ".to_vec()),
        Just(b"To: a:b,;<@>".to_vec()),
        Just(b"Date: 1 Jan 2001 10:00 EST\n".to_vec()),
        Just(b"Received: ;".to_vec()),
        Just(b"Subject: =?utf-8?Q?=C3?= =?x?B?".to_vec()),
        Just(b"Content-Type: multipart/mixed; boundary=b\n\n".to_vec()),
        Just(b"Content-Type: message/rfc822\n\n".to_vec()),
        Just(b"Content-Type: text/html; charset=utf-16\n\n<p>&#x;".to_vec()),
        Just(b"Content-Type: text/calendar; method=\n\nMETHOD:".to_vec()),
        Just(b"Content-Transfer-Encoding: base64\n".to_vec()),
        Just(b"\n--b\n".to_vec()),
        Just(b"\n--b--\n".to_vec()),
        prop::collection::vec(any::<u8>(), 0..24),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn text_of(rest: &str) -> String {
    read_dated(rest)
        .body_text
        .unwrap_or_default()
        .trim()
        .to_owned()
}

#[test]
fn the_text_is_what_says_something() {
    let mail = |plain: &str, html: &str, last: &str| {
        format!(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n{plain}\n\
             --b\nContent-Type: text/html\n\n{html}\n--b\nContent-Type: text/plain\n\n{last}\n--b--\n"
        )
    };
    for blank in [
        "",
        " \n\t\n",
        "\u{a0}\u{200b}\u{feff}",
        "-- \n",
        "\u{2014}",
        "\u{2800}",
    ] {
        assert_eq!(
            text_of(&mail(blank, "<p>page</p>", "footer")),
            "page",
            "{blank:?}"
        );
        assert_eq!(
            text_of(&mail(blank, "<p>&nbsp;</p>", "footer")),
            "footer",
            "{blank:?}"
        );
    }
    assert_eq!(text_of(&mail("plain", "<p>page</p>", "footer")), "plain");
    assert_eq!(text_of(&mail("----", "<p>page</p>", "")), "----");
}

#[test]
fn the_charset_comes_from_header_then_page_then_bytes() {
    let mail = |header: &str, body: &[u8]| {
        let head = format!("Date: 24 Nov 2026 10:00:00 +0000\nContent-Type: {header}\n\n");
        let bytes = [head.as_bytes(), body].concat();
        match super::mail(&message(&bytes), OPTIONS) {
            Decoded::Mail(mail) => mail.body_text.unwrap().trim().to_owned(),
            other => panic!("{other:?}"),
        }
    };
    let page = b"<html><meta charset=\"iso-8859-2\"><p>\xb3\xf3d\xbc</html>";
    assert_eq!(mail("text/html", page), "łódź");
    assert_eq!(mail("text/html; charset=\"\"", page), "łódź");
    assert_eq!(mail("text/html; charset=iso-8859-1", page), "³ód¼");
    for header in [
        "text/plain",
        "text/plain; charset=utf-8",
        "text/plain; charset=us-ascii",
        "text/plain; charset=unknown-8bit",
        "text/plain; charset=x-unknown",
        "text/plain; charset=default_charset",
    ] {
        assert_eq!(mail(header, b"It\x92s \x80 5"), "It’s € 5", "{header}");
        assert_eq!(mail(header, "It’s € 5".as_bytes()), "It’s € 5", "{header}");
    }
}

#[test]
fn html_labelled_plain_is_stripped_and_flowed_lines_joined() {
    let page =
        "Content-Type: text/plain\n\n<!DOCTYPE html>\n<html><body><p>a &amp; b</p></body></html>";
    assert_eq!(text_of(page), "a & b");
    let flowed = "Content-Type: text/plain; format=Flowed; DelSp=Yes\n\nhttps://x.org/ \nabc\n";
    assert_eq!(text_of(flowed), "https://x.org/abc");
    let kept = "Content-Type: text/plain; format=flowed\n\none \ntwo\n";
    assert_eq!(text_of(kept), "one \ntwo");
}

#[test]
fn a_journal_report_is_the_mail_on_which_it_reports() {
    let report = |header: &str, part: &str| {
        format!(
            "From: <MicrosoftExchange1@contoso.com>\nTo: journal@contoso.com\nSubject: Offer\n\
             Message-ID: <outer@x>\nX-MS-Exchange-Sent: yes\n{header}\n\
             Content-Type: multipart/mixed; boundary=J\n\n--J\nContent-Type: text/plain\n\n\
             Sender: ann@contoso.com\nSubject: Offer\nMessage-Id: <inner@x>\n\
             To: buyer@fabrikam.com\nTo: team@contoso.com, Expanded: all@contoso.com\n\
             Bcc: eva@fabrikam.com\nRecipient: zed@fabrikam.com\n--J\n{part}\n--J--\n"
        )
    };
    let inner = "Content-Type: message/rfc822\n\nFrom: Ann <ann@contoso.com>\n\
                 To: Buyer <buyer@fabrikam.com>\nMessage-ID: <inner@x>\nSubject: Offer\n\
                 Date: 5 Jan 2026 10:00:00 +0000\n\nThe offer.";
    for header in [
        "X-MS-Journal-Report:",
        "x-ms-journal-report: \n",
        "Content-Identifier: ExJournalReport",
    ] {
        let mail = read(&report(header.trim_end(), inner));
        assert_eq!(mail.message_id.as_deref(), Some("inner@x"), "{header}");
        assert_eq!(mail.body_text.as_deref(), Some("The offer."));
        let expected = [
            (Role::From, "ann@contoso.com"),
            (Role::To, "buyer@fabrikam.com"),
            (Role::To, "team@contoso.com"),
            (Role::Bcc, "eva@fabrikam.com"),
            (Role::Bcc, "zed@fabrikam.com"),
        ];
        assert_eq!(named(&mail), expected, "{header}");
    }
    let without = report("X-MS-Journal-Report:", "Content-Type: image/png\n\nx");
    let decoded = mail(&message(without.as_bytes()), OPTIONS);
    assert_eq!(reason_of(&decoded), "no_journal_mail");
    // A mark that was left in a mail of others makes no report of it.
    let forwarded = read_dated(
        "X-MS-Journal-Report:\nMessage-ID: <own@x>\nContent-Type: multipart/mixed; boundary=J\n\n\
         --J\nContent-Type: text/plain\n\nSee below.\n--J\nContent-Type: message/rfc822\n\n\
         Message-ID: <other@x>\n\nx\n--J--\n",
    );
    assert_eq!(forwarded.message_id.as_deref(), Some("own@x"));
    let plain = read_dated(&report("X-Other: y", inner));
    assert_eq!(plain.message_id.as_deref(), Some("outer@x"));
}

#[test]
fn a_reply_belongs_to_the_thread_of_its_parent() {
    let first = read_dated("Message-ID: <1@x>\n").thread_id;
    for answer in [
        "In-Reply-To: <1@x>",
        "In-Reply-To: Your message of Monday <1@x>",
        "In-Reply-To: 1@x",
        "References: <1@x> <2@x>\nIn-Reply-To: <2@x>",
    ] {
        let mail = read_dated(&format!("Message-ID: <3@x>\n{answer}\n"));
        assert_eq!(mail.thread_id, first, "{answer}");
    }
    for other in [
        "In-Reply-To: Your message of Monday, 1@x",
        "In-Reply-To: ",
        "In-Reply-To: 1",
    ] {
        let mail = read_dated(&format!("Message-ID: <3@x>\n{other}\n"));
        assert_eq!(
            mail.thread_id,
            read_dated("Message-ID: <3@x>\n").thread_id,
            "{other}"
        );
    }
}

#[test]
fn a_group_follows_the_author_it_replaced() {
    let mail = read_dated(
        "From: 'Eva' via Sales <sales@contoso.com>\nSender: sales@contoso.com\n\
         To: sales@contoso.com\nReply-To: Eva <eva@fabrikam.com>\n\
         X-Original-From: Eva <eva@fabrikam.com>\nList-Post: <mailto:sales@contoso.com>\n",
    );
    let expected = [
        (Role::From, "eva@fabrikam.com"),
        (Role::Sender, "sales@contoso.com"),
        (Role::To, "sales@contoso.com"),
    ];
    assert_eq!(named(&mail), expected);
}

#[test]
fn only_mails_without_message_id_are_identified_by_bytes() {
    let key = |rest: &str| read_dated(rest).bytes_key;
    assert_eq!(key("Message-ID: <1@x>\n\nx"), None);
    assert!(key("Message-ID: <>\n\nx").is_some());
    assert_eq!(key("Status: RO\n\nx"), key("X-UID: 3\n\nx"));
    assert_ne!(key("\nx"), key("\ny"));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in mail_like()) {
        let mut message = message(&bytes);
        message.received = Some(Timestamp(1));
        let decoded = mail(&message, OPTIONS);
        prop_assert_ne!(reason_of(&decoded), "malformed");
    }

    #[test]
    fn header_and_body_readers_take_arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = words::decoded(&text);
        let _ = mail_date::parse(&text);
        Found::default().named_in(&bytes, Role::To);
        let _ = body::read(&bytes);
    }
}
