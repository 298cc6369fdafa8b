//! A row of a cursor file.

/// What a row of a cursor file is. The order is that of the rows of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EntryKind {
    /// The slot itself: row count, hash sum, predecessor, CRM snapshot.
    Slot = 0,
    /// Where reading continues.
    Cursor = 1,
    /// What was counted for a mailbox in a run.
    Count = 2,
}

/// A row of a cursor file; its order is the order in the file, but for the value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub slot: u8,
    pub kind: EntryKind,
    pub mailbox_id: String,
    /// Key of the cursor; of a count, the run; of a slot, nothing.
    pub key: String,
    /// JSON; `None` takes a cursor away.
    pub value: Option<String>,
}
