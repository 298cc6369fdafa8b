//! How `[run] memory` is divided among what holds much of it.
//!
//! Each share is a limit of its own, so that nothing that waits for one holds another up: a writer
//! that is committing must never wait for memory that only its commit would set free.

/// The shares of a budget, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// What is indexed and not on disk yet: it becomes segments of that size together, and smaller
    /// ones cost more merging.
    pub index: usize,
    /// Documents that wait for the index: some seconds of work for it.
    pub index_waiting: usize,
    /// The page cache of the state; lookups touch few pages.
    pub state: usize,
    /// Rows of the next commit that are not encoded yet. The more of them are encoded together the
    /// better they compress.
    pub loose_rows: usize,
    /// Decisions and cursors of the next commit.
    pub notes: usize,
    /// Mailbox batches that wait for the writer: while it commits, some seconds of reading.
    pub mailbox_batches: usize,
    /// Messages of archives that are read and not decided yet.
    pub messages: usize,
}

impl Shares {
    /// The shares of a budget of `bytes`. What is left is for the pages of the service that are in
    /// flight or being decided, for files and segments that are written or merged, for the CRM
    /// snapshot, and for what the allocator keeps for the next page.
    pub fn of(bytes: usize) -> Self {
        Self {
            index: bytes / 8,
            index_waiting: bytes / 32,
            state: bytes / 32,
            loose_rows: bytes / 32,
            notes: 3 * bytes / 32,
            mailbox_batches: bytes / 16,
            messages: bytes / 8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_leave_room_for_what_has_none() {
        let bytes = 512_000_000;
        let shares = Shares::of(bytes);
        let taken = shares.index
            + shares.index_waiting
            + shares.state
            + shares.loose_rows
            + shares.notes
            + shares.mailbox_batches
            + shares.messages;
        assert_eq!(bytes - taken, bytes / 2);
    }
}
