//! `touchpoint serve`: pages and answers of the real program, what it refuses, and what a reader sees.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::commands;
use crate::support::archive_config;
use crate::support::archive_folder;
use crate::support::expect_code;
use crate::support::python;
use crate::support::root;
use crate::support::served::Served;
use crate::support::subfolders_config;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

const ANNA: &str = "anna.albrecht@contoso.com";
const TOKEN: &str = "6b0e1a54c2f94d7f8a3b";

/// A tenant after one night.
fn read_tenant(seed: u64) -> Tenant {
    let mut tenant = Tenant::generated(seed, 16);
    tenant.run();
    tenant
}

/// Adds a section to the configuration.
fn configure(tenant: &Tenant, section: &str) {
    let config = fs::read_to_string(tenant.config()).unwrap();
    fs::write(tenant.config(), format!("{config}\n{section}\n")).unwrap();
}

/// Writes a token file for some readers.
fn tokens(tenant: &Tenant, lines: &str) {
    let path = tenant.folder().join("readers.txt");
    fs::write(&path, lines).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[test]
fn every_answer_is_as_described() {
    let tenant = read_tenant(81);
    let served = Served::start(&tenant.config());
    let mut script = python::script("check_openapi.py");
    let counts = python::json(script.arg(&served.address));
    assert!(
        counts["/api/v1/search 200"].as_u64().unwrap() > 10,
        "{counts}"
    );
    assert_eq!(counts["/api/v1/contacts/{id} 404"], 1);

    let document = served.get("/api/v1/openapi.json").json();
    let source = fs::read_to_string(root().join("src/serve/routes.rs")).unwrap();
    let texts = source
        .split('"')
        .filter(|text| text.starts_with("/api/v1/"));
    let routes: Vec<&str> = texts.filter(|route| !route.contains("openapi")).collect();
    assert_eq!(routes.len(), document["paths"].as_object().unwrap().len());
    for route in routes {
        assert!(
            document["paths"].get(route).is_some(),
            "{route} is not described"
        );
    }
}

#[test]
fn answers_agree_with_the_commands() {
    let tenant = read_tenant(82);
    let served = Served::start(&tenant.config());
    let by_command = commands::json(&tenant, &["search", "offer", "--facets"], 0);
    let by_request = served.get("/api/v1/search?q=offer&facets=true").json();
    for key in ["total", "groups", "hits", "facets"] {
        assert_eq!(by_command[key], by_request[key], "{key}");
    }
    let by_command = commands::json(
        &tenant,
        &["who", "A-002", "--as-of", "2026-02", "--limit", "5"],
        0,
    );
    let by_request = served
        .get("/api/v1/accounts/A-002?as_of=2026-02&limit=5")
        .json();
    assert_eq!(by_command, by_request["relationships"]);
    let id = by_id(&served, "offer");
    let by_command = commands::json(&tenant, &["show", &id], 0);
    assert_eq!(
        by_command,
        served.get(&format!("/api/v1/interactions/{id}")).json()
    );
    let by_command = commands::json(&tenant, &["status"], 0);
    let by_request = served.get("/api/v1/coverage").json();
    assert_eq!(by_command["mailboxes"], by_request["mailboxes"]);
    assert_eq!(by_command["summary"], by_request["summary"]);
    // By month, the interactions of an account are those of its rows.
    let about = served.get("/api/v1/accounts/A-002?limit=1").json();
    let id = "CASE WHEN account_id = 'A-002' AND state = 'active' AND NOT is_bulk \
              THEN interaction_id::VARCHAR END AS id";
    let rows = python::rows(tenant.folder(), "contact_activity", &[id]);
    let ids: BTreeSet<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
    let months = about["timeline"]["months"].as_array().unwrap();
    let sum = |key: &str| {
        months
            .iter()
            .map(|one| one[key].as_u64().unwrap())
            .sum::<u64>()
    };
    let shown = sum("mails") + sum("meetings") + about["timeline"]["earlier"].as_u64().unwrap();
    assert_eq!(ids.len() as u64, shown);
}

/// The id of the first hit.
fn by_id(served: &Served, words: &str) -> String {
    let found = served.get(&format!("/api/v1/search?q={words}")).json();
    found["hits"][0]["interaction_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn what_others_wrote_is_text_on_every_page() {
    let mail = "Message-ID: <1@customer.example>\r\nDate: Mon, 02 Mar 2026 10:00:00 +0000\r\n\
        From: \"<svg onload=alert(2)>\" <ann@customer.example>\r\nTo: bob@contoso.example\r\n\
        Subject: zebra <script>alert(1)</script>\r\n\r\n\
        zebra </div><img src=x onerror=alert(3)> \u{202e}\r\n";
    let config = archive_config("mails", "eml") + "[capture]\ncontent = \"full\"\n";
    let folder = archive_folder(&config, [("1.eml".to_owned(), mail)]);
    let crm = "id,name,email,account_id\n\"C\"\"><script>\",<b>Ann</b>,ann@customer.example,a1\n";
    fs::write(folder.path().join("contacts.csv"), crm).unwrap();
    let config = folder.path().join("touchpoint.toml");
    expect_code(&mut with_config(&config, &["run"]), 0);
    let served = Served::start(&config);
    let id = by_id(&served, "zebra");
    let contact = "/contact/C%22%3E%3Cscript%3E";
    for page in [
        "/search?q=zebra",
        &format!("/interaction/{id}"),
        contact,
        "/find?name=%3Cb%3E",
    ] {
        let answer = served.get(page);
        for tag in ["<script", "<svg onload", "<img", "<b>", "onerror=alert(3)>"] {
            assert!(!answer.body.contains(tag), "{page}: {tag}\n{}", answer.body);
        }
    }
    let page = served.get(&format!("/interaction/{id}")).body;
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{page}"
    );
    assert_eq!(served.get(contact).status, 200);
}

#[test]
fn requests_that_are_no_readers_of_this_machine_are_refused() {
    let tenant = read_tenant(83);
    let served = Served::start(&tenant.config());
    let status = |method: &str, headers: &[(&str, &str)]| {
        served.request(method, "/search?q=offer", headers).status
    };
    assert_eq!(status("GET", &[]), 200);
    assert_eq!(status("GET", &[("host", "localhost:1")]), 200);
    assert_eq!(status("GET", &[("host", "rebound.example")]), 421);
    assert_eq!(status("POST", &[("content-length", "0")]), 405);
    let foreign = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "no-cors"),
    ];
    assert_eq!(status("GET", &foreign), 403);
    assert_eq!(served.get("/nothing").status, 404);
    assert_eq!(served.get("/search?nothing=1").status, 400);
    assert_eq!(served.get("/search?q=before:never").status, 400);
    for page in ["/", "/style.css", "/nothing", "/api/v1/coverage"] {
        let answer = served.get(page);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}

