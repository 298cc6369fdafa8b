//! The mail of one mailbox while it is read: what its parts share.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashSet;
use tokio::sync::OwnedSemaphorePermit;

use crate::config::capture::Meetings;
use crate::model::coverage::Cost;
use crate::model::cursor::ListCursor;
use crate::model::time::Timestamp;
use crate::source::service::MailboxService;
use crate::sync::context::Context;
use crate::sync::delta::ChainError;
use crate::sync::in_flight::Turn;
use crate::sync::job::GraphJob;
use crate::sync::mail::folder_delta::FolderDelta;
use crate::sync::mail::folders::FolderContexts;
use crate::sync::mail::seen_ids::SeenIds;
use crate::sync::mailbox::MailboxSync;
use crate::sync::singles::Singles;

/// The mail of one mailbox while it is read.
pub(super) struct MailSync<'a, S> {
    pub(super) sync: MailboxSync<'a>,
    pub(super) turn: Turn,
    pub(super) service: S,
    pub(super) captures_mail: bool,
    pub(super) captures_meetings: Meetings,
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
    /// Chains that were to continue where the last run left them.
    pub(super) kept: usize,
    /// Of these, the ones that the service had lost.
    pub(super) forgotten: usize,
    /// Items that are requested one by one.
    pub(super) singles: Singles,
    /// How it learns which mails are private.
    pub(super) privacy: Privacy,
    /// Mails that were recorded although it is unknown whether they are private.
    pub(super) of_unknown_privacy: usize,
    /// The permit to read folders from their beginning whose chains the service lost.
    pub(super) resync: Option<OwnedSemaphorePermit>,
}

impl<'a, S: MailboxService> MailSync<'a, S> {
    pub(super) fn new(context: &'a Context, job: GraphJob, service: S, turn: Turn) -> Self {
        Self {
            service,
            sync: MailboxSync::new(context, job.mailbox),
            turn,
            captures_mail: job.captures_mail,
            captures_meetings: job.captures_meetings,
            folders: FolderContexts::default(),
            lists: BTreeMap::new(),
            left: Vec::new(),
            gone: Vec::new(),
            ended: Vec::new(),
            seen_ids: SeenIds::default(),
            missing_items: Vec::new(),
            unproven: 0,
            listed: 0,
            kept: 0,
            forgotten: 0,
            singles: Singles::default(),
            privacy: Privacy::Unasked,
            of_unknown_privacy: 0,
            resync: None,
        }
    }

    /// What the mailbox has cost so far.
    pub(super) fn total_cost(&self) -> Cost {
        self.service.total_cost()
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
