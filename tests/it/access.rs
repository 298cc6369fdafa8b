//! `touchpoint check`, and that no run begins where the service lets it read more than the scope.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::Value;

use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

/// What Entra grants for the directory.
const DIRECTORY: &str = "\"User.Read.All\", \"Organization.Read.All\", \"GroupMember.Read.All\", \
                         \"AdministrativeUnit.Read.All\", \"Member.Read.Hidden\"";
/// User 0 of a world of 16, in the scope group.
const INSIDE: &str = "anna.albrecht@contoso.com";
/// User 12, in no group.
const OUTSIDE: &str = "marek.ekici@contoso.com";

/// A small world in which these are the permissions.
fn world(permissions: &str) -> Tenant {
    let tenant = Tenant::of_world(&format!(
        "users = 16\nmails_per_user = 30\n[permissions]\n{permissions}\n"
    ));
    tenant.configure("[run]\nretry_seconds = 0.02\n");
    tenant
}

/// Adds permissions in Entra to those for the directory, and takes the roles in Exchange away.
fn of_entra(more: &str) -> String {
    format!("exchange = []\nentra = [{DIRECTORY}, {more}]\n")
}

fn check(tenant: &Tenant, options: &[&str], code: i32) -> Value {
    let mut all = vec!["check", "--format", "json"];
    all.extend(options);
    let output = with_config(&tenant.config(), &all).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{}", text_of(&output));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["exit_code"], code);
    found["tenants"][0].clone()
}

/// `granted` of a row.
fn grant<'a>(found: &'a Value, function: &str) -> &'a str {
    let rows = found["consent"].as_array().unwrap();
    let row = rows.iter().find(|row| row["function"] == function);
    row.unwrap()["granted"].as_str().unwrap()
}

/// What one mailbox answered to one kind of request.
fn answer<'a>(found: &'a Value, mailbox: &str, request: &str) -> &'a str {
    let probes = found["probes"].as_array().unwrap();
    let mut probes = probes.iter();
    let probe = probes.find(|probe| probe["mailbox"] == mailbox && probe["request"] == request);
    probe.unwrap()["found"].as_str().unwrap()
}

fn findings(found: &Value) -> String {
    found["findings"].to_string()
}

/// Facts 4.5, 5.2: what Exchange assigns is in no token.
#[test]
fn roles_of_exchange_are_recognised_by_what_mailboxes_answer() {
    let tenant = world("");
    let found = check(&tenant, &[], 0);
    for (function, expected) in [
        ("directory", "entra"),
        ("group", "entra"),
        ("mail envelope", "exchange"),
        ("mail content", "exchange"),
        ("calendar", "exchange"),
        ("mailbox kind", "exchange"),
    ] {
        assert_eq!(grant(&found, function), expected, "{function}");
    }
    for request in ["mail", "calendar"] {
        assert_eq!(answer(&found, INSIDE, request), "Granted");
        assert_eq!(answer(&found, OUTSIDE, request), "Denied");
    }
    // Two mailboxes were tried, and nothing was requested of any other.
    let all: BTreeSet<String> = tenant
        .asked_for(0)
        .union(&tenant.probed(0))
        .cloned()
        .collect();
    assert_eq!(all.len(), 2);
    let text = with_config(&tenant.config(), &["check"]).output().unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("contoso: completed"), "{text}");
}

