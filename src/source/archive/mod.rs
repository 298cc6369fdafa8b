//! Mail that lies in files: mbox, Maildir and `.eml`, read as a stream in a fixed order.

pub mod error;
mod folder;
pub mod limits;
mod mail_shape;
pub mod mailbox;
mod maildir;
mod mbox;
mod mbox_files;
pub mod messages;
mod modified_utf7;
mod open;
mod packed;
mod repetition;
mod separator;
pub mod spec;
mod tree;

#[cfg(test)]
mod tests;
