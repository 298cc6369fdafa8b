//! The mail of one mailbox while it is read: what its parts share.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashSet;
use tokio::sync::OwnedSemaphorePermit;

use crate::config::capture::Meetings;
use crate::model::cursor::ListCursor;
use crate::model::time::Timestamp;
use crate::source::service::MailboxService;
use crate::sync::delta::ChainError;
use crate::sync::in_flight::Turn;
use crate::sync::mail::folder_delta::FolderDelta;
use crate::sync::mail::folders::FolderContexts;
use crate::sync::mail::seen_ids::SeenIds;
use crate::sync::mailbox::MailboxSync;
use crate::sync::singles::Singles;

/// The mail of a service's mailbox. It is complete when it agrees with the counts of its folders.
#[derive(Debug)]
pub(crate) struct MailSource<'a, S> {
    /// Of the mailbox.
    pub service: &'a S,
    /// Whether the settings of today let mail be captured.
    pub captures_mail: bool,
    /// Which meetings they let be captured.
    pub captures_meetings: Meetings,
    /// Whether shared mailboxes are read.
    pub reads_shared: bool,
}

/// The mail of one mailbox while it is read.
pub(super) struct MailSync<'s, 'c, S> {
    pub(super) sync: &'s mut MailboxSync<'c>,
    pub(super) turn: &'s mut Turn,
    pub(super) service: &'s S,
    pub(super) captures_mail: bool,
    pub(super) captures_meetings: Meetings,
    pub(super) reads_shared: bool,
    pub(super) folders: FolderContexts,
    /// Why folders were left for the next run.
    pub(super) left: Vec<ChainError>,
    /// Folders that were listed and then reported as gone.
    pub(super) gone: Vec<Arc<str>>,
    /// Folders that earlier runs had to read by plain lists.
    pub(super) lists: BTreeMap<String, ListCursor>,
    /// Chains whose rounds have ended, to be compared with what their folders say they hold.
    pub(super) ended: Vec<FolderDelta>,
    /// What the first rounds of this run have returned.
    pub(super) seen_ids: SeenIds,
    /// Folders of which items are missing.
    pub(super) missing_items: Vec<MissingItems>,
    /// Folders whose counts could not be checked.
    pub(super) unproven: usize,
    /// Folders that were read by plain lists.
    pub(super) listed: usize,
    /// Whether its window became wider.
    pub(super) is_widened: bool,
    /// Chains that were to continue where the last run left them.
    pub(super) kept: usize,
    /// Of these, the ones that the service had lost.
    pub(super) forgotten: usize,
    /// Items that are requested one by one.
    pub(super) singles: Singles,
    /// How it learns which mails are private.
    pub(super) privacy: Privacy,
    /// The permit to read folders from their beginning whose chains the service lost.
    pub(super) resync: Option<OwnedSemaphorePermit>,
}

impl<'s, 'c, S: MailboxService> MailSync<'s, 'c, S> {
    pub(super) fn new(
        sync: &'s mut MailboxSync<'c>,
        source: &MailSource<'s, S>,
        turn: &'s mut Turn,
    ) -> Self {
        Self {
            sync,
            turn,
            service: source.service,
            captures_mail: source.captures_mail,
            captures_meetings: source.captures_meetings,
            reads_shared: source.reads_shared,
            folders: FolderContexts::default(),
            lists: BTreeMap::new(),
            left: Vec::new(),
            gone: Vec::new(),
            ended: Vec::new(),
            seen_ids: SeenIds::default(),
            missing_items: Vec::new(),
            unproven: 0,
            listed: 0,
            is_widened: false,
            kept: 0,
            forgotten: 0,
            singles: Singles::default(),
            privacy: Privacy::Unasked,
            resync: None,
        }
    }
}

/// How this run learns which mails are private.
#[derive(Debug)]
pub(super) enum Privacy {
    /// It was not requested yet.
    Unasked,
    /// By the list of the whole mailbox.
    Listed {
        /// Those that are private.
        ids: Arc<HashSet<String>>,
        /// The service's time when it was requested.
        at: Timestamp,
    },
    /// Mail by mail: the service does not list them.
    Singly,
    /// Not at all: the permission does not show it.
    Hidden,
}

/// A folder of which not all items were seen.
#[derive(Debug)]
pub(super) struct MissingItems {
    /// Items that were read.
    pub(super) walked: u64,
    /// Items that the folder says it holds.
    pub(super) held: u64,
}
