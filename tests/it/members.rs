//! What the members file says of each person, as the service sees it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::python;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

fn set_members(tenant: &Tenant, text: &str) {
    fs::write(tenant.folder().join("members.csv"), text).unwrap();
}

/// Sets a key of `[capture]`.
fn set_capture(tenant: &Tenant, line: &str) {
    let config = fs::read_to_string(tenant.config()).unwrap();
    let config = config.replace("[capture]\n", &format!("[capture]\n{line}\n"));
    fs::write(tenant.config(), config).unwrap();
}

/// Id and address of the mailboxes that were read completely.
fn complete(tenant: &Tenant) -> Vec<(String, String)> {
    let report = run_report(&tenant.config(), &[], 1);
    let mailboxes = report["mailboxes"].as_array().unwrap().iter();
    let complete = mailboxes.filter(|mailbox| mailbox["status"] == "complete");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    complete
        .map(|mailbox| {
            (
                text(&mailbox["mailbox_id"]),
                text(&mailbox["mailbox_address"]),
            )
        })
        .collect()
}

#[test]
fn calendars_of_members_without_a_seat_are_not_requested() {
    let tenant = Tenant::generated(65, 14);
    set_members(&tenant, "address,seat\n");
    set_capture(&tenant, "meetings_need_seat = true");
    let mailboxes = complete(&tenant);
    assert!(mailboxes.len() > 1);
    // But of one outside the scope, of which it must not be possible.
    let probed = tenant.asked_for_calendars(0);
    assert_eq!(probed.len(), 1);
    assert!(mailboxes.iter().all(|(id, _)| !probed.contains(id)));
    let (id, address) = &mailboxes[0];
    set_members(&tenant, &format!("address,seat\n{address},yes\n"));
    complete(&tenant);
    let expected = BTreeSet::from([id.clone()])
        .union(&probed)
        .cloned()
        .collect();
    assert_eq!(tenant.asked_for_calendars(0), expected);
}

