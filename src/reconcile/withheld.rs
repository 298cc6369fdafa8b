//! Mails that were recorded without their content because no CRM contact was in them, and that have
//! a contact now: read again, they get a further revision.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use hashbrown::HashMap;

use crate::matching::Matcher;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::policy::capture_policy;

/// Rows that are held at a time; where there are more, the next time finds the others.
const ROWS_MAX: usize = 200_000;

/// Such mails of some mailboxes, each as the lake has it; the default is none.
#[derive(Debug, Default)]
pub(crate) struct WithheldMails {
    rows: Mutex<HashMap<Key, Interaction>>,
}

/// Mailbox and interaction.
type Key = (Arc<str>, Id128);

fn key(row: &Interaction) -> Key {
    (Arc::clone(&row.mailbox.id), row.interaction_id)
}

impl WithheldMails {
    /// Adds a mail, by its newest row. Breaks when no more are to be added.
    pub(crate) fn add(&mut self, row: Interaction) -> ControlFlow<()> {
        let rows = self.rows.get_mut();
        let rows = rows.unwrap_or_else(PoisonError::into_inner);
        rows.insert(key(&row), row);
        if rows.len() >= ROWS_MAX {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Whether there is none (left).
    pub(crate) fn is_empty(&self) -> bool {
        self.with(|rows| rows.is_empty())
    }

    /// Notes a revision that a mail got in the meantime.
    pub(crate) fn note_revision(&self, row: &Interaction) {
        self.with(|rows| {
            if let Some(known) = rows.get_mut(&key(row)) {
                known.clone_from(row);
            }
        });
    }

    /// The further revision of a mail, once: people and time stay as recorded, and `read`, any copy
    /// of it, provides the content. `None` if it is not needed or has none.
    pub(crate) fn with_content_of(&self, read: &Interaction) -> Option<Interaction> {
        if !capture_policy::has_content(read) {
            return None;
        }
        let key = key(read);
        let row = self.with(|rows| {
            // Machines give several mails of a day one Message-ID (design section 4).
            let is_same = rows.get(&key)?.occurred_at.minute() == read.occurred_at.minute();
            is_same.then(|| rows.remove(&key))?
        })?;
        Some(Interaction {
            revision: row.revision.saturating_add(1),
            subject: read.subject.clone(),
            preview: read.preview.clone(),
            body_text: read.body_text.clone(),
            sensitivity_known: read.sensitivity_known,
            captured_at: read.captured_at,
            run_id: Arc::clone(&read.run_id),
            ..row
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<Key, Interaction>) -> T) -> T {
        // What a panicking thread left is a map without one mail more.
        work(&mut self.rows.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether a mail has neither subject nor text although a contact is in it.
pub(crate) fn lacks_wanted_content(matcher: &Matcher, row: &Interaction) -> bool {
    !capture_policy::has_content(row) && !matcher.contact_matches(&row.participants).is_empty()
}