#[test]
fn beyond_loopback_readers_must_be_known() {
    let tenant = read_tenant(84);
    let refused = |arguments: &[&str]| {
        let all = [&["serve"], arguments].concat();
        let output = with_config(&tenant.config(), &all).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
        text_of(&output)
    };
    assert!(refused(&["--listen", "0.0.0.0:0"]).contains("token_file"));
    let file = tenant.folder().join("readers.txt");
    let file = file.to_str().unwrap();
    assert!(refused(&["--token-file", file]).contains("readers.txt"));
    tokens(&tenant, "short\n");
    assert!(refused(&["--token-file", file]).contains("line 1"));
    tokens(&tenant, &format!("# readers\n{TOKEN}\n{TOKEN}\n"));
    let said = refused(&["--token-file", file]);
    assert!(said.contains("line 3") && !said.contains(TOKEN), "{said}");
    tokens(&tenant, TOKEN);
    fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(refused(&["--token-file", file]).contains("chmod 600"));

    tokens(&tenant, TOKEN);
    configure(&tenant, "[serve]\ntoken_file = \"readers.txt\"");
    let served = Served::start(&tenant.config());
    let answer = served.get("/");
    assert_eq!(answer.status, 401);
    assert!(
        answer
            .header("www-authenticate")
            .unwrap()
            .starts_with("Basic ")
    );
    assert!(!answer.body.contains("form"), "{}", answer.body);
    let shown = bearer(TOKEN);
    assert_eq!(
        served
            .request("GET", "/", &[("authorization", &shown)])
            .status,
        200
    );
    let wrong = bearer("6b0e1a54c2f94d7f8a3c");
    assert_eq!(
        served
            .request("GET", "/", &[("authorization", &wrong)])
            .status,
        401
    );
}

