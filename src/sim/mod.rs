//! The simulated tenant: a seeded world, what must become of its items, and Graph's protocol over
//! it.

pub mod admin_unit;
pub mod answer;
pub mod assertion;
pub mod batch;
pub mod calendar;
pub mod consent;
pub mod control;
pub mod credentials;
pub mod crm;
pub mod description;
pub mod directory;
pub mod export;
pub mod faults;
pub mod generate;
pub mod grants;
pub mod gzip;
pub mod headers;
pub mod highlights;
pub mod interaction_truth;
pub mod journal;
pub mod mail;
pub mod mailbox_requests;
pub mod outcome;
pub mod paging;
pub mod people;
pub mod permissions;
pub mod person;
pub mod query;
pub mod recording;
pub mod recurrence;
pub mod request;
pub mod rng;
pub mod role;
pub mod server;
pub mod shared;
pub mod spec;
pub mod tenant;
pub mod text;
pub mod throttle;
pub mod token;
pub mod truth;
pub mod wire;
pub mod world;
pub mod zones;

#[cfg(test)]
mod tests;
