//! The client against a small server that says what each test needs.

mod calendar;
mod directory;
mod folders;
mod limits;
mod mail;
mod refusals;
pub(crate) mod server;
