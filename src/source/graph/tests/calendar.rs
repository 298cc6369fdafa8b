//! The chain of a calendar, the plain list that stands in for it, and single events, over HTTP.

use crate::model::page::FetchedItem;
use crate::model::page::ItemAnswer;
use crate::model::page::Link;
use crate::model::span::Window;
use crate::model::time::Timestamp;
use crate::source::graph::error::GraphError;
use crate::source::graph::tests::server::Reply;
use crate::source::graph::tests::server::Seen;
use crate::source::graph::tests::server::Server;
use crate::source::retry_action::RetryAction;

const SERIES: &str = include_str!("../../../../fixtures/graph/events-series.json");
/// Links of the service: escapes in both cases, a name in brackets, an option that was not requested.
const SECOND: &str = "/v1.0/users('u-1')/calendarView/delta?$skiptoken=R0usm%2bC%2Fx&z=A%20b";
const THIRD: &str = "/v1.0/Users('u-1')/CalendarView/delta?%24deltatoken=d.AbC-_%3D";
const PREFER: [&str; 3] = [
    "odata.maxpagesize=100",
    "IdType=\"ImmutableId\"",
    "outlook.timezone=\"UTC\"",
];

fn window() -> Window {
    let instant = |text| Timestamp::parse_rfc3339(text).unwrap();
    Window {
        start: instant("2025-03-02T00:00:00Z"),
        end: instant("2027-03-03T00:00:00Z"),
    }
}

fn query(seen: &Seen) -> Vec<(String, String)> {
    let (_, query) = seen.target.split_once('?').unwrap();
    let parts = url::form_urlencoded::parse(query.as_bytes());
    parts.into_owned().collect()
}

/// Three pages: one to [`SECOND`], one to [`THIRD`], and the end of the next round.
fn chain(base: &str, seen: &Seen, _: usize) -> Option<Reply> {
    if seen.is_sign_in() {
        return None;
    }
    let (member, link) = match seen.target.as_str() {
        SECOND | THIRD => ("delta", THIRD),
        _ => ("next", SECOND),
    };
    Some(Reply::ok(format!(
        r#"{{"value":[{{"id":"a"}}],"@odata.{member}Link":"{base}{link}"}}"#
    )))
}

/// The first page of a chain, then one behind each link, over two rounds.
async fn rounds(server: &Server) {
    let mailbox = server.client().mailbox("u-1");
    let mut fetched = mailbox.first_calendar_page(window()).await.unwrap();
    for _ in 0..2 {
        let (Link::Next(link) | Link::Delta(link)) = &fetched.link;
        fetched = mailbox.next_calendar_page(link).await.unwrap();
    }
}

/// Facts 2.1.
#[tokio::test]
async fn the_first_request_has_both_times_in_utc_and_no_other_option() {
    let server = Server::start(chain).await;
    rounds(&server).await;
    let first = &server.requests()[0];
    let (path, _) = first.target.split_once('?').unwrap();
    assert_eq!(path, "/v1.0/users/u-1/calendarView/delta");
    let options = query(first);
    let names: Vec<&str> = options.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["startDateTime", "endDateTime"]);
    for ((name, value), expected) in options.iter().zip([window().start, window().end]) {
        assert_eq!(Timestamp::parse_rfc3339(value), Some(expected), "{name}");
        assert!(value.ends_with('Z'), "{name}={value}");
    }
}

/// Facts 2.1.
#[tokio::test]
async fn zone_page_size_and_kind_of_id_are_preferred_on_every_request_of_a_chain() {
    let server = Server::start(chain).await;
    rounds(&server).await;
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for seen in requests {
        let prefer = seen.header("prefer").unwrap();
        let mut parts: Vec<&str> = prefer.split(", ").collect();
        parts.sort_unstable();
        let mut expected = PREFER.to_vec();
        expected.sort_unstable();
        assert_eq!(parts, expected, "{}", seen.target);
    }
}

/// Facts 2.1.
#[tokio::test]
async fn links_are_followed_as_they_are_without_a_window_of_their_own() {
    let server = Server::start(chain).await;
    rounds(&server).await;
    let targets: Vec<String> = server.requests().into_iter().map(|s| s.target).collect();
    assert_eq!(targets[1..], [SECOND, THIRD]);
}

