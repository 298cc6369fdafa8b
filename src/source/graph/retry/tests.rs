//! The table of refusals, row by row.

use std::collections::BTreeSet;

use super::*;

const FIRST: Tries = Tries {
    sent: 1,
    renewed: false,
    limit: 10,
};

fn problem(status: u16, code: &str) -> Problem {
    let body = format!(r#"{{"error":{{"code":"{code}"}}}}"#);
    Problem::of_answer(status, body.as_bytes(), None)
}

fn react(asked: Asked, status: u16, code: &str, tries: Tries) -> Reaction {
    reaction(asked, &problem(status, code), tries)
}

/// What is done at first, how often a request is sent in all, and what is done in the end.
type Course = (Reaction, u32, Reaction);

fn course(asked: Asked, problem: &Problem) -> Course {
    let mut tries = FIRST;
    let first = reaction(asked, problem, tries);
    let mut last = first;
    while matches!(last, RetryAfter | SmallerPage | RenewToken) {
        tries.sent += 1;
        tries.renewed |= last == RenewToken;
        last = reaction(asked, problem, tries);
        assert!(tries.sent < 100, "it never ends");
    }
    (first, tries.sent, last)
}

const fn at_once(reaction: Reaction) -> Course {
    (reaction, 1, reaction)
}

const RENEWED: Course = (RenewToken, 2, StopTenant);

/// Every row by its name: what is asked, status and code that it stands for, and its course.
#[rustfmt::skip]
static EXPECTED: &[(&str, Asked, u16, &str, Course)] = &[
    ("token refused", Asked::Mailbox, 401, "InvalidAuthenticationToken", RENEWED),
    ("no roles", Asked::Mailbox, 401, "NoPermissionsInAccessToken", at_once(StopTenant)),
    ("gateway refuses", Asked::Folder, 401, "AuthenticationError", (RetryAfter, 2, StopTenant)),
    ("directory denied", Asked::Directory, 403, "Authorization_RequestDenied", at_once(StopTenant)),
    ("claims wanted", Asked::Folder, 403, "insufficient_claims", RENEWED),
    ("full mailbox, by its chain", Asked::Folder, 403, "ErrorQuotaExceeded", at_once(PlainList)),
    ("full mailbox, by its chain", Asked::Link, 403, "ErrorQuotaExceeded", at_once(PlainList)),
    ("full mailbox", Asked::Item, 403, "ErrorQuotaExceeded", at_once(GiveUpMailbox)),
    ("chain forgotten", Asked::Link, 410, "SyncStateNotFound", at_once(RestartChain)),
    ("chain forgotten", Asked::Link, 400, "SyncStateInvalid", at_once(RestartChain)),
    ("chain forgotten", Asked::Folder, 410, "resyncRequired", at_once(RestartChain)),
    ("list forgotten", Asked::ListLink, 410, "SyncStateNotFound", at_once(PlainList)),
    ("list lost", Asked::ListLink, 410, "", at_once(PlainList)),
    ("link of a list refused", Asked::ListLink, 400, "ErrorInvalidUrlQuery", at_once(PlainList)),
    ("folder gone", Asked::Folder, 404, "ErrorFolderNotFound", at_once(FolderGone)),
    ("folder gone", Asked::Link, 404, "ErrorSyncFolderNotFound", at_once(FolderGone)),
    ("folder not found", Asked::Folder, 404, "ErrorItemNotFound", at_once(FolderGone)),
    ("item not found", Asked::Item, 404, "ErrorItemNotFound", at_once(ItemGone)),
    ("not in the cloud", Asked::Mailbox, 404, "MailboxNotEnabledForRESTAPI", at_once(NoMailbox)),
    ("not in the cloud", Asked::Folder, 404, "MailboxNotSupportedForRESTAPI", at_once(NoMailbox)),
    ("no mailbox found", Asked::Mailbox, 404, "ResourceNotFound", at_once(NoMailbox)),
    ("no mailbox found", Asked::Mailbox, 404, "ErrorInvalidUser", at_once(NoMailbox)),
    ("directory object missing", Asked::Directory, 404, "Request_ResourceNotFound", at_once(StopTenant)),
    ("user missing", Asked::Mailbox, 404, "Request_ResourceNotFound", at_once(NoMailbox)),
    ("throttled", Asked::Folder, 429, "ApplicationThrottled", (RetryAfter, 10, GiveUpMailbox)),
    ("throttled", Asked::Folder, 503, "TooManyRequests", (RetryAfter, 10, GiveUpMailbox)),
    ("throttled", Asked::Directory, 429, "activityLimitReached", (RetryAfter, 10, StopTenant)),
    ("too much at once", Asked::Item, 429, "ErrorTooManyObjectsOpened", (RetryAfter, 10, GiveUpMailbox)),
    ("too much at once", Asked::Folder, 503, "ErrorServerBusy", (RetryAfter, 10, GiveUpMailbox)),
    ("corrupt item on a page", Asked::Link, 500, "ErrorCorruptData", (SmallerPage, 4, PlainList)),
    ("corrupt item on a page of a list", Asked::ListLink, 500, "ErrorCorruptData", (SmallerPage, 3, PlainList)),
    ("corrupt item", Asked::Item, 500, "ErrorCorruptData", at_once(ItemUnreadable)),
    ("mailbox stale", Asked::Folder, 503, "MailboxInfoStale", (RetryAfter, 8, GiveUpMailbox)),
    ("mailbox stale", Asked::Mailbox, 503, "ErrorMailboxStoreUnavailable", (RetryAfter, 8, GiveUpMailbox)),
    ("mailbox moves", Asked::Link, 503, "MailboxInTransit", (RetryAfter, 8, GiveUpMailbox)),
    ("mailbox moves", Asked::Item, 503, "ErrorMailboxMoveInProgress", (RetryAfter, 8, GiveUpMailbox)),
    ("item in trouble", Asked::Item, 500, "ErrorInternalServerTransientError", (RetryAfter, 4, ItemUnreadable)),
    ("mailbox in trouble", Asked::Folder, 500, "ErrorInternalServerTransientError", (RetryAfter, 4, GiveUpMailbox)),
    ("mailbox in trouble", Asked::Mailbox, 500, "ErrorApiQuarantined", (RetryAfter, 4, GiveUpMailbox)),
    ("link refused", Asked::Link, 400, "ErrorInvalidUrlQuery", at_once(RestartChain)),
    ("request refused", Asked::Folder, 400, "ErrorInvalidUrlQuery", at_once(GiveUpMailbox)),
    ("request refused", Asked::Directory, 400, "Request_UnsupportedQuery", at_once(StopTenant)),
    ("sign-in refused", Asked::Mailbox, 401, "UnknownError", RENEWED),
    ("directory forbidden", Asked::Directory, 403, "", at_once(StopTenant)),
    ("mailbox forbidden", Asked::Folder, 403, "ErrorAccessDenied", at_once(MailboxDenied)),
    ("mailbox forbidden", Asked::Mailbox, 403, "extensionError", at_once(MailboxDenied)),
    ("mailbox forbidden", Asked::Mailbox, 403, "", at_once(MailboxDenied)),
    ("directory not found", Asked::Directory, 404, "", at_once(StopTenant)),
    ("page not found", Asked::Link, 404, "", at_once(FolderGone)),
    ("item unknown", Asked::Item, 404, "", at_once(ItemGone)),
    ("mailbox not found", Asked::Mailbox, 404, "", at_once(NoMailbox)),
    ("request timed out", Asked::Folder, 408, "", (RetryAfter, 10, GiveUpMailbox)),
    ("chain lost", Asked::Link, 410, "SomethingNew", at_once(RestartChain)),
    ("depends on another", Asked::Item, 424, "", (RetryAfter, 10, GiveUpMailbox)),
    ("asked too much", Asked::Folder, 429, "", (RetryAfter, 10, GiveUpMailbox)),
    ("page fails", Asked::Folder, 500, "InternalServerError", (SmallerPage, 4, PlainList)),
    ("page of a list fails", Asked::ListLink, 500, "", (SmallerPage, 3, PlainList)),
    ("item fails", Asked::Item, 500, "ErrorInternalServerError", (RetryAfter, 4, ItemUnreadable)),
    ("service fails", Asked::Mailbox, 500, "generalException", (RetryAfter, 4, GiveUpMailbox)),
    ("service fails", Asked::Directory, 500, "", (RetryAfter, 4, StopTenant)),
    ("gateway fails for a page", Asked::Folder, 502, "UnknownError", (SmallerPage, 4, PlainList)),
    ("gateway fails for a page of a list", Asked::ListLink, 502, "", (SmallerPage, 3, PlainList)),
    ("gateway fails for an item", Asked::Item, 502, "", (RetryAfter, 4, ItemUnreadable)),
    ("gateway fails", Asked::Directory, 502, "UnknownError", (RetryAfter, 4, StopTenant)),
    ("overloaded by a page", Asked::Folder, 503, "", (SmallerPage, 10, PlainList)),
    ("overloaded by a page of a list", Asked::ListLink, 503, "", (SmallerPage, 3, PlainList)),
    ("overloaded by an item", Asked::Item, 503, "", (RetryAfter, 10, ItemUnreadable)),
    ("overloaded", Asked::Mailbox, 503, "serviceNotAvailable", (RetryAfter, 10, GiveUpMailbox)),
    ("page takes too long", Asked::Link, 504, "UnknownError", (SmallerPage, 4, PlainList)),
    ("page of a list takes too long", Asked::ListLink, 504, "UnknownError", (SmallerPage, 3, PlainList)),
    ("item takes too long", Asked::Item, 504, "", (RetryAfter, 4, ItemUnreadable)),
    ("takes too long", Asked::Mailbox, 504, "", (RetryAfter, 4, GiveUpMailbox)),
    ("bandwidth used up", Asked::Folder, 509, "", (RetryAfter, 10, GiveUpMailbox)),
    ("unknown", Asked::Folder, 302, "", at_once(GiveUpMailbox)),
    ("unknown", Asked::Mailbox, 501, "NotImplemented", at_once(GiveUpMailbox)),
    ("unknown", Asked::Directory, 302, "", at_once(StopTenant)),
];

#[test]
fn facts_6_2_and_7_each_row_decides_what_it_stands_for_and_comes_to_its_end() {
    for (name, asked, status, code, expected) in EXPECTED {
        let problem = problem(*status, code);
        assert_eq!(class(*asked, &problem), *name, "{status} {code}");
        assert_eq!(
            course(*asked, &problem),
            *expected,
            "{name}: {status} {code}"
        );
    }
}

#[test]
fn no_row_of_the_table_is_without_its_test_and_its_source() {
    let tested: BTreeSet<&str> = EXPECTED.iter().map(|(name, ..)| *name).collect();
    let too_large = [
        "page too large",
        "page of a list too large",
        "answer too large",
    ];
    for row in ROWS {
        let is_tested = tested.contains(row.name) || too_large.contains(&row.name);
        assert!(is_tested && !row.facts.is_empty(), "{}", row.name);
    }
    let names: BTreeSet<&str> = ROWS.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), ROWS.len());
}

