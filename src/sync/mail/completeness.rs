//! Check of completeness: the item count of a folder against what its chain returned.
//!
//! A chain has no filter, so the first round of a folder returns all mails in it: as many different
//! ids as the folder counts, except items of other kinds, which it counts too (facts 1.10). For
//! later rounds there is no such sum (items are repeated, move in and out, and are lost on their
//! way back, facts 1.7); there the count is compared only as long as nothing was returned, and
//! otherwise the ids are listed.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::model::cursor::CursorRecord;
use crate::model::cursor::FolderProof;
use crate::model::id::Id128;
use crate::model::time::DAY;
use crate::model::time::Micros;
use crate::reconcile::mail::Desk;
use crate::reconcile::outcomes::Settled;
use crate::source::graph::retry::RetryAction;
use crate::sync::cursors;
use crate::sync::mail::folder_delta;
use crate::sync::mail::folder_delta::Chain;
use crate::sync::mail::mail_sync::GraphWalk;
use crate::sync::mail::mail_sync::Shortfall;
use crate::sync::mailbox::WalkError;

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
pub(super) struct Doubt {
    chain: Chain,
    /// Items that the first round returned, the known surplus included; `None`: unknown.
    walked: Option<u64>,
    /// Items that the folder says it holds.
    held: u64,
}

impl Doubt {
    /// What was read; if unknown (a first round that took several runs), all that the chain ever
    /// returned, which may be more.
    fn walked_at_most(&self) -> u64 {
        let surplus = self.chain.proof.map_or(0, |proof| proof.surplus);
        self.walked.unwrap_or(self.chain.items + surplus)
    }
}

/// What the counts of folders say of their chains.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// Folders whose counts differ from what their chains returned.
    pub doubts: Vec<Doubt>,
    /// Chains that are followed once more before the difference counts: what arrived while they
    /// were read, or while the folder counted, follows by their deltaLinks.
    pub unfinished: Vec<Chain>,
}

