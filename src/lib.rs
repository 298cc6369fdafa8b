#![doc = include_str!("ARCHITECTURE.md")]

// The rooms, in the order in which data flows through them.
pub mod config;
pub mod matching;
pub mod model;
pub mod policy;
pub mod runtime;
pub mod scope;
