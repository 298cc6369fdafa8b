//! Which mailboxes of a tenant are in scope, and whether the service lets the application read
//! these and no others.

pub mod check;
pub mod consent;
pub mod consent_link;
pub(crate) mod directory;
pub mod error;
pub(crate) mod gate;
pub mod input;
pub(crate) mod kinds;
mod probes;
pub(crate) mod survey;
