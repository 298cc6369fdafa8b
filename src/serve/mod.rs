//! What does a reader see? Pages and a JSON API over the lake and the index of a configuration, for
//! readers on this machine, or behind access tokens or a proxy that signs them in.
//!
//! Nothing is changed by a request, and a page needs no script and nothing from elsewhere. What a
//! reader may see is decided by [`visible`], before an answer is written as a page or as JSON.

mod access_log;
mod answers;
mod api;
mod connections;
mod coverage;
mod current;
mod failure;
mod guard;
pub(crate) mod listening;
mod mailboxes;
mod pages;
mod parameters;
mod readers;
mod routes;
mod server;
mod touches;
mod visible;
