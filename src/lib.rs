#![doc = include_str!("ARCHITECTURE.md")]

// The rooms, in alphabetical order; `src/ARCHITECTURE.md` has the order in which data flows.
pub mod access;
pub mod cli;
pub mod config;
pub mod decode;
pub mod index;
pub mod insight;
pub mod lake;
pub(crate) mod maintenance;
pub mod matching;
pub mod model;
pub mod pipeline;
pub(crate) mod policy;
pub(crate) mod reconcile;
pub mod report;
pub mod runtime;
pub(crate) mod scope;
pub(crate) mod serve;
pub mod sim;
pub mod source;
pub(crate) mod state;
pub(crate) mod sync;
