//! Loads from the lake what an archive's mails are recorded as.

use crate::config::archive::Identity;
use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::lake::read::Filter;
use crate::lake::recorded::Recorded;
use crate::model::interaction::Kind;
use crate::model::mailbox::slot;
use crate::reconcile::earlier_ids::EarlierIds;
use crate::reconcile::earlier_ids::RecordedRow;

/// The rows of a mailbox that may have earlier ids. Blocking.
pub(super) fn earlier_ids(
    lake: &Lake,
    mailbox_id: &str,
    identity: Identity,
) -> Result<EarlierIds, LakeError> {
    let rows = lake.recorded_subjects(&Filter::of_slots(&[slot(mailbox_id)]))?;
    let is_mail = |row: &Recorded| *row.mailbox_id == *mailbox_id && row.kind == Kind::Email;
    let mails = rows.filter(|row| row.as_ref().map_or(true, is_mail));
    EarlierIds::of(mailbox_id, identity, mails.map(|row| row.map(recorded_row)))
}

fn recorded_row(row: Recorded) -> RecordedRow {
    RecordedRow {
        interaction_id: row.interaction_id,
        source_id: row.source_id,
        revision: row.revision,
        state: row.state,
        occurred_at: row.occurred_at,
        subject: row.subject,
        fingerprint: row.fingerprint,
    }
}
