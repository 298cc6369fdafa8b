//! `touchpoint who`, against an independent reader that computes the same from tables and CRM files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use serde_json::json;
use touchpoint::config::Config;
use touchpoint::model::formula::Formula;

use crate::commands;
use crate::support::crm::CrmFile;
use crate::support::expect_code;
use crate::support::python;
use crate::support::root;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

/// The answer of `who` with everything listed.
fn who(tenant: &Tenant, arguments: &[&str]) -> Value {
    let all = [&["who", "--limit", "1000"], arguments].concat();
    commands::json(tenant, &all, 0)
}

/// The simulated day.
fn today(tenant: &Tenant) -> String {
    tenant.now().split('T').next().unwrap().to_owned()
}

/// An instant as the independent reader prints it.
fn instant(value: &Value) -> Value {
    let text = value
        .as_str()
        .map(|text| text.replace('T', " ").replace('Z', ""));
    json!(text)
}

/// A relation of the answer in the form of the independent reader.
fn plain(relation: &Value) -> Value {
    let counts = &relation["counts"];
    let score = (relation["score"].as_f64().unwrap() * 100.0).round();
    json!({
        "colleague": relation["colleague"],
        "subject": relation["subject"]["id"],
        "score": format!("{score}").parse::<u64>().unwrap(),
        "strength": relation["strength"],
        "sent": counts["sent"],
        "received": counts["received"],
        "meetings": counts["meetings"],
        "same_room": counts["same_room"],
        "bulk": counts["bulk"],
        "people": counts["people"],
        "first": instant(&relation["first"]),
        "last": instant(&relation["last"]),
        "last_by": relation["last_by"],
        "unanswered_since": instant(&relation["unanswered_since"]),
        "next_meeting": instant(&relation["next_meeting"]),
    })
}

/// Compares an answer with the independent reader; gives the number of relations.
fn compare(tenant: &Tenant, as_of: &str, kind: &str, id: &str) -> usize {
    let answer = who(tenant, &[id, "--as-of", as_of]);
    assert_eq!(answer["subject"]["kind"], kind, "{id}");
    let mut script = python::script("who_knows.py");
    script.arg(tenant.folder());
    script.args([answer["as_of"].as_str().unwrap(), kind, id]);
    let expected = python::json(&mut script);
    let relations = answer["relations"].as_array().unwrap();
    let found: Vec<Value> = relations.iter().map(plain).collect();
    let expected = expected.as_array().unwrap();
    assert_eq!(found.len(), expected.len(), "{kind} {id} as of {as_of}");
    assert_eq!(answer["is_behind"], false);
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected, "{kind} {id} as of {as_of}");
    }
    found.len()
}

#[test]
fn rankings_are_those_of_an_independent_reader() {
    let mut tenant = Tenant::generated(81, 12);
    tenant.run();
    let contacts = CrmFile::halve_contacts(&tenant);
    let accounts = CrmFile::accounts(tenant.folder());
    let today = today(&tenant);
    let mut compared = 0;
    for row in accounts.rows.iter().take(4) {
        compared += compare(&tenant, &today, "account", &row[0]);
        compared += compare(&tenant, "2025-10-31", "account", &row[0]);
    }
    for row in contacts.rows.iter().take(6) {
        compared += compare(&tenant, &today, "contact", &row[0]);
    }
    let first = who(&tenant, &[&accounts.rows[0][0], "--as-of", &today]);
    let colleague = first["relations"][0]["colleague"].as_str().unwrap();
    compared += compare(&tenant, &today, "colleague", colleague);
    assert!(compared > 60, "{compared}");
}

