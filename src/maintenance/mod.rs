//! What is done with a lake besides reading mailboxes: matching it against another CRM snapshot,
//! checking it, asking it who knows whom, reading one interaction of it, and saying why something is in it.

pub(crate) mod export;
pub(crate) mod linking;
mod mailbox_facts;
pub(crate) mod names;
mod newest;
pub(crate) mod rematch;
pub(crate) mod show;
pub(crate) mod statuses;
pub(crate) mod verify;
pub(crate) mod who;
pub(crate) mod why;
mod why_error;
