//! Is it kept, and if not, why? Pure: a function of an item and the rules.

pub mod capture_policy;
pub mod exclusions;
pub mod global_object_id;
pub mod identity;
pub mod meeting;
pub mod meeting_identity;
pub mod original_day;
pub mod participants;
pub mod settings;
