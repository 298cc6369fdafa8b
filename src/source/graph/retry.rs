//! The one table of refusals: what was asked, status and code, and what is done about it.

use std::time::Duration;

use crate::source::graph::error_response::ErrorResponse;
use crate::source::graph::error_response::TOO_LARGE;
use crate::source::retry_action::RetryAction;

/// What a request is about: the same refusal means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestTarget {
    /// Users, groups, the organisation.
    Directory,
    /// A mailbox as a whole.
    Mailbox,
    /// A folder, or a page of its chain.
    Folder,
    /// A page of a chain by a link that the service gave: what holds for folders holds here.
    Link,
    /// A page of a list by a link that the service gave, whose size and depth cannot be changed:
    /// what holds for folders holds here, but it is not repeated for long.
    ListLink,
    /// Single items.
    Item,
}

impl RequestTarget {
    fn is_meant_by(self, row: Self) -> bool {
        self == row || (matches!(self, Self::Link | Self::ListLink) && row == Self::Folder)
    }
}

/// How often a request was tried.
#[derive(Debug, Clone, Copy)]
pub struct Attempts {
    /// Times it was sent.
    pub sent: u32,
    /// Whether its token was renewed already.
    pub renewed: bool,
    /// Times it may be sent.
    pub limit: u32,
}

/// Repetitions where repeating seldom helps (facts 6.2: "retry few, defer mailbox").
const FEW: u32 = 4;
/// Repetitions while a mailbox moves to another server, which takes minutes (facts 6.2).
const MOVING: u32 = 8;
/// As often as the limits of the client allow.
const MANY: u32 = u32::MAX;

/// The longest that one request is repeated while the service says that it is asked too much:
/// several of its periods of ten minutes (facts 7.1), and no whole night.
const THROTTLED_WITHIN: Duration = Duration::from_hours(1);
/// The same where it fails: what has not come back by then is left for the next run.
const FAILING_WITHIN: Duration = Duration::from_mins(20);

/// A class of refusals, and what is done about it.
struct Row {
    /// For logs and tests.
    name: &'static str,
    /// 0: any status.
    status: u16,
    /// Lower case; none: any code.
    codes: &'static [&'static str],
    /// None: whatever was asked.
    target: Option<RequestTarget>,
    action: RetryAction,
    /// Where it is sent again: how often at most, ...
    times: u32,
    /// ... how long after it was sent first, ...
    within: Duration,
    /// ... and what is done when that has not helped.
    then: RetryAction,
    /// Where it stands in the facts.
    #[cfg_attr(not(test), expect(dead_code, reason = "for who reads the table"))]
    facts: &'static str,
}

type Codes = &'static [&'static str];

/// What is not sent again (a renewed token aside, after which nothing helps).
const fn once(
    name: &'static str,
    status: u16,
    codes: Codes,
    target: Option<RequestTarget>,
    action: RetryAction,
    facts: &'static str,
) -> Row {
    Row {
        name,
        status,
        codes,
        target,
        action,
        times: MANY,
        within: FAILING_WITHIN,
        then: StopTenant,
        facts,
    }
}

const fn again(
    name: &'static str,
    status: u16,
    codes: Codes,
    target: Option<RequestTarget>,
    (action, times, then): (RetryAction, u32, RetryAction),
    facts: &'static str,
) -> Row {
    Row {
        name,
        status,
        codes,
        target,
        action,
        times,
        within: FAILING_WITHIN,
        then,
        facts,
    }
}

const fn throttled(name: &'static str, status: u16, codes: Codes, facts: &'static str) -> Row {
    Row {
        name,
        status,
        codes,
        target: None,
        action: RetryAfter,
        times: MANY,
        within: THROTTLED_WITHIN,
        then: GiveUpMailbox,
        facts,
    }
}

use RequestTarget::Directory;
use RequestTarget::Folder;
use RequestTarget::Item;
use RequestTarget::Link;
use RequestTarget::ListLink;
use RetryAction::FolderGone;
use RetryAction::GiveUpMailbox;
use RetryAction::ItemGone;
use RetryAction::ItemUnreadable;
use RetryAction::MailboxDenied;
use RetryAction::NoMailbox;
use RetryAction::PlainList;
use RetryAction::RenewToken;
use RetryAction::RestartChain;
use RetryAction::RetryAfter;
use RetryAction::SmallerPage;
use RetryAction::StopTenant;

// Sent again a few times, then this.
const FEW_THEN_MAILBOX: (RetryAction, u32, RetryAction) = (RetryAfter, FEW, GiveUpMailbox);
const FEW_THEN_ITEM: (RetryAction, u32, RetryAction) = (RetryAfter, FEW, ItemUnreadable);
const MOVING_THEN_MAILBOX: (RetryAction, u32, RetryAction) = (RetryAfter, MOVING, GiveUpMailbox);
const MANY_THEN_MAILBOX: (RetryAction, u32, RetryAction) = (RetryAfter, MANY, GiveUpMailbox);
const MANY_THEN_ITEM: (RetryAction, u32, RetryAction) = (RetryAfter, MANY, ItemUnreadable);
// Twice more, and then in another way: a link keeps the size and the depth of its page.
const TWICE_THEN_LIST: (RetryAction, u32, RetryAction) = (SmallerPage, 3, PlainList);
// Smaller pages, and where they do not help, around the page by plain lists (facts 1.7).
const SMALLER_THEN_LIST: (RetryAction, u32, RetryAction) = (SmallerPage, FEW, PlainList);

