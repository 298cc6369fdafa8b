//! Real mail archives through the real binary, compared with what Python reads of them
//! (`tests/py/compare_archive.py`).
//!
//! Of the list `keyrings`, the first mails are read; `TOUCHPOINT_KEYRINGS=13398` reads all.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::commands;
use crate::support::corpora;
use crate::support::expect_code;
use crate::support::python;
use crate::support::run_report;
use crate::support::served::Served;
use crate::support::text_of;
use crate::support::with_config;

/// The number of mails of `keyrings` that are read by default: a few seconds.
const KEYRINGS_MAILS: usize = 600;
/// Mails by which that list grows between two runs.
const GROWTH: usize = 100;

/// An archive, and a folder with a configuration that reads it.
struct Job {
    folder: TempDir,
    format: &'static str,
    identity: &'static str,
    domain: &'static str,
}

impl Job {
    fn new(format: &'static str, identity: &'static str, domain: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("mail")).unwrap();
        Self {
            folder,
            format,
            identity,
            domain,
        }
    }

    /// The location of the archive.
    fn archive(&self, below: &str) -> PathBuf {
        self.folder.path().join("mail").join(below)
    }

    /// Reads the archive with Python, makes a contact list of it and a configuration that keeps
    /// all there is to compare.
    fn prepare(&self, archive: &Path) {
        let mut prepare = python::script("compare_archive.py");
        prepare.args(["prepare", self.format]).arg(archive);
        python::json(prepare.arg(self.folder.path()).arg(self.domain));
        let capture = "[capture]\ncontent = \"full\"\ninternal_only = \"record\"\n\
                       unmatched = \"keep\"\n";
        let archive = format!(
            "{}mailboxes = \"subfolders\"\ndomains = [\"{}\"]\nidentity = \"{}\"\n",
            archive_section("old", self.format, archive),
            self.domain,
            self.identity
        );
        write_config(self.folder.path(), &format!("{capture}{archive}"));
    }

    fn run(&self) -> Totals {
        Totals(run_report(&self.folder.path().join("touchpoint.toml"), &[], 0)["totals"].clone())
    }

    /// Compares the lake with what Python read; the test fails on a difference without reason.
    fn compare(&self) -> Value {
        let folder = self.folder.path();
        let mut compare = python::script("compare_archive.py");
        compare.arg("compare").arg(folder.join("lake")).arg(folder);
        let compared = python::json(compare.args([self.identity, self.domain]));
        println!("{}: {compared}", self.domain);
        compared
    }
}

/// What a run received and what became of it.
struct Totals(Value);

impl Totals {
    fn received(&self) -> u64 {
        self.0["received"].as_u64().unwrap()
    }

    fn of(&self, outcome: &str) -> u64 {
        self.0["outcomes"][outcome].as_u64().unwrap()
    }
}

fn archive_section(name: &str, format: &str, path: &Path) -> String {
    let path = path.display();
    format!("[[archives]]\nname = \"{name}\"\nformat = \"{format}\"\npath = \"{path}\"\n")
}

/// Writes a configuration with these sections beside `contacts.csv` and `accounts.csv`.
fn write_config(folder: &Path, sections: &str) {
    let text = format!(
        "[lake]\npath = \"lake\"\n[index]\npath = \"index\"\n[state]\npath = \"state\"\n\
         [crm]\ncontacts = \"contacts.csv\"\naccounts = \"accounts.csv\"\n{sections}"
    );
    fs::write(folder.join("touchpoint.toml"), text).unwrap();
}

/// Writes a contact list without matches in any mail.
fn write_small_crm(folder: &Path) {
    fs::write(
        folder.join("contacts.csv"),
        "id,name,email\nc1,Absent,absent@nowhere.example\n",
    )
    .unwrap();
    fs::write(
        folder.join("accounts.csv"),
        "id,name,domains\na1,Absent,nowhere.example\n",
    )
    .unwrap();
}

#[test]
fn copies_with_distinct_ids_are_read_as_python_reads_them() {
    let job = Job::new("maildir", "content", "enron.com");
    let Some(()) = corpora::unpack(&["enron-7"], &job.archive("")) else {
        return;
    };
    job.prepare(&job.archive("enron-7"));
    let first = job.run();
    let second = job.run();
    assert_eq!(first.received(), 3_341);
    assert_eq!(second.of("recorded"), 0);
    assert_eq!(second.of("unchanged"), first.received());
    let compared = job.compare();
    assert_eq!(compared["interactions"], 1_996);
    assert_eq!(compared["in_several_mailboxes"], 158);
    read_as_people_do(&job.folder.path().join("touchpoint.toml"));
}

