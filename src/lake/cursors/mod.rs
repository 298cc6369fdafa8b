//! Where reading continues: files beside the tables, one for each commit, chained slot by slot.

pub(super) mod chain;
pub(super) mod counted_runs;
pub(super) mod entry;
pub(super) mod file;
pub(super) mod record;
