//! Calendars of the simulated tenant: meetings, what becomes of them, and Graph's protocol.

pub mod delta;
pub mod forms;
pub mod invent;
pub mod listing;
pub mod meeting;
pub mod recurring;
pub mod render;
pub mod round;
pub mod stories;
pub mod truth;
pub mod whole_days;
pub mod zones;

#[cfg(test)]
mod planted;
#[cfg(test)]
mod traps;
#[cfg(test)]
mod zone_traps;
