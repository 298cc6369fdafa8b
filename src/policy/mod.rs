//! Is it kept, and if not, why? Pure: a mail and the rules go in, one answer comes out.

pub mod exclusions;
pub mod identity;
pub mod judge;
pub mod participants;
pub mod settings;
