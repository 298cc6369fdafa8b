//! The table of refusals, row by row.

use std::collections::BTreeSet;

use super::*;

const FIRST: Attempts = Attempts {
    sent: 1,
    renewed: false,
    limit: 10,
};

fn error_response(status: u16, code: &str) -> ErrorResponse {
    let body = format!(r#"{{"error":{{"code":"{code}"}}}}"#);
    ErrorResponse::of_answer(status, body.as_bytes(), None)
}

fn react(target: RequestTarget, status: u16, code: &str, attempts: Attempts) -> RetryAction {
    action(target, &error_response(status, code), attempts)
}

/// What is done at first, how often a request is sent in all, and what is done in the end.
type Course = (RetryAction, u32, RetryAction);

fn course(target: RequestTarget, error_response: &ErrorResponse) -> Course {
    let mut attempts = FIRST;
    let first = action(target, error_response, attempts);
    let mut last = first;
    while matches!(last, RetryAfter | SmallerPage | RenewToken) {
        attempts.sent += 1;
        attempts.renewed |= last == RenewToken;
        last = action(target, error_response, attempts);
        assert!(attempts.sent < 100, "it never ends");
    }
    (first, attempts.sent, last)
}

const fn at_once(action: RetryAction) -> Course {
    (action, 1, action)
}

const RENEWED: Course = (RenewToken, 2, StopTenant);

/// Every row by its name: what is asked, status and code that it stands for, and its course.
#[rustfmt::skip]
static EXPECTED: &[(&str, RequestTarget, u16, &str, Course)] = &[
    ("token refused", RequestTarget::Mailbox, 401, "InvalidAuthenticationToken", RENEWED),
    ("no roles", RequestTarget::Mailbox, 401, "NoPermissionsInAccessToken", at_once(StopTenant)),
    ("gateway refuses", RequestTarget::Folder, 401, "AuthenticationError", (RetryAfter, 2, StopTenant)),
    ("directory denied", RequestTarget::Directory, 403, "Authorization_RequestDenied", at_once(StopTenant)),
    ("claims wanted", RequestTarget::Folder, 403, "insufficient_claims", RENEWED),
    ("full mailbox, by its chain", RequestTarget::Folder, 403, "ErrorQuotaExceeded", at_once(PlainList)),
    ("full mailbox, by its chain", RequestTarget::Link, 403, "ErrorQuotaExceeded", at_once(PlainList)),
    ("full mailbox", RequestTarget::Item, 403, "ErrorQuotaExceeded", at_once(GiveUpMailbox)),
    ("chain forgotten", RequestTarget::Link, 410, "SyncStateNotFound", at_once(RestartChain)),
    ("chain forgotten", RequestTarget::Link, 400, "SyncStateInvalid", at_once(RestartChain)),
    ("chain forgotten", RequestTarget::Folder, 410, "resyncRequired", at_once(RestartChain)),
    ("list forgotten", RequestTarget::ListLink, 410, "SyncStateNotFound", at_once(PlainList)),
    ("list lost", RequestTarget::ListLink, 410, "", at_once(PlainList)),
    ("link of a list refused", RequestTarget::ListLink, 400, "ErrorInvalidUrlQuery", at_once(PlainList)),
    ("folder gone", RequestTarget::Folder, 404, "ErrorFolderNotFound", at_once(FolderGone)),
    ("folder gone", RequestTarget::Link, 404, "ErrorSyncFolderNotFound", at_once(FolderGone)),
    ("folder not found", RequestTarget::Folder, 404, "ErrorItemNotFound", at_once(FolderGone)),
    ("item not found", RequestTarget::Item, 404, "ErrorItemNotFound", at_once(ItemGone)),
    ("not in the cloud", RequestTarget::Mailbox, 404, "MailboxNotEnabledForRESTAPI", at_once(NoMailbox)),
    ("not in the cloud", RequestTarget::Folder, 404, "MailboxNotSupportedForRESTAPI", at_once(NoMailbox)),
    ("no mailbox found", RequestTarget::Mailbox, 404, "ResourceNotFound", at_once(NoMailbox)),
    ("no mailbox found", RequestTarget::Mailbox, 404, "ErrorInvalidUser", at_once(NoMailbox)),
    ("directory object missing", RequestTarget::Directory, 404, "Request_ResourceNotFound", at_once(StopTenant)),
    ("user missing", RequestTarget::Mailbox, 404, "Request_ResourceNotFound", at_once(NoMailbox)),
    ("throttled", RequestTarget::Folder, 429, "ApplicationThrottled", (RetryAfter, 10, GiveUpMailbox)),
    ("throttled", RequestTarget::Folder, 503, "TooManyRequests", (RetryAfter, 10, GiveUpMailbox)),
    ("throttled", RequestTarget::Directory, 429, "activityLimitReached", (RetryAfter, 10, StopTenant)),
    ("too much at once", RequestTarget::Item, 429, "ErrorTooManyObjectsOpened", (RetryAfter, 10, GiveUpMailbox)),
    ("too much at once", RequestTarget::Folder, 503, "ErrorServerBusy", (RetryAfter, 10, GiveUpMailbox)),
    ("corrupt item on a page", RequestTarget::Link, 500, "ErrorCorruptData", (SmallerPage, 4, PlainList)),
    ("corrupt item on a page of a list", RequestTarget::ListLink, 500, "ErrorCorruptData", (SmallerPage, 3, PlainList)),
    ("corrupt item", RequestTarget::Item, 500, "ErrorCorruptData", at_once(ItemUnreadable)),
    ("mailbox stale", RequestTarget::Folder, 503, "MailboxInfoStale", (RetryAfter, 8, GiveUpMailbox)),
    ("mailbox stale", RequestTarget::Mailbox, 503, "ErrorMailboxStoreUnavailable", (RetryAfter, 8, GiveUpMailbox)),
    ("mailbox moves", RequestTarget::Link, 503, "MailboxInTransit", (RetryAfter, 8, GiveUpMailbox)),
    ("mailbox moves", RequestTarget::Item, 503, "ErrorMailboxMoveInProgress", (RetryAfter, 8, GiveUpMailbox)),
    ("item in trouble", RequestTarget::Item, 500, "ErrorInternalServerTransientError", (RetryAfter, 4, ItemUnreadable)),
    ("mailbox in trouble", RequestTarget::Folder, 500, "ErrorInternalServerTransientError", (RetryAfter, 4, GiveUpMailbox)),
    ("mailbox in trouble", RequestTarget::Mailbox, 500, "ErrorApiQuarantined", (RetryAfter, 4, GiveUpMailbox)),
    ("link refused", RequestTarget::Link, 400, "ErrorInvalidUrlQuery", at_once(RestartChain)),
    ("request refused", RequestTarget::Folder, 400, "ErrorInvalidUrlQuery", at_once(GiveUpMailbox)),
    ("request refused", RequestTarget::Directory, 400, "Request_UnsupportedQuery", at_once(StopTenant)),
    ("sign-in refused", RequestTarget::Mailbox, 401, "UnknownError", RENEWED),
    ("directory forbidden", RequestTarget::Directory, 403, "", at_once(StopTenant)),
    ("mailbox forbidden", RequestTarget::Folder, 403, "ErrorAccessDenied", at_once(MailboxDenied)),
    ("mailbox forbidden", RequestTarget::Mailbox, 403, "extensionError", at_once(MailboxDenied)),
    ("mailbox forbidden", RequestTarget::Mailbox, 403, "", at_once(MailboxDenied)),
    ("directory not found", RequestTarget::Directory, 404, "", at_once(StopTenant)),
    ("page not found", RequestTarget::Link, 404, "", at_once(FolderGone)),
    ("item unknown", RequestTarget::Item, 404, "", at_once(ItemGone)),
    ("mailbox not found", RequestTarget::Mailbox, 404, "", at_once(NoMailbox)),
    ("request timed out", RequestTarget::Folder, 408, "", (RetryAfter, 10, GiveUpMailbox)),
    ("chain lost", RequestTarget::Link, 410, "SomethingNew", at_once(RestartChain)),
    ("depends on another", RequestTarget::Item, 424, "", (RetryAfter, 10, GiveUpMailbox)),
    ("asked too much", RequestTarget::Folder, 429, "", (RetryAfter, 10, GiveUpMailbox)),
    ("page fails", RequestTarget::Folder, 500, "InternalServerError", (SmallerPage, 4, PlainList)),
    ("page of a list fails", RequestTarget::ListLink, 500, "", (SmallerPage, 3, PlainList)),
    ("item fails", RequestTarget::Item, 500, "ErrorInternalServerError", (RetryAfter, 4, ItemUnreadable)),
    ("service fails", RequestTarget::Mailbox, 500, "generalException", (RetryAfter, 4, GiveUpMailbox)),
    ("service fails", RequestTarget::Directory, 500, "", (RetryAfter, 4, StopTenant)),
    ("gateway fails for a page", RequestTarget::Folder, 502, "UnknownError", (SmallerPage, 4, PlainList)),
    ("gateway fails for a page of a list", RequestTarget::ListLink, 502, "", (SmallerPage, 3, PlainList)),
    ("gateway fails for an item", RequestTarget::Item, 502, "", (RetryAfter, 4, ItemUnreadable)),
    ("gateway fails", RequestTarget::Directory, 502, "UnknownError", (RetryAfter, 4, StopTenant)),
    ("overloaded by a page", RequestTarget::Folder, 503, "", (SmallerPage, 10, PlainList)),
    ("overloaded by a page of a list", RequestTarget::ListLink, 503, "", (SmallerPage, 3, PlainList)),
    ("overloaded by an item", RequestTarget::Item, 503, "", (RetryAfter, 10, ItemUnreadable)),
    ("overloaded", RequestTarget::Mailbox, 503, "serviceNotAvailable", (RetryAfter, 10, GiveUpMailbox)),
    ("page takes too long", RequestTarget::Link, 504, "UnknownError", (SmallerPage, 4, PlainList)),
    ("page of a list takes too long", RequestTarget::ListLink, 504, "UnknownError", (SmallerPage, 3, PlainList)),
    ("item takes too long", RequestTarget::Item, 504, "", (RetryAfter, 4, ItemUnreadable)),
    ("takes too long", RequestTarget::Mailbox, 504, "", (RetryAfter, 4, GiveUpMailbox)),
    ("bandwidth used up", RequestTarget::Folder, 509, "", (RetryAfter, 10, GiveUpMailbox)),
    ("unknown", RequestTarget::Folder, 302, "", at_once(GiveUpMailbox)),
    ("unknown", RequestTarget::Mailbox, 501, "NotImplemented", at_once(GiveUpMailbox)),
    ("unknown", RequestTarget::Directory, 302, "", at_once(StopTenant)),
];

/// Facts 6.2 and 7.
#[test]
fn each_row_decides_what_it_stands_for_and_comes_to_its_end() {
    for (name, target, status, code, expected) in EXPECTED {
        let error_response = error_response(*status, code);
        assert_eq!(class(*target, &error_response), *name, "{status} {code}");
        assert_eq!(
            course(*target, &error_response),
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
        let target = row.target.unwrap_or(RequestTarget::Mailbox);
        let status = if row.status == 0 { 500 } else { row.status };
        for code in row.codes {
            assert_eq!(
                class(target, &error_response(status, code)),
                row.name,
                "{code}"
            );
        }
    }
}

#[test]
fn what_is_too_large_is_asked_for_in_smaller_pages_and_else_left() {
    let bomb = ErrorResponse::too_large();
    assert_eq!(
        course(RequestTarget::Link, &bomb),
        (SmallerPage, 4, PlainList)
    );
    assert_eq!(class(RequestTarget::Link, &bomb), "page too large");
    assert_eq!(
        course(RequestTarget::ListLink, &bomb),
        (SmallerPage, 3, PlainList)
    );
    assert_eq!(
        class(RequestTarget::ListLink, &bomb),
        "page of a list too large"
    );
    assert_eq!(
        course(RequestTarget::Mailbox, &bomb),
        at_once(GiveUpMailbox)
    );
    assert_eq!(course(RequestTarget::Directory, &bomb), at_once(StopTenant));
    assert_eq!(class(RequestTarget::Mailbox, &bomb), "answer too large");
}

/// Facts 6.1.
#[test]
fn the_most_specific_known_code_decides() {
    let inner = br#"{"error":{"code":"TooManyRequests","innerError":{"code":"429"}}}"#;
    let error_response = ErrorResponse::of_answer(500, inner, None);
    assert_eq!(
        action(RequestTarget::Folder, &error_response, FIRST),
        RetryAfter
    );
    let inner = br#"{"error":{"code":"generalException","innererror":{"code":"resyncRequired"}}}"#;
    let error_response = ErrorResponse::of_answer(500, inner, None);
    assert_eq!(
        action(RequestTarget::Folder, &error_response, FIRST),
        RestartChain
    );
}

#[test]
fn repetitions_end_with_time_however_seldom_they_were() {
    let minutes = |minutes, status| {
        let elapsed = Duration::from_mins(minutes);
        action_after(
            RequestTarget::Folder,
            &error_response(status, ""),
            FIRST,
            elapsed,
        )
    };
    assert_eq!(minutes(59, 429), RetryAfter);
    assert_eq!(minutes(60, 429), GiveUpMailbox);
    assert_eq!(minutes(19, 503), SmallerPage);
    assert_eq!(minutes(20, 503), PlainList);
}

#[test]
fn no_answer_is_met_like_a_gateways_time_out_and_says_nothing_of_an_item() {
    let none = ErrorResponse::no_answer();
    let second = Attempts { sent: 2, ..FIRST };
    assert_eq!(action(RequestTarget::Folder, &none, FIRST), RetryAfter);
    assert_eq!(action(RequestTarget::Folder, &none, second), SmallerPage);
    assert_eq!(
        course(RequestTarget::Mailbox, &none),
        (RetryAfter, 4, GiveUpMailbox)
    );
    assert_eq!(
        course(RequestTarget::Item, &none),
        (RetryAfter, 4, GiveUpMailbox)
    );
}

#[test]
fn a_limit_of_the_client_comes_before_that_of_the_row() {
    let only = Attempts { limit: 1, ..FIRST };
    assert_eq!(react(RequestTarget::Folder, 429, "", only), GiveUpMailbox);
    assert_eq!(react(RequestTarget::Folder, 504, "", only), PlainList);
}
