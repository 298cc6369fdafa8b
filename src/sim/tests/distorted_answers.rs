//! Answers that are distorted on their way, and connections that break, as a caller sees them.

use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::model::time::Timestamp;
use crate::sim::request::Response;
use crate::sim::server;
use crate::sim::server::Options;
use crate::sim::tests::test_client::TestClient;
use crate::sim::token;
use crate::sim::world::World;

const PLAIN: &str = "short_pages = false\nduplicates = false\nreplays = false\nshuffle = false\n";

/// The answer to the first request of a chain under a fault.
fn first(fault: &str) -> Response {
    // The client itself must be able to sign in.
    let rows = format!(
        "[[faults]]\nrequest = 'delta'\n{}",
        fault.replace(' ', "\n")
    );
    let mut client = TestClient::new(&format!("{PLAIN}{rows}"));
    let chain = client.chain(0, "inbox");
    client.raw("GET", &chain, &[], Vec::new())
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    let found = response.headers.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value.as_str())
}

/// Facts 6.1.
#[test]
fn a_refusal_has_its_body_in_every_form_that_was_seen() {
    let body = |form: &str| {
        let row = format!("kind='status' status=503 code='X' message='7' body='{form}'");
        String::from_utf8(first(&row).body).unwrap()
    };
    assert_eq!(body("empty"), "");
    assert!(body("html").starts_with("<!DOCTYPE html>"));
    assert!(body("error").contains("\"code\":\"X\""));
    let inner: Value = serde_json::from_str(&body("inner")).unwrap();
    assert_eq!(inner["error"]["innererror"]["code"], "X");
    let sign_in: Value = serde_json::from_str(&body("sign_in")).unwrap();
    assert_eq!(sign_in["error_codes"][0], 7);
}

/// Facts 7.3.
#[test]
fn retry_after_is_a_number_a_fraction_a_date_or_missing() {
    for (words, expected) in [
        ("retry_after='2'", Some("2")),
        ("retry_after='0.25'", Some("0.25")),
        ("", None),
    ] {
        let response = first(&format!("kind='status' status=429 {words}"));
        assert_eq!(header(&response, "retry-after"), expected);
    }
    let mut client = TestClient::new(&format!(
        "{PLAIN}[[faults]]\nrequest = 'delta'\nkind = 'status'\nstatus = 429\nretry_after = 'date 30'"
    ));
    let chain = client.chain(0, "inbox");
    let response = client.raw("GET", &chain, &[], Vec::new());
    let date = header(&response, "retry-after");
    assert_eq!(date, Some("Mon, 02 Mar 2026 02:00:30 GMT"));
}

#[test]
fn a_body_is_distorted_as_its_row_says() {
    let parsed = |response: &Response| serde_json::from_slice::<Value>(&response.body);
    assert!(parsed(&first("kind='bad_json'")).is_err());
    assert!(String::from_utf8(first("kind='bad_utf8'").body).is_err());
    assert!(parsed(&first("kind='deep_json' bytes=100000")).is_err());
    assert!(parsed(&first("kind='deep_json' bytes=50")).is_ok());
    assert_eq!(first("kind='huge_page' bytes=300000").body.len(), 300_000);
    let huge = parsed(&first("kind='huge_subject' bytes=20000")).unwrap();
    assert_eq!(huge["value"].as_array().unwrap().len(), 10);
    for kind in ["bad_gzip", "gzip_bomb"] {
        let response = first(&format!("kind='{kind}' bytes=1000000"));
        assert_eq!(header(&response, "content-encoding"), Some("gzip"));
        assert!(response.body.len() < 100_000);
    }
}