#[test]
fn a_person_whom_two_rows_name_stops_the_run() {
    let tenant = Tenant::generated(66, 14);
    let plan = run_report(&tenant.config(), &["--plan"], 0);
    let lines = plan["mailboxes"].as_array().unwrap().iter();
    let mut in_scope = lines.filter(|line| line["in_scope"] == true);
    let address = in_scope.next().unwrap()["mailbox"].as_str().unwrap();
    // Their address in capital letters is the same one, and refused as such.
    let twice = format!(
        "address,mail\n{address},off\n{},on\n",
        address.to_uppercase()
    );
    set_members(&tenant, &twice);
    let output = with_config(&tenant.config(), &["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
    let text = text_of(&output);
    assert!(
        text.contains("members.csv:3:") && !text.contains('@'),
        "{text}"
    );
    assert!(!tenant.folder().join("lake").exists());
}

/// The id of each mailbox of a report, and its status.
fn statuses(report: &Value) -> BTreeMap<String, String> {
    let mailboxes = report["mailboxes"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    mailboxes
        .map(|mailbox| (text(&mailbox["mailbox_id"]), text(&mailbox["status"])))
        .collect()
}

/// The ids of the mailboxes whose members file, or team, switches mail off: one of which nothing is
/// captured, and one of the calendar only.
fn mail_off(tenant: &Tenant, report: &Value) -> [String; 2] {
    let members = fs::read_to_string(tenant.folder().join("members.csv")).unwrap();
    let mailboxes = report["mailboxes"].as_array().unwrap();
    [",off,off,", ",Works council,"].map(|cells| {
        let row = members.lines().find(|row| row.contains(cells)).unwrap();
        let address = row.split(',').next().unwrap().to_lowercase();
        let is_theirs = |mailbox: &&Value| mailbox["mailbox_address"] == *address;
        let mailbox = mailboxes.iter().find(is_theirs).unwrap();
        mailbox["mailbox_id"].as_str().unwrap().to_owned()
    })
}

#[test]
fn no_mail_is_requested_of_members_and_teams_that_switch_it_off() {
    let mut tenant = Tenant::generated(67, 16);
    let mut reports = Vec::new();
    tenant.nights(2, |_, report| reports.push(report));
    let [nothing, calendar_only] = mail_off(&tenant, &reports[0]);
    let mail = tenant.asked_for_mail(0);
    let calendars = tenant.asked_for_calendars(0);
    for report in &reports {
        let statuses = statuses(report);
        for (mailbox, status) in &statuses {
            let is_off = [&nothing, &calendar_only].contains(&mailbox);
            assert_eq!(mail.contains(mailbox), !is_off, "{mailbox}");
            assert!(!is_off || status == "complete", "{mailbox}: {status}");
        }
    }
    assert!(calendars.contains(&calendar_only));
    assert!(!calendars.contains(&nothing));
    tenant.compare_with_truth();
}

/// With calendar only, no permission for mail is needed, and with mail only none for calendars.
#[test]
fn a_tenant_may_be_read_with_one_of_both_alone() {
    for (off, permissions) in [
        ("mail = false", "'Calendars.Read', 'MailboxSettings.Read'"),
        // What tells a hidden kind of mailbox from a denied one is of the part that is read, too.
        ("mail = false", "'Calendars.Read'"),
        ("meetings = \"none\"", "'Mail.Read', 'MailboxSettings.Read'"),
        ("meetings = \"none\"", "'Mail.Read'"),
    ] {
        let is_mail_off = off.starts_with("mail");
        let meetings = if is_mail_off { 2 } else { 0 };
        let mut tenant = Tenant::of_world(&format!(
            "seed = 68\nusers = 16\nmails_per_user = 20\nmeetings_per_user = {meetings}\n\
             [permissions]\nexchange = [{permissions}]\n"
        ));
        set_capture(&tenant, off);
        if is_mail_off {
            tenant.note_mail_off("*", "", "");
        }
        tenant.run();
        let (mail, calendars) = (tenant.asked_for_mail(0), tenant.asked_for_calendars(0));
        let (asked, not_asked) = if is_mail_off {
            (calendars, mail)
        } else {
            (mail, calendars)
        };
        assert_eq!(not_asked, BTreeSet::new(), "{off} {permissions}");
        assert!(asked.len() > 5, "{off} {permissions}");
        if permissions.contains("MailboxSettings") {
            tenant.compare_with_truth();
        }
    }
}

/// The first user of a generated world.
const ANNA: &str = "anna.albrecht@contoso.com";

/// What the service or a disk does while a member is opted out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    /// The service forgets where the chains were.
    LinksExpire,
    /// The state cache is lost.
    CacheIsLost,
}

#[test]
fn a_member_who_opts_out_for_a_month_and_in_again_has_a_gap_of_that_month() {
    for meanwhile in [
        Meanwhile::Nothing,
        Meanwhile::LinksExpire,
        Meanwhile::CacheIsLost,
    ] {
        let forgotten = "[[faults]]\nkind = \"forgotten\"\nfrom = \"2026-04-01T00:00:00Z\"\n\
                         until = \"2026-04-04T02:00:00Z\"\nrequest = \"delta\"\nmailbox = 0\n";
        let faults = match meanwhile {
            Meanwhile::LinksExpire => forgotten,
            _ => "",
        };
        let mut tenant = Tenant::of_world(&format!(
            "seed = 69\nusers = 16\nmails_per_user = 60\nmeetings_per_user = 0\n\
             crm_changes.each = 0\n{faults}"
        ));
        let first = tenant.run();
        let mut mailboxes = first["mailboxes"].as_array().unwrap().iter();
        let mailbox = mailboxes.find(|mailbox| mailbox["mailbox_address"] == ANNA);
        let id = mailbox.unwrap()["mailbox_id"].as_str().unwrap();

        tenant.advance(2);
        let rows = fs::read_to_string(tenant.folder().join("members.csv")).unwrap();
        let without = |row: &&str| !row.to_lowercase().starts_with(&format!("{ANNA},"));
        let kept: Vec<&str> = rows.lines().filter(without).collect();
        set_members(&tenant, &format!("{}\n{ANNA},,off,,,,\n", kept.join("\n")));
        let (since, from) = (tenant.served_requests(), tenant.now());
        for days in [10, 10, 10] {
            let report = tenant.run();
            assert_eq!(statuses(&report)[id], "complete");
            tenant.advance(days);
        }
        assert!(!tenant.asked_for_mail(since).contains(id));

        if meanwhile == Meanwhile::CacheIsLost {
            fs::remove_dir_all(tenant.folder().join("state")).unwrap();
        }
        set_members(&tenant, &rows);
        tenant.note_mail_off(id, &from, &tenant.now());
        let before = tenant.served_requests();
        tenant.run();
        let log = tenant.log(before).into_iter();
        let met = log.filter(|request| request["fault"].is_number()).count();
        assert_eq!(met > 0, meanwhile == Meanwhile::LinksExpire, "{met}");
        tenant.advance(3);
        let last = tenant.run();
        assert_eq!(statuses(&last)[id], "complete");
        assert!(tenant.asked_for_mail(since).contains(id));
        if meanwhile == Meanwhile::CacheIsLost {
            tenant.compare_rows_with_truth();
        } else {
            tenant.compare_with_truth();
        }
    }
}

/// Addresses of other people in a meeting, rooms left out.
const OUTSIDERS: &str = "list_distinct(list_transform(list_filter(participants, lambda p: NOT p.internal \
                         AND p.role <> 'resource' AND contains(p.address, '@')), lambda p: p.address)) AS outsiders";

/// The meetings of each mailbox in a lake made from nothing with these settings, and who of other
/// companies takes part.
fn meetings(tenant: &Tenant, capture: &str) -> BTreeMap<(String, String), Vec<String>> {
    for folder in ["lake", "state", "index"] {
        let _ = fs::remove_dir_all(tenant.folder().join(folder));
    }
    let config = fs::read_to_string(tenant.config()).unwrap();
    set_capture(tenant, capture);
    run_report(&tenant.config(), &[], 1);
    fs::write(tenant.config(), config).unwrap();
    let columns = [
        "interaction_id",
        "mailbox_id",
        "mailbox_address",
        "kind",
        OUTSIDERS,
    ];
    let rows = python::rows(tenant.folder(), "interactions", &columns);
    let own = ["lena.rossi@contoso.de", "olivia.nowak@contoso.com"];
    let rows = rows.into_iter().filter(|row| {
        let address = row["mailbox_address"].as_str().unwrap();
        row["kind"] == "meeting" && !own.contains(&address)
    });
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rows.map(|row| {
        let outsiders = row["outsiders"].as_array().unwrap().iter().map(text);
        let key = (text(&row["interaction_id"]), text(&row["mailbox_id"]));
        (key, outsiders.collect())
    })
    .collect()
}

#[test]
fn recorded_meetings_are_those_of_which_each_condition_holds() {
    let tenant =
        Tenant::of_world("seed = 74\nusers = 16\nmails_per_user = 0\nmeetings_per_user = 6\n");
    // No one has settings of their own.
    set_members(&tenant, "address\n");
    let all = meetings(&tenant, "");
    let rule = |conditions: &str| {
        format!(
            "meetings = \"recorded\"\nrecorded = {{ online = false, organizer_internal = false, {conditions} }}"
        )
    };
    let of_rule = |conditions: &str| {
        let found = meetings(&tenant, &rule(conditions));
        found.into_keys().collect::<BTreeSet<_>>()
    };
    let of_all = |holds: &dyn Fn(&[String]) -> bool| {
        let held = all.iter().filter(|(_, outsiders)| holds(outsiders));
        let held = held.map(|(key, _)| key.clone());
        held.collect::<BTreeSet<_>>()
    };
    let several = of_all(&|outsiders| outsiders.len() > 1);
    assert!(!several.is_empty() && several.len() < all.len());
    let found = of_rule("external_min = 2");
    let differing: Vec<_> = found.symmetric_difference(&several).collect();
    let differing: Vec<_> = differing.iter().map(|key| (key, all.get(key))).collect();
    assert!(differing.is_empty(), "{} {differing:?}", differing.len());

    let domain = all.values().flatten().next().unwrap();
    let domain = domain.split_once('@').unwrap().1;
    let of_domain = of_all(&|outsiders| {
        outsiders
            .iter()
            .any(|one| one.ends_with(&format!("@{domain}")))
    });
    assert!(!of_domain.is_empty() && of_domain.len() < all.len());
    let conditions = format!("external_min = 0, domains = [\"{domain}\"]");
    assert_eq!(of_rule(&conditions), of_domain);
}
