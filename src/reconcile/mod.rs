//! Which of it is news, and what becomes of each item? Pure, but for the state: it reads no mailbox
//! and writes nothing.
//!
//! What an item says by itself is decided by `policy` and `matching`; here it is compared with what
//! was read before.

pub mod calendar;
pub mod earlier_ids;
pub mod mail;
pub mod outcomes;
pub mod unread;
pub mod withheld;
