#![doc = include_str!("ARCHITECTURE.md")]

// The rooms, in alphabetical order; `src/ARCHITECTURE.md` has the order in which data flows.
pub mod cli;
pub mod config;
pub mod decode;
pub mod index;
pub mod lake;
pub mod maintenance;
pub mod matching;
pub mod model;
pub mod pipeline;
pub mod policy;
pub mod reconcile;
pub mod report;
pub mod runtime;
pub mod scope;
pub mod sim;
pub mod source;
pub mod state;
pub mod sync;
