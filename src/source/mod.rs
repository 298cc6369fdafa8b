//! What is the next page? Sources fetch or read, split into items, and leave the reading to
//! `decode`.

pub mod archive;
pub mod error;
pub mod folder;
pub mod graph;
pub mod listing;
pub mod retry_action;
pub(crate) mod service;
pub mod tenant;
