//! The first step: items are compared with what was read before, and new ones are evaluated. In
//! parallel, because here no item depends on another.

use hashbrown::HashSet;
use rayon::iter::IntoParallelIterator;
use rayon::iter::ParallelIterator;

use crate::model::id::Id128;
use crate::model::mail::Decoded;
use crate::model::mail::Mail;
use crate::model::outcome::Outcome;
use crate::policy::capture_policy::Decision;
use crate::reconcile::earlier_ids::Trace;
use crate::reconcile::mail::MailReconciler;
use crate::reconcile::mail::items::About;
use crate::reconcile::mail::items::Classified;
use crate::reconcile::mail::items::Entry;
use crate::reconcile::mail::items::EvaluatedMail;
use crate::reconcile::mail::items::FolderContext;
use crate::reconcile::mail::items::Item;
use crate::reconcile::mail::items::TracedMail;
use crate::reconcile::mail::items::is_recorded;
use crate::reconcile::mail::items::is_repetition;
use crate::reconcile::unread::Unread;
use crate::state::error::StateError;
use crate::state::key::Seen;
use crate::state::uncommitted::Uncommitted;
use crate::state::view::View;

impl MailReconciler {
    /// Evaluates items, and counts `unchanged` further ones that are known by their ids alone; in
    /// parallel on the pool of `runtime::cpu`.
    pub(crate) fn classify(
        &self,
        before: Uncommitted,
        items: Vec<Item>,
        unchanged: u64,
    ) -> Result<Classified, StateError> {
        let view = self.state.view(before)?;
        let classify = |item| self.classify_one(&view, item);
        let mut entries: Vec<Entry> = if rayon::current_thread_index().is_some() {
            items
                .into_par_iter()
                .map(classify)
                .collect::<Result<_, _>>()?
        } else {
            items.into_iter().map(classify).collect::<Result<_, _>>()?
        };
        entries.extend((0..unchanged).map(|_| Entry::Unchanged));
        Ok(Classified { entries })
    }

    fn classify_one(&self, view: &View, item: Item) -> Result<Entry, StateError> {
        Ok(match item.decoded {
            Decoded::Removed { .. } => Entry::Removed,
            Decoded::Unreadable { source_id, reason } => Entry::Unreadable(Unread {
                source_id,
                container: item.folder_context.container,
                reason,
            }),
            // What was not fetched says nothing new (`to_fetch`).
            Decoded::Partial { .. } => Entry::Unchanged,
            Decoded::Mail(mail) => {
                let known = view.item(&self.mailbox.id, &mail.source_id)?;
                let fingerprint = fingerprint_in(&mail, &item.folder_context);
                let is_known = known.is_some_and(|seen| self.is_known(seen, fingerprint));
                let trace = (!self.earlier.is_empty()).then(|| Trace::of(&mail));
                // A window that became wider may have it now.
                let was_outside = known.is_some_and(|seen| seen.outcome == Outcome::OutsideWindow);
                if is_known && trace.is_none() && !was_outside {
                    return Ok(Entry::Unchanged);
                }
                let mail = self.evaluate_mail(*mail, fingerprint, &item.folder_context, known);
                match trace {
                    None if is_known && is_outside(&mail.decision) => Entry::Unchanged,
                    None => Entry::Mail(Box::new(mail)),
                    Some(trace) => Entry::Traced(Box::new(TracedMail {
                        mail,
                        trace,
                        is_known,
                    })),
                }
            }
        })
    }

    /// Takes the items out of which a page contained too little to decide, and that say something
    /// new: they are to be fetched whole (facts 1.5).
    pub(crate) fn to_fetch(
        &self,
        before: Uncommitted,
        items: &mut Vec<Item>,
    ) -> Result<Vec<(String, FolderContext)>, StateError> {
        if items.iter().all(|item| partial(item).is_none()) {
            return Ok(Vec::new());
        }
        let view = self.state.view(before)?;
        let whole: HashSet<String> = items.iter().filter_map(id_of_whole).collect();
        let (mut wanted, mut others) = (Vec::new(), Vec::with_capacity(items.len()));
        for item in std::mem::take(items) {
            let is_wanted = match partial(&item) {
                Some((id, _)) if whole.contains(id) => false,
                Some((id, has_news)) => {
                    let seen = view.item(&self.mailbox.id, id)?;
                    seen.is_none_or(|seen| has_news && !is_recorded(seen))
                }
                None => false,
            };
            match item.decoded {
                Decoded::Partial { source_id, .. } if is_wanted => {
                    wanted.push((source_id, item.folder_context));
                }
                decoded => others.push(Item { decoded, ..item }),
            }
        }
        *items = others;
        Ok(wanted)
    }

