//! What is known of every row of `interactions`, from few columns: to rebuild caches with.

use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::lake::read::Filter;
use crate::lake::read::Rows;
use crate::lake::read::batches;
use crate::lake::read::paths;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::id_at;
use crate::lake::rows::cells::instant_at;
use crate::lake::rows::cells::text;
use crate::lake::rows::cells::word;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::project;
use crate::model::id::Id128;
use crate::model::interaction::Kind;
use crate::model::interaction::State;
use crate::model::time::Timestamp;

/// The columns that [`Recorded`] holds.
const COLUMNS: [&str; 9] = [
    "interaction_id",
    "mailbox_id",
    "source_id",
    "kind",
    "revision",
    "state",
    "occurred_at",
    "fingerprint",
    "run_id",
];

/// A row of `interactions` without people and content.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the columns are documented once, in lake::rows"
)]
pub struct Recorded {
    pub interaction_id: Id128,
    pub mailbox_id: Arc<str>,
    pub source_id: String,
    pub kind: Kind,
    pub revision: i32,
    pub state: State,
    pub occurred_at: Timestamp,
    /// Where it was requested.
    pub subject: Option<String>,
    pub fingerprint: i64,
    pub run_id: Arc<str>,
}

impl Lake {
    /// The rows of `interactions` without people and content, in no particular order.
    pub fn recorded(&self, filter: &Filter) -> Result<Rows<Recorded>, LakeError> {
        self.recorded_columns(filter, &COLUMNS)
    }

    /// The same with their subjects.
    pub fn recorded_subjects(&self, filter: &Filter) -> Result<Rows<Recorded>, LakeError> {
        self.recorded_columns(filter, &[&COLUMNS[..], &["subject"]].concat())
    }

    fn recorded_columns(
        &self,
        filter: &Filter,
        columns: &[&str],
    ) -> Result<Rows<Recorded>, LakeError> {
        let files = paths(&self.interactions, filter)?;
        let filter = filter.clone();
        let rows = batches(files, project(TableName::Interactions, columns))
            .flat_map(|batch| rows_of(batch.and_then(|(path, batch)| from_batch(&path, &batch))));
        Ok(Box::new(rows.filter(move |row| {
            row.as_ref()
                .map_or(true, |row| filter.has_mailbox(&row.mailbox_id))
        })))
    }
}

fn rows_of(rows: Result<Vec<Recorded>, LakeError>) -> Vec<Result<Recorded, LakeError>> {
    match rows {
        Ok(rows) => rows.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error)],
    }
}

fn from_batch(path: &Path, batch: &RecordBatch) -> Result<Vec<Recorded>, LakeError> {
    read_batch(batch).map_err(|why| LakeError::bad_file(path)(&why))
}

/// The columns of [`Recorded`] with the subject.
pub(super) fn schema_with_subjects() -> Arc<Schema> {
    project(
        TableName::Interactions,
        &[&COLUMNS[..], &["subject"]].concat(),
    )
}

/// The columns of [`Recorded`] with the participants.
pub(super) fn schema_with_people() -> Arc<Schema> {
    project(
        TableName::Interactions,
        &[&COLUMNS[..], &["participants"]].concat(),
    )
}

pub(super) fn read_batch(batch: &RecordBatch) -> Result<Vec<Recorded>, String> {
    let cells = Cells::new(batch);
    let ids = cells.texts("interaction_id")?;
    let (mailboxes, sources) = (cells.texts("mailbox_id")?, cells.texts("source_id")?);
    let (kinds, states) = (cells.texts("kind")?, cells.texts("state")?);
    let (revisions, runs) = (cells.ints("revision")?, cells.texts("run_id")?);
    let occurred = cells.instants("occurred_at")?;
    // Most readers leave the subjects out.
    let subjects = cells.texts("subject").ok();
    let fingerprints = cells.longs("fingerprint")?;
    let mut last: Option<Arc<str>> = None;
    let row = |row| {
        let mailbox = mailboxes.value(row);
        let mailbox_id = match last.take() {
            Some(last) if *last == *mailbox => last,
            _ => Arc::from(mailbox),
        };
        last = Some(Arc::clone(&mailbox_id));
        Ok(Recorded {
            interaction_id: id_at(ids, row, "interaction_id")?,
            mailbox_id,
            source_id: sources.value(row).to_owned(),
            kind: word(kinds, row, Kind::parse, "kind")?,
            revision: revisions.value(row),
            state: word(states, row, State::parse, "state")?,
            occurred_at: instant_at(occurred, row, "occurred_at")?,
            subject: subjects
                .and_then(|subjects| text(subjects, row))
                .map(str::to_owned),
            fingerprint: fingerprints.value(row),
            run_id: runs.value(row).into(),
        })
    };
    (0..batch.num_rows()).map(row).collect()
}