#[test]
fn no_run_begins_where_a_mailbox_outside_the_scope_can_be_read() {
    let tenant = world(&format!(
        "policy = \"none\"\n{}",
        of_entra("\"Mail.Read\", \"Calendars.Read\", \"MailboxSettings.Read\"")
    ));
    let found = check(&tenant, &[], 2);
    let said = findings(&found);
    assert!(said.contains("the restriction does not work"), "{said}");
    assert!(
        said.contains("granted in Entra for all mailboxes"),
        "{said}"
    );

    let before = tenant.served_requests();
    let refused = with_config(&tenant.config(), &["run"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "{}", text_of(&refused));
    assert!(text_of(&refused).contains("--accept-open-scope contoso"));
    assert_eq!(tenant.probed(before).len(), 1);
    assert_eq!(tenant.asked_for(before), BTreeSet::new());
    // Somebody outside the scope is found without being named, too.
    tenant.unset("probe");
    let refused = with_config(&tenant.config(), &["run"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "{}", text_of(&refused));

    let other = with_config(
        &tenant.config(),
        &["run", "--accept-open-scope", "fabrikam"],
    )
    .output();
    assert_eq!(other.unwrap().status.code(), Some(2));
    let report = run_report(&tenant.config(), &["--accept-open-scope", "contoso"], 1);
    assert_eq!(report["access"][0]["outside_scope"], "accepted", "{report}");
    assert!(report["mailboxes"].as_array().unwrap().len() > 10);
}

/// Facts 5.2: rights add up.
#[test]
fn a_role_with_a_wider_scope_than_the_configuration_is_found() {
    let tenant = world("scope = \"open\"");
    let found = check(&tenant, &[], 2);
    let said = findings(&found);
    assert!(said.contains("role assignment in Exchange"), "{said}");
    // Whoever may read the whole tenant has nothing to try outside of it.
    tenant.unset("probe");
    tenant.set("scope", "{ all = true }");
    tenant.set("i_understand_this_reads_every_mailbox", "true");
    let found = check(&tenant, &[], 0);
    let outside = found["probes"].as_array().unwrap().iter();
    let outside = outside.filter(|probe| probe["expected"] == "Denied");
    assert_eq!(outside.count(), 0);
}

#[test]
fn permissions_that_allow_to_write_are_too_wide() {
    let tenant = world(&of_entra(
        "\"Mail.ReadWrite\", \"Calendars.Read\", \"MailboxSettings.Read\", \"Mail.Send\"",
    ));
    let found = check(&tenant, &[], 1);
    assert_eq!(
        found["too_wide"],
        serde_json::json!(["Mail.ReadWrite", "Mail.Send"])
    );
    assert_eq!(grant(&found, "mail content"), "entra");
    let found = check(&tenant, &["--strict"], 2);
    assert!(findings(&found).contains("wider than needed"));
}

#[test]
fn a_missing_permission_is_distinguished_from_a_policy() {
    let missing = world(&of_entra("\"Calendars.Read\""));
    let found = check(&missing, &[], 2);
    assert_eq!(grant(&found, "mail envelope"), "missing");
    assert_eq!(grant(&found, "calendar"), "entra");
    assert_eq!(grant(&found, "mailbox kind"), "missing");
    let link = found["consent_link"].as_str().unwrap();
    assert!(link.contains("/v2.0/adminconsent?client_id="), "{link}");
    let said = findings(&found);
    assert!(
        said.contains("mail envelope: permission Mail.Read is missing"),
        "{said}"
    );
    assert!(!said.contains("a policy"), "{said}");

    // User 7 is left out by the policy, and the others are not.
    let policy = world("");
    policy.set(
        "probe",
        &format!("{{ granted = [\"{INSIDE}\", \"hannah.jansen@contoso.de\"] }}"),
    );
    let found = check(&policy, &[], 2);
    assert_eq!(grant(&found, "mail envelope"), "exchange");
    let said = findings(&found);
    assert!(
        said.contains("hannah.jansen@contoso.de is refused"),
        "{said}"
    );
    assert!(said.contains("check --wait 90m"), "{said}");
}

/// Facts 5.1, 5.2: policies and roles take an hour and more to act.
#[test]
fn what_has_not_acted_yet_is_waited_for() {
    for late in [
        format!(
            "policy_from = \"2026-03-02T08:00:00Z\"\n{}",
            of_entra("\"Mail.Read\", \"Calendars.Read\", \"MailboxSettings.Read\"")
        ),
        "exchange_from = \"2026-03-02T08:00:00Z\"".to_owned(),
    ] {
        let tenant = world(&late);
        tenant.pace(300);
        check(&tenant, &[], 2);
        check(&tenant, &["--wait", "2m"], 0);
    }
}

#[test]
fn probes_that_contradict_the_directory_or_the_scope_are_refused() {
    let tenant = world("");
    for (probe, expected) in [
        (
            format!("{{ granted = [\"{INSIDE}\", \"x@else.org\"] }}"),
            "probe.granted, entry 2",
        ),
        (
            format!("{{ granted = [\"{OUTSIDE}\"] }}"),
            "it is not in scope",
        ),
        (format!("{{ denied = [\"{INSIDE}\"] }}"), "it is in scope"),
        (
            "{ denied = [\"x@else.org\"] }".to_owned(),
            "no user with this address",
        ),
    ] {
        tenant.set("probe", &probe);
        let found = check(&tenant, &[], 2);
        assert!(findings(&found).contains(expected), "{found:#}");
        if probe.contains("denied") {
            let run = with_config(&tenant.config(), &["run"]).output().unwrap();
            assert_eq!(run.status.code(), Some(2));
            assert!(text_of(&run).contains(expected), "{}", text_of(&run));
        }
        assert_eq!(tenant.probed(0), BTreeSet::new());
    }
}

/// The head of the answer to a request.
fn head_of(host: &str, target: &str) -> String {
    let mut stream = TcpStream::connect(host).unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

/// Opens a link as a browser does, without following the redirect; gives where that leads.
fn redirect_of(link: &str) -> String {
    let rest = link.trim().strip_prefix("http://").unwrap();
    let (host, target) = rest.split_once('/').unwrap();
    let reply = head_of(host, &format!("/{target}"));
    let location = reply
        .lines()
        .find_map(|line| line.strip_prefix("location: "));
    location.unwrap_or_else(|| panic!("{reply}")).to_owned()
}

/// Facts 4.4.
#[test]
fn consent_is_complete_once_the_administrator_was_redirected() {
    for (consent, code) in [("needed", 0), ("declined", 2)] {
        let tenant = world(&format!("consent = \"{consent}\""));
        let found = check(&tenant, &[], 2);
        assert!(findings(&found).contains("AADSTS700016"), "{found:#}");
        let mut waiting = with_config(&tenant.config(), &["check", "--link", "--wait", "2m"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(waiting.stdout.take().unwrap());
        let mut link = String::new();
        output.read_line(&mut link).unwrap();
        let back = redirect_of(&link);
        let (host, target) = back
            .strip_prefix("http://localhost")
            .unwrap()
            .split_once('/')
            .unwrap();
        let host = format!("127.0.0.1{host}");
        // Another state is none of our requests.
        let forged = head_of(&host, "/consent?admin_consent=True&state=0123");
        assert!(forged.starts_with("HTTP/1.1 404"), "{forged}");
        assert!(head_of(&host, &format!("/{target}")).starts_with("HTTP/1.1 200"));
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        assert_eq!(waiting.wait().unwrap().code(), Some(code), "{rest}");
        assert_eq!(
            rest.contains("contoso: completed"),
            consent == "needed",
            "{rest}"
        );
    }
}

#[test]
fn the_link_is_printed_alone_or_in_a_letter() {
    let tenant = world("");
    let print = |option| {
        let output = with_config(&tenant.config(), &["check", option])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text_of(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let link = print("--link");
    assert_eq!(link.lines().count(), 1);
    assert!(link.starts_with(tenant.address()), "{link}");
    assert!(link.contains("scope=") && link.contains("state="), "{link}");
    let letter = print("--mail");
    for expected in [
        "Subject: ",
        "Mail.Read",
        "GroupMember.Read.All",
        "/v2.0/adminconsent?",
    ] {
        assert!(letter.contains(expected), "{letter}");
    }
    // Neither signs in.
    assert_eq!(tenant.served_requests(), 0);
}

#[test]
fn a_run_does_not_begin_with_probes_that_prove_nothing() {
    let tenant = world("");
    for (probe, said) in [
        (
            "granted = [\"x@other.example\"]",
            "the directory has no user",
        ),
        (
            "denied = [\"jonas.dietrich@contoso.com\"]",
            "it proves nothing",
        ),
    ] {
        tenant.set("probe", &format!("{{ {probe} }}"));
        let output = with_config(&tenant.config(), &["run"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
        assert!(text_of(&output).contains(said), "{}", text_of(&output));
        assert_eq!(tenant.asked_for(0), BTreeSet::new());
    }
    // One that left the scope does not keep the others from being read.
    tenant.set("probe", &format!("{{ granted = [\"{OUTSIDE}\"] }}"));
    let report = run_report(&tenant.config(), &[], 1);
    let refused = report["access"][0]["granted_probes_refused"].to_string();
    assert!(refused.contains("not in scope"), "{refused}");
    tenant.set("scope", "{ all = true }");
    tenant.set("i_understand_this_reads_every_mailbox", "true");
    tenant.set("probe", &format!("{{ denied = [\"{OUTSIDE}\"] }}"));
    let output = with_config(&tenant.config(), &["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
    assert!(
        text_of(&output).contains("remove the key"),
        "{}",
        text_of(&output)
    );
}

/// Facts 1.9, 5.2.
#[test]
fn a_permission_that_hides_the_sensitivity_is_named_for_any_content_level() {
    let roles = "\"Mail.ReadBasic\", \"Calendars.Read\", \"MailboxSettings.Read\"";
    let tenant = world(&format!("exchange = [{roles}]"));
    let config = std::fs::read_to_string(tenant.config()).unwrap();
    let config = config.replace("content = \"preview\"", "content = \"envelope\"");
    std::fs::write(tenant.config(), config).unwrap();
    let found = check(&tenant, &[], 0);
    let lines = found["content"].to_string();
    assert!(lines.contains("hides the sensitivity"), "{lines}");
}