/// Rows with codes first; the first that applies to the most specific known code is taken. Rows
/// without codes stand for whatever else comes with that status.
#[rustfmt::skip]
static ROWS: &[Row] = &[
    once("token refused", 401, &["invalidauthenticationtoken"], None, RenewToken, "6.2"),
    once("no roles", 401, &["nopermissionsinaccesstoken"], None, StopTenant, "4.5, 6.2"),
    again("gateway refuses", 401, &["authenticationerror"], None, (RetryAfter, 2, StopTenant), "6.2"),
    once("directory denied", 403, &["authorization_requestdenied"], None, StopTenant, "6.2"),
    once("claims wanted", 0, &["insufficient_claims"], None, RenewToken, "6.2"),
    once("full mailbox, by its chain", 403, &["errorquotaexceeded"], Some(Folder), PlainList, "1.7"),
    once("full mailbox", 403, &["errorquotaexceeded"], None, GiveUpMailbox, "1.7"),
    once("list forgotten", 0, &["syncstatenotfound", "resyncrequired", "syncstateinvalid"], Some(ListLink), PlainList, "1.6"),
    once("chain forgotten", 0, &["syncstatenotfound", "resyncrequired", "syncstateinvalid"], Some(Folder), RestartChain, "1.6"),
    once("folder gone", 0, &["errorfoldernotfound", "errorsyncfoldernotfound"], None, FolderGone, "6.2"),
    once("folder not found", 404, &["erroritemnotfound"], Some(Folder), FolderGone, "6.2"),
    once("item not found", 404, &["erroritemnotfound"], Some(Item), ItemGone, "6.2"),
    once("not in the cloud", 404, &["mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi"], None, NoMailbox, "6.2"),
    once("no mailbox found", 404, &["resourcenotfound", "errorinvaliduser"], None, NoMailbox, "6.2"),
    once("directory object missing", 404, &["request_resourcenotfound"], Some(Directory), StopTenant, "6.2"),
    once("user missing", 404, &["request_resourcenotfound"], None, NoMailbox, "6.2"),
    throttled("throttled", 0, &["applicationthrottled", "toomanyrequests", "activitylimitreached"], "7.1"),
    throttled("too much at once", 0, &["throttledrequest", "errortoomanyobjectsopened", "errorserverbusy"], "1.11, 6.2"),
    again("corrupt item on a page of a list", 0, &["errorcorruptdata"], Some(ListLink), TWICE_THEN_LIST, "6.2"),
    again("corrupt item on a page", 0, &["errorcorruptdata"], Some(Folder), SMALLER_THEN_LIST, "6.2"),
    once("corrupt item", 0, &["errorcorruptdata"], Some(Item), ItemUnreadable, "6.2"),
    again("mailbox stale", 0, &["mailboxinfostale", "errormailboxstoreunavailable"], None, MOVING_THEN_MAILBOX, "6.2"),
    again("mailbox moves", 0, &["errormailboxmoveinprogress", "mailboxintransit"], None, MOVING_THEN_MAILBOX, "6.2"),
    again("item in trouble", 0, &["errorapiquarantined", "errorinternalservertransienterror"], Some(Item), FEW_THEN_ITEM, "6.2"),
    again("mailbox in trouble", 0, &["errorapiquarantined", "errorinternalservertransienterror"], None, FEW_THEN_MAILBOX, "6.2"),
    again("page of a list too large", 0, &[TOO_LARGE], Some(ListLink), TWICE_THEN_LIST, "1.3"),
    again("page too large", 0, &[TOO_LARGE], Some(Folder), SMALLER_THEN_LIST, "1.3"),
    once("answer too large", 0, &[TOO_LARGE], None, GiveUpMailbox, "1.3"),
    once("link of a list refused", 400, &[], Some(ListLink), PlainList, "1.9"),
    once("link refused", 400, &[], Some(Link), RestartChain, "1.6"),
    once("request refused", 400, &[], None, GiveUpMailbox, "6.2"),
    once("sign-in refused", 401, &[], None, RenewToken, "6.2"),
    once("directory forbidden", 403, &[], Some(Directory), StopTenant, "6.2"),
    once("mailbox forbidden", 403, &[], None, MailboxDenied, "5.1, 6.2"),
    once("directory not found", 404, &[], Some(Directory), StopTenant, "6.2"),
    once("page not found", 404, &[], Some(Folder), FolderGone, "6.2"),
    once("item unknown", 404, &[], Some(Item), ItemGone, "6.2"),
    once("mailbox not found", 404, &[], None, NoMailbox, "6.2"),
    again("request timed out", 408, &[], None, MANY_THEN_MAILBOX, "6.1"),
    once("list lost", 410, &[], Some(ListLink), PlainList, "1.6"),
    once("chain lost", 410, &[], Some(Folder), RestartChain, "1.6"),
    again("depends on another", 424, &[], None, MANY_THEN_MAILBOX, "1.11"),
    throttled("asked too much", 429, &[], "7.3"),
    again("page of a list fails", 500, &[], Some(ListLink), TWICE_THEN_LIST, "1.7, 6.2"),
    again("page fails", 500, &[], Some(Folder), SMALLER_THEN_LIST, "1.9, 6.2"),
    again("item fails", 500, &[], Some(Item), FEW_THEN_ITEM, "6.2"),
    again("service fails", 500, &[], None, FEW_THEN_MAILBOX, "6.2"),
    again("gateway fails for a page of a list", 502, &[], Some(ListLink), TWICE_THEN_LIST, "1.7, 6.2"),
    again("gateway fails for a page", 502, &[], Some(Folder), SMALLER_THEN_LIST, "6.2"),
    again("gateway fails for an item", 502, &[], Some(Item), FEW_THEN_ITEM, "6.2"),
    again("gateway fails", 502, &[], None, FEW_THEN_MAILBOX, "6.2"),
    again("overloaded by a page of a list", 503, &[], Some(ListLink), TWICE_THEN_LIST, "1.7, 6.2"),
    again("overloaded by a page", 503, &[], Some(Folder), (SmallerPage, MANY, PlainList), "1.7, 6.2"),
    again("overloaded by an item", 503, &[], Some(Item), MANY_THEN_ITEM, "6.2"),
    again("overloaded", 503, &[], None, MANY_THEN_MAILBOX, "6.2, 7.3"),
    again("page of a list takes too long", 504, &[], Some(ListLink), TWICE_THEN_LIST, "1.7, 6.2"),
    again("page takes too long", 504, &[], Some(Folder), SMALLER_THEN_LIST, "1.7, 6.2"),
    again("item takes too long", 504, &[], Some(Item), FEW_THEN_ITEM, "6.2"),
    again("takes too long", 504, &[], None, FEW_THEN_MAILBOX, "6.2"),
    again("bandwidth used up", 509, &[], None, MANY_THEN_MAILBOX, "6.1"),
];

