//! Is all of this mailbox here?
//!
//! A mailbox is read from where its cursors are, its items are decided (`reconcile`) and sent to
//! the writer in batches, each with the cursors of the same pages.

pub mod archive;
pub mod batch;
pub mod calendar;
pub mod context;
pub mod cursors;
pub mod decoding;
pub mod in_flight;
pub mod job;
pub mod mail;
pub mod mailbox;
pub mod schedule;
