//! How each mailbox is connected, since when, and what to do: `touchpoint status` and the table
//! `mailboxes`.

use std::fs;

use serde_json::Value;

use crate::support::expect_code;
use crate::support::python;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

/// User 0 of a world of 16.
const READ: &str = "anna.albrecht@contoso.com";
/// User 7, whom the policy leaves out.
const REFUSED: &str = "hannah.jansen@contoso.de";

fn world(seed: u32) -> Tenant {
    Tenant::of_world(&format!("seed = {seed}\nusers = 16\nmails_per_user = 30\n"))
}

fn status(tenant: &Tenant, options: &[&str], code: i32) -> Value {
    let mut command = with_config(&tenant.config(), &["--format", "json", "status"]);
    serde_json::from_str(&expect_code(command.args(options), code)).unwrap()
}

fn line<'a>(status: &'a Value, mailbox: &str) -> &'a Value {
    let lines = status["mailboxes"].as_array().unwrap();
    let found = lines.iter().find(|line| line["mailbox"] == mailbox);
    found.unwrap_or_else(|| panic!("{mailbox} is not in {status:#}"))
}

/// The connection of a mailbox.
fn connection<'a>(status: &'a Value, mailbox: &str) -> &'a str {
    line(status, mailbox)["connection"].as_str().unwrap()
}

/// The numbers of mailboxes with each connection.
fn count(status: &Value, connection: &str) -> usize {
    let lines = status["mailboxes"].as_array().unwrap().iter();
    lines
        .filter(|line| line["connection"] == connection)
        .count()
}

/// A scope of one user.
fn scope_of(address: &str) -> String {
    format!("{{ users = [\"{address}\"] }}")
}

#[test]
fn each_mailbox_says_how_it_is_connected_and_what_to_do() {
    let tenant = world(91);
    run_report(&tenant.config(), &[], 1);
    let found = status(&tenant, &[], 0);
    assert_eq!(connection(&found, READ), "connected");
    let refused = line(&found, REFUSED);
    assert_eq!(refused["connection"], "unauthorized");
    assert_eq!(refused["code"], "erroraccessdenied");
    assert!(
        refused["next_step"]
            .as_str()
            .unwrap()
            .contains("touchpoint check")
    );
    assert_eq!(connection(&found, "ivan.quint@contoso.com"), "no_mailbox");
    assert_eq!(connection(&found, "jonas.dietrich@contoso.com"), "never");
    // The guest has no mailbox here, and who was never in scope has no row.
    assert_eq!(count(&found, "no_mailbox"), 2);
    assert_eq!(count(&found, "out_of_scope"), 0);
    let since = refused["connection_since"].clone();

    run_report(&tenant.config(), &[], 1);
    let again = status(&tenant, &[], 0);
    let refused = line(&again, REFUSED);
    assert_eq!(refused["connection_since"], since);
    assert_eq!(refused["connection_runs"], 2);
    let mut wide = with_config(&tenant.config(), &["status"]);
    let text = expect_code(wide.env("COLUMNS", "1000"), 0);
    let first = text.lines().next().unwrap();
    assert!(
        first.starts_with("15 mailboxes: 11 up to date, 2 without mailbox since "),
        "{first}"
    );
    assert!(
        first.contains("1 unauthorized since ") && first.contains("1 never since "),
        "{first}"
    );
}

#[test]
fn who_left_the_scope_shows_that_and_keeps_what_was_recorded() {
    let tenant = world(92);
    run_report(&tenant.config(), &[], 1);
    let before = status(&tenant, &[], 0);
    tenant.set("scope", &scope_of(READ));
    tenant.set("probe", "{ denied = [\"marek.ekici@contoso.com\"] }");
    run_report(&tenant.config(), &[], 0);
    let left = status(&tenant, &[], 0);
    assert_eq!(count(&left, "connected"), 1);
    let gone = "ben.hansen@contoso.com";
    assert_eq!(connection(&left, gone), "out_of_scope");
    for kept in ["recorded_total", "last_success"] {
        assert_eq!(line(&left, gone)[kept], line(&before, gone)[kept], "{kept}");
    }
    // Another run says nothing new of them.
    run_report(&tenant.config(), &[], 0);
    let later = status(&tenant, &[], 0);
    let row = |status: &Value| line(status, gone)["last_run"].clone();
    assert_eq!(row(&later), row(&left));
    status(&tenant, &["--check", "--max-age", "1h"], 0);
}

