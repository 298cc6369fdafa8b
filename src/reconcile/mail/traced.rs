//! Mails of an archive that is read under new rules for the first time.

use crate::model::activity::MatchedInteraction;
use crate::model::interaction::Interaction;
use crate::model::outcome::Outcome;
use crate::model::sensitivity::Sensitivities;
use crate::policy::capture_policy::Decision;
use crate::reconcile::earlier_ids::EarlierRow;
use crate::reconcile::mail::finalize::Finalizer;
use crate::reconcile::mail::items::EvaluatedMail;
use crate::reconcile::mail::items::TracedMail;
use crate::state::error::StateError;
use crate::state::key::RecordedMail;

impl Finalizer<'_> {
    /// A mail that may be recorded: under the id that it has, or under earlier ones, which it
    /// leaves.
    pub(super) fn finalize_traced(
        &mut self,
        traced: TracedMail,
        private: &Sensitivities,
    ) -> Result<(), StateError> {
        let mail = traced.mail;
        let earlier = &self.reconciler.earlier;
        let now = match &mail.decision {
            Decision::Keep(interaction) => Some(interaction),
            Decision::Skip { .. } => None,
        };
        let revised = now.and_then(|now| earlier.note_read(now, mail.about.was_split));
        let others = earlier.rows_of(&traced.trace, now.map(|now| now.interaction_id));
        if !others.is_empty() || revised.is_some() {
            return self.settle_recorded(mail, revised, others);
        }
        if traced.is_known {
            self.count(Outcome::Unchanged, "");
            return Ok(());
        }
        self.finalize_mail(mail, private)
    }

    /// What the rules say today of a mail that is recorded changes nothing but its ids.
    fn settle_recorded(
        &mut self,
        mail: EvaluatedMail,
        revised: Option<Interaction>,
        others: Vec<EarlierRow>,
    ) -> Result<(), StateError> {
        let EvaluatedMail { decision, about } = mail;
        self.count(Outcome::Unchanged, "");
        let seen = match about.was {
            Some(Outcome::Duplicate) => Outcome::Duplicate,
            _ => Outcome::Recorded,
        };
        self.note(about.source_id, seen, about.fingerprint);
        let Decision::Keep(interaction) = decision else {
            return Ok(());
        };
        let (mailbox_id, id) = (&self.reconciler.mailbox.id, interaction.interaction_id);
        let seen = &self.outcomes.seen;
        let is_new = self.view.recorded(seen, mailbox_id, id)?.is_none();
        let this = RecordedMail::of(interaction.subject.as_deref(), interaction.occurred_at);
        let row = revised.or_else(|| is_new.then(|| (*interaction).clone()));
        let row = row.map(|row| self.reconciler.matched(row, about.contact_matches));
        match row {
            // Under today's rules it would be none: what is recorded stays as it is.
            Some(None) => return Ok(()),
            Some(Some(row)) => {
                self.outcomes.seen.note_recorded(mailbox_id, id, this);
                self.derive(row);
            }
            None => {}
        }
        for other in others {
            if self.reconciler.earlier.close(other) {
                self.derive(MatchedInteraction {
                    interaction: other.closing(&interaction),
                    contact_matches: Vec::new(),
                });
            }
        }
        Ok(())
    }

    fn derive(&mut self, row: MatchedInteraction) {
        self.outcomes.tally.derived += 1;
        self.outcomes.rows.push(row);
    }
}
