//! Calendars of the simulated tenant: meetings, what becomes of them, and Graph's protocol.

pub mod changes;
pub mod compose;
pub mod delta;
pub mod generate;
pub mod lifecycle;
pub mod listing;
pub mod meeting;
pub mod plan;
pub mod position;
pub mod recurring;
pub mod render;
pub mod round;
pub mod schedules;
pub mod truth;
pub mod variants;
pub mod whole_days;
pub mod zones;
