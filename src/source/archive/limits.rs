//! How large a message of an archive may be.

/// A message larger than this is not read (`unreadable: too_large`): mail systems refuse such
/// mails, and memory has to stay bounded whatever a file holds.
pub const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// A message up to this size is read without asking for room: see
/// [`crate::source::archive::messages::Messages::next_with`].
pub const SMALL_MESSAGE_BYTES: usize = 4 << 20;
