//! Is it kept, and if not, why? Pure: an item and the rules go in, one answer comes out.

pub mod exclusions;
pub mod global_object_id;
pub mod identity;
pub mod judge;
pub mod meeting;
pub mod meeting_identity;
pub mod original_day;
pub mod participants;
pub mod settings;
