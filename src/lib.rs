#![doc = include_str!("ARCHITECTURE.md")]

// The rooms, in the order in which data flows through them.
pub mod cli;
pub mod index;
pub mod model;
pub mod report;
pub mod runtime;
pub mod state;