/// What is done about a refusal. No answer at all counts as a gateway's time-out, but the first
/// time it may be a connection that was idle for too long: no reason for smaller pages.
pub fn action(
    target: RequestTarget,
    error_response: &ErrorResponse,
    attempts: Attempts,
) -> RetryAction {
    action_after(target, error_response, attempts, Duration::ZERO)
}

/// The same so long after the request was sent first.
pub fn action_after(
    target: RequestTarget,
    error_response: &ErrorResponse,
    attempts: Attempts,
    elapsed: Duration,
) -> RetryAction {
    let Some(row) = find(target, error_response) else {
        return last(target);
    };
    let is_over = attempts.sent >= row.times.min(attempts.limit) || elapsed >= row.within;
    match row.action {
        RenewToken if attempts.renewed => StopTenant,
        RetryAfter | SmallerPage if is_over => row_end(target, error_response, row.then),
        SmallerPage if error_response.is_silence() && attempts.sent < 2 => RetryAfter,
        GiveUpMailbox => last(target),
        other => other,
    }
}

/// No answer says nothing of an item; and without its directory nothing of a tenant can be read.
fn row_end(
    target: RequestTarget,
    error_response: &ErrorResponse,
    then: RetryAction,
) -> RetryAction {
    match then {
        ItemUnreadable if error_response.is_without_answer() => GiveUpMailbox,
        GiveUpMailbox => last(target),
        other => other,
    }
}

/// The end of all repetitions. Without its directory nothing of a tenant can be read.
pub fn last(target: RequestTarget) -> RetryAction {
    match target {
        RequestTarget::Directory => StopTenant,
        _ => GiveUpMailbox,
    }
}

/// The name of the class that a refusal belongs to.
pub fn class(target: RequestTarget, error_response: &ErrorResponse) -> &'static str {
    find(target, error_response).map_or("unknown", |row| row.name)
}

fn find(target: RequestTarget, error_response: &ErrorResponse) -> Option<&'static Row> {
    let status = error_response.status.unwrap_or(504);
    let applies = |row: &Row| {
        (row.status == 0 || row.status == status)
            && row.target.is_none_or(|only| target.is_meant_by(only))
    };
    let by_code = error_response.codes.iter().rev().find_map(|code| {
        ROWS.iter()
            .find(|row| applies(row) && row.codes.contains(&code.as_str()))
    });
    by_code.or_else(|| ROWS.iter().find(|row| applies(row) && row.codes.is_empty()))
}

#[cfg(test)]
mod tests;