impl GraphWalk<'_> {
    /// Compares the folders whose rounds have ended with their own counts, where that is due. What
    /// is proven goes to `cursors`, what is not is given back.
    pub(super) async fn doubts(
        &mut self,
        cursors: &mut Vec<CursorRecord>,
    ) -> Result<Checked, WalkError> {
        let now = self.tenant.service_time();
        let mailbox_id = self.walk.mailbox.id.clone();
        let mut due = Vec::new();
        for chain in std::mem::take(&mut self.ended) {
            let walked = self.presence.count(&chain.folder.id);
            if walked.is_some() || is_due(&mailbox_id, &chain, now) {
                due.push((chain, walked));
            }
        }
        let counts = self.counts(&due).await?;
        let mut checked = Checked::default();
        for (mut chain, walked) in due {
            let Some(held) = counts.get(&chain.folder.id).copied().flatten() else {
                // It is gone by now, or has no count.
                continue;
            };
            let surplus = chain.proof.map_or(0, |proof| proof.surplus);
            let walked = walked.map(|walked| walked + surplus);
            let is_as_before =
                |proof: FolderProof| (proof.items, proof.count) == (chain.items, held);
            let is_proven = walked == Some(held)
                || held == 0
                || (walked.is_none() && chain.proof.is_some_and(is_as_before));
            if is_proven {
                cursors.push(proven(&mailbox_id, chain, now, held, surplus));
            } else if chain.was_followed_up {
                checked.doubts.push(Doubt {
                    chain,
                    walked,
                    held,
                });
            } else {
                chain.was_followed_up = true;
                checked.unfinished.push(chain);
            }
        }
        Ok(checked)
    }

    /// The item counts of folders: requested again if they are compared with what was read just
    /// now, as listed at the start if they only show whether anything changed.
    async fn counts(
        &mut self,
        due: &[(Chain, Option<u64>)],
    ) -> Result<HashMap<Arc<str>, Option<u64>>, WalkError> {
        let mut counts: HashMap<Arc<str>, Option<u64>> = due
            .iter()
            .map(|(chain, _)| (chain.folder.id.clone(), chain.folder.total_item_count))
            .collect();
        let walked = due.iter().filter(|(chain, walked)| {
            // A folder that had no count has none now.
            walked.is_some() && chain.folder.total_item_count.is_some()
        });
        let walked: Vec<&Arc<str>> = walked.map(|(chain, _)| &chain.folder.id).collect();
        if walked.len() <= ASKED_SINGLY {
            for folder in walked {
                counts.insert(folder.clone(), self.count(folder).await?);
            }
            return Ok(counts);
        }
        let listed = self.walk.unless_stopped(self.client.folders()).await;
        let listed = self.told(listed)?.unwrap_or_default();
        for folder in walked {
            let found = listed.iter().find(|listed| listed.id == *folder);
            counts.insert(
                folder.clone(),
                found.and_then(|found| found.total_item_count),
            );
        }
        Ok(counts)
    }

    async fn count(&mut self, folder: &str) -> Result<Option<u64>, WalkError> {
        let asked = self.client.item_count(folder);
        let told = self.walk.unless_stopped(asked).await;
        Ok(self.told(told)?.flatten())
    }

    /// The answer. An unavailable count leaves the check due, and has no other effect.
    fn told<T>(&mut self, told: Result<T, WalkError>) -> Result<Option<T>, WalkError> {
        match told {
            Err(WalkError::Graph(error)) if error.action() == RetryAction::FolderGone => Ok(None),
            Err(WalkError::Graph(error)) if folder_delta::is_of_one_folder(&error) => {
                self.unproven += 1;
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    /// Lists the ids of folders with differences, reads what was not seen, and keeps what neither
    /// chain nor list returns as the folder's known surplus.
    pub(super) async fn prove(
        &mut self,
        desk: &Arc<Desk>,
        doubts: Vec<Doubt>,
    ) -> Result<(), WalkError> {
        if doubts.is_empty() {
            return Ok(());
        }
        let mailbox_id = self.walk.mailbox.id.clone();
        let mut cursors = Vec::new();
        for doubt in doubts {
            let folder = doubt.chain.folder.id.clone();
            match self.complete(desk, &folder).await {
                Ok(listed) => {
                    let now = self.tenant.service_time();
                    // Of the counts before and after the list the smaller: what came or went in
                    // between is no surplus.
                    let after = self.count(&folder).await?.unwrap_or(doubt.held);
                    let surplus = doubt.held.min(after).saturating_sub(listed);
                    cursors.push(proven(&mailbox_id, doubt.chain, now, doubt.held, surplus));
                }
                Err(WalkError::Graph(error)) if error.action() == RetryAction::FolderGone => {}
                Err(WalkError::Graph(error)) if folder_delta::is_of_one_folder(&error) => {
                    cursors.extend(self.unproven(&doubt));
                }
                Err(error) => {
                    self.record(Settled::default(), 0, cursors).await?;
                    return Err(error);
                }
            }
        }
        self.record(Settled::default(), 0, cursors).await
    }

    /// Gives the number of items that were listed.
    async fn complete(&mut self, desk: &Arc<Desk>, folder: &Arc<str>) -> Result<u64, WalkError> {
        let listed = self.list_ids(folder, None).await?;
        tracing::info!(
            unseen = listed.unseen.len(),
            listed = listed.count,
            "a folder was listed because its count and its chain differ"
        );
        self.read_unseen(desk, folder, None, listed).await
    }

    /// A folder that cannot be listed. Its chain works, so it continues, and the check stays due.
    /// If items are missing, the folder is read again from its beginning once a month.
    fn unproven(&mut self, doubt: &Doubt) -> Option<CursorRecord> {
        let walked = doubt.walked_at_most();
        if walked >= doubt.held {
            self.unproven += 1;
            return None;
        }
        self.shortfalls.push(Shortfall {
            walked,
            held: doubt.held,
        });
        let chain = &doubt.chain;
        self.folders.is_sent_awaited |= chain.folder.is_sent;
        let age = self.tenant.service_time().0 - chain.begun_at().0;
        (age >= BEGUN_AGAIN_DAYS * DAY)
            .then(|| cursors::no_chain_record(&self.walk.mailbox.id, &chain.folder.id))
    }

    /// The missing items of all folders, if there are any, as an error.
    pub(super) fn incomplete(&self) -> Result<(), WalkError> {
        if self.shortfalls.is_empty() {
            return Ok(());
        }
        Err(WalkError::Incomplete {
            folders: self.shortfalls.len(),
            held: self.shortfalls.iter().map(|shortfall| shortfall.held).sum(),
            walked: self
                .shortfalls
                .iter()
                .map(|shortfall| shortfall.walked)
                .sum(),
        })
    }
}

fn proven(mailbox_id: &str, chain: Chain, at: Micros, count: u64, surplus: u64) -> CursorRecord {
    let items = chain.items;
    let surplus = surplus.min(count);
    let proof = FolderProof {
        at,
        items,
        count,
        surplus,
    };
    chain.proven(mailbox_id, proof)
}

fn is_due(mailbox_id: &str, chain: &Chain, now: Micros) -> bool {
    let Some(proof) = chain.proof else {
        return true;
    };
    let hash = Id128::of(&[b"proof", mailbox_id.as_bytes(), chain.folder.id.as_bytes()]).0;
    let earlier = i64::from(hash[0]) % SPREAD_DAYS;
    now.0 - proof.at.0 >= (PROOF_DAYS - earlier) * DAY
}