/// Facts 2.2.
#[tokio::test]
async fn a_page_larger_than_asked_for_is_taken_whole() {
    // 100 were requested, and a series is not split: 171 were seen.
    let server = Server::start(|base, seen, _| {
        (!seen.is_sign_in()).then(|| {
            let items: Vec<String> = (0..171).map(|n| format!(r#"{{"id":"o-{n}"}}"#)).collect();
            Reply::ok(format!(
                r#"{{"value":[{}],"@odata.nextLink":"{base}{SECOND}"}}"#,
                items.join(",")
            ))
        })
    })
    .await;
    let mailbox = server.client().mailbox("u-1");
    let fetched = mailbox.first_calendar_page(window()).await.unwrap();
    let page = &fetched.page;
    assert_eq!(page.items.len(), 171);
    let last = &page.body[page.items[170].clone()];
    assert_eq!(last, br#"{"id":"o-170"}"#);
    assert!(matches!(&fetched.link, Link::Next(link) if link.ends_with(SECOND)));
}

/// Facts 2.2.
#[tokio::test]
async fn a_series_and_its_slim_occurrences_are_items_of_one_page() {
    let server = Server::start(|base, seen, _| {
        (!seen.is_sign_in()).then(|| Reply::ok(SERIES.replace("{base}", base)))
    })
    .await;
    let mailbox = server.client().mailbox("u-1");
    let fetched = mailbox.first_calendar_page(window()).await.unwrap();
    let of = |kind: &str| {
        let items = fetched.page.items.iter();
        let items = items.map(|range| &fetched.page.body[range.clone()]);
        let items = items.map(|item| serde_json::from_slice::<serde_json::Value>(item).unwrap());
        items.filter(|item| item["type"] == kind).count()
    };
    let counts = ["seriesMaster", "occurrence", "exception"].map(of);
    assert_eq!(counts, [1, 1, 1]);
}

/// Facts 2.2.
#[tokio::test]
async fn a_link_to_itself_is_endless_unless_the_round_is_finished() {
    let server = Server::start(|base, seen, _| {
        (!seen.is_sign_in()).then(|| {
            let member = if seen.target == THIRD {
                "delta"
            } else {
                "next"
            };
            Reply::ok(format!(
                r#"{{"value":[],"@odata.{member}Link":"{base}{}"}}"#,
                seen.target
            ))
        })
    })
    .await;
    let mailbox = server.client().mailbox("u-1");
    let at = |target: &str| format!("{}{target}", server.url);
    let endless = mailbox.next_calendar_page(&at(SECOND)).await;
    assert!(matches!(
        endless.unwrap_err(),
        GraphError::EndlessChain { .. }
    ));
    assert!(mailbox.next_calendar_page(&at(THIRD)).await.is_ok());
}

/// Facts 2.2.
#[tokio::test]
async fn a_plain_list_has_the_same_window_its_pages_are_not_of_ten() {
    const NEXT: &str = "/v1.0/users('u-1')/calendarView?startDateTime=x&%24skip=200&$top=200";
    let server = Server::start(|base, seen, _| {
        (!seen.is_sign_in()).then(|| {
            let more = format!(r#","@odata.nextLink":"{base}{NEXT}""#);
            let more = if seen.target == NEXT { "" } else { &more };
            Reply::ok(format!(r#"{{"value":[{{"id":"a"}}]{more}}}"#))
        })
    })
    .await;
    let mailbox = server.client().mailbox("u-1");
    let first = mailbox.calendar_list(window(), None).await.unwrap();
    let link = first.next.unwrap();
    let second = mailbox.calendar_list(window(), Some(&link)).await.unwrap();
    assert_eq!((second.items.items.len(), second.next), (1, None));
    let requests = server.requests();
    let (path, _) = requests[0].target.split_once('?').unwrap();
    assert_eq!(path, "/v1.0/users/u-1/calendarView");
    let options = query(&requests[0]);
    let of = |wanted: &str| {
        let found = options.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let ends = [of("startDateTime"), of("endDateTime")].map(Timestamp::parse_rfc3339);
    assert_eq!(ends, [Some(window().start), Some(window().end)]);
    let top: u32 = of("$top").parse().unwrap();
    assert!((11..=1_000).contains(&top), "{top}");
    assert_eq!(requests[1].target, NEXT);
    for seen in requests {
        let prefer = seen.header("prefer").unwrap();
        assert!(prefer.contains(PREFER[1]) && prefer.contains(PREFER[2]));
    }
}

/// Facts 6.2.
#[tokio::test]
async fn a_list_of_event_ids_asks_for_nothing_else_and_a_loop_of_it_is_an_error() {
    const NEXT: &str = "/v1.0/users('u-1')/calendarView?$select=id&%24skip=1000";
    let server = Server::start(|base, seen, _| {
        (!seen.is_sign_in()).then(|| {
            Reply::ok(format!(
                r#"{{"value":[{{"id":"a"}}],"@odata.nextLink":"{base}{NEXT}"}}"#
            ))
        })
    })
    .await;
    let mailbox = server.client().mailbox("u-1");
    let first = mailbox.calendar_ids(window(), None).await.unwrap();
    assert_eq!(first.items, ["a"]);
    let again = mailbox.calendar_ids(window(), first.next.as_deref()).await;
    assert!(matches!(
        again.unwrap_err(),
        GraphError::EndlessChain { .. }
    ));
    let options = query(&server.requests()[0]);
    let names: Vec<&str> = options.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["startDateTime", "endDateTime", "$select", "$top"]);
    assert_eq!(options[2].1, "id");
}

/// Facts 6.2.
#[tokio::test]
async fn an_event_that_is_not_handed_out_does_not_cost_the_others() {
    let server = Server::start(|_, seen, _| {
        (!seen.is_sign_in()).then(|| {
            Reply::ok(
                r#"{"responses":[{"id":"0","status":500,"body":{"error":{"code":"ErrorCorruptData"}}},
                {"id":"1","status":200,"body":{"id":"b"}}]}"#,
            )
        })
    })
    .await;
    let mailbox = server.client().mailbox("u-1");
    let ids = ["a".to_owned(), "b".to_owned()];
    let fetched = mailbox.events_by_id(&ids).await.unwrap();
    assert_eq!(fetched[0].answer, ItemAnswer::Refused);
    assert!(matches!(fetched[1].answer, ItemAnswer::Item(_)));
}

/// Facts 2.2.
#[tokio::test]
async fn a_missing_series_is_fetched_in_utc_and_a_lost_one_is_gone() {
    let server = Server::start(|_, seen, _| {
        (!seen.is_sign_in()).then(|| {
            let asked: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
            let answers = asked["requests"].as_array().unwrap().iter().map(|part| {
                let prefer = part["headers"]["Prefer"].as_str().unwrap();
                assert!(
                    prefer.contains(PREFER[1]) && prefer.contains(PREFER[2]),
                    "{prefer}"
                );
                let answer = match part["url"].as_str().unwrap() {
                    "/users/u-1/events/m%2B1%3D" => r#""status":200,"body":{"id":"m+1="}"#,
                    _ => r#""status":404,"body":{"error":{"code":"ErrorItemNotFound"}}"#,
                };
                format!(r#"{{"id":{},{answer}}}"#, part["id"])
            });
            let answers: Vec<String> = answers.collect();
            Reply::ok(format!(r#"{{"responses":[{}]}}"#, answers.join(",")))
        })
    })
    .await;
    let mailbox = server.client().mailbox("u-1");
    let ids = ["m+1=".to_owned(), "lost".to_owned()];
    let fetched = mailbox.events_by_id(&ids).await.unwrap();
    let whole = ItemAnswer::Item(r#"{"id":"m+1="}"#.into());
    assert_eq!(fetched[0].answer, whole);
    let lost = FetchedItem {
        id: "lost".to_owned(),
        answer: ItemAnswer::Gone,
    };
    assert_eq!(fetched[1], lost);
    assert_eq!(server.requests().len(), 1);
}

/// Facts 2.4.
#[tokio::test]
async fn a_calendar_that_always_fails_is_not_asked_for_ever() {
    // Old-style shared calendars fail so for good, although the name says that it passes.
    let server = Server::start(|_, seen, _| {
        (!seen.is_sign_in()).then(|| Reply::error(500, "ErrorInternalServerTransientError"))
    })
    .await;
    let mailbox = server.client().mailbox("u-1");
    let error = mailbox.first_calendar_page(window()).await.unwrap_err();
    assert_eq!(error.action(), RetryAction::GiveUpMailbox);
    assert!((2..=20).contains(&server.requests().len()));
}
