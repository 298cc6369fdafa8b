//! What is done with a lake besides reading mailboxes: matching it against another CRM snapshot,
//! checking it, and asking it who knows whom.

pub(crate) mod linking;
pub(crate) mod names;
pub(crate) mod rematch;
pub(crate) mod verify;
pub(crate) mod who;
