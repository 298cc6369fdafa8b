//! Rows of `mailboxes` to record batches and back.

use std::sync::Arc;

use arrow_array::Array;
use arrow_array::ArrayRef;
use arrow_array::Float64Array;
use arrow_array::Int64Array;
use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::owned;
use crate::lake::rows::cells::word;
use crate::lake::rows::interaction::Mailboxes;
use crate::lake::rows::interaction::instant_at;
use crate::lake::rows::interaction::instants;
use crate::lake::rows::interaction::maybe_texts;
use crate::lake::rows::interaction::texts;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::arrow_schema;
use crate::model::coverage::Cost;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::outcome::Outcome;
use crate::model::outcome::Tally;

fn longs(values: impl Iterator<Item = u64>) -> ArrayRef {
    let values = values.map(|value| i64::try_from(value).unwrap_or(i64::MAX));
    Arc::new(Int64Array::from_iter_values(values))
}

/// Puts rows into a batch with the columns of `mailboxes`, in their order.
pub(crate) fn to_batch(rows: &[&Coverage]) -> Result<RecordBatch, ArrowError> {
    let all = || rows.iter().copied();
    let mut columns: Vec<ArrayRef> = vec![
        texts(all().map(|r| &*r.run_id)),
        texts(all().map(|r| &*r.mailbox.tenant)),
        texts(all().map(|r| &*r.mailbox.id)),
        texts(all().map(|r| &*r.mailbox.address)),
        texts(all().map(|r| r.mailbox.kind.as_str())),
        instants(all().map(|r| r.started_at)),
        instants(all().map(|r| r.ended_at)),
        texts(all().map(|r| r.status.as_str())),
        maybe_texts(all().map(|r| r.reason.as_deref())),
        longs(all().map(|r| r.tally.received)),
    ];
    for outcome in Outcome::ALL {
        columns.push(longs(all().map(|r| r.tally.of(outcome))));
    }
    columns.extend([
        longs(all().map(|r| r.tally.derived)),
        longs(all().map(|r| r.tally.id_reused)),
        longs(all().map(|r| r.cost.requests)),
        longs(all().map(|r| r.cost.bytes)),
        Arc::new(Float64Array::from_iter_values(
            all().map(|r| r.cost.waited_seconds),
        )) as ArrayRef,
        Arc::new(all().map(|r| r.cursor_age_hours).collect::<Float64Array>()),
        Arc::new(all().map(|r| r.folder_items).collect::<Int64Array>()),
        Arc::new(Int64Array::from_iter_values(
            all().map(|r| r.recorded_total),
        )),
    ]);
    RecordBatch::try_new(arrow_schema(TableName::Mailboxes), columns)
}

/// Reads the rows of a batch that has all columns of `mailboxes`. Reasons of outcomes are not in
/// the table: each outcome comes back under no reason.
pub(crate) fn from_batch(batch: &RecordBatch) -> Result<Vec<Coverage>, BadCell> {
    let cells = Cells::new(batch);
    let text_of = |name: &str| cells.texts(name);
    let mailbox = [
        text_of("mailbox_id")?,
        text_of("mailbox_address")?,
        text_of("mailbox_kind")?,
        text_of("tenant")?,
    ];
    let (run_id, status, reason) = (text_of("run_id")?, text_of("status")?, text_of("reason")?);
    let (started_at, ended_at) = (cells.instants("started_at")?, cells.instants("ended_at")?);
    let waited_seconds = cells.doubles("waited_seconds")?;
    let cursor_age = cells.doubles("cursor_age_hours")?;
    let folder_items = cells.longs("folder_items")?;
    let recorded_total = cells.longs("recorded_total")?;
    let mut mailboxes = Mailboxes::default();
    let row = |row: usize| {
        Ok(Coverage {
            run_id: run_id.value(row).into(),
            mailbox: mailboxes.get(mailbox, row)?,
            started_at: instant_at(started_at, row, "started_at")?,
            ended_at: instant_at(ended_at, row, "ended_at")?,
            status: word(status, row, Status::parse, "status")?,
            reason: owned(reason, row),
            tally: tally(&cells, row)?,
            cost: Cost {
                requests: number(&cells, "requests", row)?,
                bytes: number(&cells, "bytes", row)?,
                waited_seconds: waited_seconds.value(row),
            },
            cursor_age_hours: cursor_age.is_valid(row).then(|| cursor_age.value(row)),
            folder_items: folder_items.is_valid(row).then(|| folder_items.value(row)),
            recorded_total: recorded_total.value(row),
            unread: Vec::new(),
            was_absent: false,
        })
    };
    (0..batch.num_rows()).map(row).collect()
}

fn number(cells: &Cells<'_>, name: &str, row: usize) -> Result<u64, BadCell> {
    u64::try_from(cells.longs(name)?.value(row)).map_err(|_| format!("column {name} is negative"))
}

fn tally(cells: &Cells<'_>, row: usize) -> Result<Tally, BadCell> {
    let mut tally = Tally {
        received: number(cells, "received", row)?,
        id_reused: number(cells, "id_reused", row)?,
        derived: number(cells, "derived", row)?,
        ..Tally::default()
    };
    for outcome in Outcome::ALL {
        let count = number(cells, outcome.as_str(), row)?;
        if count > 0 {
            let reasons = tally.outcomes.entry(outcome).or_default();
            reasons.insert(String::new(), count);
        }
    }
    Ok(tally)
}