#[test]
fn a_reader_of_own_mailboxes_sees_of_others_only_counts() {
    let tenant = read_tenant(85);
    tokens(
        &tenant,
        &format!("{ANNA} {TOKEN}\nelse@contoso.com {TOKEN}1\n"),
    );
    configure(
        &tenant,
        "[serve]\nvisibility = \"own\"\ntoken_file = \"readers.txt\"",
    );
    let served = Served::start(&tenant.config());
    let get =
        |path: &str, token: &str| served.request("GET", path, &[("authorization", &bearer(token))]);
    let all = commands::json(
        &tenant,
        &["search", "offer", "--ungrouped", "--limit", "200"],
        0,
    );
    let own = commands::json(
        &tenant,
        &["search", "offer", "--ungrouped", "--user", ANNA],
        0,
    );
    let seen = get("/api/v1/search?q=offer&ungrouped=true&limit=100", TOKEN).json();
    assert!(own["total"].as_u64() < all["total"].as_u64());
    assert_eq!(seen["total"], own["total"]);
    let seen_as = get("/api/v1/search?q=offer&user=ben.hansen", TOKEN).json();
    assert!(seen_as["total"].as_u64() < own["total"].as_u64());
    let of_others = all["hits"].as_array().unwrap().iter().find(|hit| {
        let holders = hit["colleagues"].as_array().unwrap();
        holders.iter().all(|one| one["address"] != ANNA)
    });
    let other = of_others.unwrap()["interaction_id"].as_str().unwrap();
    for path in [
        format!("/interaction/{other}"),
        format!("/api/v1/interactions/{other}"),
    ] {
        assert_eq!(get(&path, TOKEN).status, 404);
    }
    let mine = seen["hits"][0]["interaction_id"].as_str().unwrap();
    let opened = get(&format!("/api/v1/interactions/{mine}"), TOKEN).json();
    let copies = opened["mailboxes"].as_array().unwrap();
    assert!(
        copies.iter().all(|copy| copy["address"] == ANNA),
        "{opened:#}"
    );
    let about = get("/api/v1/accounts/A-002", TOKEN).json();
    assert!(about["relationships"]["total"].as_u64().unwrap() > 1);
    let coverage = get("/api/v1/coverage", TOKEN).json();
    assert_eq!(coverage["mailboxes"].as_array().unwrap().len(), 1);
    assert!(coverage["hidden"].as_u64().unwrap() > 10);
    let none = get("/api/v1/search?q=offer", &format!("{TOKEN}1")).json();
    assert_eq!(none["total"], 0);
}

