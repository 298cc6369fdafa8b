//! A service that fails in every known way: runs end in time and report what they could not read,
//! and after a fault-free run the lake contains what was planted.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::Read as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::Mutex;

use serde_json::Value;

use crate::support::expect_code;
use crate::support::run_report;
use crate::support::tenant::Tenant;
use crate::support::with_config;

/// Waits that a test can afford.
const IMPATIENT: &str =
    "\n[run]\nretry_seconds = 0.02\nanswer_seconds = 8\npage_size = 20\nmailboxes_at_once = 12\n";

/// The minute in which the service fails.
const UNTIL: &str = "until = \"2026-03-02T02:01:00Z\"";
const QUIET: &str = "2026-03-02T02:01:00Z";

/// Mailbox, its fault, and the allowed results of its run.
type Case = (usize, &'static str, &'static str);

#[rustfmt::skip]
static CASES: &[Case] = &[
    (14, "kind='status' status=503 body='empty' request='delta' times=2", "complete"),
    (15, "kind='status' status=503 body='html' request='delta' times=2", "complete"),
    (16, "kind='large_page' at=10", "complete"),
    (17, "kind='status' status=500 code='' request='delta' times=1", "complete"),
    (18, "kind='status' status=429 code='ApplicationThrottled' retry_after='0.05' times=3", "complete"),
    (19, "kind='status' status=429 code='TooManyRequests' retry_after='date~1' times=1", "complete"),
    (20, "kind='status' status=429 body='empty' times=3", "complete"),
    (21, "kind='status' status=429 code='ApplicationThrottled' retry_after='0.01'", "failed"),
    (22, "kind='cut_before' times=2", "complete"),
    (23, "kind='cut_in_head' times=2", "complete"),
    (53, "kind='cut_in_body' times=2", "complete"),
    (25, "kind='cut_after' times=8", "complete"),
    (26, "kind='never_ends' times=1", "complete"),
    (27, "kind='drip' seconds=1.0 times=1", "complete"),
    (28, "kind='long_length' times=2", "complete"),
    (29, "kind='short_length' times=2", "complete"),
    (30, "kind='bad_gzip' times=2", "complete"),
    (31, "kind='bad_json' times=2", "complete"),
    (32, "kind='deep_json' request='delta'", "complete"),
    (33, "kind='status' status=403 code='ErrorAccessDenied' after=5", "denied"),
    (34, "kind='status' status=404 code='ResourceNotFound' seconds=1.0", "no_mailbox"),
    (35, "kind='status' status=503 code='MailboxInfoStale' times=5", "complete"),
    (36, "kind='status' status=503 code='ErrorMailboxMoveInProgress'", "failed"),
    (37, "kind='foreign_link' to='{elsewhere}'", "failed"),
    (38, "kind='status' status=302 to='{elsewhere}'", "failed"),
    (39, "kind='foreign_link' to='https://127.0.0.1:1' request='folders'", "failed"),
    (40, "kind='bad_gzip' request='delta' times=2", "complete"),
    (41, "kind='cut_in_head' request='delta' times=2", "complete"),
    (42, "kind='bad_utf8' request='delta'", "complete"),
    (43, "kind='status' status=401 code='InvalidAuthenticationToken' times=1", "complete"),
    (44, "kind='status' status=400 code='ErrorInvalidUrlQuery' request='delta'", "failed"),
    (45, "kind='slow' seconds=0.2 times=5", "complete"),
    (46, "kind='status' status=424 request='delta' times=1", "complete"),
    (47, "kind='forgotten' times=1", "complete"),
    (48, "kind='status' status=503 code='MailboxInfoStale' request='calendar' times=2", "complete"),
    (49, "kind='bad_json' request='calendar' times=2", "complete"),
    (50, "kind='status' status=500 code='generalException' body='inner' request='folders' times=2", "complete"),
    // Private mails are requested with smaller pages, then one by one.
    (54, "kind='large_page' at=50 request='private'", "complete"),
    (55, "kind='status' status=504 code='UnknownError' request='private'", "complete"),
    (56, "kind='status' status=400 code='BadRequest' request='private'", "complete"),
    // A chain that does not end is left, and the folder is read by a plain list.
    (51, "kind='endless' request='delta'", "complete"),
    (52, "kind='only_duplicates' request='delta'", "complete"),
    (24, "kind='self_link' request='delta'", "complete"),
];

/// Of these the one that is said to have no mailbox.
const ABSENT: usize = 34;