#[test]
fn a_run_that_ends_early_does_not_hide_what_was_known() {
    let tenant = world(93);
    run_report(&tenant.config(), &[], 1);
    run_report(&tenant.config(), &["--until", "2020-01-01T00:00:00Z"], 1);
    let found = status(&tenant, &[], 0);
    assert_eq!(connection(&found, READ), "connected");
    assert_eq!(line(&found, READ)["status"], "stopped");
    assert_eq!(connection(&found, REFUSED), "unauthorized");
    run_report(
        &tenant.config(),
        &["--from", "2026-02-01", "--mailbox", READ],
        0,
    );
    let found = status(&tenant, &[], 0);
    assert_eq!(line(&found, READ)["status"], "filled");
    assert_eq!(connection(&found, READ), "connected");
    assert_eq!(connection(&found, REFUSED), "unauthorized");
    assert_eq!(line(&found, REFUSED)["code"], "erroraccessdenied");
}

/// What was read of a range says nothing of the rest.
#[test]
fn a_range_does_not_make_a_mailbox_complete() {
    let tenant = world(101);
    let range = ["--from", "2026-02-01", "--mailbox", READ];
    run_report(&tenant.config(), &range, 0);
    assert_eq!(connection(&status(&tenant, &[], 0), READ), "not_connected");
    status(&tenant, &["--check"], 1);
}

#[test]
fn a_mailbox_that_waits_can_be_unlinked() {
    let tenant = world(102);
    tenant.unset("confirm");
    run_report(&tenant.config(), &[], 1);
    expect_code(&mut with_config(&tenant.config(), &["unlink", READ]), 0);
    tenant.set("confirm", "{ max_new = 100 }");
    let before = tenant.served_requests();
    run_report(&tenant.config(), &[], 1);
    let found = status(&tenant, &[], 0);
    assert_eq!(connection(&found, READ), "unlinked");
    let id = line(&found, READ)["mailbox_id"].as_str().unwrap();
    assert!(!tenant.asked_for(before).contains(id));
    let named = with_config(&tenant.config(), &["run", "--mailbox", READ])
        .output()
        .unwrap();
    assert_eq!(named.status.code(), Some(2), "{}", text_of(&named));
    // Linked by what the cursors say, whatever its row says since.
    tenant.set("scope", &scope_of("ben.hansen@contoso.com"));
    run_report(&tenant.config(), &[], 0);
    assert_eq!(connection(&status(&tenant, &[], 0), READ), "out_of_scope");
    expect_code(&mut with_config(&tenant.config(), &["link", READ]), 0);
    tenant.set("scope", &scope_of(READ));
    run_report(&tenant.config(), &[], 0);
    assert_eq!(connection(&status(&tenant, &[], 0), READ), "connected");
}

#[test]
fn mailboxes_that_wait_for_confirmation_say_so() {
    let tenant = world(94);
    tenant.unset("confirm");
    run_report(&tenant.config(), &[], 1);
    let found = status(&tenant, &["--not-connected"], 0);
    assert_eq!(connection(&found, READ), "waiting_for_confirmation");
    assert_eq!(line(&found, READ)["last_success"], Value::Null);
    tenant.set("confirm", "{ max_new = 100 }");
    run_report(&tenant.config(), &[], 1);
    let found = status(&tenant, &[], 0);
    assert_eq!(connection(&found, READ), "connected");
    assert_eq!(count(&found, "waiting_for_confirmation"), 0);
}

#[test]
fn monitoring_hears_of_mailboxes_that_are_old_or_refused() {
    let tenant = world(95);
    run_report(&tenant.config(), &[], 1);
    status(&tenant, &["--check"], 1);
    let problems = status(&tenant, &["--problems"], 0);
    assert_eq!(count(&problems, "unauthorized"), 1);
    assert_eq!(count(&problems, "connected"), 0);
    tenant.set("deny", &format!("{{ users = [\"{REFUSED}\"] }}"));
    run_report(&tenant.config(), &[], 0);
    assert_eq!(
        connection(
            &status(&tenant, &["--check", "--max-age", "36h"], 0),
            REFUSED
        ),
        "never"
    );
    status(&tenant, &["--check", "--max-age", "0s"], 1);
}

