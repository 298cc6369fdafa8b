//! The simulated tenant: a seeded world, its planted truth, and Graph's protocol over it.

pub mod answer;
pub mod batch;
pub mod calendar;
pub mod changes;
pub mod classes;
pub mod control;
pub mod crm;
pub mod crm_changes;
pub mod delta;
pub mod description;
pub mod dice;
pub mod directory;
pub mod export;
pub mod faults;
pub mod folders;
pub mod headers;
pub mod highlights;
pub mod journal;
pub mod listing;
pub mod mail;
pub mod paging;
pub mod people;
pub mod permissions;
pub mod query;
pub mod recording;
pub mod recurrence;
pub mod render;
pub mod request;
pub mod round;
pub mod server;
pub mod spec;
pub mod tenant;
pub mod text;
pub mod throttle;
pub mod token;
pub mod truth;
pub mod world;
pub mod zones;

#[cfg(test)]
mod gates;
#[cfg(test)]
mod planted;
#[cfg(test)]
mod strict;
#[cfg(test)]
mod traps;
#[cfg(test)]
mod visitor;