/// A place to which no request must ever come.
struct Elsewhere {
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Elsewhere {
    fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map(Result::unwrap) {
                let mut bytes = [0; 4096];
                let length = stream.read(&mut bytes).unwrap_or(0);
                let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                notes.lock().unwrap().push(text);
            }
        });
        Self { address, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// Rows of a world file from words that are separated by blanks.
fn rows(cases: &[Case], elsewhere: &str) -> String {
    let row = |(mailbox, words, _): &Case| {
        let words = words.replace("{elsewhere}", elsewhere);
        let words = words.replace(' ', "\n").replace('~', " ");
        format!("[[faults]]\nmailbox = {mailbox}\n{words}\n{UNTIL}\n")
    };
    cases.iter().map(row).collect()
}

/// Status and reason of each mailbox by its address.
fn statuses(report: &Value) -> BTreeMap<String, (String, String)> {
    let all = report["mailboxes"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    all.map(|one| {
        let ended = (text(&one["status"]), text(&one["reason"]));
        (text(&one["mailbox_address"]), ended)
    })
    .collect()
}

/// The faults that answers met since the `since`-th request, by the numbers of their rows.
fn faults_met(tenant: &Tenant, since: u64) -> BTreeSet<u64> {
    let log = tenant.log(since).into_iter();
    log.filter_map(|request| request["fault"].as_u64())
        .collect()
}

#[test]
fn mailbox_faults_end_in_time_and_are_recovered() {
    let elsewhere = Elsewhere::listen();
    let faults = rows(CASES, &elsewhere.address);
    let mut tenant = Tenant::of_world(&format!(
        "seed = 61\nusers = 57\nmails_per_user = 20\nmeetings_per_user = 1\n{faults}"
    ));
    tenant.configure(IMPATIENT);
    let report = tenant.run();
    assert!(report["seconds"].as_f64().unwrap() < 300.0, "{report}");
    let statuses = statuses(&report);
    let wrong: Vec<String> = CASES
        .iter()
        .filter_map(|(number, words, expected)| {
            // Beyond the first 24 people the number is part of the address.
            let found = statuses.iter().find(|(address, _)| is_of(address, *number));
            let (address, (status, reason)) = found.unwrap();
            let line = format!("{words}: {address} {status}: {reason}");
            let is_expected = expected.split(' ').any(|one| status == one);
            (!is_expected).then_some(line)
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let met = faults_met(&tenant, 0);
    let missed = CASES.iter().enumerate();
    let missed = missed.filter(|(number, _)| !met.contains(&(*number as u64)));
    let missed: Vec<_> = missed.map(|(_, case)| case).collect();
    assert!(missed.is_empty(), "no request met {missed:#?}");
    assert!(elsewhere.heard().is_empty(), "{:?}", elsewhere.heard());

    tenant.advance_to(QUIET);
    // A user without a mailbox is not requested again on the same day, except by option.
    let absent = statuses.keys().find(|address| is_of(address, ABSENT));
    let again = ["--mailbox", absent.unwrap(), "--again"];
    run_report(&tenant.config(), &again, 0);
    tenant.run();
    tenant.compare_rows_with_truth();
    tenant.advance(1);
    tenant.night();
    tenant.compare_rows_with_truth();
    assert!(elsewhere.heard().is_empty(), "{:?}", elsewhere.heard());
    expect_code(&mut with_config(&tenant.config(), &["verify"]), 0);
}

/// First and last names of the people from 14 on who have no number in their address.
const NAMES: [&str; 10] = [
    "oskar", "paula", "rafael", "sofia", "tom", "ute", "viktor", "wanda", "yusuf", "zoe",
];

fn is_of(address: &str, number: usize) -> bool {
    let (local, _) = address.split_once('@').unwrap();
    match number.checked_sub(14).and_then(|place| NAMES.get(place)) {
        Some(name) => {
            local.starts_with(&format!("{name}.")) && !local.ends_with(|c: char| c.is_ascii_digit())
        }
        None => local.ends_with(&number.to_string()),
    }
}

/// What goes wrong for the tenant in a minute of its own, how the run ends, and what it says.
type TenantCase = (&'static str, i32, &'static str);

// A request that succeeds on retry is not reported: these faults must change nothing.
const ALL_LISTED: &str = "13 mailboxes, 4 more left out";
const ALL_READ: &str = "mailboxes with gaps: 1 denied, 1 no_mailbox\n";

#[rustfmt::skip]
static TENANT_CASES: &[TenantCase] = &[
    ("kind='status' request='batch' status=503 body='empty' times=2", 1, ALL_READ),
    ("kind='status' request='token' status=503 body='html' times=2", 1, "trying again attempt=2"),
    ("kind='status' request='token' status=400 body='sign_in' code='invalid_grant' message='90055' times=1", 1, "trying again attempt=1"),
    ("kind='status' request='token' status=401 body='sign_in' code='invalid_client' message='7000222'", 2, "AADSTS7000222"),
    ("kind='status' request='token' status=400 body='sign_in' code='unauthorized_client' message='700016'", 2, "AADSTS700016"),
    ("kind='bad_json' request='token' times=1", 1, "trying again attempt=1"),
    ("kind='status' request='users' status=500 body='empty' times=2", 1, ALL_LISTED),
    ("kind='status' request='users' status=403 code='Authorization_RequestDenied'", 2, "authorization_requestdenied"),
    ("kind='status' request='directory' status=429 body='empty' times=2", 1, ALL_LISTED),
    ("kind='self_link' request='users'", 2, "have no end"),
    ("kind='foreign_link' request='users' to='{elsewhere}'", 2, "foreign link"),
    ("kind='cut_in_body' request='members' times=1", 1, ALL_LISTED),
    ("kind='status' request='mailbox' status=401 code='NoPermissionsInAccessToken' after=30", 1, "401 nopermissionsinaccesstoken"),
    ("kind='status' request='mailbox' status=403 code='ErrorAccessDenied'", 2, "every mailbox is denied"),
    ("kind='cut_before' request='mailbox'", 1, "11 failed"),
];

#[test]
fn sign_in_and_directory_faults_are_reported_and_recovered() {
    let elsewhere = Elsewhere::listen();
    let minute = |number: usize| format!("2026-03-02T02:{number:02}:00Z");
    let row = |(number, (words, _, _)): (usize, &TenantCase)| {
        let words = words.replace("{elsewhere}", &elsewhere.address);
        let (from, until) = (minute(number), minute(number + 1));
        format!(
            "[[faults]]\n{}\nfrom = \"{from}\"\nuntil = \"{until}\"\n",
            words.replace(' ', "\n")
        )
    };
    let faults: String = TENANT_CASES.iter().enumerate().map(row).collect();
    let mut tenant = Tenant::of_world(&format!(
        "seed = 62\nusers = 16\nmails_per_user = 12\nmeetings_per_user = 0\n{faults}"
    ));
    tenant.configure(IMPATIENT);
    for (number, (words, code, said)) in TENANT_CASES.iter().enumerate() {
        tenant.advance_to(&minute(number));
        tenant.note_run();
        let since = tenant.served_requests();
        let output = with_config(&tenant.config(), &["run"]).output().unwrap();
        let text = crate::support::text_of(&output);
        assert_eq!(output.status.code(), Some(*code), "{words}: {text}");
        assert!(text.contains(said), "{words}: {text}");
        let met = faults_met(&tenant, since);
        assert_eq!(met, BTreeSet::from([number as u64]), "{words}");
    }
    assert!(elsewhere.heard().is_empty(), "{:?}", elsewhere.heard());
    tenant.advance_to(&minute(TENANT_CASES.len()));
    tenant.note_run();
    run_report(&tenant.config(), &[], 1);
    tenant.compare_rows_with_truth();
}

/// Larger than any answer that is read.
const TOO_LARGE: usize = 70_000_000;

/// Items that a request wishes for on a page.
fn wish(request: &Value) -> Option<u32> {
    let words = request["prefer"].as_str()?.split(',');
    let mut sizes = words.filter_map(|word| word.trim().strip_prefix("odata.maxpagesize="));
    sizes.next()?.parse().ok()
}

#[test]
fn oversized_pages_cost_neither_the_run_nor_rows() {
    let kinds = ["huge_page", "gzip_bomb", "huge_subject"];
    let row = |(mailbox, kind): (usize, &str)| {
        format!(
            "[[faults]]\nmailbox = {mailbox}\nkind = '{kind}'\nbytes = {TOO_LARGE}\n\
             request = 'delta'\ntimes = 1\n"
        )
    };
    let faults: String = kinds.into_iter().enumerate().map(row).collect();
    let mut tenant = Tenant::of_world(&format!(
        "seed = 63\nusers = 16\nmails_per_user = 10\nmeetings_per_user = 0\n{faults}\
         [[faults]]\nmailbox = 3\nkind = 'huge_subject'\nbytes = 1000000\n"
    ));
    tenant.configure("\n[run]\nretry_seconds = 0.02\n");
    tenant.run();
    // Each of these pages is valid except for its size: it is rejected, and requested again with
    // fewer items.
    let log = tenant.log(0);
    for (number, kind) in kinds.into_iter().enumerate() {
        let met = log.iter().position(|request| request["fault"] == number);
        let (refused, later) = log[met.unwrap()..].split_first().unwrap();
        let is_same = |request: &&Value| {
            let keys = ["mailbox", "path", "query"];
            keys.iter().all(|key| request[key] == refused[key])
        };
        let again = later.iter().find(is_same).unwrap();
        assert!(wish(again) < wish(refused), "{kind}: {refused} {again}");
    }
    // A subject of any length that fits a page is no reason to.
    let read = log.iter().filter(|request| request["fault"] == kinds.len());
    let wishes: Vec<_> = read.filter_map(wish).collect();
    assert!(!wishes.is_empty() && wishes.iter().all(|wish| *wish == 500));
    tenant.compare_rows_with_truth();
}
