//! `init` and `config check`: from an empty folder to a configuration that can be run.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::archive_config;
use crate::support::archive_folder;
use crate::support::archive_of_one_mail;
use crate::support::expect_code;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::touchpoint;
use crate::support::with_config;

/// `touchpoint init` in a folder; stdin is no terminal.
fn init(folder: &Path, options: &[&str]) -> Command {
    let mut command = touchpoint();
    command.current_dir(folder).arg("init").args(options);
    command
}

/// What `config check` says in a folder.
fn check(folder: &Path, code: i32) -> Value {
    let mut command = touchpoint();
    command
        .current_dir(folder)
        .args(["config", "check", "--format", "json"]);
    serde_json::from_str(&expect_code(&mut command, code)).unwrap()
}

fn problems(checked: &Value) -> Vec<&str> {
    let problems = checked["problems"].as_array().unwrap();
    problems
        .iter()
        .map(|problem| problem.as_str().unwrap())
        .collect()
}

#[test]
fn an_archive_is_read_with_what_init_wrote() {
    let folder = archive_of_one_mail(&archive_config("mails", "eml"));
    let folder = folder.path();
    fs::remove_file(folder.join("touchpoint.toml")).unwrap();
    let options = [
        "--archive",
        "mails",
        "--archive-format",
        "eml",
        "--archive-address",
        "bob@contoso.example",
        "--domain",
        "contoso.example",
        "--content",
        "full",
    ];
    let printed = expect_code(&mut init(folder, &options), 0);
    assert!(
        printed.starts_with(
            "written: touchpoint.toml\nkept as it was: contacts.csv, accounts.csv\nnext: "
        ),
        "{printed}"
    );
    let checked = check(folder, 0);
    assert_eq!(checked["problems"], Value::Array(Vec::new()));
    assert_eq!(checked["sections"][0]["contacts"], 1);
    assert_eq!(checked["sections"][1]["name"], "archive mails");
    assert_eq!(checked["sections"][1]["mailboxes"], 1);
    assert!(!folder.join("lake").exists());
    let report = run_report(&folder.join("touchpoint.toml"), &[], 0);
    assert_eq!(report["totals"]["outcomes"]["recorded"], 1, "{report}");
}

#[test]
fn what_is_not_stated_is_named_until_it_is_filled_in() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let printed = expect_code(&mut init(folder, &["--client-id", "an-id"]), 0);
    for written in [
        "touchpoint.toml",
        "members.csv",
        "contacts.csv",
        "accounts.csv",
    ] {
        assert!(printed.contains(written), "{printed}");
        assert!(folder.join(written).is_file());
    }
    let checked = check(folder, 2);
    let problems = problems(&checked);
    for (problem, named) in problems.iter().zip([
        "tenants.tenant_id: this is still the placeholder",
        "tenants.scope: this is still the placeholder",
        "contacts.csv: there are no contacts in it",
        "tenant main: client_secret: environment variable TOUCHPOINT_SECRET is not set",
    ]) {
        assert!(problem.contains(named), "{problems:?}");
        assert!(printed.contains(named), "{printed}");
    }
    assert_eq!(problems.len(), 4, "{problems:?}");
    let text = fs::read_to_string(folder.join("touchpoint.toml")).unwrap();
    let text = text.replace("<tenant id or verified domain>", "contoso.example");
    let text = text.replace("<address of the group>", "sales@contoso.example");
    fs::write(folder.join("touchpoint.toml"), text).unwrap();
    fs::write(
        folder.join("contacts.csv"),
        "Record ID,First Name,Email\n1,Ann,ann@x.example\n",
    )
    .unwrap();
    fs::write(
        folder.join("accounts.csv"),
        "id,name,domains\na,X,x.example\n",
    )
    .unwrap();
    let mut command = with_config(&folder.join("touchpoint.toml"), &["config", "check"]);
    let printed = expect_code(command.env("TOUCHPOINT_SECRET", "x"), 0);
    assert!(
        printed.contains("crm: 1 contacts, 1 accounts, 0 rows skipped"),
        "{printed}"
    );
    assert!(
        printed.contains("note: contacts.csv: read id from `Record ID`"),
        "{printed}"
    );
    assert!(
        printed.ends_with("no problem found; nothing was requested or changed\n"),
        "{printed}"
    );
}

