//! Faults of the simulated service: `[[faults]]` of a world file, to whom and when they happen, and
//! what the service then does. They disturb the service only: the planted truth stays the truth.

pub mod asked;
pub mod connection;
pub mod distort;
pub mod fault;
pub mod marked;
pub mod random;
pub mod refusal;
pub mod schedule;

#[cfg(test)]
mod answers;
#[cfg(test)]
mod tests;
