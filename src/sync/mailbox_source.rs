//! The seam for sources: what stands behind it is read in one way, whatever it is.

use std::fmt::Debug;

use futures_util::future::LocalBoxFuture;

use crate::model::coverage::Status;
use crate::sync::error::SyncError;
use crate::sync::in_flight::Turn;
use crate::sync::mailbox::MailboxSync;

/// A mailbox while it is read: how far it was read.
pub(crate) type Reading<'a> = LocalBoxFuture<'a, Result<Status, SyncError>>;

/// A mailbox of whatever source.
///
/// An implementation restores where it was left ([`MailboxSync::known`]), opens the mailbox
/// ([`MailboxSync::open`]), and hands over its pages in their order ([`MailboxSync::record`]):
///
/// - Pages are **complete**: every item is whole, so that it is decided once. What a page contained
///   only in part was requested singly, and what is unavailable is an unreadable item.
/// - With pages go the **cursors** that lead on after them; both become visible in one commit. What
///   must not be requested before that commit waits for the ticket ([`Turn::wait_for`]).
/// - [`Status::Complete`] means that everything which the source can count agrees with what was
///   read. What cannot be checked is remarked, and what is missing is [`Status::Incomplete`].
pub(crate) trait MailboxSource: Debug {
    /// Reads what is new, and hands it to `sync`.
    ///
    /// # Errors
    /// Why the mailbox was not read to its end. What was handed over stays.
    fn read<'a>(&'a mut self, sync: &'a mut MailboxSync<'_>, turn: &'a mut Turn) -> Reading<'a>;
}
