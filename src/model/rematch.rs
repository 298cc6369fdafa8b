//! What a changed contact book did, or would do, to the history that was captured before.

use std::sync::Arc;

/// How the contact book was matched against all that was captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RematchSummary {
    /// Digest of the book.
    pub book: Arc<str>,
    /// What came of it.
    pub result: RematchResult,
    /// Mails in which the book knows somebody and that have neither subject nor text; counted where
    /// these are withheld of others (`unmatched = "envelope"`).
    pub without_content: u64,
    /// What the user should know of the files.
    pub notes: Vec<String>,
}

/// What came of matching a book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RematchResult {
    /// Nothing was written.
    Planned {
        /// Whose rows would change, in order of contact, then of account.
        changes: Vec<BookChange>,
    },
    /// The tables and the index are as the book says.
    Appended {
        /// On every row that was appended.
        run_id: Arc<str>,
        /// Rows appended to `contact_activity`, closing rows included.
        rows: u64,
        /// Views that were brought up, before and after.
        caught_up: Vec<String>,
    },
}

/// Current rows of one contact, or of one account where no contact matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookChange {
    /// Contact or account.
    pub whose: Whose,
    /// Its name in the new book, or in the rows that go.
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