#[test]
fn init_overwrites_nothing_and_writes_nothing_that_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (options, named) in [
        (
            ["--content", "Full"],
            "unknown value `Full`; did you mean `full`?",
        ),
        (["--window", "soon"], "capture.window"),
        (["--secret-env", "p@ss"], "not the secret"),
        (["--tenant-id", "common"], "name the tenant itself"),
    ] {
        let output = init(folder, &options).output().unwrap();
        let text = text_of(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(
            text.contains("nothing was written") && text.contains(named),
            "{text}"
        );
        assert!(!text.contains("p@ss"), "{text}");
        assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
    }
    expect_code(
        &mut init(folder, &["--folder", "here", "--tenant", "contoso"]),
        0,
    );
    let before = fs::read_to_string(folder.join("here/touchpoint.toml")).unwrap();
    assert!(before.contains("name = \"contoso\""), "{before}");
    let output = init(folder, &["--folder", "here"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text_of(&output).contains("here/touchpoint.toml exists already"));
    assert_eq!(
        fs::read_to_string(folder.join("here/touchpoint.toml")).unwrap(),
        before
    );
}

#[test]
fn a_check_names_every_problem_and_requests_nothing() {
    let tenant = Tenant::generated(3, 12);
    let folder = tenant.folder();
    let checked = check(folder, 0);
    let sections = checked["sections"].as_array().unwrap();
    assert_eq!(sections.len(), 2, "{checked}");
    assert!(sections[1]["members"].as_u64().unwrap() > 5, "{checked}");
    let rows = fs::read_to_string(folder.join("members.csv")).unwrap();
    fs::write(
        folder.join("members.csv"),
        rows.replacen("address,", "adress,", 1),
    )
    .unwrap();
    fs::write(folder.join("contacts.csv"), "id,name\n1,Ann\n").unwrap();
    fs::write(folder.join("accounts.csv"), "id,name\n1,Ann\n").unwrap();
    fs::write(folder.join("secret.txt"), "\n").unwrap();
    tenant.set("deny", "{ file = \"deny.csv\" }");
    tenant.configure("\n[[archives]]\nname = \"old\"\nformat = \"mbox\"\npath = \"gone\"\nmailboxes = \"subfolders\"\ndomains = [\"x.example\"]\n");
    let since = tenant.served_requests();
    let checked = check(folder, 2);
    let problems = problems(&checked);
    for named in [
        "members.csv:1",
        "contacts.csv:1",
        "accounts.csv:1",
        "secret.txt",
        "deny.csv",
        "gone",
    ] {
        let count = problems
            .iter()
            .filter(|problem| problem.contains(named))
            .count();
        assert_eq!(count, 1, "{named} in {problems:?}");
    }
    assert_eq!(problems.len(), 6, "{problems:?}");
    assert_eq!(tenant.log(since), Vec::<Value>::new());
    assert!(!folder.join("lake").exists());
    let config = fs::read_to_string(tenant.config()).unwrap();
    fs::write(tenant.config(), config + "fromat = 1\n").unwrap();
    let checked = check(folder, 2);
    assert!(
        checked["problems"][0]
            .as_str()
            .unwrap()
            .contains("did you mean `format`?"),
        "{checked}"
    );
}

#[test]
fn a_word_with_a_hyphen_is_excluded_and_an_unknown_option_refused() {
    let folder = archive_folder(
        &archive_config("mails", "eml"),
        [("1", "offer alpha"), ("2", "offer draft")].map(|(name, subject)| {
            let mail = format!(
                "From: ann@customer.example\nTo: bob@contoso.example\nDate: Mon, 2 Mar 2026 10:0{name}:00 \
                 +0000\nSubject: {subject}\n\nHello.\n"
            );
            (name.to_owned(), &*mail.leak())
        }),
    );
    let config = folder.path().join("touchpoint.toml");
    expect_code(&mut with_config(&config, &["run"]), 0);
    let search = |words: &[&str]| {
        with_config(&config, &["search"])
            .args(words)
            .output()
            .unwrap()
    };
    let found = search(&["offer", "-draft", "--limit", "3"]);
    let text = text_of(&found);
    assert!(
        text.contains("offer alpha") && !text.contains("offer draft"),
        "{text}"
    );
    let found = search(&["-alpha", "offer", "--account", "custo"]);
    let text = text_of(&found);
    assert!(
        text.contains("offer draft") && !text.contains("offer alpha"),
        "{text}"
    );
    assert!(text.contains("--account custo: Customer (a1)"), "{text}");
    let text = text_of(&search(&["offer", "--account", "Customer"]));
    assert!(!text.contains("--account"), "{text}");
    let refused = search(&["offer", "--acount", "custo"]);
    let text = text_of(&refused);
    assert_eq!(refused.status.code(), Some(2), "{text}");
    assert!(
        text.contains("unexpected argument '--acount'") && text.contains("'--account'"),
        "{text}"
    );
}
