//! Mails that are made to cost time, memory or the lake: each is read or unreadable, and the mail
//! beside it is recorded and found.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::archive_config;
use crate::support::archive_folder;
use crate::support::expect_code;
use crate::support::python;
use crate::support::run_report;
use crate::support::subfolders_config;
use crate::support::with_config;

/// Bytes of a hostile mail.
const BYTES: usize = 1_000_000;

const DATE: &str = "Date: Mon, 2 Mar 2026 10:00:00 +0000\n";

/// As often as it fits into a mail.
fn repeated(token: &str) -> String {
    token.repeat(BYTES / token.len())
}

fn to(value: &str) -> String {
    format!("From: ann@customer.example\nTo: bob@contoso.example, {value}\n{DATE}Subject: s\n\nx\n")
}

fn field(line: &str) -> String {
    format!("From: ann@customer.example\nTo: bob@contoso.example\n{DATE}{line}\n\nx\n")
}

fn body(kind: &str, body: &str) -> String {
    format!(
        "From: ann@customer.example\nTo: bob@contoso.example\n{DATE}Subject: s\nContent-Type: {kind}\n\n{body}"
    )
}

fn numbered(count: usize, of: impl Fn(usize) -> String) -> String {
    (0..count).map(of).collect::<Vec<_>>().concat()
}

/// Mails that are expensive for the header parsers.
fn headers() -> Vec<String> {
    let from = numbered(BYTES / 40, |n| format!("a{n}@c.example, "));
    let sender = numbered(BYTES / 40, |n| format!("s{n}@c.example, "));
    let mut mails = vec![
        format!("From: {from}\nSender: {sender}\nTo: bob@contoso.example\n{DATE}\nx\n"),
        format!(
            "From: {}@customer.example\n{DATE}\nx\n",
            repeated("noreply")
        ),
        format!("Date: {}\n\nx\n", repeated("x-")),
        format!(
            "Date: Mon, 2 Mar 2026 10:00:00 +0000 {}\n\nx\n",
            repeated("(")
        ),
        format!(
            "Received: {}; Mon, 2 Mar 2026 10:00:00 +0000\n\nx\n",
            repeated("(")
        ),
        format!("{DATE}{}\nx\n", repeated("a:\n")),
        format!("{DATE}{}\nx\n", repeated("To: a@b.example\n")),
        field(&format!("References: {}", repeated("<a"))),
        field(&format!("Message-ID: <{}>", repeated("a"))),
        field(&format!("List-Post: {}", repeated("mailto"))),
        field(&format!("Subject: {}", repeated("x"))),
        field(&format!("Subject: {}", repeated("=?utf-8?b?QUJD?= "))),
    ];
    for token in ["=?a", "=?", "=?utf-8?q?x", "=?utf-8?b?!", "=?utf-8?q?=?="] {
        mails.push(field(&format!("Subject: {}", repeated(token))));
    }
    for token in [
        "ab, ",
        "g:;",
        "g:",
        "a:a@b.c,",
        "(",
        "<",
        ">",
        "\"",
        "\\",
        "=?a",
        "=?aa?q?x ",
        "a@b.c, ",
        "a@b.c; ",
        "(a) ",
        "a (b), ",
        ", ",
        ";",
        "smtp:",
        "@a,",
        "a@",
    ] {
        mails.push(to(&repeated(token)));
    }
    for label in ["a.", "ä.", "a-", ".", "xn--a."] {
        mails.push(to(&format!("x@{}example", repeated(label))));
        mails.push(to(&format!("x@{}example", label.repeat(30_000))));
    }
    mails.push(to(&format!("{}@contoso.example", repeated("a"))));
    mails
}

/// Mails that are expensive for the parser of parts.
fn parts() -> Vec<String> {
    let mixed = "multipart/mixed; boundary=b";
    let nested = numbered(BYTES / 60, |n| {
        format!(
            "--b{n}\nContent-Type: multipart/mixed; boundary=b{}\n\n",
            n + 1
        )
    });
    let both = numbered(BYTES / 90, |n| {
        format!(
            "--b{n}\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=b{}\n\n",
            n + 1
        )
    });
    vec![
        body("multipart/mixed; boundary=b0", &nested),
        body("multipart/mixed; boundary=b0", &both),
        body(
            "message/rfc822",
            &repeated("Content-Type: message/rfc822\n\n"),
        ),
        body("multipart/digest; boundary=b", &repeated("--b\n\n")),
        body(mixed, &repeated("--b\n")),
        body(mixed, &repeated("--b\n--b--\n")),
        body(mixed, &repeated("--\n")),
        body(mixed, &repeated("--b\nContent-Type:text/html\n\n\n")),
        body(
            mixed,
            &repeated("--b\nContent-Type: multipart/mixed; boundary=c\n\n"),
        ),
        body(
            mixed,
            &repeated("--b\nContent-Type: text/calendar\n\nMETHOD"),
        ),
        body(
            mixed,
            &repeated("--b\nContent-Transfer-Encoding: base64\n\nQUJD\n"),
        ),
    ]
}

