//! The one table of refusals: what was asked, status and code, and what is done about it.

use crate::source::graph::problem::Problem;

/// What is done about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// Sent again after the wait that the service names, else after a growing one.
    RetryAfter,
    /// Sent again with a new token, once.
    RenewToken,
    /// Sent again after a wait, asking for fewer items.
    SmallerPage,
    /// The folder is read from its beginning.
    RestartChain,
    /// The mailbox is outside of what the application may read; its data stays.
    MailboxDenied,
    /// There is no mailbox to read; asked again on the next run.
    NoMailbox,
    /// The folder is gone: its chain ends.
    FolderGone,
    /// The item is gone.
    ItemGone,
    /// The folder is read by plain lists and single items instead of its chain, tonight.
    PlainList,
    /// The item is there but cannot be had: it goes to the ledger, and the others are read.
    ItemUnreadable,
    /// The mailbox is left for the next run.
    GiveUpMailbox,
    /// Nothing of this tenant can be read.
    StopTenant,
}

impl Reaction {
    /// What a person can do next, after an answer of that status (0: none).
    pub fn advice(self, status: u16) -> &'static str {
        match self {
            Self::StopTenant if !(400..429).contains(&status) => {
                "the service did not answer properly; check graph_url and the network, or run \
                 again later"
            }
            Self::RetryAfter
            | Self::SmallerPage
            | Self::PlainList
            | Self::ItemUnreadable
            | Self::GiveUpMailbox => {
                "the service did not answer properly; the next run goes on from here"
            }
            Self::RestartChain => {
                "the service forgot where reading stood; the folder is read again"
            }
            Self::MailboxDenied => {
                "the application may not read this mailbox; check access policies, RBAC scopes \
                 and the consent to Mail.Read and Calendars.Read"
            }
            Self::NoMailbox => {
                "there is no mailbox in the cloud (no licence, on premises, or deleted); it is \
                 tried again on the next run"
            }
            Self::FolderGone | Self::ItemGone => "it was deleted meanwhile",
            Self::RenewToken | Self::StopTenant => {
                "check that the application has admin consent for its permissions (Mail.Read, \
                 Calendars.Read, User.Read.All, GroupMember.Read.All) and is enabled in the tenant"
            }
        }
    }
}

/// What a request is about: the same refusal means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Users, groups, the organisation.
    Directory,
    /// A mailbox as a whole.
    Mailbox,
    /// A folder, or a page of its chain.
    Folder,
    /// Single items.
    Item,
}

/// How often a request was tried.
#[derive(Debug, Clone, Copy)]
pub struct Tries {
    /// Times it was sent.
    pub sent: u32,
    /// Whether its token was renewed already.
    pub renewed: bool,
    /// Times it may be sent.
    pub limit: u32,
}

/// Repetitions where repeating seldom helps (facts 6.2: "retry few, defer mailbox").
const FEW: u32 = 4;

struct Row {
    /// 0: any status.
    status: u16,
    /// Lower case; none: any code.
    codes: &'static [&'static str],
    /// None: whatever was asked.
    asked: Option<Asked>,
    reaction: Reaction,
    /// Times it is sent at most, where it is sent again.
    times: u32,
}

const fn row(
    status: u16,
    codes: &'static [&'static str],
    asked: Option<Asked>,
    reaction: Reaction,
) -> Row {
    let times = u32::MAX;
    Row {
        status,
        codes,
        asked,
        reaction,
        times,
    }
}

const fn few(
    status: u16,
    codes: &'static [&'static str],
    asked: Option<Asked>,
    reaction: Reaction,
) -> Row {
    let times = FEW;
    Row {
        status,
        codes,
        asked,
        reaction,
        times,
    }
}

use Asked::Directory;
use Asked::Folder;
use Asked::Item;
use Reaction::FolderGone;
use Reaction::GiveUpMailbox;
use Reaction::ItemGone;
use Reaction::ItemUnreadable;
use Reaction::MailboxDenied;
use Reaction::NoMailbox;
use Reaction::PlainList;
use Reaction::RenewToken;
use Reaction::RestartChain;
use Reaction::RetryAfter;
use Reaction::SmallerPage;
use Reaction::StopTenant;

