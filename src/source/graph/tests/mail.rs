//! Message delta, single messages and the list of private ones, over HTTP.

use std::sync::Arc;

use libdeflater::CompressionLvl;
use libdeflater::Compressor;

use crate::model::mail::ContentLevel;
use crate::model::page::ItemAnswer;
use crate::model::page::Link;
use crate::model::sensitivity::PrivateList;
use crate::model::span::Window;
use crate::model::time::Timestamp;
use crate::source::graph::error::GraphError;
use crate::source::graph::tests::server::Reply;
use crate::source::graph::tests::server::Seen;
use crate::source::graph::tests::server::Server;
use crate::source::graph::tests::server::selected;
use crate::source::retry_action::RetryAction;

const FIRST: &str = include_str!("../../../../fixtures/graph/delta-first.json");
const EMPTY: &str = include_str!("../../../../fixtures/graph/delta-empty.json");
const LAST: &str = include_str!("../../../../fixtures/graph/delta-last.json");

fn folder() -> Arc<str> {
    "folder-sent".into()
}

fn gzip(plain: &str) -> Reply {
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut body = vec![0; compressor.gzip_compress_bound(plain.len())];
    let length = compressor
        .gzip_compress(plain.as_bytes(), &mut body)
        .unwrap();
    body.truncate(length);
    Reply {
        body,
        ..Reply::ok("").with("Content-Encoding", "gzip")
    }
}

/// First page packed, then an empty one, then the last.
fn chain(base: &str, seen: &Seen, _: usize) -> Option<Reply> {
    if seen.is_sign_in() {
        return None;
    }
    let page = |text: &str| text.replace("{base}", base);
    Some(if seen.target.contains("=g1.") {
        Reply::ok(page(EMPTY))
    } else if seen.target.contains("=g2.") {
        Reply::ok(page(LAST))
    } else {
        gzip(&page(FIRST))
    })
}

#[tokio::test]
async fn a_whole_round_of_a_chain() {
    let server = Server::start(chain).await;
    let client = server.client();
    let mailbox = client.mailbox("u-1");
    let first = mailbox
        .first_page(&folder(), selected(ContentLevel::Preview))
        .await
        .unwrap();
    assert_eq!(first.page.items.len(), 3);
    assert_eq!(first.page.container, folder());
    let Link::Next(next) = &first.link else {
        panic!("a nextLink")
    };
    // fact_1_4_an_empty_page_with_a_next_link_goes_on
    let empty = mailbox.next_page(&folder(), next).await.unwrap();
    assert!(empty.page.items.is_empty());
    let Link::Next(next) = &empty.link else {
        panic!("a nextLink")
    };
    let last = mailbox.next_page(&folder(), next).await.unwrap();
    assert_eq!(last.page.items.len(), 2);
    // fact_1_4: by the member's name, although its token is a skip token
    assert!(matches!(&last.link, Link::Delta(link) if link.contains("$skiptoken=g3.")));
    let totals = mailbox.totals();
    assert_eq!(totals.requests, 3);
    assert!(totals.bytes > 0 && totals.bytes < FIRST.len() as u64 + LAST.len() as u64 + 400);
}

/// Facts 1.4.
#[tokio::test]
async fn an_empty_page_with_a_next_link_goes_on() {
    let server = Server::start(chain).await;
    let mailbox = server.client().mailbox("u-1");
    let link = format!(
        "{}/v1.0/users('u-1')/mailFolders('folder-sent')/messages/delta?$skiptoken=g1.AbC-d_e",
        server.url
    );
    let page = mailbox.next_page(&folder(), &link).await.unwrap();
    assert!(page.page.items.is_empty() && matches!(page.link, Link::Next(_)));
}

/// Facts 1.1 and 1.2.
#[tokio::test]
async fn a_chain_is_a_folders_and_options_go_on_its_first_request_only() {
    let server = Server::start(chain).await;
    let mailbox = server.client().mailbox("u-1");
    let first = mailbox
        .first_page(&folder(), selected(ContentLevel::Envelope))
        .await
        .unwrap();
    let Link::Next(next) = &first.link else {
        panic!("a nextLink")
    };
    mailbox.next_page(&folder(), next).await.unwrap();
    let requests = server.requests();
    let (path, query) = requests[0].target.split_once('?').unwrap();
    assert_eq!(
        path,
        "/v1.0/users/u-1/mailFolders/folder-sent/messages/delta"
    );
    assert!(query.starts_with("$select=subject,from,"), "{query}");
    // Without isRead its flips are not even reported (facts 1.5).
    for absent in ["isRead", "$top", "$filter", "body", "id,"] {
        assert!(!query.contains(absent), "{absent} in {query}");
    }
    assert_eq!(format!("{}{}", server.url, requests[1].target), *next);
}

