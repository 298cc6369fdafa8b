//! What was already seen? A cache of the lake's answers that anyone may delete.
//!
//! One redb file holds, for every slot, the lake version that it has reached, and up to that
//! version: what became of every item, which interactions each mailbox has recorded, what waits of
//! its calendar, and the newest cursors. Whatever is missing or damaged is rebuilt from the lake.

pub(crate) mod calendar;
pub(crate) mod error;
pub(crate) mod key;
pub(crate) mod meeting_row;
pub(crate) mod meetings;
pub(crate) mod packed;
pub(crate) mod pending;
pub(crate) mod rebuild;
pub(crate) mod records;
pub(crate) mod sorter;
pub(crate) mod store;
mod table_writes;
mod tables;
pub(crate) mod uncommitted;
pub(crate) mod view;

#[cfg(test)]
mod tests;
