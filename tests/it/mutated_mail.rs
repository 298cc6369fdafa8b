//! Random mails: damaged, truncated, assembled from parts of others and from tokens of the grammar.
//! Each has one outcome, the next run changes nothing, and the lake is consistent.

use std::fs;
use std::path::Path;

use rand::RngExt;
use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::support::archive_config;
use crate::support::archive_folder;
use crate::support::expect_code;
use crate::support::run_report;
use crate::support::turn;
use crate::support::with_config;

/// Mails of a seed.
const MAILS: usize = 1_000;

/// Tokens of the grammar.
const TOKENS: &[&str] = &[
    "=?utf-8?q?",
    "=?utf-8?b?",
    "?=",
    "=?",
    "\r\n ",
    "\n\t",
    "\n\n",
    "\r",
    "--b\n",
    "--b--\n",
    "<!--",
    "-->",
    "--!>",
    "<script>",
    "<br>",
    "&#x10ffff;",
    "&amp",
    "(",
    ")",
    "\\",
    "\"",
    "<",
    ">",
    "<a@b.example>",
    "a@b.example, ",
    "g: ",
    ";",
    "@",
    "..",
    "=3D",
    "=\n",
    "===",
    "To: ",
    "\nDate: ",
    "\nContent-Type: multipart/mixed; boundary=b\n\n",
    "\nContent-Type: message/rfc822\n\n",
    "\nContent-Type: text/calendar; method=REQUEST\n\n",
    "\nContent-Transfer-Encoding: base64\n",
    "charset=utf-7",
    "+AGE-",
    "\u{202e}",
    "\u{0}",
    "\u{fffd}",
];

/// A mail with a sample of all features.
const MIXED: &str = "Received: from x by y; Mon, 2 Mar 2026 10:00:00 +0000\n\
From: =?utf-8?q?Ann_L=C3=A9e?= <ann@customer.example>\nSender: desk@customer.example\n\
To: Bob <bob@contoso.example>, \"Lee, Eve\" <eve@new.example>, team: joe@x.example;\n\
Cc: (a comment) cat@x.example\nDate: Mon, 2 Mar 2026 10:00:00 +0000\n\
Message-ID: <mixed@customer.example>\nReferences: <a@b> <c@d>\nSubject: =?utf-8?b?T2ZmZXI=?= two\n\
MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=\"b\"\n\n--b\n\
Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n\
Hello =C3=A4 there\n--b\nContent-Type: text/html\n\n<p>Hello <!-- x --> there &amp; on</p>\n--b\n\
Content-Type: text/calendar; method=REQUEST\nContent-Transfer-Encoding: base64\n\n\
QkVHSU46VkNBTEVOREFS\n--b--\n";

fn originals() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mail");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|end| end == "eml"))
        .collect();
    files.sort();
    let mails = files.into_iter().map(|path| fs::read(path).unwrap());
    mails.chain([MIXED.as_bytes().to_vec()]).collect()
}

fn mutated(rng: &mut ChaCha8Rng, originals: &[Vec<u8>]) -> Vec<u8> {
    let mut mail = originals.choose(rng).unwrap().clone();
    for _ in 0..rng.random_range(1..6) {
        let at = rng.random_range(0..=mail.len());
        match rng.random_range(0..5) {
            0 if at < mail.len() => mail[at] ^= 1 << rng.random_range(0..8),
            1 => mail.truncate(at),
            2 => {
                let other = originals.choose(rng).unwrap();
                let from = rng.random_range(0..=other.len());
                mail.splice(at..at, other[from..].iter().copied());
            }
            3 => {
                let until = rng.random_range(at..=mail.len());
                mail.drain(at..until);
            }
            _ => {
                let times = *[1, 2, 40, 2_000].choose(rng).unwrap();
                let token = TOKENS.choose(rng).unwrap().repeat(times);
                mail.splice(at..at, token.into_bytes());
            }
        }
    }
    mail
}

fn outcomes(report: &Value) -> u64 {
    let outcomes = report["totals"]["outcomes"].as_object().unwrap();
    outcomes.values().map(|count| count.as_u64().unwrap()).sum()
}

fn check(seed: u64) {
    let capture =
        "[capture]\ncontent = \"full\"\nunmatched = \"keep\"\ninternal_only = \"record\"\n";
    let config = archive_config("mails", "maildir");
    let folder = archive_folder(&format!("{capture}{config}"), []);
    let originals = originals();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for number in 0..MAILS {
        let path = folder.path().join(format!("mails/{number}"));
        fs::write(path, mutated(&mut rng, &originals)).unwrap();
    }
    let config = folder.path().join("touchpoint.toml");
    let first = run_report(&config, &[], 0);
    assert_eq!(first["totals"]["received"], MAILS, "seed {seed}");
    assert_eq!(outcomes(&first), MAILS as u64, "seed {seed}");
    assert!(
        first["totals"]["outcomes"]["recorded"].as_u64() > Some(100),
        "{first}"
    );
    let second = run_report(&config, &[], 0);
    assert_eq!(second["totals"]["outcomes"]["recorded"], 0, "seed {seed}");
    assert_eq!(
        second["totals"]["outcomes"]["unreadable"], first["totals"]["outcomes"]["unreadable"],
        "seed {seed}"
    );
    expect_code(&mut with_config(&config, &["verify"]), 0);
}

#[test]
fn mutated_mails_have_one_outcome_each_and_stay_unchanged() {
    turn::each(turn::seeds("TOUCHPOINT_MUTATED", 1).unwrap_or(1..3), check);
}
