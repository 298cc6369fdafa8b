//! The local disk: files that last, locks, and files that no commit names.

pub(super) mod disk;
pub(super) mod lock;
pub(super) mod orphans;
pub(super) mod spill;
pub(super) mod step;