/// Rows with codes first; the first that applies to the most specific known code is taken. Rows
/// without codes stand for whatever else comes with that status. Beside each: where in the facts.
#[rustfmt::skip]
static ROWS: &[Row] = &[
    row(401, &["invalidauthenticationtoken"], None, RenewToken), // 6.2
    row(401, &["nopermissionsinaccesstoken", "authenticationerror"], None, StopTenant), // 4.5, 6.2
    row(403, &["authorization_requestdenied"], None, StopTenant), // 6.2
    row(403, &["insufficient_claims"], None, StopTenant), // 6.2
    row(403, &["errorquotaexceeded"], Some(Folder), PlainList), // 1.7
    row(403, &["errorquotaexceeded"], None, GiveUpMailbox), // 1.7
    row(0, &["syncstatenotfound", "resyncrequired", "syncstateinvalid"], Some(Folder), RestartChain), // 1.6
    row(0, &["errorfoldernotfound", "errorsyncfoldernotfound"], None, FolderGone), // 6.2
    row(404, &["erroritemnotfound"], Some(Folder), FolderGone), // 6.2
    row(404, &["erroritemnotfound"], Some(Item), ItemGone), // 6.2
    row(404, &["mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi"], None, NoMailbox), // 6.2
    row(404, &["resourcenotfound", "errorinvaliduser"], None, NoMailbox), // 6.2
    row(404, &["request_resourcenotfound"], Some(Directory), StopTenant), // 6.2
    row(404, &["request_resourcenotfound"], None, NoMailbox), // 6.2
    row(0, &["applicationthrottled", "toomanyrequests", "activitylimitreached"], None, RetryAfter), // 7.1
    row(0, &["throttledrequest", "errortoomanyobjectsopened"], None, RetryAfter), // 1.11, 6.2
    few(0, &["errorcorruptdata"], Some(Folder), SmallerPage), // 6.2
    row(0, &["errorcorruptdata"], Some(Item), ItemUnreadable), // 6.2
    few(0, &["mailboxinfostale", "errormailboxstoreunavailable"], None, RetryAfter), // 6.2
    few(0, &["errormailboxmoveinprogress", "mailboxintransit"], None, RetryAfter), // 6.2
    few(0, &["errorapiquarantined", "errorinternalservertransienterror"], None, RetryAfter), // 6.2
    row(400, &[], None, GiveUpMailbox), // 6.2
    row(401, &[], None, RenewToken), // 6.2
    row(403, &[], Some(Directory), StopTenant), // 6.2
    row(403, &[], None, MailboxDenied), // 5.1, 6.2
    row(404, &[], Some(Directory), StopTenant), // 6.2
    row(404, &[], Some(Folder), FolderGone), // 6.2
    row(404, &[], Some(Item), ItemGone), // 6.2
    row(404, &[], None, NoMailbox), // 6.2
    row(408, &[], None, RetryAfter), // 6.1
    row(410, &[], Some(Folder), RestartChain), // 1.6
    row(424, &[], None, RetryAfter), // 1.11
    row(429, &[], None, RetryAfter), // 7.3
    few(500, &[], Some(Folder), SmallerPage), // 1.9, 6.2
    few(500, &[], None, RetryAfter), // 6.2
    few(502, &[], Some(Folder), SmallerPage), // 6.2
    few(502, &[], None, RetryAfter), // 6.2
    row(503, &[], Some(Folder), SmallerPage), // 1.7, 6.2
    row(503, &[], None, RetryAfter), // 6.2, 7.3
    few(504, &[], Some(Folder), SmallerPage), // 1.7, 6.2
    few(504, &[], None, RetryAfter), // 6.2
    row(509, &[], None, RetryAfter), // 6.1
];

/// What is done about a refusal. No answer at all counts as a gateway's time-out, but the first
/// time it may be a connection that was idle for too long: no reason for smaller pages.
pub fn reaction(asked: Asked, problem: &Problem, tries: Tries) -> Reaction {
    let status = if problem.status == 0 {
        504
    } else {
        problem.status
    };
    let (reaction, times) = find(asked, status, &problem.codes)
        .map_or((GiveUpMailbox, 0), |row| (row.reaction, row.times));
    match reaction {
        RenewToken if tries.renewed => StopTenant,
        SmallerPage if problem.status == 0 && tries.sent < 2 => RetryAfter,
        // Smaller pages did not help: what remains is to read around what spoils them (facts 1.7).
        SmallerPage if is_over(tries, times) && asked == Folder => PlainList,
        // The others of its batch were answered: it is the item's trouble, not the mailbox's.
        RetryAfter if is_over(tries, times) && asked == Item && problem.status >= 500 => {
            ItemUnreadable
        }
        RetryAfter | SmallerPage if is_over(tries, times) => last(asked),
        GiveUpMailbox if asked == Directory => StopTenant,
        other => other,
    }
}