#[test]
fn a_manager_sees_their_people_and_a_table_can_be_exported() {
    let tenant = world(96);
    let members = "address,team,manager\n\
                   anna.albrecht@contoso.com,Sales,Ben.Hansen@contoso.com\n\
                   ben.hansen@contoso.com,Service,\n";
    fs::write(tenant.folder().join("members.csv"), members).unwrap();
    run_report(&tenant.config(), &[], 1);
    for (options, expected) in [
        (["--team", "sales"], READ),
        (["--manager", "ben.hansen@contoso.com"], READ),
        (["--team", "Service"], "ben.hansen@contoso.com"),
    ] {
        let found = status(&tenant, &options, 0);
        assert_eq!(
            found["mailboxes"].as_array().unwrap().len(),
            1,
            "{options:?}"
        );
        assert_eq!(connection(&found, expected), "connected");
    }
    let mut command = with_config(
        &tenant.config(),
        &["--format", "csv", "status", "--team", "Sales"],
    );
    let table = expect_code(&mut command, 0);
    let mut lines = table.lines();
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("tenant,mailbox,kind,team,manager,connection,")
    );
    let row = lines.next().unwrap();
    assert!(
        row.starts_with("contoso,anna.albrecht@contoso.com,user,Sales,ben.hansen@"),
        "{row}"
    );
    assert_eq!(lines.next(), None);
    let other = with_config(&tenant.config(), &["--format", "csv", "verify"]).output();
    assert_eq!(other.unwrap().status.code(), Some(2));
}

/// Facts 3.3: the account of a leaver is disabled, and so are those of shared mailboxes and rooms, which
/// can be read.
#[test]
fn a_disabled_account_whose_mailbox_is_refused_says_so() {
    // User 5 is disabled, and no role is assigned for the mailbox.
    let tenant = Tenant::of_world(
        "seed = 99\nusers = 16\nmails_per_user = 30\n[permissions]\n\
         scope = [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 14, 15]\n",
    );
    run_report(&tenant.config(), &[], 1);
    let found = status(&tenant, &[], 0);
    assert_eq!(connection(&found, "felix.peters@contoso.com"), "disabled");
    assert_eq!(connection(&found, "info@contoso.com"), "connected");
}

#[test]
fn activity_from_mail_can_be_hidden_and_stays_in_the_lake() {
    let tenant = Tenant::generated(100, 16);
    run_report(&tenant.config(), &[], 1);
    let search = |options: &[&str], code| {
        let mut all = vec!["--format", "json", "search", "--limit", "200"];
        all.extend(options);
        let text = expect_code(&mut with_config(&tenant.config(), &all), code);
        serde_json::from_str::<Value>(&text).unwrap_or_default()
    };
    let all = search(&["workshop"], 0);
    let of_mail = |found: &Value| {
        let hits = found["hits"].as_array().unwrap().iter();
        hits.filter(|hit| hit["kind"] == "email").count()
    };
    assert!(of_mail(&all) > 0);
    tenant.configure("[view]\nmail_activity = false\n");
    assert_eq!(of_mail(&search(&["workshop"], 0)), 0);
    search(&["workshop", "--kind", "email"], 2);
    let kinds = python::rows(tenant.folder(), "interactions", &["kind"]);
    assert!(kinds.iter().any(|row| row["kind"] == "email"));
}

/// The rows of the table `audit`: actor, action, subject, before and after.
fn audit(tenant: &Tenant) -> Vec<Value> {
    let columns = ["actor", "action", "subject", "before", "after", "run_id"];
    python::rows(tenant.folder(), "audit", &columns)
}

fn of_action(rows: &[Value], action: &str) -> Vec<Value> {
    let rows = rows.iter().filter(|row| row["action"] == action);
    rows.cloned().collect()
}