    fn is_known(&self, seen: Seen, fingerprint: i64) -> bool {
        if is_recorded(seen) {
            return self.withheld.is_empty();
        }
        !self.again && is_repetition(seen, fingerprint)
    }

    /// Separates items that were read before (returns their number) from those that were not, by id
    /// alone: for an archive, where the id identifies the bytes of a message.
    pub(crate) fn part_known<T>(
        &self,
        before: Uncommitted,
        items: Vec<T>,
        id: impl Fn(&T) -> &str,
    ) -> Result<(u64, Vec<T>), StateError> {
        let view = self.state.view(before)?;
        let mut known = 0;
        let mut fresh = Vec::new();
        for item in items {
            let seen = view.item(&self.mailbox.id, id(&item))?;
            // Unreadable items are read again, and counted, until they are gone.
            let is_settled = |seen: Seen| match seen.outcome {
                Outcome::Unreadable => false,
                Outcome::Recorded => self.withheld.is_empty(),
                _ => !self.again,
            };
            // Any mail may be recorded under an earlier id.
            if self.earlier.is_empty() && seen.is_some_and(is_settled) {
                known += 1;
            } else {
                fresh.push(item);
            }
        }
        Ok((known, fresh))
    }

    fn evaluate_mail(
        &self,
        mail: Mail,
        fingerprint: i64,
        folder_context: &FolderContext,
        known: Option<Seen>,
    ) -> EvaluatedMail {
        let source_id = mail.source_id.clone();
        let (sensitivity, is_shortened) = (mail.sensitivity, mail.is_shortened);
        let was_split = !mail.former_ids.is_empty();
        let came_at = mail.received.or(mail.sent);
        let is_late = |from| came_at.is_none_or(|at| at >= from);
        let decision = self.policy.evaluate(mail, folder_context.is_excluded);
        let (contact_matches, awaits_sent) = match &decision {
            Decision::Keep(interaction) => {
                let people = &interaction.participants;
                let awaits_sent = folder_context.awaits_sent_from.is_some_and(is_late)
                    && self.policy.is_from_owner(people);
                (self.matcher.contact_matches(people), awaits_sent)
            }
            Decision::Skip { .. } => (Vec::new(), false),
        };
        let about = About {
            source_id,
            fingerprint,
            sensitivity,
            came_at,
            contact_matches,
            awaits_sent,
            is_shortened,
            was_split,
            was: known.map(|seen| seen.outcome),
        };
        EvaluatedMail { decision, about }
    }
}

fn is_outside(decision: &Decision) -> bool {
    matches!(
        decision,
        Decision::Skip {
            outcome: Outcome::OutsideWindow,
            ..
        }
    )
}

/// The id of an item of which a page contained too little, and whether it says anything new.
fn partial(item: &Item) -> Option<(&str, bool)> {
    match &item.decoded {
        Decoded::Partial {
            source_id,
            has_news,
        } => Some((source_id, *has_news)),
        _ => None,
    }
}

fn id_of_whole(item: &Item) -> Option<String> {
    match &item.decoded {
        Decoded::Mail(mail) => Some(mail.source_id.clone()),
        _ => None,
    }
}

/// A mail's fingerprint; in a folder that the exclusions name, the folder is part of it, so that a
/// mail which is moved out of it counts as changed.
fn fingerprint_in(mail: &Mail, folder_context: &FolderContext) -> i64 {
    if !folder_context.is_excluded {
        return mail.fingerprint;
    }
    let hash = Id128::of(&[b"excluded folder", folder_context.container.as_bytes()]).0;
    let bits = i64::from_le_bytes([
        hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7],
    ]);
    mail.fingerprint ^ bits
}