fn is_over(tries: Tries, times: u32) -> bool {
    tries.sent >= times.min(tries.limit)
}

/// The end of all repetitions. Without its directory nothing of a tenant can be read.
pub fn last(asked: Asked) -> Reaction {
    match asked {
        Asked::Directory => StopTenant,
        _ => GiveUpMailbox,
    }
}

fn find(asked: Asked, status: u16, codes: &[String]) -> Option<&'static Row> {
    let applies = |row: &Row| {
        (row.status == 0 || row.status == status) && row.asked.is_none_or(|only| only == asked)
    };
    let by_code = codes.iter().rev().find_map(|code| {
        ROWS.iter()
            .find(|row| applies(row) && row.codes.contains(&code.as_str()))
    });
    by_code.or_else(|| ROWS.iter().find(|row| applies(row) && row.codes.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Tries = Tries {
        sent: 1,
        renewed: false,
        limit: 10,
    };

    fn react(asked: Asked, status: u16, code: &str, tries: Tries) -> Reaction {
        let body = format!(r#"{{"error":{{"code":"{code}"}}}}"#);
        reaction(
            asked,
            &Problem::of_answer(status, body.as_bytes(), None),
            tries,
        )
    }

    #[test]
    fn every_row_is_reached_by_its_own_status_and_code() {
        for row in ROWS {
            let asked = row.asked.unwrap_or(Asked::Mailbox);
            let status = if row.status == 0 { 500 } else { row.status };
            let mut ways: Vec<Vec<String>> = vec![vec![]];
            if !row.codes.is_empty() {
                ways = row
                    .codes
                    .iter()
                    .map(|code| vec![(*code).to_owned()])
                    .collect();
            }
            for codes in ways {
                let found = find(asked, status, &codes).unwrap();
                assert!(std::ptr::eq(found, row), "{status} {codes:?} is shadowed");
            }
        }
    }

    #[rustfmt::skip]
    static EXPECTED: &[(Asked, u16, &str, Reaction)] = &[
        (Asked::Mailbox, 401, "InvalidAuthenticationToken", RenewToken),
        (Asked::Mailbox, 401, "NoPermissionsInAccessToken", StopTenant),
        (Asked::Mailbox, 401, "UnknownError", RenewToken),
        (Asked::Folder, 403, "ErrorAccessDenied", MailboxDenied),
        (Asked::Directory, 403, "Authorization_RequestDenied", StopTenant),
        (Asked::Folder, 403, "ErrorQuotaExceeded", PlainList),
        (Asked::Item, 403, "ErrorQuotaExceeded", GiveUpMailbox),
        (Asked::Mailbox, 403, "extensionError", MailboxDenied),
        (Asked::Mailbox, 403, "", MailboxDenied),
        (Asked::Directory, 403, "", StopTenant),
        (Asked::Mailbox, 404, "MailboxNotEnabledForRESTAPI", NoMailbox),
        (Asked::Folder, 404, "MailboxNotEnabledForRESTAPI", NoMailbox),
        (Asked::Mailbox, 404, "MailboxNotSupportedForRESTAPI", NoMailbox),
        (Asked::Mailbox, 404, "ResourceNotFound", NoMailbox),
        (Asked::Mailbox, 404, "ErrorInvalidUser", NoMailbox),
        (Asked::Mailbox, 404, "Request_ResourceNotFound", NoMailbox),
        (Asked::Item, 404, "ErrorItemNotFound", ItemGone),
        (Asked::Folder, 404, "ErrorItemNotFound", FolderGone),
        (Asked::Folder, 404, "ErrorSyncFolderNotFound", FolderGone),
        (Asked::Folder, 400, "ErrorInvalidUrlQuery", GiveUpMailbox),
        (Asked::Directory, 400, "Request_UnsupportedQuery", StopTenant),
        (Asked::Folder, 429, "ApplicationThrottled", RetryAfter),
        (Asked::Folder, 429, "", RetryAfter),
        (Asked::Folder, 500, "ErrorInternalServerTransientError", RetryAfter),
        (Asked::Folder, 500, "ErrorCorruptData", SmallerPage),
        (Asked::Item, 500, "ErrorCorruptData", ItemUnreadable),
        (Asked::Folder, 500, "InternalServerError", SmallerPage),
        (Asked::Item, 500, "InternalServerError", RetryAfter),
        (Asked::Folder, 503, "MailboxInfoStale", RetryAfter),
        (Asked::Folder, 503, "", SmallerPage),
        (Asked::Mailbox, 503, "serviceNotAvailable", RetryAfter),
        (Asked::Folder, 504, "UnknownError", SmallerPage),
        (Asked::Directory, 502, "UnknownError", RetryAfter),
        (Asked::Folder, 302, "", GiveUpMailbox),
        (Asked::Mailbox, 501, "NotImplemented", GiveUpMailbox),
    ];

    #[test]
    fn fact_6_2_the_table_of_refusals_is_kept_row_by_row() {
        for (asked, status, code, expected) in EXPECTED {
            let reaction = react(*asked, *status, code, FIRST);
            assert_eq!(reaction, *expected, "{status} {code}");
        }
    }

    #[test]
    fn fact_1_6_a_lost_state_restarts_the_folder_whatever_the_case_and_status() {
        for (status, code) in [
            (410, "SyncStateNotFound"),
            (410, "syncStateNotFound"),
            (400, "SyncStateInvalid"),
            (410, "resyncRequired"),
            (410, "SomethingNew"),
            (410, ""),
        ] {
            assert_eq!(react(Asked::Folder, status, code, FIRST), RestartChain);
        }
    }

    #[test]
    fn fact_6_1_the_most_specific_known_code_decides() {
        let inner = br#"{"error":{"code":"TooManyRequests","innerError":{"code":"429"}}}"#;
        let problem = Problem::of_answer(500, inner, None);
        assert_eq!(reaction(Asked::Folder, &problem, FIRST), RetryAfter);
        let inner =
            br#"{"error":{"code":"generalException","innererror":{"code":"resyncRequired"}}}"#;
        let problem = Problem::of_answer(500, inner, None);
        assert_eq!(reaction(Asked::Folder, &problem, FIRST), RestartChain);
    }

    #[test]
    fn repetitions_end() {
        let sent = |sent| Tries { sent, ..FIRST };
        assert_eq!(react(Asked::Folder, 429, "", sent(9)), RetryAfter);
        assert_eq!(react(Asked::Folder, 429, "", sent(10)), GiveUpMailbox);
        assert_eq!(react(Asked::Directory, 429, "", sent(10)), StopTenant);
        assert_eq!(react(Asked::Mailbox, 500, "", sent(4)), GiveUpMailbox);
        assert_eq!(react(Asked::Item, 500, "", sent(4)), ItemUnreadable);
        assert_eq!(react(Asked::Item, 429, "", sent(10)), GiveUpMailbox);
        let renewed = Tries {
            renewed: true,
            ..FIRST
        };
        assert_eq!(
            react(Asked::Mailbox, 401, "InvalidAuthenticationToken", renewed),
            StopTenant
        );
    }

    #[test]
    fn facts_1_7_and_1_9_a_page_that_cannot_be_had_is_read_around() {
        let fourth = Tries { sent: 4, ..FIRST };
        for (status, code) in [
            (500, "ErrorCorruptData"),
            (500, "InternalServerError"),
            (504, "UnknownError"),
        ] {
            assert_eq!(react(Asked::Folder, status, code, fourth), PlainList);
        }
        let reaction = reaction(Asked::Item, &Problem::no_answer(), fourth);
        assert_eq!(reaction, GiveUpMailbox, "no answer says nothing of an item");
    }

    #[test]
    fn no_answer_is_met_like_a_gateways_time_out() {
        let second = Tries { sent: 2, ..FIRST };
        assert_eq!(
            reaction(Asked::Folder, &Problem::no_answer(), FIRST),
            RetryAfter
        );
        assert_eq!(
            reaction(Asked::Folder, &Problem::no_answer(), second),
            SmallerPage
        );
        assert_eq!(
            reaction(Asked::Mailbox, &Problem::no_answer(), FIRST),
            RetryAfter
        );
    }
}