#[test]
fn an_unlinked_mailbox_is_not_requested_and_linked_again_it_closes_the_gap() {
    let mut tenant = Tenant::of_mail(97);
    tenant.nights(1, |_, _| ());
    let switch = |tenant: &Tenant, command, names: &[&str], code| {
        let mut all = vec![command];
        all.extend(names);
        let output = with_config(&tenant.config(), &all).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", text_of(&output));
    };
    switch(&tenant, "unlink", &[READ, "no.one@contoso.com"], 2);
    switch(&tenant, "unlink", &[], 2);
    // A further address is known by the members file alone.
    let further = "a.albrecht@contoso.example";
    switch(&tenant, "unlink", &[further], 2);
    let members = tenant.folder().join("members.csv");
    let as_exported = fs::read_to_string(&members).unwrap();
    let row = format!("address,other_addresses\n{READ},{further}\n");
    fs::write(&members, row).unwrap();
    switch(&tenant, "unlink", &[further], 0);
    fs::write(&members, as_exported).unwrap();
    switch(&tenant, "unlink", &["Anna.Albrecht@contoso.com"], 0);
    switch(&tenant, "unlink", &[READ], 0);
    let found = status(&tenant, &[], 0);
    assert_eq!(connection(&found, READ), "unlinked");
    let id = line(&found, READ)["mailbox_id"]
        .as_str()
        .unwrap()
        .to_owned();

    tenant.advance(1);
    let before = tenant.served_requests();
    tenant.night();
    assert!(!tenant.asked_for(before).contains(&id));
    assert_eq!(connection(&status(&tenant, &[], 0), READ), "unlinked");
    let of_mailbox = |rows: Vec<Value>| {
        let rows = rows.into_iter().filter(|row| row["subject"] == READ);
        rows.collect::<Vec<_>>()
    };
    let unlinked = of_mailbox(of_action(&audit(&tenant), "unlink"));
    assert_eq!(unlinked.len(), 1);
    assert_eq!(unlinked[0]["before"], "connected");
    assert!(
        unlinked[0]["actor"]
            .as_str()
            .unwrap()
            .ends_with("(touchpoint unlink)")
    );

    switch(&tenant, "link", &["--all"], 0);
    tenant.advance(1);
    tenant.night();
    assert_eq!(connection(&status(&tenant, &[], 0), READ), "connected");
    assert_eq!(of_mailbox(of_action(&audit(&tenant), "link")).len(), 1);
    tenant.compare_rows_with_truth();
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}

#[test]
fn the_audit_says_who_confirmed_and_what_came_into_the_scope() {
    let tenant = world(98);
    tenant.unset("confirm");
    run_report(&tenant.config(), &[], 1);
    let rows = audit(&tenant);
    assert!(
        rows.iter().all(|row| row["action"] == "setting"),
        "{rows:?}"
    );
    let plan = run_report(&tenant.config(), &["--plan"], 0);
    let digest = plan["digest"].as_str().unwrap();
    run_report(&tenant.config(), &["--confirm", digest], 1);
    let rows = audit(&tenant);
    let confirmed = of_action(&rows, "confirm");
    assert_eq!(confirmed[0]["subject"], format!("list {digest}"));
    let activated = of_action(&rows, "activate");
    // Of those in scope one is refused, and one has no mailbox.
    assert_eq!(activated.len(), 11);

    tenant.set("scope", &scope_of(READ));
    run_report(&tenant.config(), &[], 0);
    let scope = of_action(&audit(&tenant), "scope");
    // Twelve mailboxes, and the guest, who has none.
    assert_eq!(scope.len(), 13);
    assert!(scope.iter().all(|row| row["after"] == "out_of_scope"));
    // Nothing has changed: nothing is added.
    let before = audit(&tenant).len();
    run_report(&tenant.config(), &[], 0);
    assert_eq!(audit(&tenant).len(), before);
}

