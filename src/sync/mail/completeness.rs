//! Check of completeness: the item count of a folder against what its chain returned.
//!
//! A chain has no filter, so the first round of a folder returns all mails in it: as many different
//! ids as the folder counts, except items of other kinds, which it counts too (facts 1.10). For
//! later rounds there is no such sum (items are repeated, move in and out, and are lost on their
//! way back, facts 1.7); there the count is compared only as long as nothing was returned, and
//! otherwise the ids are listed.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::model::cursor::CompletenessCheck;
use crate::model::cursor::CursorRecord;
use crate::model::id::Id128;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::reconcile::mail::MailReconciler;
use crate::source::retry_action::RetryAction;
use crate::source::service::MailboxService;
use crate::sync::cursors;
use crate::sync::error::SyncError;
use crate::sync::mail::folder_delta;
use crate::sync::mail::folder_delta::FolderDelta;
use crate::sync::mail::mail_sync::MailSync;
use crate::sync::mail::mail_sync::MissingItems;

/// A folder is checked again after this many days: an item that a chain has lost is missing for a
/// month at most, and a folder of 30,000 mails costs one request a day.
const PROOF_DAYS: i64 = 30;
/// Folders that were connected in one run are not all checked in one run: each is checked up to
/// this many days earlier.
const SPREAD_DAYS: i64 = 10;
/// A folder whose count exceeds what its chain returned, and that cannot be listed, is read again
/// from its beginning if its chain was begun this many days ago.
const BEGUN_AGAIN_DAYS: i64 = 30;
/// At most this many counts are requested folder by folder; the listing of all folders is cheaper
/// for more.
const ASKED_SINGLY: usize = 4;

/// A folder whose count differs from what was seen.
#[derive(Debug)]
pub(super) struct CountMismatch {
    delta: FolderDelta,
    /// Items that the first round returned, the known unlistable items included; `None`: unknown.
    walked: Option<u64>,
    /// Items that the folder says it holds.
    held: u64,
}

impl CountMismatch {
    /// What was read; if unknown (a first round that took several runs), all that the chain ever
    /// returned, which may be more.
    fn walked_at_most(&self) -> u64 {
        let unlistable = self
            .delta
            .completeness
            .map_or(0, |completeness| completeness.unlistable);
        self.walked.unwrap_or(self.delta.items + unlistable)
    }
}

/// What the counts of folders say of their chains.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// Folders whose counts differ from what their chains returned.
    pub mismatches: Vec<CountMismatch>,
    /// Chains that are followed once more before the difference counts: what arrived while they
    /// were read, or while the folder counted, follows by their deltaLinks.
    pub unfinished: Vec<FolderDelta>,
}

impl<S: MailboxService> MailSync<'_, '_, S> {
    /// Compares the folders whose rounds have ended with their own counts, where that is due. What
    /// is proven goes to `cursors`, what is not is given back.
    pub(super) async fn mismatches(
        &mut self,
        cursors: &mut Vec<CursorRecord>,
    ) -> Result<Checked, SyncError> {
        let now = self.service.service_time();
        let mailbox_id = self.sync.mailbox.id.clone();
        let mut due = Vec::new();
        for delta in std::mem::take(&mut self.ended) {
            let walked = self.seen_ids.count(&delta.folder.id);
            if walked.is_some() || is_due(&mailbox_id, &delta, now) {
                due.push((delta, walked));
            }
        }
        let counts = self.counts(&due).await?;
        let mut checked = Checked::default();
        for (mut delta, walked) in due {
            let Some(held) = counts.get(&delta.folder.id).copied().flatten() else {
                // It is gone by now, or has no count.
                continue;
            };
            let unlistable = delta
                .completeness
                .map_or(0, |completeness| completeness.unlistable);
            let walked = walked.map(|walked| walked + unlistable);
            let is_as_before = |completeness: CompletenessCheck| {
                (completeness.items, completeness.count) == (delta.items, held)
            };
            let is_proven = walked == Some(held)
                || held == 0
                || (walked.is_none() && delta.completeness.is_some_and(is_as_before));
            if is_proven {
                cursors.push(proven(&mailbox_id, delta, now, held, unlistable));
            } else if delta.was_followed_up {
                checked.mismatches.push(CountMismatch {
                    delta,
                    walked,
                    held,
                });
            } else {
                delta.was_followed_up = true;
                checked.unfinished.push(delta);
            }
        }
        Ok(checked)
    }

    /// The item counts of folders: requested again if they are compared with what was read just
    /// now, as listed at the start if they only show whether anything changed.
    async fn counts(
        &mut self,
        due: &[(FolderDelta, Option<u64>)],
    ) -> Result<HashMap<Arc<str>, Option<u64>>, SyncError> {
        let mut counts: HashMap<Arc<str>, Option<u64>> = due
            .iter()
            .map(|(delta, _)| (delta.folder.id.clone(), delta.folder.total_item_count))
            .collect();
        let walked = due.iter().filter(|(delta, walked)| {
            // A folder that had no count has none now.
            walked.is_some() && delta.folder.total_item_count.is_some()
        });
        let walked: Vec<&Arc<str>> = walked.map(|(delta, _)| &delta.folder.id).collect();
        if walked.len() <= ASKED_SINGLY {
            for folder in walked {
                counts.insert(folder.clone(), self.count(folder).await?);
            }
            return Ok(counts);
        }
        let listed = self
            .sync
            .context
            .unless_stopped(self.service.folders())
            .await;
        let listed = self.tolerate(listed)?.unwrap_or_default();
        for folder in walked {
            let found = listed.iter().find(|listed| listed.id == *folder);
            counts.insert(
                folder.clone(),
                found.and_then(|found| found.total_item_count),
            );
        }
        Ok(counts)
    }

