//! Rows of the tables: their columns, and how they become record batches and come back.

pub mod column;
pub mod schema;

pub(super) mod activity;
pub(super) mod audit;
pub(super) mod cells;
pub(super) mod columns;
pub(super) mod coverage;
pub(super) mod crm;
pub(super) mod fingerprint;
pub(super) mod interaction;
pub(super) mod keys;
pub(super) mod projection;
pub(super) mod relationship;
pub(super) mod row_hash;

mod kinds;
mod mailbox;
mod names;
pub(super) mod participants;
