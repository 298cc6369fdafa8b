//! Which of it is news, and what becomes of each item? Pure, but for the state: it reads no mailbox
//! and writes nothing.
//!
//! What an item says by itself is decided by `policy` and `matching`; here it is compared with what
//! was read before.

pub(crate) mod calendar;
pub(crate) mod earlier_ids;
pub(crate) mod mail;
pub(crate) mod outcomes;
pub(crate) mod unread;
pub(crate) mod withheld;
