//! What does this page say? Pure, and it never fails: an item and what is wrong with it.

pub mod author;
pub mod bulk;
pub mod event;
pub mod graph;
pub mod html;
mod kept;
mod lenient;
pub mod mime;
#[cfg(test)]
mod tests;