/// The mailbox of Bob holds what Ann must not learn, by no way of asking.
#[test]
fn nothing_shows_of_what_others_wrote_by_asking_in_another_way() {
    let mail = |number: u32, from: &str, to: &str, words: &str| {
        format!(
            "Message-ID: <{number}@contoso.example>\r\nDate: Mon, 02 Mar 2026 10:0{number}:00 +0000\r\n\
             From: {from}\r\nTo: {to}\r\nSubject: {words}\r\n\r\n{words}\r\n"
        )
    };
    let (ann, bob) = ("ann@contoso.example", "bob@contoso.example");
    let config = subfolders_config("mails", "eml") + "[capture]\nunmatched = \"keep\"\n";
    let folder = archive_folder(&config, []);
    let write = |name: &str, text: &str| {
        let path = folder.path().join("mails").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let customer = "ann@customer.example";
    write(
        "ann@contoso.example/1.eml",
        &mail(1, customer, ann, "aquisition alpha"),
    );
    write(
        "ann@contoso.example/2.eml",
        &mail(2, customer, ann, "betatwo alpha"),
    );
    write(
        "bob@contoso.example/3.eml",
        &mail(3, "spy@rival.example", bob, "acquisition"),
    );
    write(
        "bob@contoso.example/4.eml",
        &mail(4, customer, &format!("{bob}, {ann}"), "betatwo"),
    );
    write(
        "ann@contoso.example/4.eml",
        &mail(4, customer, &format!("{bob}, {ann}"), "betatwo"),
    );
    let path = folder.path().join("touchpoint.toml");
    let serve = "[serve]\nvisibility = \"own\"\nproxy_header = \"X-Reader\"\n";
    fs::write(&path, format!("{config}{serve}")).unwrap();
    expect_code(&mut with_config(&path, &["run"]), 0);
    let served = Served::start(&path);
    let get = |link: &str| served.request("GET", link, &[("x-reader", ann)]);
    // A word of Bob's mails is answered like one that no mail has.
    let answer = |word: &str| {
        let mut answer = get(&format!("/api/v1/search?q={word}")).json();
        answer["took_ms"] = json!(0);
        answer.to_string()
    };
    assert_eq!(answer("acquisition"), answer("acquixition"));
    // So is an address.
    for filter in ["contact", "account"] {
        let known = get(&format!("/api/v1/search?{filter}=spy@rival.example"));
        let unknown = get(&format!("/api/v1/search?{filter}=spy2@rival.example"));
        assert_eq!((known.status, unknown.status), (200, 200), "{filter}");
        assert_eq!(known.json()["total"], 0);
    }
    let found = get("/api/v1/search?q=betatwo&sort=relevance&ungrouped=true").json();
    assert_eq!(
        (&found["total"], &found["sort"]),
        (&json!(2), &json!("date"))
    );
    for hit in found["hits"].as_array().unwrap() {
        assert_eq!(hit["colleagues_total"], 1, "{hit:#}");
    }
    assert_eq!(served.get("/").status, 401);
    let twice = [("x-reader", ann), ("x-reader", bob)];
    assert_eq!(served.request("GET", "/", &twice).status, 401);
}

#[test]
fn programs_get_errors_as_described() {
    let tenant = read_tenant(92);
    let served = Served::start(&tenant.config());
    for (path, status) in [
        ("/api/v1/nothing", 404),
        ("/api/v1/contacts/%ff", 400),
        ("/api/v1/contacts/C-1?offset=1", 400),
        ("/api/v1/coverage?problems=maybe", 400),
        ("/api/v1/search?q=a&offset=18446744073709551615", 400),
        ("/api/v1/search?account=a", 409),
        ("/api/v1/search?account=zzzzzz", 404),
    ] {
        let answer = served.get(path);
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert_eq!(answer.json()["error"]["status"], status, "{path}");
    }
    let refused = served.request("PUT", "/api/v1/coverage", &[]);
    assert_eq!(
        (refused.status, &refused.json()["error"]["status"]),
        (405, &json!(405))
    );
    assert_eq!(
        served
            .get("/contact/C-005?offset=18446744073709551615")
            .status,
        400
    );
    let late = served.get("/api/v1/accounts/A-002?as_of=9999").json();
    assert!(
        late["relationships"]["as_of"]
            .as_str()
            .unwrap()
            .starts_with("9999-12"),
        "{late:#}"
    );
}

#[test]
fn a_page_as_of_a_day_says_nothing_of_later_ones() {
    let tenant = read_tenant(93);
    let served = Served::start(&tenant.config());
    let about = served
        .get("/api/v1/accounts/A-002?as_of=2025-10&limit=2")
        .json();
    for hit in about["latest"]["hits"].as_array().unwrap() {
        assert!(hit["occurred_at"].as_str().unwrap() < "2025-11", "{hit:#}");
    }
    let page = served.get("/account/A-002?as_of=2025-10&limit=2").body;
    assert!(
        page.contains("?as_of=2025-10&amp;limit=2&amp;offset=2"),
        "{page}"
    );
    let all = page
        .split("All ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    let link = page
        .split("<a href=\"/search")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let found = served
        .get(&format!("/api/v1/search{}", link.replace("&amp;", "&")))
        .json();
    assert_eq!(all.replace(',', ""), found["total"].to_string());
}

#[test]
fn where_metadata_alone_is_shown_no_text_is_shown_or_found() {
    let tenant = read_tenant(86);
    let all = commands::json(&tenant, &["search", "offer", "--limit", "1"], 0);
    let hit = &all["hits"][0];
    let subject = hit["subject"]["text"].as_str().unwrap();
    let id = hit["interaction_id"].as_str().unwrap();
    configure(&tenant, "[serve]\nvisibility = \"metadata\"");
    let served = Served::start(&tenant.config());
    let found = served.get("/api/v1/search?q=offer").json();
    assert_eq!(found["total"], 0);
    assert_eq!(served.get("/search?q=subject:offer").status, 400);
    assert_eq!(served.get("/search?q=-subject:offer").status, 400);
    let account = "/search?account=A-002&ungrouped=true";
    for path in [
        account.to_owned(),
        format!("/interaction/{id}"),
        "/account/A-002".to_owned(),
    ] {
        let page = served.get(&path);
        assert_eq!(page.status, 200, "{path}");
        assert!(
            !page.body.contains(subject) && !page.body.contains("Kind regards"),
            "{path}"
        );
    }
    let opened = served.get(&format!("/api/v1/interactions/{id}")).json();
    assert_eq!(opened["subject"], Value::Null);
    assert!(opened["participants"].as_array().unwrap().len() > 1);
    for related in opened["related"].as_array().unwrap() {
        assert_eq!(related["subject"], Value::Null);
    }
    for revision in opened["revisions"].as_array().unwrap() {
        assert_eq!(revision["subject"], Value::Null);
    }
}

#[test]
fn activity_from_mail_can_be_hidden_from_readers() {
    let tenant = read_tenant(87);
    let mail = commands::json(&tenant, &["search", "--kind", "email", "--limit", "1"], 0);
    let id = mail["hits"][0]["interaction_id"].as_str().unwrap();
    configure(&tenant, "[view]\nmail_activity = false");
    let served = Served::start(&tenant.config());
    assert_eq!(served.get(&format!("/interaction/{id}")).status, 404);
    assert_eq!(served.get("/search?kind=email").status, 403);
    let found = served
        .get("/api/v1/search?account=A-002&facets=true")
        .json();
    let kinds = found["facets"]["kinds"].as_array().unwrap();
    assert!(
        kinds.iter().all(|kind| kind["value"] == "meeting"),
        "{kinds:?}"
    );
    let about = served.get("/api/v1/accounts/A-002").json();
    let months = about["timeline"]["months"].as_array().unwrap();
    assert!(months.iter().all(|month| month["mails"] == 0));
}

#[test]
fn each_access_to_details_is_noted_without_content() {
    let tenant = read_tenant(88);
    tokens(&tenant, &format!("{ANNA} {TOKEN}\n"));
    configure(
        &tenant,
        "[serve]\ntoken_file = \"readers.txt\"\naccess_log = \"read.jsonl\"",
    );
    let served = Served::start(&tenant.config());
    let shown = bearer(TOKEN);
    let get = |path: &str| served.request("GET", path, &[("authorization", &shown)]);
    let found = get("/api/v1/search?q=offer&account=A-002").json();
    let id = found["hits"][0]["interaction_id"].as_str().unwrap();
    get(&format!("/interaction/{id}"));
    get("/contact/none");
    get(&format!("/interaction/%20{}", &id[..8]));
    get("/find?name=fabrikan");
    served.get("/");
    let log = tenant.folder().join("read.jsonl");
    assert_eq!(
        fs::metadata(&log).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let text = fs::read_to_string(&log).unwrap();
    assert!(!text.contains("offer"), "{text}");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let whats: Vec<&str> = lines
        .iter()
        .map(|line| line["what"].as_str().unwrap())
        .collect();
    assert_eq!(
        whats,
        ["search", "interaction", "interaction", "names", "refused"],
        "{text}"
    );
    assert_eq!(lines[0]["ids"][0], "A-002");
    assert_eq!(lines[0]["interactions"][0], id);
    // The whole id, however it was abbreviated.
    assert_eq!(
        (&lines[1]["ids"][0], &lines[2]["ids"][0]),
        (&json!(id), &json!(id))
    );
    assert!(!lines[3]["ids"].as_array().unwrap().is_empty());
    assert!(
        lines[..4]
            .iter()
            .all(|line| line["reader"] == ANNA && line["from"] == "127.0.0.1")
    );
    assert!(lines[4]["reader"].is_null());
    // Where an access cannot be noted, it does not take place.
    fs::remove_file(&log).unwrap();
    fs::create_dir(&log).unwrap();
    assert_eq!(get(&format!("/interaction/{id}")).status, 503);
}

#[test]
fn a_nightly_run_shows_without_a_restart() {
    let mut tenant = read_tenant(89);
    let served = Served::start(&tenant.config());
    let total = || served.get("/api/v1/search?kind=email&limit=1").json()["total"].as_u64();
    let before = total();
    tenant.advance(1);
    tenant.run();
    let (_sender, pause) = std::sync::mpsc::channel::<()>();
    let waited = (0..80).take_while(|_| {
        let _ = pause.recv_timeout(Duration::from_millis(500));
        total() == before
    });
    assert!(
        waited.count() < 80,
        "the run of the second night is not shown"
    );
}

#[test]
fn without_a_lake_the_pages_say_so() {
    let tenant = Tenant::generated(90, 16);
    let served = Served::start(&tenant.config());
    for page in ["/search?q=offer", "/coverage", "/account/A-002"] {
        let answer = served.get(page);
        assert_eq!(answer.status, 503, "{page}");
        assert!(answer.body.contains("cannot be read"), "{}", answer.body);
    }
    assert_eq!(served.get("/nothing").status, 404);
}