    async fn count(&mut self, folder: &str) -> Result<Option<u64>, SyncError> {
        let asked = self.service.item_count(folder);
        let answer = self.sync.context.unless_stopped(asked).await;
        Ok(self.tolerate(answer)?.flatten())
    }

    /// The answer. An unavailable count leaves the check due, and has no other effect.
    fn tolerate<T>(&mut self, answer: Result<T, SyncError>) -> Result<Option<T>, SyncError> {
        match answer {
            Err(SyncError::Service(error)) if error.action() == RetryAction::FolderGone => Ok(None),
            Err(SyncError::Service(error)) if folder_delta::is_of_one_folder(&error) => {
                self.unproven += 1;
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    /// Lists the ids of folders with differences, reads what was not seen, and keeps what neither
    /// chain nor list returns as the folder's known unlistable items.
    pub(super) async fn prove(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        mismatches: Vec<CountMismatch>,
    ) -> Result<(), SyncError> {
        if mismatches.is_empty() {
            return Ok(());
        }
        let mailbox_id = self.sync.mailbox.id.clone();
        let mut cursors = Vec::new();
        for mismatch in mismatches {
            let folder = mismatch.delta.folder.id.clone();
            match self.complete(reconciler, &folder).await {
                Ok(listed) => {
                    let now = self.service.service_time();
                    // Of the counts before and after the list the smaller: what came or went in
                    // between is no unlistable items.
                    let after = self.count(&folder).await?.unwrap_or(mismatch.held);
                    let unlistable = mismatch.held.min(after).saturating_sub(listed);
                    cursors.push(proven(
                        &mailbox_id,
                        mismatch.delta,
                        now,
                        mismatch.held,
                        unlistable,
                    ));
                }
                Err(SyncError::Service(error)) if error.action() == RetryAction::FolderGone => {}
                Err(SyncError::Service(error)) if folder_delta::is_of_one_folder(&error) => {
                    cursors.extend(self.unproven(&mismatch));
                }
                Err(error) => {
                    self.record_cursors(cursors).await?;
                    return Err(error);
                }
            }
        }
        self.record_cursors(cursors).await
    }

    /// Gives the number of items that were listed.
    async fn complete(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        folder: &Arc<str>,
    ) -> Result<u64, SyncError> {
        let listed = self.list_ids(folder, None, false).await?;
        tracing::info!(
            unseen = listed.unseen.len(),
            listed = listed.count,
            "a folder was listed because its count and its chain differ"
        );
        self.read_unseen(reconciler, folder, None, listed).await
    }

    /// A folder that cannot be listed. Its chain works, so it continues, and the check stays due.
    /// If items are missing, the folder is read again from its beginning once a month.
    fn unproven(&mut self, mismatch: &CountMismatch) -> Option<CursorRecord> {
        let walked = mismatch.walked_at_most();
        if walked >= mismatch.held {
            self.unproven += 1;
            return None;
        }
        self.missing_items.push(MissingItems {
            walked,
            held: mismatch.held,
        });
        let delta = &mismatch.delta;
        self.folders.is_sent_incomplete |= delta.folder.is_sent;
        let age = self.service.service_time().0 - delta.begun_at().0;
        (age >= BEGUN_AGAIN_DAYS * DAY)
            .then(|| cursors::delete_folder_cursor(&self.sync.mailbox.id, &delta.folder.id))
    }

    /// The missing items of all folders, if there are any, as an error.
    pub(super) fn incomplete(&self) -> Result<(), SyncError> {
        if self.missing_items.is_empty() {
            return Ok(());
        }
        Err(SyncError::Incomplete {
            folders: self.missing_items.len(),
            held: self.missing_items.iter().map(|missing| missing.held).sum(),
            walked: self
                .missing_items
                .iter()
                .map(|missing| missing.walked)
                .sum(),
        })
    }
}

fn proven(
    mailbox_id: &str,
    delta: FolderDelta,
    at: Timestamp,
    count: u64,
    unlistable: u64,
) -> CursorRecord {
    let items = delta.items;
    let unlistable = unlistable.min(count);
    let completeness = CompletenessCheck {
        at,
        items,
        count,
        unlistable,
    };
    delta.proven(mailbox_id, completeness)
}

fn is_due(mailbox_id: &str, delta: &FolderDelta, now: Timestamp) -> bool {
    let Some(completeness) = delta.completeness else {
        return true;
    };
    let hash = Id128::of(&[b"proof", mailbox_id.as_bytes(), delta.folder.id.as_bytes()]).0;
    let earlier = i64::from(hash[0]) % SPREAD_DAYS;
    now.0 - completeness.at.0 >= (PROOF_DAYS - earlier) * DAY
}