#[test]
fn every_code_of_a_row_is_met_by_that_row() {
    for row in ROWS {
        let asked = row.asked.unwrap_or(Asked::Mailbox);
        let status = if row.status == 0 { 500 } else { row.status };
        for code in row.codes {
            assert_eq!(class(asked, &problem(status, code)), row.name, "{code}");
        }
    }
}

#[test]
fn what_is_too_large_is_asked_for_in_smaller_pages_and_else_left() {
    let bomb = Problem::too_large();
    assert_eq!(course(Asked::Link, &bomb), (SmallerPage, 4, PlainList));
    assert_eq!(class(Asked::Link, &bomb), "page too large");
    assert_eq!(course(Asked::ListLink, &bomb), (SmallerPage, 3, PlainList));
    assert_eq!(class(Asked::ListLink, &bomb), "page of a list too large");
    assert_eq!(course(Asked::Mailbox, &bomb), at_once(GiveUpMailbox));
    assert_eq!(course(Asked::Directory, &bomb), at_once(StopTenant));
    assert_eq!(class(Asked::Mailbox, &bomb), "answer too large");
}

#[test]
fn fact_6_1_the_most_specific_known_code_decides() {
    let inner = br#"{"error":{"code":"TooManyRequests","innerError":{"code":"429"}}}"#;
    let problem = Problem::of_answer(500, inner, None);
    assert_eq!(reaction(Asked::Folder, &problem, FIRST), RetryAfter);
    let inner = br#"{"error":{"code":"generalException","innererror":{"code":"resyncRequired"}}}"#;
    let problem = Problem::of_answer(500, inner, None);
    assert_eq!(reaction(Asked::Folder, &problem, FIRST), RestartChain);
}

