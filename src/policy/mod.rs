//! Is it kept, and if not, why? Pure: a function of an item and the rules.

pub(crate) mod capture_policy;
pub(crate) mod exclusions;
pub(crate) mod global_object_id;
pub(crate) mod identity;
pub(crate) mod meeting;
pub(crate) mod meeting_identity;
pub(crate) mod original_day;
pub(crate) mod participants;
mod recorded_rule;
pub(crate) mod settings;