#[test]
fn the_audit_has_each_change_of_a_setting_once() {
    let tenant = world(99);
    let settings = |tenant: &Tenant| of_action(&audit(tenant), "setting");
    let of = |rows: &[Value], subject: &str| {
        let rows = rows.iter().filter(|row| row["subject"] == subject);
        let rows = rows.map(|row| (row["before"].clone(), row["after"].clone()));
        rows.collect::<Vec<_>>()
    };
    run_report(&tenant.config(), &[], 1);
    let first = settings(&tenant);
    assert_eq!(of(&first, "tenants.contoso.scope").len(), 1);
    let off = "mail = off, meetings = none";
    assert_eq!(
        of(&first, "katja.keller@contoso.com"),
        [(Value::Null, off.into())]
    );
    assert_eq!(of(&first, READ), []);
    run_report(&tenant.config(), &[], 1);
    assert_eq!(settings(&tenant).len(), first.len());

    let members = tenant.folder().join("members.csv");
    let text = fs::read_to_string(&members).unwrap();
    let header = text.lines().next().unwrap();
    let columns: Vec<&str> = header.split(',').collect();
    let row = columns.iter().map(|column| match *column {
        "address" => READ,
        "mail" => "off",
        _ => "",
    });
    let row = row.collect::<Vec<_>>().join(",");
    let others = text
        .lines()
        .filter(|line| !line.to_lowercase().starts_with(READ));
    let others = others.collect::<Vec<_>>().join("\n");
    fs::write(&members, format!("{others}\n{row}\n")).unwrap();
    tenant.configure("[view]\nmail_activity = false\n");
    tenant.set("scope", &scope_of(READ));
    run_report(&tenant.config(), &[], 0);
    let changed = settings(&tenant);
    let off = "mail = off, meetings = all";
    assert_eq!(of(&changed, READ), [(Value::Null, off.into())]);
    assert_eq!(
        of(&changed, "view.mail_activity"),
        [(Value::Null, "false".into())]
    );
    let scope = of(&changed, "tenants.contoso.scope");
    let [one, other] = &scope[..] else {
        panic!("{scope:?}");
    };
    assert!(one.0 == other.1 || other.0 == one.1, "{scope:?}");
    assert_eq!(changed.len(), first.len() + 3);
}

/// Facts 4.3.
#[test]
fn where_no_tenant_answers_the_mailboxes_of_earlier_runs_say_so() {
    let tenant = world(100);
    run_report(&tenant.config(), &[], 1);
    tenant.set("client_id", "\"aaaaaaaa-0000-4000-8000-00000000dead\"");
    let output = with_config(&tenant.config(), &["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
    let found = status(&tenant, &[], 0);
    let read = line(&found, READ);
    assert_eq!(read["connection"], "waiting_for_consent");
    assert_eq!(read["code"], "AADSTS700016");
    assert!(
        read["next_step"]
            .as_str()
            .unwrap()
            .contains("touchpoint check --mail")
    );
    assert_eq!(connection(&found, "jonas.dietrich@contoso.com"), "never");
    status(&tenant, &["--check"], 1);
}

#[test]
fn a_refused_mailbox_keeps_the_count_of_what_is_recorded() {
    let mut tenant = world(101);
    run_report(&tenant.config(), &[], 1);
    let recorded = |found: &Value| line(found, READ)["recorded_total"].as_u64().unwrap();
    let before = recorded(&status(&tenant, &[], 0));
    assert!(before > 0);
    tenant.set("client_secret", "{ env = \"TOUCHPOINT_TEST_NO_SECRET\" }");
    let output = with_config(&tenant.config(), &["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
    assert!(
        text_of(&output).contains("tenant contoso: "),
        "{}",
        text_of(&output)
    );
    tenant.set("client_secret", "{ file = \"secret.txt\" }");
    fs::write(tenant.folder().join("secret.txt"), "wrong").unwrap();
    let output = with_config(&tenant.config(), &["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
    let found = status(&tenant, &[], 0);
    assert_eq!(connection(&found, READ), "error");
    assert_eq!(recorded(&found), before);
    tenant.restart();
}

#[test]
fn a_team_or_manager_that_no_one_has_is_an_error() {
    let tenant = world(102);
    run_report(&tenant.config(), &[], 1);
    let refused = |options: &[&str]| {
        let mut all = vec!["status"];
        all.extend(options);
        let output = with_config(&tenant.config(), &all).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
        text_of(&output)
    };
    let said = refused(&["--team", "Salez"]);
    assert!(
        said.contains("known are: ") && said.contains("Sales"),
        "{said}"
    );
    refused(&["--manager", "zz"]);
    refused(&["--manager", READ]);

    let found = status(&tenant, &["--check", "--max-age", "0s"], 1);
    let stale = found["stale"].as_array().unwrap();
    assert!(stale.iter().any(|address| address == READ), "{stale:?}");
    let output = with_config(&tenant.config(), &["status", "--check", "--max-age", "0s"]);
    let text = expect_code(&mut { output }, 1);
    assert!(text.contains("in scope were not read since"), "{text}");
}
