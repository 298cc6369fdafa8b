//! Mailboxes of the simulated tenant: mails, what becomes of them, and Graph's protocol.

pub mod changes;
pub mod compose;
pub mod delivery;
pub mod delta;
pub mod folder_listing;
pub mod folders;
pub mod generate;
pub mod listing;
pub mod mailbox;
pub mod position;
pub mod render;
pub mod round;
pub mod truth;
pub mod variants;
