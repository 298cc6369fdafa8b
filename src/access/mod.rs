//! Which mailboxes of a tenant are in scope, and whether the service lets the application read
//! these and no others.

pub mod directory;
pub mod error;
pub mod input;
