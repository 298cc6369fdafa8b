//! The rules of a mailbox, and their evaluation for a mail: the first outcome that applies, or the
//! row that it becomes.

use std::sync::Arc;

use crate::config::capture::Capture;
use crate::config::capture::Content;
use crate::config::capture::InternalOnly;
use crate::config::capture::Meetings;
use crate::config::capture::UnknownSensitivity;
use crate::model::directory::Directory;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;
use crate::model::interaction::Source;
use crate::model::interaction::State;
use crate::model::limits;
use crate::model::mail::Mail;
use crate::model::mail::MailClass;
use crate::model::mail::Sensitivity;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::outcome::Outcome;
use crate::model::time::Timestamp;
use crate::policy::exclusions::Exclusions;
use crate::policy::identity;
use crate::policy::participants;
use crate::policy::recorded_rule::RecordedRule;
use crate::policy::settings;

/// The policy of a whole run.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(super) content: Content,
    pub(super) meetings: Meetings,
    pub(super) internal_only: InternalOnly,
    unknown_sensitivity: UnknownSensitivity,
    pub(super) exclusions: Exclusions,
    pub(super) recorded: RecordedRule,
}

/// The rules for one mailbox in one run.
#[derive(Debug, Clone)]
pub(crate) struct CapturePolicy {
    /// The policy.
    pub rules: Arc<Rules>,
    /// Who belongs to the company.
    pub directory: Arc<Directory>,
    /// Whose mailbox it is.
    pub mailbox: Arc<Mailbox>,
    /// The source from which it is read.
    pub source: Source,
    /// Capture settings for mail and the instant from which each applies, oldest first.
    pub history: Vec<(Timestamp, bool)>,
    /// The same for meetings; without any, the tenant-wide policy applies.
    pub meetings: Vec<(Timestamp, Meetings)>,
    /// Older mails are outside the window; `None`: no window.
    pub window_start: Option<Timestamp>,
    /// The same of meetings.
    pub meeting_window_start: Option<Timestamp>,
    /// When this run captured it.
    pub captured_at: Timestamp,
    /// The id of this run.
    pub run_id: Arc<str>,
}

/// The decision on an item, as far as it depends on the item itself and the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It becomes no row.
    Skip {
        /// The outcome.
        outcome: Outcome,
        /// The rule, if the outcome does not identify it; otherwise empty.
        reason: &'static str,
    },
    /// It becomes a row, unless the mailbox has it already.
    Keep(Box<Interaction>),
}

impl Rules {
    /// The policy of the configuration.
    pub(crate) fn new(capture: &Capture) -> Self {
        Self {
            content: capture.content,
            meetings: capture.meetings,
            internal_only: capture.internal_only,
            unknown_sensitivity: capture.unknown_sensitivity,
            exclusions: Exclusions::new(&capture.exclude),
            recorded: RecordedRule::new(&capture.recorded),
        }
    }

    /// Whether the mails of a folder are excluded; `path` has `/` between the names.
    pub(crate) fn excludes_folder(&self, path: &str) -> bool {
        self.exclusions.has_folder(path)
    }
}