/// What people who use the result ask of it: nothing is empty, and every page can be opened.
fn read_as_people_do(config: &Path) {
    let json = |arguments: &[&str]| commands::json_of(config, arguments, 0);
    let found = json(&["search", "meeting", "--facets"]);
    let first = |facet: &str| {
        found["facets"][facet][0]["value"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (contact, account, colleague) = (first("contacts"), first("accounts"), first("colleagues"));
    let id = found["hits"][0]["interaction_id"].as_str().unwrap();
    let shown = json(&["show", id]);
    assert!(!shown["participants"].as_array().unwrap().is_empty());
    for name in [&contact, &account, &colleague] {
        let answer = json(&["who", name, "--as-of", "2001-12"]);
        assert!(answer["rows"].as_u64().unwrap() > 0, "{answer:#}");
    }
    for what in ["contacts", "accounts", "activity", "relationships"] {
        let out = config.with_file_name(format!("{what}.csv.out.csv"));
        expect_code(with_config(config, &["export", what]).arg(&out), 0);
        let lines = fs::read_to_string(&out).unwrap().lines().count();
        // All relationships have been silent for years.
        assert!(lines > 1 || what == "relationships", "{what}");
    }
    let served = Served::start(config);
    for page in [
        "/search?q=meeting".to_owned(),
        format!("/interaction/{id}"),
        format!("/contact/{contact}?as_of=2001-12"),
        format!("/account/{account}?as_of=2001-12"),
        format!("/colleague/{colleague}?as_of=2001-12"),
        "/coverage".to_owned(),
    ] {
        let answer = served.get(&page);
        assert_eq!(answer.status, 200, "{page}");
        assert!(!answer.body.contains("<script"), "{page}");
    }
}

#[test]
fn mailing_lists_are_read_as_python_and_grow() {
    let keyrings = corpora::variable("TOUCHPOINT_KEYRINGS");
    let keyrings = keyrings.map_or(KEYRINGS_MAILS, |mails| mails.parse().unwrap());
    let begun = keyrings - GROWTH;
    let job = Job::new("mbox", "message-id", "kernel.org");
    let lists = [
        ("ksummit.lists.linux.dev", 0..usize::MAX - 1, "ksummit.mbox"),
        ("keyrings.vger.kernel.org", 0..begun, "keyrings.mbox"),
    ];
    for (list, mails, file) in lists {
        let Some(()) = corpora::append_list(list, mails, &job.archive(file)) else {
            return;
        };
    }
    // The contact list is of the grown list, so that only the archive changes between the runs.
    let file = job.archive("keyrings.mbox");
    let grow = || corpora::append_list("keyrings.vger.kernel.org", begun..keyrings, &file);
    let length = fs::metadata(&file).unwrap().len();
    grow().unwrap();
    job.prepare(&job.archive(""));
    fs::OpenOptions::new()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len(length)
        .unwrap();
    let first = job.run();
    assert_eq!(first.received(), 3_115 + begun as u64);
    grow().unwrap();
    let grown = job.run();
    assert_eq!(grown.of("unchanged"), first.received());
    assert_eq!(
        grown.of("recorded") + grown.of("duplicate"),
        GROWTH as u64,
        "{}",
        grown.0
    );
    job.compare();
}

#[test]
fn malformed_mail_and_foreign_files_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["suites", "spamassassin", "outlook"];
    let Some(()) = corpora::unpack(&names, folder.path()) else {
        return;
    };
    write_small_crm(folder.path());
    let sections = names.map(|name| {
        let section = archive_section(name, "maildir", &folder.path().join(name));
        format!("{section}mailboxes = \"one\"\naddress = \"{name}@example.org\"\n")
    });
    write_config(folder.path(), &sections.concat());
    let config = folder.path().join("touchpoint.toml");
    let mut run = with_config(&config, &["run", "--format", "json"]);
    let output = run.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text_of(&output));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("panicked"), "{stderr}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mailboxes = report["mailboxes"].as_array().unwrap();
    assert_eq!(mailboxes.len(), names.len());
    for mailbox in mailboxes {
        let name = mailbox["tenant"].as_str().unwrap();
        let items = &mailbox["items"];
        println!(
            "{name}: {} received, {}",
            items["received"], items["reasons"]
        );
        let outcomes = items["outcomes"].as_object().unwrap().values();
        let decided: u64 = outcomes.filter_map(Value::as_u64).sum();
        assert_eq!(
            items["received"],
            files_below(&folder.path().join(name)),
            "{name}"
        );
        assert_eq!(items["received"], decided, "{name}");
        assert_eq!(
            items["reasons"]["unreadable"]["malformed"],
            Value::Null,
            "{name}"
        );
    }
    let again = run_report(&config, &[], 0)["totals"].clone();
    let of = |outcome: &str| again["outcomes"][outcome].as_u64().unwrap();
    // Unreadable mails are retried, and counted, in every run.
    let known = of("unchanged") + of("unreadable");
    assert_eq!(report["totals"]["received"], known);
    assert!(of("unreadable") > 0);
}

/// Files that are not hidden.
fn files_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let count = |entry: fs::DirEntry| match entry.path() {
        path if path.is_dir() => files_below(&path),
        _ => u64::from(!entry.file_name().to_string_lossy().starts_with('.')),
    };
    entries.map(count).sum()
}

#[test]
fn a_foreign_file_named_mbox_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let Some(()) = corpora::unpack(&["outlook"], folder.path()) else {
        return;
    };
    write_small_crm(folder.path());
    let mut refused = 0;
    for program in fs::read_dir(folder.path().join("outlook")).unwrap() {
        for file in fs::read_dir(program.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let kind = path.extension().unwrap().to_str().unwrap().to_owned();
            if !["pst", "msg", "emlx"].contains(&kind.as_str()) {
                continue;
            }
            let section = archive_section("old", "mbox", &path);
            let more = "mailboxes = \"one\"\naddress = \"ann@example.org\"\n";
            write_config(folder.path(), &format!("{section}{more}"));
            let mut run = with_config(&folder.path().join("touchpoint.toml"), &["run"]);
            let output = run.output().unwrap();
            let text = text_of(&output);
            assert_eq!(output.status.code(), Some(2), "{text}");
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(text.contains(name) && text.contains("mbox"), "{text}");
            assert!(!folder.path().join("lake").exists(), "{text}");
            refused += 1;
        }
    }
    assert!(refused > 0);
    println!("{refused} files refused");
}
