//! Looks up the mails of which the content is wanted now: recorded without it, because no CRM contact
//! was in them.

use std::collections::HashSet;
use std::sync::Arc;

use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::matching::Matcher;
use crate::model::interaction::Interaction;
use crate::model::mailbox::slot;
use crate::reconcile::withheld::WithheldMails;
use crate::reconcile::withheld::lacks_wanted_content;

/// Looks them up in the lake, for some mailboxes. Blocking.
///
/// # Errors
/// The lake cannot be read.
pub(crate) fn find(
    lake: &Lake,
    mailboxes: &HashSet<Arc<str>>,
    matcher: &Matcher,
) -> Result<WithheldMails, LakeError> {
    let slots: Vec<u8> = mailboxes.iter().map(|id| slot(id)).collect();
    let is_wanted = |row: &Interaction| {
        mailboxes.contains(&row.mailbox.id) && lacks_wanted_content(matcher, row)
    };
    let mut found = WithheldMails::default();
    lake.mails(&slots, is_wanted, |row| found.add(row))?;
    Ok(found)
}