/// Facts 1.3 and 1.8.
#[tokio::test]
async fn preferences_are_sent_on_every_request_of_a_chain() {
    let server = Server::start(chain).await;
    let mailbox = server.client().mailbox("u-1");
    let first = mailbox
        .first_page(&folder(), selected(ContentLevel::Full))
        .await
        .unwrap();
    let Link::Next(next) = &first.link else {
        panic!("a nextLink")
    };
    mailbox.next_page(&folder(), next).await.unwrap();
    for seen in server.requests() {
        let prefer = seen.header("prefer").unwrap();
        assert!(prefer.contains("odata.maxpagesize=100"), "{prefer}");
        assert!(prefer.contains("IdType=\"ImmutableId\""), "{prefer}");
    }
}

/// Facts 1.4.
#[tokio::test]
async fn an_unchanged_delta_link_is_no_error_but_an_unchanged_next_link_is() {
    let server = Server::start(|base, seen, _| {
        let member = if seen.target.contains("d1") {
            "delta"
        } else {
            "next"
        };
        (!seen.is_sign_in()).then(|| {
            let link = format!("{base}{}", seen.target);
            Reply::ok(format!(r#"{{"value":[],"@odata.{member}Link":"{link}"}}"#))
        })
    })
    .await;
    let mailbox = server.client().mailbox("u-1");
    let link = |token: &str| {
        format!(
            "{}/v1.0/users/u-1/mailFolders/folder-sent/messages/delta?$deltatoken={token}",
            server.url
        )
    };
    assert!(mailbox.next_page(&folder(), &link("d1")).await.is_ok());
    let error = mailbox.next_page(&folder(), &link("n1")).await.unwrap_err();
    assert!(matches!(error, GraphError::EndlessChain { .. }));
}

/// Facts 4.7.
#[tokio::test]
async fn a_foreign_link_gets_no_request_and_no_token() {
    let foreign = Server::start(|_, _, _| None).await;
    let server = Server::start(chain).await;
    let mailbox = server.client().mailbox("u-1");
    let link = format!("{}/v1.0/users/u-1/messages/delta", foreign.url);
    let error = mailbox.next_page(&folder(), &link).await.unwrap_err();
    assert_eq!(error.action(), RetryAction::RestartChain);
    assert!(foreign.requests().is_empty() && server.requests().is_empty());
}

/// Facts 4.7.
#[tokio::test]
async fn a_page_with_a_foreign_link_is_no_page_so_that_the_link_is_never_kept() {
    for name in ["nextLink", "deltaLink"] {
        let foreign = Server::start(|_, _, _| None).await;
        let page = format!(
            r#"{{"value":[],"@odata.{name}":"{}/v1.0/users/u-1/messages/delta"}}"#,
            foreign.url
        );
        let server =
            Server::start(move |_, seen, _| (!seen.is_sign_in()).then(|| Reply::ok(page.clone())))
                .await;
        let mailbox = server.client().mailbox("u-1");
        let error = mailbox
            .first_page(&folder(), selected(ContentLevel::Full))
            .await
            .unwrap_err();
        assert!(error.to_string().contains("foreign link"), "{error}");
        let window = Window {
            start: Timestamp(0),
            end: Timestamp(1),
        };
        let error = mailbox.first_calendar_page(window).await.unwrap_err();
        assert!(matches!(error, GraphError::ForeignLink));
        assert!(foreign.requests().is_empty() && foreign.sign_ins().is_empty());
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let foreign = Server::start(|_, _, _| None).await;
    let target = format!("{}/elsewhere", foreign.url);
    let server = Server::start(move |_, seen, _| {
        (!seen.is_sign_in()).then(|| Reply::status(302, "").with("Location", &target))
    })
    .await;
    let mailbox = server.client().mailbox("u-1");
    let error = mailbox
        .first_page(&folder(), selected(ContentLevel::Full))
        .await
        .unwrap_err();
    assert_eq!(error.action(), RetryAction::GiveUpMailbox);
    assert!(foreign.requests().is_empty());
}

#[tokio::test]
async fn a_page_that_is_cut_off_or_garbled_is_fetched_again_and_counts_once() {
    let server = Server::start(|base, seen, before| {
        (!seen.is_sign_in()).then(|| {
            let page = LAST.replace("{base}", base);
            match before {
                0 => Reply {
                    is_cut: true,
                    ..Reply::ok(page)
                },
                1 => Reply::ok(page.get(..page.len() / 2).unwrap()),
                _ => Reply::ok(page),
            }
        })
    })
    .await;
    let mailbox = server.client().mailbox("u-1");
    let page = mailbox
        .first_page(&folder(), selected(ContentLevel::Full))
        .await
        .unwrap();
    assert_eq!(page.page.items.len(), 2);
    assert_eq!(mailbox.totals().requests, 3);
}

fn private_list(base: &str, seen: &Seen, before: usize) -> Option<Reply> {
    let _ = before;
    if seen.is_sign_in() {
        return None;
    }
    Some(if seen.target.contains("$skip=1") {
        Reply::ok(r#"{"value":[{"id":"b"}]}"#)
    } else {
        Reply::ok(format!(
            r#"{{"value":[{{"id":"a+/="}}],"@odata.nextLink":"{base}/v1.0/users/u-1/messages?$skip=1"}}"#
        ))
    })
}

/// Facts 1.9.
#[tokio::test]
async fn private_mails_are_listed_by_extended_property_over_all_pages() {
    let server = Server::start(private_list).await;
    let known = server.client().mailbox("u-1").private_list().await.unwrap();
    let expected = ["a+/=".to_owned(), "b".to_owned()].into_iter().collect();
    assert_eq!(known, PrivateList::Ids(expected));
    let requests = server.requests();
    let filter = requests[0].target.split_once("$filter=").unwrap().1;
    assert!(
        !filter.contains([':', '/', ' ']),
        "they are to be escaped: {filter}"
    );
    let decoded = percent_encoding::percent_decode_str(&requests[0].target).decode_utf8();
    assert_eq!(
        decoded.unwrap(),
        "/v1.0/users/u-1/messages?$select=id&$top=1000&$filter=singleValueExtendedProperties/\
         any(ep: ep/id eq 'Integer 0x36' and cast(ep/value, Edm.Int32) gt 0)"
    );
    assert!(
        requests
            .iter()
            .all(|seen| seen.header("prefer") == Some("IdType=\"ImmutableId\""))
    );
}

/// Facts 1.9.
#[tokio::test]
async fn a_link_of_a_list_is_followed_as_it_is_and_its_skip_is_never_computed() {
    // It counts items of every kind, and not only those that were handed out.
    const LINK: &str = "/v1.0/users/u-1/messages?$select=id&$filter=x%20gt%200&$skip=37&z=A%2bb";
    let server = Server::start(|base, seen, before| {
        (!seen.is_sign_in()).then(|| match (seen.target.as_str(), before) {
            (LINK, 0) => Reply::ok(r#"{"value":[{"id":"c"}]}"#),
            (LINK, _) => Reply::error(400, "ErrorInvalidUrlQuery"),
            _ => Reply::ok(format!(
                r#"{{"value":[{{"id":"a"}},{{"id":"b"}}],"@odata.nextLink":"{base}{LINK}"}}"#
            )),
        })
    })
    .await;
    let known = server.client().mailbox("u-1").private_list().await.unwrap();
    let expected = ["a", "b", "c"].map(str::to_owned).into_iter().collect();
    assert_eq!(known, PrivateList::Ids(expected));
    let targets: Vec<String> = server.requests().into_iter().map(|s| s.target).collect();
    assert_eq!(targets.len(), 2);
    assert_eq!(targets[1], LINK);
}

/// Facts 1.9.
#[tokio::test]
async fn only_a_denied_list_of_private_mails_means_hidden() {
    for (status, code, expected) in [
        (403, "ErrorAccessDenied", PrivateList::Hidden),
        (400, "BadRequest", PrivateList::NotListed),
        (501, "", PrivateList::NotListed),
    ] {
        let server = Server::start(move |_, seen, _| {
            (!seen.is_sign_in()).then(|| {
                if seen.target.contains("$filter") {
                    Reply::error(status, code)
                } else {
                    Reply::ok(r#"{"value":[]}"#)
                }
            })
        })
        .await;
        let known = server.client().mailbox("u-1").private_list().await.unwrap();
        assert_eq!(known, expected);
    }
}

/// Facts 13.
#[tokio::test]
async fn a_slow_list_is_requested_by_smaller_pages_then_given_up() {
    for (largest, listed) in [(50, true), (0, false)] {
        let server = Server::start(move |base, seen, before| {
            let size = seen.target.split_once("$top=");
            let size = size.and_then(|(_, rest)| rest.split('&').next()?.parse::<u16>().ok());
            if size.is_some_and(|size| size > largest) {
                return Some(Reply::error(504, "UnknownError"));
            }
            private_list(base, seen, before)
        })
        .await;
        let known = server.client().mailbox("u-1").private_list().await.unwrap();
        assert_eq!(matches!(known, PrivateList::Ids(_)), listed);
        assert_eq!(known == PrivateList::NotListed, !listed);
    }
}

/// Facts 1.9.
#[tokio::test]
async fn mails_say_singly_whether_they_are_private() {
    let server = Server::start(|_, seen, _| {
        let part = |url: &str| {
            assert!(url.contains("$expand=singleValueExtendedProperties($filter=id%20eq%20'"));
            let property = |value: &str| {
                format!(
                    r#"{{"id":"x","singleValueExtendedProperties":[{{"id":"Integer 0x36","value":"{value}"}}]}}"#
                )
            };
            match url.split(['/', '?']).nth(4).unwrap() {
                "private" => (200, property("2")),
                "normal" => (200, r#"{"id":"x"}"#.to_owned()),
                "zero" => (200, property("0")),
                "gone" => (404, r#"{"error":{"code":"ErrorItemNotFound"}}"#.to_owned()),
                _ => (500, r#"{"error":{"code":"ErrorCorruptData"}}"#.to_owned()),
            }
        };
        (!seen.is_sign_in()).then(|| batch(seen, part))
    })
    .await;
    let ids = ["private", "normal", "zero", "gone", "corrupt"].map(str::to_owned);
    let mailbox = server.client().mailbox("u-1");
    let found = mailbox.private_among(&ids).await.unwrap();
    let found = ids.map(|id| found.is_private(&id));
    let normal = Some(false);
    assert_eq!(found, [Some(true), normal, normal, normal, None]);
}

/// Facts 1.9.
#[tokio::test]
async fn a_denial_that_passes_does_not_mean_hidden() {
    let server = Server::start(|base, seen, before| {
        if seen.target.contains("$filter") && before == 0 {
            return Some(Reply::error(403, "ErrorAccessDenied"));
        }
        private_list(base, seen, before)
    })
    .await;
    let known = server.client().mailbox("u-1").private_list().await.unwrap();
    let expected = ["a+/=".to_owned(), "b".to_owned()].into_iter().collect();
    assert_eq!(known, PrivateList::Ids(expected));
}

/// Facts 1.9.
#[tokio::test]
async fn a_mailbox_that_is_denied_is_not_one_that_hides_what_is_private() {
    let server = Server::start(|_, seen, _| {
        (!seen.is_sign_in()).then(|| Reply::error(403, "ErrorAccessDenied"))
    })
    .await;
    let refused = server.client().mailbox("u-1").private_list().await;
    assert_eq!(refused.unwrap_err().action(), RetryAction::MailboxDenied);
}

/// Answers a batch: part by part what `part` says of its URL and how often it was asked before.
fn batch(seen: &Seen, part: impl Fn(&str) -> (u16, String)) -> Reply {
    let asked: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
    let parts = asked["requests"].as_array().unwrap();
    assert!(parts.len() <= 20);
    let answers = parts.iter().rev().map(|request| {
        assert_eq!(request["headers"]["Prefer"], "IdType=\"ImmutableId\"");
        let (status, body) = part(request["url"].as_str().unwrap());
        format!(
            r#"{{"id":{},"status":{status},"headers":{{"Retry-After":"0.01"}},"body":{body}}}"#,
            request["id"]
        )
    });
    Reply::ok(format!(
        r#"{{"responses":[{}]}}"#,
        answers.collect::<Vec<_>>().join(",")
    ))
}

/// Facts 1.11.
#[tokio::test]
async fn messages_come_by_twenties_and_throttled_parts_are_repeated() {
    let server = Server::start(|_, seen, before| {
        (!seen.is_sign_in()).then(|| {
            assert_eq!(
                (seen.method.as_str(), seen.target.as_str()),
                ("POST", "/v1.0/$batch")
            );
            batch(seen, |url| {
                if url.contains("/id-3?") && before < 2 {
                    (429, r#"{"error":{"code":""}}"#.to_owned())
                } else if url.contains("/id%2B5%3D?") {
                    (404, r#"{"error":{"code":"ErrorItemNotFound"}}"#.to_owned())
                } else {
                    (200, format!(r#"{{"id":"{url}"}}"#))
                }
            })
        })
    })
    .await;
    let mailbox = server.client().mailbox("u-1");
    let mut ids: Vec<String> = (0..41).map(|n| format!("id-{n}")).collect();
    ids[5] = "id+5=".into();
    let items = mailbox
        .messages_by_id(&ids, selected(ContentLevel::Envelope))
        .await
        .unwrap();
    let got: Vec<&String> = items.iter().map(|item| &item.id).collect();
    assert_eq!(got, ids.iter().collect::<Vec<_>>());
    assert_eq!(items[5].answer, ItemAnswer::Gone);
    let ItemAnswer::Item(third) = &items[3].answer else {
        panic!("{:?}", items[3]);
    };
    let third = std::str::from_utf8(third).unwrap();
    assert!(
        third.contains("/users/u-1/messages/id-3?$select=subject,"),
        "{third}"
    );
    let gone = items.iter().filter(|item| item.answer == ItemAnswer::Gone);
    assert_eq!(gone.count(), 1);
    // 20, the throttled one twice more, 20, 1.
    assert_eq!(server.requests().len(), 5);
    assert!(server.requests()[1].body.len() < server.requests()[0].body.len() / 10);
}

/// Facts 1.11.
#[tokio::test]
async fn a_part_with_an_empty_code_is_met_by_its_status() {
    const EMPTY: &str = r#"{"error":{"code":"","message":""}}"#;
    let ids = ["a".to_owned()];
    for (status, expected) in [
        (404, Ok(ItemAnswer::Gone)),
        (403, Err(RetryAction::MailboxDenied)),
        (400, Err(RetryAction::GiveUpMailbox)),
    ] {
        let server = Server::start(move |_, seen, _| {
            (!seen.is_sign_in()).then(|| batch(seen, |_| (status, EMPTY.to_owned())))
        })
        .await;
        let mailbox = server.client().mailbox("u-1");
        let asked = mailbox.messages_by_id(&ids, selected(ContentLevel::Full));
        let answer = asked.await.map(|items| items[0].answer.clone());
        assert_eq!(answer.map_err(|error| error.action()), expected, "{status}");
        assert_eq!(server.requests().len(), 1, "{status}");
    }
    // Nor does it hide that the part was throttled.
    let server = Server::start(|_, seen, before| {
        let part = if before == 0 {
            (429, EMPTY)
        } else {
            (200, r#"{"id":"a"}"#)
        };
        (!seen.is_sign_in()).then(|| batch(seen, |_| (part.0, part.1.to_owned())))
    })
    .await;
    let mailbox = server.client().mailbox("u-1");
    let asked = mailbox.messages_by_id(&ids, selected(ContentLevel::Full));
    let items = asked.await.unwrap();
    assert!(matches!(items[0].answer, ItemAnswer::Item(_)));
}

#[tokio::test]
async fn a_batch_part_that_is_never_answered_gives_the_mailbox_up() {
    let server =
        Server::start(|_, seen, _| (!seen.is_sign_in()).then(|| Reply::ok(r#"{"responses":[]}"#)))
            .await;
    let mailbox = server.client().mailbox("u-1");
    let asked = mailbox
        .messages_by_id(&["a".into()], selected(ContentLevel::Full))
        .await;
    assert_eq!(asked.unwrap_err().action(), RetryAction::GiveUpMailbox);
    assert_eq!(server.requests().len(), 4);
}
