#![doc = include_str!("ARCHITECTURE.md")]

// The rooms, in the order in which data flows through them.
pub mod cli;
pub mod model;
pub mod runtime;
pub mod sim;
