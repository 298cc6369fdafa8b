//! Rows of `contact_activity` to record batches and back.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::Int32Array;
use arrow_array::Int64Array;
use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::instant;
use crate::lake::rows::cells::owned;
use crate::lake::rows::cells::text;
use crate::lake::rows::cells::word;
use crate::lake::rows::interaction::Mailboxes;
use crate::lake::rows::interaction::flags;
use crate::lake::rows::interaction::id_at;
use crate::lake::rows::interaction::ids;
use crate::lake::rows::interaction::instant_at;
use crate::lake::rows::interaction::instants;
use crate::lake::rows::interaction::maybe_instants;
use crate::lake::rows::interaction::maybe_texts;
use crate::lake::rows::interaction::texts;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::arrow_schema;
use crate::model::activity::Activity;
use crate::model::activity::MatchRule;
use crate::model::activity::Touch;
use crate::model::interaction::Direction;
use crate::model::interaction::Kind;
use crate::model::interaction::Role;
use crate::model::interaction::State;

/// What `user_role` says where the owner is not named.
pub(crate) const NO_ROLE: &str = "none";

/// Puts rows into a batch with the columns of `contact_activity`, in their order.
pub(crate) fn to_batch(rows: &[&Activity]) -> Result<RecordBatch, ArrowError> {
    let all = || rows.iter().copied();
    let touches = || all().map(|r| r.touch.as_ref());
    let contacts = || touches().map(|t| t.and_then(|t| t.contact.as_ref()));
    let accounts = || touches().map(|t| t.and_then(|t| t.account.as_ref()));
    let columns: Vec<ArrayRef> = vec![
        ids(all().map(|r| r.activity_id)),
        Arc::new(Int64Array::from_iter_values(all().map(|r| r.generation))),
        ids(all().map(|r| r.interaction_id)),
        texts(all().map(|r| &*r.mailbox.id)),
        Arc::new(Int32Array::from_iter_values(all().map(|r| r.revision))),
        texts(all().map(|r| r.state.as_str())),
        texts(all().map(|r| r.kind.as_str())),
        texts(all().map(|r| r.direction.as_str())),
        instants(all().map(|r| r.occurred_at)),
        maybe_instants(all().map(|r| r.ended_at)),
        maybe_texts(all().map(|r| r.subject.as_deref())),
        maybe_texts(all().map(|r| r.preview.as_deref())),
        maybe_texts(all().map(|r| r.thread_id.as_deref())),
        flags(all().map(|r| r.is_bulk)),
        texts(all().map(|r| &*r.mailbox.tenant)),
        texts(all().map(|r| &*r.mailbox.address)),
        texts(all().map(|r| r.user_role.map_or(NO_ROLE, Role::as_str))),
        texts(all().map(|r| r.mailbox.kind.as_str())),
        maybe_texts(contacts().map(|c| c.map(|(id, _)| &**id))),
        maybe_texts(contacts().map(|c| c.map(|(_, name)| &**name))),
        maybe_texts(touches().map(|t| t.map(|t| t.address.as_str()))),
        maybe_texts(touches().map(|t| t.map(|t| t.role.as_str()))),
        maybe_texts(touches().map(|t| t.and_then(|t| t.response.as_deref()))),
        maybe_texts(accounts().map(|a| a.map(|(id, _)| &**id))),
        maybe_texts(accounts().map(|a| a.and_then(|(_, name)| name.as_deref()))),
        maybe_texts(touches().map(|t| t.map(|t| t.rule.as_str()))),
        Arc::new(Int32Array::from_iter_values(
            all().map(|r| r.internal_count),
        )),
        Arc::new(Int32Array::from_iter_values(
            all().map(|r| r.external_count),
        )),
        instants(all().map(|r| r.matched_at)),
        texts(all().map(|r| &*r.crm_snapshot)),
        texts(all().map(|r| &*r.run_id)),
    ];
    RecordBatch::try_new(arrow_schema(TableName::ContactActivity), columns)
}

/// Reads the rows of a batch that has all columns of `contact_activity`.
pub(crate) fn from_batch(batch: &RecordBatch) -> Result<Vec<Activity>, BadCell> {
    let cells = Cells::new(batch);
    let text_of = |name: &str| cells.texts(name);
    let mailbox = [
        text_of("mailbox_id")?,
        text_of("user_address")?,
        text_of("mailbox_kind")?,
        text_of("tenant")?,
    ];
    let (activity_id, interaction_id) = (text_of("activity_id")?, text_of("interaction_id")?);
    let (generation, revision) = (cells.longs("generation")?, cells.ints("revision")?);
    let (state, kind) = (text_of("state")?, text_of("kind")?);
    let (direction, user_role) = (text_of("direction")?, text_of("user_role")?);
    let (occurred_at, ended_at) = (cells.instants("occurred_at")?, cells.instants("ended_at")?);
    let (subject, preview) = (text_of("subject")?, text_of("preview")?);
    let (thread_id, is_bulk) = (text_of("thread_id")?, cells.flags("is_bulk")?);
    let internal = cells.ints("internal_count")?;
    let external = cells.ints("external_count")?;
    let matched_at = cells.instants("matched_at")?;
    let (crm_snapshot, run_id) = (text_of("crm_snapshot")?, text_of("run_id")?);
    let mut mailboxes = Mailboxes::default();
    let row = |row: usize| {
        Ok(Activity {
            activity_id: id_at(activity_id, row, "activity_id")?,
            generation: generation.value(row),
            interaction_id: id_at(interaction_id, row, "interaction_id")?,
            mailbox: mailboxes.get(mailbox, row)?,
            revision: revision.value(row),
            state: word(state, row, State::parse, "state")?,
            kind: word(kind, row, Kind::parse, "kind")?,
            direction: word(direction, row, Direction::parse, "direction")?,
            occurred_at: instant_at(occurred_at, row, "occurred_at")?,
            ended_at: instant(ended_at, row),
            subject: owned(subject, row),
            preview: owned(preview, row),
            thread_id: owned(thread_id, row),
            is_bulk: is_bulk.value(row),
            user_role: text(user_role, row).and_then(Role::parse),
            touch: touch(&cells, row)?,
            internal_count: internal.value(row),
            external_count: external.value(row),
            matched_at: instant_at(matched_at, row, "matched_at")?,
            crm_snapshot: crm_snapshot.value(row).into(),
            run_id: run_id.value(row).into(),
        })
    };
    (0..batch.num_rows()).map(row).collect()
}

/// The contact or account of a row; `None` in a closing row.
fn touch(cells: &Cells<'_>, row: usize) -> Result<Option<Touch>, BadCell> {
    let rules = cells.texts("match_rule")?;
    if text(rules, row).is_none() {
        return Ok(None);
    }
    let cell = |name: &str| cells.texts(name).map(|array| text(array, row));
    let contact = cell("contact_id")?.map(|id| {
        let name = cell("contact_name")?.unwrap_or_default();
        Ok::<_, BadCell>((Arc::from(id), Arc::from(name)))
    });
    let account = cell("account_id")?.map(|id| {
        let name = cell("account_name")?.map(Arc::from);
        Ok::<_, BadCell>((Arc::from(id), name))
    });
    let roles = cells.texts("contact_role")?;
    Ok(Some(Touch {
        contact: contact.transpose()?,
        account: account.transpose()?,
        address: cell("contact_address")?.unwrap_or_default().to_owned(),
        role: word(roles, row, Role::parse, "contact_role")?,
        response: cell("contact_response")?.map(str::to_owned),
        rule: word(rules, row, MatchRule::parse, "match_rule")?,
    }))
}
