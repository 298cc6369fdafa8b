//! What are the things called? The nouns of every other room: no I/O, no threads, no clock.

pub mod activity;
pub mod address;
pub mod columns_hash;
pub mod contact;
pub mod content_hash;
pub mod coverage;
pub mod cursor;
pub mod directory;
pub mod event;
pub mod freemail;
pub mod id;
pub mod interaction;
pub mod limits;
pub mod mail;
pub mod mail_date;
pub mod mailbox;
pub mod outcome;
pub mod page;
pub mod recurrence;
pub mod rematch;
pub mod run;
pub mod shard;
pub mod time;
pub mod zone;
