//! What does this page say? Pure: bytes in, items out, and never a failure.

pub mod bulk;
pub mod html;
pub mod mime;
