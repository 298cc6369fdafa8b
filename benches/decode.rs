//! Measures how fast archive mails are split and decoded: generated mails of three kinds.
#![expect(
    clippy::expect_used,
    reason = "a bench without its input must fail immediately"
)]

use std::hint::black_box;
use std::io::Write;

use criterion::Criterion;
use criterion::Throughput;
use criterion::criterion_group;
use criterion::criterion_main;
use touchpoint::decode::mime;
use touchpoint::model::page::ArchiveMessage;
use touchpoint::source::archive::mailbox::Archive;
use touchpoint::source::archive::mailbox::ArchiveMailbox;
use touchpoint::source::archive::spec::ArchiveSpec;
use touchpoint::source::archive::spec::Format;
use touchpoint::source::archive::spec::Layout;
use touchpoint::source::archive::spec::Links;

/// The number of mails in the mbox.
const MAILS: usize = 10_000;

fn header(number: usize) -> String {
    format!(
        "Received: from a.example by b.example; Tue, 3 Mar 2026 09:00:05 +0100 (CET)\n\
         From: =?utf-8?Q?J=C3=BCrgen?= Adler <j.adler@supplier{number}.example>\n\
         To: \"Lee, Ann\" <ann.lee@contoso.example>, bo@contoso.example\n\
         Cc: cy@contoso.example, dan@contoso.example\n\
         Subject: Offer {number} for tables and chairs\n\
         Date: Tue, 3 Mar 2026 09:00:00 +0100\n\
         Message-ID: <offer.{number}@supplier.example>\n\
         References: <root.{number}@contoso.example>\nMIME-Version: 1.0\n"
    )
}

fn plain(number: usize) -> String {
    let body = "Guten Tag, hier das Angebot mit Preisen und Terminen.\n".repeat(40);
    header(number) + "Content-Type: text/plain; charset=utf-8\n\n" + &body
}

fn html(number: usize) -> String {
    let body =
        "<p class=\"x\">Guten&nbsp;Tag, <b>hier</b> das Angebot &amp; mehr.</p>=\n".repeat(40);
    header(number)
        + "Content-Type: text/html; charset=iso-8859-1\n\
           Content-Transfer-Encoding: quoted-printable\n\n"
        + &body
}

fn message(text: String) -> ArchiveMessage {
    ArchiveMessage {
        source_id: "1".into(),
        container: "INBOX".into(),
        place: "1.eml".into(),
        bytes: text.into(),
        received: None,
        is_draft: false,
        is_junk: false,
        former_ids: Vec::new(),
        unreadable: None,
    }
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    let slim = mime::Options {
        body_text: false,
        content_key: false,
    };
    let content = mime::Options {
        body_text: true,
        content_key: true,
    };
    for (name, text, options) in [
        ("plain/preview", plain(1), slim),
        ("plain/content", plain(1), content),
        ("html/preview", html(1), slim),
    ] {
        let message = message(text);
        group.throughput(Throughput::Bytes(message.bytes.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| mime::mail(black_box(&message), options));
        });
    }
    group.finish();
}

fn split(criterion: &mut Criterion) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    for number in 0..MAILS {
        write!(file, "From a\n{}\n", plain(number)).expect("the disk has room");
    }
    let spec = ArchiveSpec {
        name: "bench".into(),
        format: Format::Mbox,
        path: file.path().to_path_buf(),
        layout: Layout::One {
            address: "ann@contoso.example".into(),
        },
        links: Links::Inside,
    };
    let bytes = file.path().metadata().map_or(0, |meta| meta.len());
    let mut group = criterion.benchmark_group("split");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(bytes));
    group.bench_function(format!("mbox/{MAILS}"), |bencher| {
        bencher.iter(|| {
            let mailboxes = Archive::open(&spec).expect("it is an mbox");
            let messages = mailboxes.iter().flat_map(ArchiveMailbox::messages);
            assert_eq!(messages.count(), MAILS);
        });
    });
    group.finish();
}

criterion_group!(benches, decode, split);
criterion_main!(benches);
