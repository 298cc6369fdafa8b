//! What a changed CRM snapshot did, or would do, to the history captured before.

use std::sync::Arc;

/// The result of matching a CRM snapshot against everything captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RematchSummary {
    /// Digest of the CRM snapshot.
    pub snapshot: Arc<str>,
    /// What came of it.
    pub result: RematchResult,
    /// Mails with a contact match that have neither subject nor text; counted if content is
    /// withheld from unmatched mails (`unmatched = "envelope"`).
    pub without_content: u64,
    /// Notes for the user about the CRM files.
    pub notes: Vec<String>,
}

/// The outcome of matching a CRM snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RematchResult {
    /// Nothing was written.
    Planned {
        /// Whose rows would change, in order of contact, then of account.
        changes: Vec<SnapshotChange>,
    },
    /// The tables and the index agree with the CRM snapshot.
    Appended {
        /// On every row that was appended.
        run_id: Arc<str>,
        /// Rows appended to `contact_activity`, closing rows included.
        rows: u64,
        /// Views that were brought up to date, before and after.
        caught_up: Vec<String>,
    },
}

/// Current rows of one contact, or of one account where no contact matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotChange {
    /// Contact or account.
    pub whose: Whose,
    /// Its name in the new CRM snapshot, or in the rows that are removed.
    pub name: Option<Arc<str>>,
    /// Rows that are not there, or say something else now.
    pub come: u64,
    /// Rows that are no longer current then, or say something else.
    pub go: u64,
}

/// The contact of a row, or its account where it has no contact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whose {
    /// The CRM's id of a contact.
    Contact(Arc<str>),
    /// The CRM's id of an account.
    Account(Arc<str>),
}
