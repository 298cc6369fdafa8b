//! What is done with a lake besides reading mailboxes: matching it against another CRM snapshot, and
//! checking it.

pub mod rematch;
pub mod verify;