#[test]
fn overviews_agree_with_the_answers_for_each_account() {
    let mut tenant = Tenant::generated(82, 12);
    tenant.run();
    let accounts = CrmFile::accounts(tenant.folder()).rows.into_iter();
    // Some contacts name an account that the CRM does not list.
    let named = CrmFile::contacts(tenant.folder()).rows.into_iter();
    let named = named.map(|row| row[4].clone()).filter(|id| !id.is_empty());
    let accounts: BTreeSet<String> = accounts.map(|row| row[0].clone()).chain(named).collect();
    // The simulated mail ends a few weeks before.
    let as_of = "2026-06-15";
    let (mut cooling, mut single) = (BTreeSet::new(), BTreeSet::new());
    let pair = |relation: &Value| {
        let id = relation["subject"]["id"].as_str().unwrap().to_owned();
        (id, relation["colleague"].as_str().unwrap().to_owned())
    };
    for account in &accounts {
        let answer = who(&tenant, &[account, "--as-of", as_of]);
        let relations = answer["relations"].as_array().unwrap();
        let cool = relations.iter().filter(|it| !it["cooling"].is_null());
        cooling.extend(cool.map(pair));
        let mutual = relations.iter().filter(|it| it["strength"] == "mutual");
        let mutual: Vec<_> = mutual.map(pair).collect();
        if let [one] = mutual.as_slice() {
            single.insert(one.clone());
        }
    }
    let pairs = |arguments: &[&str]| -> BTreeSet<(String, String)> {
        let answer = who(&tenant, &[arguments, &["--as-of", as_of]].concat());
        let relations = answer["relations"].as_array().unwrap();
        assert_eq!(answer["total"], relations.len());
        relations.iter().map(pair).collect()
    };
    assert_eq!(pairs(&["--cooling"]), cooling);
    assert_eq!(pairs(&["--single"]), single);
    assert!(!cooling.is_empty());
}

#[test]
fn answers_are_the_same_with_any_number_of_threads_and_are_ranked_before_they_are_cut_off() {
    let mut tenant = Tenant::generated(83, 12);
    tenant.run();
    let today = today(&tenant);
    let account = CrmFile::accounts(tenant.folder()).rows[0][0].clone();
    let whole = who(&tenant, &[&account, "--as-of", &today]);
    tenant.configure("[run]\nthreads = 1\n");
    assert_eq!(who(&tenant, &[&account, "--as-of", &today]), whole);
    let short = commands::json(
        &tenant,
        &["who", &account, "--as-of", &today, "--limit", "2"],
        0,
    );
    assert_eq!(short["total"], whole["total"]);
    let first_two = &whole["relations"].as_array().unwrap()[..2];
    assert_eq!(short["relations"], json!(first_two));

    tenant.configure("[view]\nmail_activity = false\n");
    let meetings = who(&tenant, &[&account, "--as-of", &today]);
    assert_eq!(meetings["mail_activity"], false);
    for relation in meetings["relations"].as_array().unwrap() {
        let counts = &relation["counts"];
        assert_eq!(
            (&counts["sent"], &counts["received"]),
            (&json!(0), &json!(0))
        );
    }
    let text = expect_code(
        &mut with_config(&tenant.config(), &["who", &account, "--as-of", &today]),
        0,
    );
    assert!(text.contains("only meetings count"), "{text}");
}

#[test]
fn text_fits_the_terminal_and_names_cannot_act_on_it() {
    let mut tenant = Tenant::generated(84, 12);
    let mut accounts = CrmFile::accounts(tenant.folder());
    let id = accounts.rows[0][0].clone();
    accounts.row(&id)[1] = "Fabri\u{202e}kam\u{9b}2J \u{200b}and a rather long name".to_owned();
    accounts.save();
    tenant.run();
    let today = today(&tenant);
    let of = |arguments: &[&str]| {
        let arguments = [&["who", "--as-of", &today], arguments].concat();
        expect_code(&mut with_config(&tenant.config(), &arguments), 0)
    };
    let contact = CrmFile::contacts(tenant.folder()).rows[0][0].clone();
    for arguments in [
        &[&*id] as &[&str],
        &[&contact],
        &["--cooling"],
        &["--single"],
    ] {
        let text = of(arguments);
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        let is_unsafe =
            |c: char| (c.is_control() && c != '\n') || c == '\u{202e}' || c == '\u{200b}';
        assert!(!text.contains(is_unsafe), "{text:?}");
        assert!(text.contains("not made to rate"), "{text}");
    }
    assert!(of(&[&id]).contains(" UTC)"));
}

