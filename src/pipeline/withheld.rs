//! Mails that were recorded without their content because the CRM knew nobody in them, and in which
//! it knows somebody now: read again, they get a further revision.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use hashbrown::HashMap;

use crate::lake::error::LakeError;
use crate::lake::open::Lake;
use crate::matching::Matcher;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::mailbox::slot;

/// The highest revision of each such mail of some mailboxes; the default is none.
#[derive(Debug, Default)]
pub struct WithheldMails {
    revisions: Mutex<HashMap<Key, i32>>,
}

/// Mailbox and interaction.
type Key = (Arc<str>, Id128);

impl WithheldMails {
    /// Looks them up in the lake. Blocking.
    pub fn of(
        lake: &Lake,
        mailboxes: &HashSet<Arc<str>>,
        matcher: &Matcher,
    ) -> Result<Self, LakeError> {
        let slots: Vec<u8> = mailboxes.iter().map(|id| slot(id)).collect();
        let is_wanted =
            |row: &Interaction| mailboxes.contains(&row.mailbox.id) && is_matched(matcher, row);
        let found = lake.withheld(&slots, is_wanted)?.into_iter();
        let revisions = found.map(|mail| ((mail.mailbox_id, mail.interaction_id), mail.revision));
        Ok(Self {
            revisions: Mutex::new(revisions.collect()),
        })
    }

    /// Whether there is none (left).
    pub fn is_empty(&self) -> bool {
        self.with(|revisions| revisions.is_empty())
    }

    /// The revision that a mail gets when its content is there: once.
    pub fn next_revision(&self, mailbox_id: &Arc<str>, interaction_id: Id128) -> Option<i32> {
        let key = (Arc::clone(mailbox_id), interaction_id);
        let revision = self.with(|revisions| revisions.remove(&key))?;
        revision.checked_add(1)
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<Key, i32>) -> T) -> T {
        // What a panicking thread left is a map without one mail more.
        work(
            &mut self
                .revisions
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

/// How many there are of all mailboxes. Blocking.
pub fn count(lake: &Lake, matcher: &Matcher) -> Result<u64, LakeError> {
    let slots: Vec<u8> = lake.interaction_versions()?.into_keys().collect();
    let found = lake.withheld(&slots, |row| is_matched(matcher, row))?;
    Ok(found.len() as u64)
}

fn is_matched(matcher: &Matcher, row: &Interaction) -> bool {
    !matcher.touches(&row.participants).is_empty()
}