/// Facts 2.2.
#[test]
fn links_lead_to_themselves_in_circles_or_elsewhere() {
    let rows = "[[faults]]\nkind = 'self_link'\nmailbox = 0\n[[faults]]\nkind = 'only_duplicates'\nmailbox = 1\n\
        [[faults]]\nkind = 'endless'\nmailbox = 2\n[[faults]]\nkind = 'foreign_link'\nmailbox = 5\nto = 'http://x.example'";
    let mut client = TestClient::new(&format!("{PLAIN}{rows}"));
    let mut next = |link: &str| {
        let (status, body) = client.get(link, "odata.maxpagesize=500");
        assert_eq!(status, 200);
        let link = body["@odata.nextLink"]
            .as_str()
            .or(body["@odata.deltaLink"].as_str());
        let link = link.unwrap().replace("http://sim.test", "");
        (body["value"].clone(), link)
    };
    let chain = |number: usize| {
        let client = TestClient::new(PLAIN);
        client.chain(number, "inbox")
    };
    assert_eq!(next(&chain(0)).1, chain(0));
    for number in [1, 2] {
        let (first, second_link) = next(&chain(number));
        let (second, third_link) = next(&second_link);
        assert!(first == second && second_link != third_link, "{number}");
    }
    assert!(next(&chain(5)).1.starts_with("http://x.example/v1.0/users"));
}

/// Facts 1.6.
#[test]
fn links_are_forgotten_and_first_requests_are_not() {
    let mut client = TestClient::new(&format!("{PLAIN}[[faults]]\nkind = 'forgotten'\ntimes = 1"));
    let chain = client.chain(0, "inbox");
    let (status, body) = client.get(&chain, "odata.maxpagesize=2");
    assert_eq!(status, 200);
    let next = body["@odata.nextLink"].as_str().unwrap().to_owned();
    assert_eq!(client.get(&next, "odata.maxpagesize=2").0, 410);
    assert_eq!(client.get(&next, "odata.maxpagesize=2").0, 200);
}

/// Facts 1.7.
#[test]
fn a_large_page_takes_too_long_and_a_small_one_does_not() {
    let mut client = TestClient::new(&format!("{PLAIN}[[faults]]\nkind = 'large_page'\nat = 20"));
    let chain = client.chain(0, "inbox");
    let statuses = [500, 21, 20].map(|size| {
        let prefer = format!("odata.maxpagesize={size}");
        client.get(&chain, &prefer).0
    });
    assert_eq!(statuses, [504, 504, 200]);
}

/// What comes back over a connection of its own, until it ends or nothing more comes.
async fn bytes_under(fault: &str) -> Vec<u8> {
    let text = format!(
        "users = 16\nmails_per_user = 5\nmeetings_per_user = 0\n[[faults]]\n{}",
        fault.replace(' ', "\n")
    );
    let world = World::from_toml(&text).unwrap();
    let token = token::sign(&world, Timestamp(i64::MAX));
    let running = server::start(world, Options::default()).await.unwrap();
    let host = running.address.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!(
        "GET /v1.0/users?$top=5 HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    loop {
        // What has begun continues at once, or never.
        let patience = if reply.is_empty() { 20_000 } else { 500 };
        let patience = std::time::Duration::from_millis(patience);
        match tokio::time::timeout(patience, stream.read_buf(&mut reply)).await {
            Ok(Ok(length)) if length > 0 => {}
            _ => break,
        }
    }
    reply
}

#[tokio::test]
async fn a_connection_breaks_where_its_row_says() {
    assert_eq!(bytes_under("kind='cut_before'").await.len(), 0);
    assert_eq!(bytes_under("kind='cut_in_head'").await.len(), 40);
    for (fault, is_whole) in [
        ("kind='cut_after'", true),
        ("kind='cut_in_body'", false),
        ("kind='never_ends'", false),
        ("kind='long_length'", false),
        ("kind='short_length'", true),
        ("kind='drip' seconds=0.05", true),
    ] {
        let reply = String::from_utf8(bytes_under(fault).await).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").expect(fault);
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.unwrap().parse().unwrap();
        assert_eq!(
            body.len() == length,
            is_whole,
            "{fault}: {length} {}",
            body.len()
        );
        let is_json = serde_json::from_str::<Value>(body).is_ok();
        let is_cut = matches!(
            fault,
            "kind='cut_in_body'" | "kind='never_ends'" | "kind='short_length'"
        );
        assert_eq!(is_json, !is_cut, "{fault}");
    }
}
