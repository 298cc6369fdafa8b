//! What does this page say? Pure, and it never fails: an item and what is wrong with it.

pub mod bulk;
pub mod graph;
pub mod html;
pub mod mime;
