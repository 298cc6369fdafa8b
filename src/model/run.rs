//! A run as a whole: its options, its results and its progress.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::model::access::RunAccess;
use crate::model::connection::Connection;
use crate::model::coverage::Coverage;
use crate::model::directory::Account;
use crate::model::mailbox::MailboxKind;
use crate::model::outcome::Tally;
use crate::model::time::Timestamp;

/// Identifies the run on every row that it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStamp {
    /// Rises with time, unique: start in UTC and 32 random bits, `20261124T020000Z-1a2b3c4d`.
    pub run_id: Arc<str>,
    /// When the run began.
    pub started_at: Timestamp,
}

/// Whether a mailbox is read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanLine {
    /// Tenant or archive.
    pub tenant: String,
    /// The mailbox's id; empty where the directory does not have the person.
    pub mailbox_id: String,
    /// Primary address, or what the directory has instead.
    pub address: String,
    /// Whether it is read.
    pub verdict: PlanVerdict,
    /// What else is known of it.
    pub facts: MailboxFacts,
}

/// What is known of a mailbox besides whether it is in scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailboxFacts {
    /// Further addresses of the same mailbox, or of whom it belongs to.
    pub other_addresses: Vec<String>,
    /// Whether its mails are captured by the settings of today.
    pub captures_mail: bool,
    /// Which of its meetings are: `all`, `recorded` or `none`.
    pub meetings: &'static str,
    /// What the directory says of the account.
    pub account: Account,
    /// Whether it is read if it is a shared mailbox.
    pub reads_shared: bool,
    /// What kind of mailbox it is; `None`: unknown, since it was not requested or is not shown.
    pub kind: Option<FoundKind>,
    /// How it was connected after the last run; `None`: no run knows it, or that was not looked up.
    pub last: Option<Connection>,
}

/// What the service says of a mailbox that no run has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundKind {
    /// There is one.
    Mailbox(MailboxKind),
    /// There is none.
    None {
        /// The service's own code.
        code: String,
    },
}

/// Whether a mailbox is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanVerdict {
    /// It is read.
    In {
        /// What puts it into the scope: a group, a list, an archive.
        by: String,
    },
    /// It is in scope, and read once the list is confirmed.
    Waits,
    /// It is not read.
    Out {
        /// Why.
        because: String,
        /// How the mailbox counts as connected.
        connection: Connection,
    },
}

impl PlanLine {
    /// Whether the mailbox is in scope.
    pub fn is_in_scope(&self) -> bool {
        !matches!(self.verdict, PlanVerdict::Out { .. })
    }

    /// How it counts as connected, if it is not read.
    pub fn connection(&self) -> Option<Connection> {
        match self.verdict {
            PlanVerdict::In { .. } => None,
            PlanVerdict::Waits => Some(Connection::WaitingForConfirmation),
            PlanVerdict::Out { connection, .. } => Some(connection),
        }
    }

    /// What puts it into the scope, if it is read.
    pub fn included_by(&self) -> Option<&str> {
        match &self.verdict {
            PlanVerdict::In { by } => Some(by),
            PlanVerdict::Waits | PlanVerdict::Out { .. } => None,
        }
    }

    /// Why it is not read, if it is not.
    pub fn why_not(&self) -> Option<&str> {
        match &self.verdict {
            PlanVerdict::In { .. } => None,
            PlanVerdict::Waits => Some("new; waits for confirmation"),
            PlanVerdict::Out { because, .. } => Some(because),
        }
    }
}

/// Which mailboxes a run would read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Mailboxes in order of tenant and address.
    pub lines: Vec<PlanLine>,
    /// Digest of the tenants' mailboxes in scope; `None` where there are none, or where the lines are not
    /// all of them.
    pub digest: Option<String>,
    /// Tenants that could not be listed; their mailboxes are missing.
    pub failed: Vec<FailedTenant>,
}