/// Mails that are expensive for the text decoders.
fn texts() -> Vec<String> {
    let mut mails = vec![
        body(&format!("text/plain{}", repeated("; a*0*=b")), "x"),
        body(&format!("text/plain{}", repeated("; a=b")), "x"),
        body("text/calendar", &repeated("a\n")),
        body("text/plain; charset=utf-7", &repeated("+AGE-")),
        body("text/plain; charset=utf-7", &repeated("+")),
        body(
            "text/plain; charset=utf-8",
            &format!("a{}", repeated("\u{301}")),
        ),
        body("text/plain", &repeated("w")),
        body("text/plain", &repeated(">From x\n")),
        body(
            "text/plain\nContent-Transfer-Encoding: base64",
            &repeated("QUJD"),
        ),
        body(
            "text/plain\nContent-Transfer-Encoding: base64",
            &repeated("="),
        ),
        body(
            "text/plain\nContent-Transfer-Encoding: quoted-printable",
            &repeated("=E2=82=AC"),
        ),
        body(
            "text/plain\nContent-Transfer-Encoding: quoted-printable",
            &repeated("="),
        ),
        body(
            "text/plain",
            &numbered(BYTES / 11, |n| {
                format!("{:x} ", n * 2_654_435_761 % (1 << 40))
            }),
        ),
    ];
    for token in [
        "<!--a-->",
        "<!--",
        "<!--a--!",
        "<!--a--!>",
        "<!",
        "<!-",
        "<?",
        "</",
        "<",
        "<a x='",
        "<a x=\"",
        "<a ",
        "<script></scrip>",
        "<script>",
        "&",
        "&amp",
        "&amp;",
        "&#x41;",
        "<a>",
        "<!-->",
        "-->",
    ] {
        mails.push(body("text/html", &repeated(token)));
    }
    mails
}

/// 16 mailboxes with two mails of 60 MB each.
fn large_archive(format: &str) -> TempDir {
    let folder = archive_folder("", []);
    let path = folder.path();
    let config = subfolders_config("mailboxes", format);
    let content = "[capture]\ncontent = \"full\"\n";
    fs::write(path.join("touchpoint.toml"), format!("{content}{config}")).unwrap();
    let line = "words in a line of mail, sixty-four characters and its line end\n";
    for number in 0..2 {
        let head = format!(
            "From ann\nFrom: ann@customer.example\nTo: bob@contoso.example\n\
             Date: Mon, 2 Mar 2026 10:00:00 +0000\nMessage-ID: <{number}@customer.example>\n\
             Subject: large {number}\n\n"
        );
        let large = path.join(format!("large {number}"));
        fs::write(&large, head + &line.repeat(LARGE / line.len())).unwrap();
        for mailbox in 0..16 {
            let mailbox = path.join(format!("mailboxes/{mailbox}"));
            fs::create_dir_all(&mailbox).unwrap();
            fs::hard_link(&large, mailbox.join(format!("{number}.{format}"))).unwrap();
        }
    }
    folder
}

const LARGE: usize = 60_000_000;
/// The default of `[run] memory`.
const MEMORY: u64 = 512_000_000;

#[test]
fn memory_does_not_grow_with_mailboxes_that_have_large_mails() {
    for format in ["eml", "mbox"] {
        let folder = large_archive(format);
        let run = with_config(&folder.path().join("touchpoint.toml"), &["run"]);
        let mut measuring = python::script("peak_memory.py");
        let found = python::json(measuring.arg(run.get_program()).args(run.get_args()));
        assert_eq!(found["code"], 0, "{format}");
        let most = MEMORY + 64_000_000 + LARGE as u64;
        assert!(found["peak"].as_u64().unwrap() < most, "{format}: {found}");
        let table = python::rows(folder.path(), "interactions", &[]);
        assert_eq!(table.len(), 32, "{format}");
    }
}

fn archive(mails: &[String]) -> TempDir {
    let capture =
        "[capture]\ncontent = \"full\"\nunmatched = \"keep\"\ninternal_only = \"record\"\n";
    let good = "From: ann@customer.example\nTo: bob@contoso.example\n\
                Date: Mon, 2 Mar 2026 10:00:00 +0000\nMessage-ID: <good@customer.example>\n\
                Subject: goodmail\n\nHello.\n";
    let hostile = mails.iter().enumerate();
    let hostile = hostile.map(|(number, mail)| (number.to_string(), mail.as_str()));
    archive_folder(
        &format!("{capture}{}", archive_config("mails", "eml")),
        hostile.chain([("good".to_owned(), good)]),
    )
}

fn outcome(report: &Value, outcome: &str) -> u64 {
    report["totals"]["outcomes"][outcome].as_u64().unwrap()
}

/// All are read or unreadable, the valid one is recorded and found, and later runs continue, also
/// without state and index.
fn check(mails: &[String]) {
    let folder = archive(mails);
    let config = folder.path().join("touchpoint.toml");
    let report = run_report(&config, &[], 0);
    let (recorded, unreadable) = (outcome(&report, "recorded"), outcome(&report, "unreadable"));
    let duplicate = outcome(&report, "duplicate");
    let all = mails.len() as u64 + 1;
    assert_eq!(
        recorded + unreadable + duplicate,
        all,
        "{}",
        report["totals"]
    );
    assert!(report["totals"]["shortened"].as_u64().unwrap() > 0);
    assert_found(&config);
    expect_code(&mut with_config(&config, &["verify"]), 0);
    for cache in ["state", "index"] {
        fs::remove_dir_all(folder.path().join(cache)).unwrap();
    }
    let again = run_report(&config, &[], 0);
    assert_eq!(outcome(&again, "recorded"), 0, "{}", again["totals"]);
    assert_found(&config);
}

fn assert_found(config: &Path) {
    let hits = expect_code(&mut with_config(config, &["search", "goodmail"]), 0);
    assert!(hits.contains("goodmail"), "{hits}");
}

#[test]
fn mails_with_hostile_headers_cost_nothing_but_themselves() {
    check(&headers());
}

#[test]
fn mails_with_hostile_bodies_cost_nothing_but_themselves() {
    check(&[parts(), texts()].concat());
}
