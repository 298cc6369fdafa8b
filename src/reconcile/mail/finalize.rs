//! The second step: every item gets its outcome, in the order in which the items were read, because
//! the outcome of one depends on those before it (unchanged items, further copies).

use crate::model::activity::MatchedInteraction;
use crate::model::interaction::Interaction;
use crate::model::mail::Sensitivity;
use crate::model::outcome::Outcome;
use crate::model::reason::Reason;
use crate::model::sensitivity::Sensitivities;
use crate::policy::capture_policy::Decision;
use crate::reconcile::mail::MailReconciler;
use crate::reconcile::mail::items::About;
use crate::reconcile::mail::items::Classified;
use crate::reconcile::mail::items::Entry;
use crate::reconcile::mail::items::EvaluatedMail;
use crate::reconcile::mail::items::is_repetition;
use crate::reconcile::outcomes::Outcomes;
use crate::reconcile::unread::Unread;
use crate::state::error::StateError;
use crate::state::key::RecordedMail;
use crate::state::key::Seen;
use crate::state::uncommitted::Uncommitted;
use crate::state::view::View;

impl MailReconciler {
    /// Gives every item its outcome, in order; runs on the pool of `runtime::cpu`.
    pub(crate) fn finalize(
        &self,
        before: Uncommitted,
        classified: Classified,
        private: &Sensitivities,
    ) -> Result<Outcomes, StateError> {
        let mut finalizer = Finalizer {
            reconciler: self,
            view: self.state.view(before)?,
            outcomes: Outcomes::default(),
        };
        for entry in classified.entries {
            finalizer.finalize(entry, private)?;
        }
        Ok(finalizer.outcomes)
    }
}

/// Goes through the items of some pages; its outcomes say what was decided so far.
pub(super) struct Finalizer<'a> {
    pub(super) reconciler: &'a MailReconciler,
    pub(super) view: View,
    pub(super) outcomes: Outcomes,
}

impl Finalizer<'_> {
    fn finalize(&mut self, entry: Entry, private: &Sensitivities) -> Result<(), StateError> {
        match entry {
            Entry::Removed => self.count(Outcome::Removed, ""),
            Entry::Unchanged => self.count(Outcome::Unchanged, ""),
            Entry::Unreadable(unread) => self.leave_unread(unread),
            Entry::Mail(mail) => self.finalize_mail(*mail, private)?,
            Entry::Traced(mail) => self.finalize_traced(*mail, private)?,
        }
        Ok(())
    }

    fn leave_unread(&mut self, unread: Unread) {
        self.count(Outcome::Unreadable, unread.reason.as_str());
        if let Some(source_id) = &unread.source_id {
            // No fingerprint: it is read again when it comes again.
            self.note(source_id.clone(), Outcome::Unreadable, 0);
        }
        self.outcomes.unread.push(unread);
    }

    pub(super) fn finalize_mail(
        &mut self,
        mail: EvaluatedMail,
        private: &Sensitivities,
    ) -> Result<(), StateError> {
        let EvaluatedMail { decision, about } = mail;
        let decided = self.outcomes.decided.get(&about.source_id).copied();
        if decided.is_some_and(|seen| is_repetition(seen, about.fingerprint)) {
            self.count(Outcome::Unchanged, "");
            return Ok(());
        }
        let is_private = match about.sensitivity {
            Sensitivity::Private => Some(true),
            Sensitivity::Normal => Some(false),
            Sensitivity::Unknown => private.is_private(&about.source_id),
        };
        let policy = &self.reconciler.policy;
        match policy.with_sensitivity(decision, is_private.is_some(), is_private == Some(true)) {
            // Whatever the rules say of it today: it is recorded.
            Decision::Skip { .. } if about.was == Some(Outcome::Recorded) => {
                self.count(Outcome::Unchanged, "");
                Ok(())
            }
            Decision::Skip { outcome, reason } => {
                self.count(outcome, reason);
                self.note(about.source_id, outcome, about.fingerprint);
                Ok(())
            }
            Decision::Keep(interaction) => self.keep(about, *interaction),
        }
    }

    /// A further copy of a mail that is recorded; it may be what the row lacks.
    fn finalize_copy(&mut self, mail: About, interaction: &Interaction) {
        let row = self.reconciler.withheld.with_content_of(interaction);
        let outcome = match (&row, mail.was) {
            (Some(_), _) => Outcome::Recorded,
            (None, Some(Outcome::Recorded)) => Outcome::Unchanged,
            (None, _) => Outcome::Duplicate,
        };
        self.count(outcome, "");
        let (mailbox_id, id) = (&self.reconciler.mailbox.id, interaction.interaction_id);
        if let Some(interaction) = row {
            let this = RecordedMail::of(interaction.subject.as_deref(), interaction.occurred_at);
            self.outcomes.seen.note_recorded(mailbox_id, id, this);
            let contact_matches = self
                .reconciler
                .matcher
                .contact_matches(&interaction.participants);
            let tally = &mut self.outcomes.tally;
            tally.note_recorded(&contact_matches, mail.is_shortened);
            self.outcomes.rows.push(MatchedInteraction {
                interaction,
                contact_matches,
            });
        }
        // Which copy the row came from stays known.
        let seen = match mail.was {
            Some(Outcome::Recorded) => Outcome::Recorded,
            _ => Outcome::Duplicate,
        };
        self.note(mail.source_id, seen, mail.fingerprint);
    }

    fn keep(&mut self, mail: About, interaction: Interaction) -> Result<(), StateError> {
        let mailbox_id = &self.reconciler.mailbox.id;
        let id = interaction.interaction_id;
        let this = RecordedMail::of(interaction.subject.as_deref(), interaction.occurred_at);
        if let Some(other) = self.view.recorded(&self.outcomes.seen, mailbox_id, id)? {
            if other.is_another_mail(this) {
                self.outcomes.tally.id_reused += 1;
            }
            self.finalize_copy(mail, &interaction);
            return Ok(());
        }
        if mail.awaits_sent {
            self.leave_unread(Unread {
                source_id: Some(mail.source_id),
                container: interaction.container,
                reason: Reason::AwaitsSent,
            });
            return Ok(());
        }
        let Some(matched) = self.reconciler.matched(interaction, mail.contact_matches) else {
            self.count(Outcome::Unmatched, "");
            self.note(mail.source_id, Outcome::Unmatched, mail.fingerprint);
            return Ok(());
        };
        self.outcomes.seen.note_recorded(mailbox_id, id, this);
        self.count(Outcome::Recorded, "");
        let tally = &mut self.outcomes.tally;
        tally.note_recorded(&matched.contact_matches, mail.is_shortened);
        self.note(mail.source_id, Outcome::Recorded, mail.fingerprint);
        self.outcomes.rows.push(matched);
        Ok(())
    }

    pub(super) fn count(&mut self, outcome: Outcome, reason: &str) {
        self.outcomes.tally.count(outcome, reason);
    }

    pub(super) fn note(&mut self, source_id: String, outcome: Outcome, fingerprint: i64) {
        let seen = Seen {
            outcome,
            fingerprint,
        };
        self.outcomes
            .seen
            .note_item(&self.reconciler.mailbox.id, &source_id, seen);
        self.outcomes.decided.insert(source_id, seen);
    }
}
