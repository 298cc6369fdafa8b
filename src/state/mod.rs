//! What was already seen? A cache of the lake's answers that anyone may delete.
//!
//! One redb file holds, for every slot, the lake version that it has reached, and up to that
//! version: what became of every item, which interactions each mailbox has recorded, what waits of
//! its calendar, and the newest cursors. Whatever is missing or damaged is rebuilt from the lake.

pub mod calendar;
pub mod error;
pub mod key;
pub mod meeting_row;
pub mod meetings;
pub mod pending;
pub mod rebuild;
pub mod records;
pub mod sorter;
pub mod store;
mod tables;
pub mod uncommitted;
pub mod view;

#[cfg(test)]
mod tests;
