//! What a mailbox's connection means, and what to do, for each code of the service: one table.

use crate::model::connection::Connection;

/// What a connection means, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remedy {
    /// What it means.
    pub means: &'static str,
    /// The next step; empty where there is nothing to do.
    pub next: &'static str,
}

/// A row: the connection, beginnings of codes in lower case (none: any), and what holds for them.
struct Row {
    connection: Connection,
    codes: &'static [&'static str],
    remedy: Remedy,
}

const fn row(
    connection: Connection,
    codes: &'static [&'static str],
    means: &'static str,
    next: &'static str,
) -> Row {
    Row {
        connection,
        codes,
        remedy: Remedy { means, next },
    }
}

/// The first row that fits holds; each connection has one for any code.
const ROWS: &[Row] = &[
    row(Connection::Connected, &[], "it is read", ""),
    row(
        Connection::NotConnected,
        &[],
        "no run has come to it yet, or none since it was linked",
        "start a run, or wait for the next one",
    ),
    row(
        Connection::WaitingForConsent,
        &[],
        "the tenant does not know the application",
        "an administrator gives consent: touchpoint check --mail writes the request",
    ),
    row(
        Connection::WaitingForConfirmation,
        &[],
        "it is new, and the list was not confirmed",
        "look at run --plan, then run --confirm with its digest",
    ),
    // Facts 6.2.
    row(
        Connection::NoMailbox,
        &["mailboxnotenabledforrestapi", "resourcenotfound"],
        "the account has no mailbox in Microsoft 365: no licence, on premises, or deleted",
        "give a licence, or take the account out of the scope",
    ),
    row(
        Connection::NoMailbox,
        &["mailboxnotsupportedforrestapi"],
        "mailboxes of this kind cannot be read",
        "take it out of the scope",
    ),
    row(
        Connection::NoMailbox,
        &["errorinvaliduser", "request_resourcenotfound"],
        "the account has just been made or is gone",
        "wait a day; if it stays, take it out of the scope",
    ),
    row(
        Connection::NoMailbox,
        &[],
        "there is no mailbox of this account",
        "give a licence if it is to be read; else take it out of the scope (a guest's mailbox is elsewhere)",
    ),
    // Facts 5, 6.2.
    row(
        Connection::Unauthorized,
        &["nopermissionsinaccesstoken"],
        "the token allows nothing: no permission is granted",
        "grant the permissions that touchpoint check names",
    ),
    row(
        Connection::Unauthorized,
        &["insufficient_claims"],
        "conditional access asks for more than the application has",
        "the Entra admin looks at the conditional access policies for workload identities",
    ),
    row(
        Connection::Unauthorized,
        &[],
        "a policy or the scope of a role leaves the mailbox out, or a permission is missing",
        "touchpoint check tells which; a new policy takes an hour and at times a day",
    ),
    // The reason has the advice for each code.
    row(
        Connection::Error,
        &["aadsts"],
        "the sign-in service refuses the application",
        "do what the reason says; touchpoint check shows whether it helped",
    ),
    row(
        Connection::Error,
        &[
            "mailboxinfostale",
            "errormailboxmoveinprogress",
            "mailboxintransit",
        ],
        "the mailbox is being moved",
        "nothing: the next run reads it",
    ),
    row(
        Connection::Error,
        &["errorapiquarantined"],
        "Exchange has quarantined the mailbox, which takes hours to days",
        "nothing: later runs read it; else ask Microsoft's support",
    ),
    row(
        Connection::Error,
        &[
            "applicationthrottled",
            "toomanyrequests",
            "errorserverbusy",
            "activitylimitreached",
        ],
        "the service was asked too much for too long",
        "nothing: the next run continues; if it stays, look for other applications on this mailbox",
    ),
    row(
        Connection::Error,
        &[],
        "it failed; the reason has the details",
        "the next run tries again; if it stays, look at the reason and at --log-level debug",
    ),
    row(
        Connection::OutOfScope,
        &[],
        "the scope does not hold it; what was recorded is kept",
        "",
    ),
    row(
        Connection::Never,
        &[],
        "it is marked never, or is on the deny list; what was recorded is kept",
        "",
    ),
    row(
        Connection::Disabled,
        &[],
        "the account is disabled and its mailbox cannot be read; what was recorded is kept",
        "take the account out of the scope",
    ),
    row(
        Connection::Unlinked,
        &[],
        "it was unlinked; what was recorded is kept",
        "touchpoint link reads it again and closes the gap",
    ),
    row(
        Connection::Incomplete,
        &[],
        "not everything in it can be read",
        "nothing: each run tries again; status lists what is missing",
    ),
    row(
        Connection::Interrupted,
        &[],
        "the last run died while it read it; what it had committed is kept",
        "nothing: the next run continues",
    ),
];

/// What a connection means with this code of the service.
pub fn of(connection: Connection, code: Option<&str>) -> Remedy {
    let code = code.map(str::to_lowercase).unwrap_or_default();
    let fits = |row: &&Row| {
        let mut codes = row.codes.iter();
        row.connection == connection
            && (row.codes.is_empty() || codes.any(|begin| code.starts_with(begin)))
    };
    let found = ROWS.iter().find(fits);
    found.map_or(
        Remedy {
            means: "",
            next: "",
        },
        |row| row.remedy,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each row is reached by each of its codes: none is hidden by one above it.
    #[test]
    fn every_row_is_found_by_its_connection_and_code() {
        for row in ROWS {
            let codes = row.codes.iter().map(|code| Some(*code));
            let any = row.codes.is_empty().then_some(None);
            for code in codes.chain(any) {
                assert_eq!(of(row.connection, code), row.remedy, "{code:?}");
            }
            assert!(!row.remedy.means.is_empty());
        }
    }

    #[test]
    fn every_connection_has_a_remedy_for_any_code_and_every_problem_a_next_step() {
        for connection in Connection::ALL {
            let remedy = of(connection, Some("SomethingNew"));
            assert!(!remedy.means.is_empty(), "{connection:?}");
            assert!(!connection.is_problem() || !remedy.next.is_empty());
        }
        let upper = of(Connection::Error, Some("AADSTS53003"));
        assert!(upper.means.contains("sign-in"));
    }
}