/// A tenant that could not be signed in to or listed: nothing of it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedTenant {
    /// Its name in the configuration.
    pub tenant: String,
    /// Why.
    pub reason: String,
    /// How its mailboxes count as connected.
    pub connection: Connection,
    /// The service's own code.
    pub code: String,
}

/// How much of the CRM files was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CrmCounts {
    /// Contacts of the CRM snapshot.
    pub contacts: usize,
    /// Accounts of the CRM snapshot.
    pub accounts: usize,
    /// Rows of both files that were skipped.
    pub passed_over: usize,
}

/// How a run went.
#[derive(Debug, Clone)]
pub struct RunSummary {
    /// Which run.
    pub run: RunStamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How long lake, state and index took to open and to catch up, before anything was read.
    pub opening: Duration,
    /// A line for each mailbox that was read or tried, in order of tenant and address.
    pub coverage: Vec<Coverage>,
    /// What was found of the tenants' permissions before anything was read.
    pub access: Vec<RunAccess>,
    /// Tenants of which nothing was read, since they could not be listed.
    pub failed_tenants: Vec<FailedTenant>,
    /// Mailboxes that are not read, and why; those that wait for confirmation among them.
    pub left_out: Vec<PlanLine>,
    /// How much of the CRM files was read.
    pub crm: CrmCounts,
    /// Why the search index lags behind the lake, if it does.
    pub index_behind: Option<String>,
    /// Further notes for the user: missing accounts, settings without effect.
    pub notes: Vec<String>,
    /// Whether a signal ended the run early. (`--until` leaves mailboxes that are `stopped`.)
    pub interrupted: bool,
    /// Views that lagged behind and were brought up to date at the start.
    pub caught_up: Vec<String>,
    /// Months whose small files were merged at the end, over all tables.
    pub merged_months: usize,
}

impl RunSummary {
    /// The number of mailboxes that wait for confirmation.
    pub fn waiting(&self) -> usize {
        let lines = self.left_out.iter();
        lines
            .filter(|line| line.verdict == PlanVerdict::Waits)
            .count()
    }

    /// The items of all mailboxes.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        for coverage in &self.coverage {
            total.add(&coverage.tally);
        }
        total
    }
}

/// How far a run is: counters that its tasks raise and the progress display reads.
#[derive(Debug, Default)]
pub struct Progress {
    /// Mailboxes to be read.
    pub mailboxes: AtomicU64,
    /// Mailboxes that are done.
    pub mailboxes_done: AtomicU64,
    /// Items whose outcome is decided.
    pub items: AtomicU64,
    /// Rows committed to `interactions`.
    pub rows: AtomicU64,
    /// Batches committed.
    pub commits: AtomicU64,
    /// Of the rows, those that take the content of a recorded meeting back.
    pub withdrawn: AtomicU64,
    /// Mailboxes whose chains the service forgets from each run to the next.
    pub forgotten: AtomicU64,
}

impl Progress {
    /// Raises a counter.
    pub fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }

    /// Reads a counter.
    pub fn read(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }

    /// What is to be said of the run as a whole.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        let withdrawn = self.withdrawn_note().into_iter();
        withdrawn.chain(self.forgotten_note())
    }

    /// What erasure would still have to take out, where meetings were withdrawn.
    fn withdrawn_note(&self) -> Option<String> {
        let withdrawn = Self::read(&self.withdrawn);
        let text = || {
            format!(
                "{withdrawn} meetings were withdrawn (they became private, internal or excluded); \
                 what their earlier revisions say stays in interactions until it is erased"
            )
        };
        (withdrawn > 0).then(text)
    }

    /// What to do where another installation reads the same mailboxes.
    fn forgotten_note(&self) -> Option<String> {
        let forgotten = Self::read(&self.forgotten);
        let text = || {
            format!(
                "of {forgotten} mailboxes the service forgets every night where reading stood, so \
                 they are read from their beginning: another installation (a test beside \
                 production?) seems to use the same application registration; give each its own"
            )
        };
        (forgotten > 0).then(text)
    }
}
