#![doc = include_str!("ARCHITECTURE.md")]

// The rooms, in alphabetical order; `src/ARCHITECTURE.md` has the order in which data flows.
pub mod config;
pub mod decode;
pub mod index;
pub mod matching;
pub mod model;
pub mod policy;
pub mod report;
pub mod runtime;
pub mod scope;
pub mod source;
pub mod state;
