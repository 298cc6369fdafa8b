//! What is the next page? Sources fetch or read, split into items, and leave the reading to
//! `decode`.

pub mod archive;
pub mod graph;
