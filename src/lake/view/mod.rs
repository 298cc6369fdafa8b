//! The table `contact_activity`: a view of `interactions` and the contacts of the CRM.

pub mod advance;
pub mod rematch;

pub(super) mod derive;
pub(super) mod diff;
pub(super) mod scan;

mod verify;
