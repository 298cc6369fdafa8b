//! What is done with a lake besides reading mailboxes: matching it against another CRM snapshot,
//! checking it, asking it who knows whom, and reading one interaction of it.

pub(crate) mod export;
pub(crate) mod linking;
pub(crate) mod names;
pub(crate) mod rematch;
pub(crate) mod show;
pub(crate) mod statuses;
pub(crate) mod verify;
pub(crate) mod who;
