//! What is done with a lake besides reading mailboxes: matching it against another CRM snapshot, and
//! checking it.

pub(crate) mod linking;
pub(crate) mod rematch;
pub(crate) mod verify;