#[test]
fn repetitions_end_with_time_however_seldom_they_were() {
    let minutes = |minutes, status| {
        let elapsed = Duration::from_mins(minutes);
        reaction_after(Asked::Folder, &problem(status, ""), FIRST, elapsed)
    };
    assert_eq!(minutes(59, 429), RetryAfter);
    assert_eq!(minutes(60, 429), GiveUpMailbox);
    assert_eq!(minutes(19, 503), SmallerPage);
    assert_eq!(minutes(20, 503), PlainList);
}

#[test]
fn no_answer_is_met_like_a_gateways_time_out_and_says_nothing_of_an_item() {
    let none = Problem::no_answer();
    let second = Tries { sent: 2, ..FIRST };
    assert_eq!(reaction(Asked::Folder, &none, FIRST), RetryAfter);
    assert_eq!(reaction(Asked::Folder, &none, second), SmallerPage);
    assert_eq!(
        course(Asked::Mailbox, &none),
        (RetryAfter, 4, GiveUpMailbox)
    );
    assert_eq!(course(Asked::Item, &none), (RetryAfter, 4, GiveUpMailbox));
}

#[test]
fn a_limit_of_the_client_comes_before_that_of_the_row() {
    let only = Tries { limit: 1, ..FIRST };
    assert_eq!(react(Asked::Folder, 429, "", only), GiveUpMailbox);
    assert_eq!(react(Asked::Folder, 504, "", only), PlainList);
}
