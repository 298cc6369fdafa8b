//! What becomes of the items of some pages of one mailbox.
//!
//! What an item says by itself is decided by `policy` and `matching`, in parallel
//! ([`MailReconciler::classify`]). What needs memory of what was read before (unchanged items,
//! further copies) is decided here, in the order in which the items were read
//! ([`MailReconciler::finalize`]).

mod classify;
mod finalize;
pub(crate) mod items;
mod traced;

use std::sync::Arc;

use crate::config::capture::Unmatched;
use crate::matching::Matcher;
use crate::model::activity::ContactMatch;
use crate::model::activity::MatchedInteraction;
use crate::model::interaction::Interaction;
use crate::model::mailbox::Mailbox;
use crate::policy::capture_policy;
use crate::policy::capture_policy::CapturePolicy;
use crate::reconcile::earlier_ids::EarlierIds;
use crate::reconcile::withheld::WithheldMails;
use crate::state::store::State;

/// Everything that decisions about one mailbox need.
#[derive(Debug)]
pub(crate) struct MailReconciler {
    /// Whose items they are.
    pub mailbox: Arc<Mailbox>,
    /// The policy for this mailbox in this run.
    pub policy: CapturePolicy,
    /// The CRM snapshot.
    pub matcher: Arc<Matcher>,
    /// What was seen before.
    pub state: Arc<State>,
    /// What becomes of a mail without contacts.
    pub unmatched: Unmatched,
    /// Whether all that is not recorded is decided again, even if it says nothing new.
    pub again: bool,
    /// Recorded mails of which the content is needed now.
    pub withheld: Arc<WithheldMails>,
    /// Mails that may be recorded under an earlier id.
    pub earlier: EarlierIds,
}

impl MailReconciler {
    /// A row with its contacts. Without contacts, content is withheld as configured; `None`: the
    /// row is not kept at all.
    pub(crate) fn matched(
        &self,
        mut interaction: Interaction,
        contact_matches: Vec<ContactMatch>,
    ) -> Option<MatchedInteraction> {
        if contact_matches.is_empty() {
            match self.unmatched {
                Unmatched::Keep => {}
                Unmatched::Envelope => capture_policy::withhold_content(&mut interaction),
                Unmatched::Skip => return None,
            }
        }
        Some(MatchedInteraction {
            interaction,
            contact_matches,
        })
    }
}
