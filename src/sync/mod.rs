//! Is all of this mailbox here?
//!
//! A mailbox is read from where its cursors are, its items are decided (`reconcile`) and sent to
//! the writer in batches, each with the cursors of the same pages.

mod absence;
pub(crate) mod admission;
pub(crate) mod archive;
pub(crate) mod batch;
pub(crate) mod calendar;
pub(crate) mod connections;
pub(crate) mod context;
pub(crate) mod cursors;
pub(crate) mod decoding;
pub(crate) mod delta;
pub(crate) mod error;
pub(crate) mod history;
pub(crate) mod in_flight;
pub(crate) mod job;
#[cfg(test)]
pub(crate) mod json_lines;
mod loop_detector;
pub(crate) mod mail;
pub(crate) mod mailbox;
pub(crate) mod mailbox_source;
pub(crate) mod order;
pub(crate) mod privacy;
pub(crate) mod retries;
pub(crate) mod schedule;
pub(crate) mod setting_changes;
pub(crate) mod singles;
pub(crate) mod tenant_mailbox;
pub(crate) mod withheld;
