//! What does this page contain? Pure, and it never fails: it returns an item and its problems.

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