impl CapturePolicy {
    /// Evaluates a mail. `is_folder_excluded`: it is in a junk folder or in one that the rules
    /// exclude.
    ///
    /// Outcomes that depend on the items already recorded (`unchanged`, `duplicate`) and on the CRM
    /// snapshot (`unmatched`) are decided elsewhere. A mail of unknown sensitivity keeps its
    /// content until [`CapturePolicy::with_sensitivity`].
    pub(crate) fn evaluate(&self, mail: Mail, is_folder_excluded: bool) -> Decision {
        let Some(time) = identity::sent_time(mail.sent, mail.received) else {
            return skipped(Outcome::Unreadable, "no_date");
        };
        if mail.is_draft {
            return skipped(Outcome::Draft, "");
        }
        if self.window_start.is_some_and(|start| time.at < start) {
            return skipped(Outcome::OutsideWindow, "");
        }
        if settings::in_force(&self.history, time.at) != Some(true) {
            return skipped(Outcome::NotCaptured, "");
        }
        if mail.sensitivity == Sensitivity::Private {
            return skipped(Outcome::Private, "");
        }
        let people = participants::resolve(&mail.participants, &self.directory);
        let excluded = self
            .rules
            .exclusions
            .of_item(&people, mail.subject.as_deref());
        let excluded = excluded
            .or(is_folder_excluded.then_some("folder"))
            .or((mail.class == MailClass::Meeting).then_some("meeting_mail"));
        if let Some(rule) = excluded {
            return skipped(Outcome::Excluded, rule);
        }
        // If participants were truncated, the rest may be external.
        let are_all = mail.participants.len() < limits::PARTICIPANTS;
        if self.rules.internal_only == InternalOnly::Skip
            && are_all
            && participants::is_internal_only(&people, &self.directory)
        {
            return skipped(Outcome::InternalOnly, "");
        }
        let content = self.rules.content;
        Decision::Keep(Box::new(Interaction {
            interaction_id: identity::interaction_id(&mail, &self.mailbox, time),
            mailbox: self.mailbox.clone(),
            source: self.source,
            source_id: mail.source_id,
            container: mail.container,
            kind: Kind::Email,
            revision: 1,
            state: State::Active,
            occurred_at: time.at,
            ended_at: None,
            direction: participants::direction(&people, &self.directory),
            subject: mail.subject,
            preview: mail.preview.filter(|_| content >= Content::Preview),
            body_text: mail.body_text.filter(|_| content >= Content::Full),
            sensitivity_known: mail.sensitivity != Sensitivity::Unknown,
            thread_id: mail.thread_id,
            series_id: None,
            user_role: self.user_role(&people),
            participants: people,
            is_bulk: mail.bulk_reason.is_some(),
            bulk_reason: mail.bulk_reason.map(ToOwned::to_owned),
            is_online_meeting: None,
            online_provider: None,
            is_recurring: None,
            is_all_day: None,
            fingerprint: mail.fingerprint,
            captured_at: self.captured_at,
            run_id: self.run_id.clone(),
        }))
    }

    /// The best role of the mailbox's owner; a shared mailbox and a resource have none.
    pub(super) fn user_role(&self, people: &[Participant]) -> Option<Role> {
        match self.mailbox.kind {
            MailboxKind::Shared | MailboxKind::Room | MailboxKind::Equipment => None,
            MailboxKind::User | MailboxKind::Archive => {
                participants::best_role(people, &self.mailbox.own_addresses)
            }
        }
    }

    /// Whether the mailbox's owner wrote or sent it, so that Sent Items may hold a copy; of a shared
    /// mailbox, whether it was sent in its name.
    pub(crate) fn is_from_owner(&self, people: &[Participant]) -> bool {
        participants::best_role(people, &self.mailbox.own_addresses) == Some(Role::From)
    }

    /// Completes the decision on a mail without its own sensitivity (facts 1.9).
    ///
    /// `is_known`: whether the list of private mails was available; `is_private`: whether this mail
    /// is in it. A private mail is `private` even if a later rule excluded it already.
    #[must_use]
    pub(crate) fn with_sensitivity(
        &self,
        decision: Decision,
        is_known: bool,
        is_private: bool,
    ) -> Decision {
        match decision {
            Decision::Skip { outcome, .. } if is_private && outcome > Outcome::Private => {
                skipped(Outcome::Private, "")
            }
            Decision::Keep(_) if is_private => skipped(Outcome::Private, ""),
            Decision::Keep(mut interaction) if !interaction.sensitivity_known => {
                interaction.sensitivity_known = is_known;
                if !is_known && self.rules.unknown_sensitivity == UnknownSensitivity::Hide {
                    withhold_content(&mut interaction);
                }
                Decision::Keep(interaction)
            }
            decision => decision,
        }
    }
}

/// Removes the content of an interaction and keeps participants and times: for unmatched items
/// under `unmatched = "envelope"`, and if the sensitivity is hidden.
pub(crate) fn withhold_content(interaction: &mut Interaction) {
    interaction.subject = None;
    interaction.preview = None;
    interaction.body_text = None;
}

/// Whether an interaction has content besides participants and times.
pub(crate) fn has_content(interaction: &Interaction) -> bool {
    interaction.subject.is_some() || interaction.preview.is_some()
}

pub(super) fn skipped(outcome: Outcome, reason: &'static str) -> Decision {
    Decision::Skip { outcome, reason }
}

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;