#[test]
fn unknown_and_ambiguous_names_are_answered_with_suggestions() {
    let mut tenant = Tenant::generated(85, 12);
    tenant.run();
    let account = CrmFile::accounts(tenant.folder()).rows[0].clone();
    let refused = |arguments: &[&str]| {
        let arguments = [&["who"], arguments].concat();
        let output = with_config(&tenant.config(), &arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    let typo = refused(&[&account[1].replacen(['a', 'e', 'o'], "x", 1)]);
    assert!(
        typo.contains("did you mean") && typo.contains(&account[0]),
        "{typo}"
    );
    let several = refused(&["e"]);
    assert!(
        several.contains("give an id") && several.lines().count() <= 11,
        "{several}"
    );
    assert!(refused(&["qqqqqqqqqqqq"]).contains("give a name"));
    assert!(refused(&[]).contains("NAME"));
    assert!(refused(&[&account[0], "--as-of", "01.02.2026"]).contains("2026-01-31"));
    assert!(refused(&[&account[0], "--limit", "0"]).contains("--limit"));
    let before = who(&tenant, &[&account[0], "--as-of", "2001-01-01"]);
    assert_eq!((&before["total"], &before["rows"]), (&json!(0), &json!(0)));
    let text = expect_code(
        &mut with_config(
            &tenant.config(),
            &["who", &account[0], "--as-of", "2001-01-01"],
        ),
        0,
    );
    assert!(text.contains("no relationship"), "{text}");
    let mut ahead = with_config(
        &tenant.config(),
        &["who", &account[0], "--as-of", "2999-01-01"],
    );
    let ahead = ahead.output().unwrap();
    assert_eq!(ahead.status.code(), Some(0), "{}", text_of(&ahead));
    let warning = String::from_utf8_lossy(&ahead.stderr).into_owned();
    assert!(warning.contains("lies ahead"), "{warning}");
    let text = String::from_utf8_lossy(&ahead.stdout).into_owned();
    assert!(
        text.contains("--as-of 20"),
        "an earlier day is proposed: {text}"
    );
}

#[test]
fn the_documented_weights_and_limits_are_those_of_the_code() {
    let reference = fs::read_to_string(root().join("REFERENCE.md")).unwrap();
    let block = reference.split("```toml\n").nth(1).unwrap();
    let block = block.split("```").next().unwrap();
    let config = Config::parse(&block.replace('…', "own"), Path::new("REFERENCE.md")).unwrap();
    let standard = Formula::default();
    assert_eq!(config.insight, standard);
    let section = block.split("[insight]").nth(1).unwrap();
    let section = section.split("\n[").next().unwrap();
    let keys: Vec<&str> = section
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(key, _)| key)
        .collect();
    let known = serde_json::to_value(standard).unwrap();
    let known: Vec<&String> = known.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), known.len());
    assert!(
        known.iter().all(|key| keys.contains(&key.as_str())),
        "{keys:?}"
    );
    let document = fs::read_to_string(root().join("INSIGHT.md")).unwrap();
    for weight in [
        "| 30 |",
        "(365)",
        "(60)",
        "`frequency_half` = 12",
        "`meetings_half` = 4",
    ] {
        assert!(document.contains(weight), "{weight}");
    }
}

#[test]
fn wrong_weights_and_limits_are_named_with_their_line() {
    let head = "[crm]\ncontacts = \"c.csv\"\n[insight]\n";
    let error = |line: &str| {
        let text = format!("{head}{line}\n");
        Config::parse(&text, Path::new("t.toml"))
            .unwrap_err()
            .to_string()
    };
    for (line, expected) in [
        (
            "halflife_days = 3",
            "t.toml:4: insight.halflife_days: unknown key `halflife_days`; did you mean `half_life_days`?",
        ),
        (
            "window_days = 0",
            "t.toml:4: insight.window_days: 0 is out of range; use 1 to 3650",
        ),
        (
            "people_max = 1",
            "t.toml:4: insight.people_max: 1 is out of range; use 2 to 1000",
        ),
        (
            "weak_max = 101",
            "t.toml:4: insight.weak_max: 101 is out of range; use 0 to 100",
        ),
        (
            "weights = { reach = 1001 }",
            "1001 is out of range; use 0 to 1000",
        ),
        (
            "weights = { recency = 0, frequency = 0, balance = 0, meetings = 0 }",
            "give one of them a weight",
        ),
        ("weights = { friends = 1 }", "unknown key `friends`"),
    ] {
        let found = error(line);
        assert!(
            found.contains(expected) && found.starts_with("t.toml:4: "),
            "{found}"
        );
    }
}
