//! Faults of the simulated service: `[[faults]]` of a world file, to whom and when they happen, and
//! what the service then does. They disturb the service only: what must become of each item stays
//! the same.

pub mod connection;
pub mod distort;
pub mod fault;
pub mod marked;
pub mod random;
pub mod refusal;
pub mod request_kind;
pub mod schedule;
