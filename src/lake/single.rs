//! All that the lake holds of one interaction, and of the conversation or series around it.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use crate::lake::Lake;
use crate::lake::delta::file_reader::OnlyRows;
use crate::lake::delta::table::Table;
use crate::lake::error::LakeError;
use crate::lake::generations::Generations;
use crate::lake::recorded;
use crate::lake::recorded::Recorded;
use crate::lake::rows::activity::ACTIVITIES;
use crate::lake::rows::cells::BadCell;
use crate::lake::rows::interaction::INTERACTIONS;
use crate::lake::rows::keys::InteractionKey;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::arrow_schema;
use crate::model::activity::Activity;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;

/// What the interactions of a conversation or series have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Common {
    /// The conversation of mails: column `thread_id`.
    Thread(String),
    /// The series of meetings: column `series_id`.
    Series(String),
}

impl Lake {
    /// All revisions in all mailboxes of the interactions whose ids begin with some hex digits, in lower
    /// case; in no particular order. Call it from a blocking thread.
    ///
    /// # Errors
    /// A file of the table cannot be read.
    pub fn interactions_beginning(&self, digits: &str) -> Result<Vec<Interaction>, LakeError> {
        let only = OnlyRows::Beginning(digits.into());
        let wanted = arrow_schema(TableName::Interactions);
        self.some(&self.interactions, &wanted, &only, |batch| {
            INTERACTIONS.read_all(batch)
        })
    }

    /// All revisions in all mailboxes of some interactions, in no particular order. Call it from a
    /// blocking thread.
    ///
    /// # Errors
    /// A file of the table cannot be read.
    pub fn interactions_of(&self, ids: HashSet<Id128>) -> Result<Vec<Interaction>, LakeError> {
        let only = OnlyRows::Of(Arc::new(ids));
        let wanted = arrow_schema(TableName::Interactions);
        self.some(&self.interactions, &wanted, &only, |batch| {
            INTERACTIONS.read_all(batch)
        })
    }

    /// The rows of `contact_activity` of an interaction of the highest generation in each mailbox, in no
    /// particular order.
    ///
    /// # Errors
    /// A file of the table cannot be read.
    pub fn activities_of(&self, id: Id128) -> Result<Vec<Activity>, LakeError> {
        let only = OnlyRows::Of(Arc::new(HashSet::from([id])));
        let wanted = arrow_schema(TableName::ContactActivity);
        let mut rows = self.some(&self.activities, &wanted, &only, |batch| {
            ACTIVITIES.read_all(batch)
        })?;
        let key = |row: &Activity| (InteractionKey::of_activity(row), row.generation);
        let generations: Generations = rows.iter().map(key).collect();
        rows.retain(|row| generations.is_highest(InteractionKey::of_activity(row), row.generation));
        Ok(rows)
    }

    /// All revisions of the interactions of a conversation or series, without people and text.
    ///
    /// # Errors
    /// A file of the table cannot be read.
    pub fn recorded_of(&self, common: &Common) -> Result<Vec<Recorded>, LakeError> {
        let (column, id) = match common {
            Common::Thread(id) => ("thread_id", id),
            Common::Series(id) => ("series_id", id),
        };
        let ids = Arc::new(HashSet::from([id.clone()]));
        let only = OnlyRows::With(TableName::Interactions, column, ids);
        let wanted = recorded::schema_with_subjects();
        self.some(&self.interactions, &wanted, &only, recorded::read_batch)
    }

    fn some<R: Send>(
        &self,
        table: &Table,
        wanted: &Arc<Schema>,
        only: &OnlyRows,
        read: impl Fn(&RecordBatch) -> Result<Vec<R>, BadCell> + Sync,
    ) -> Result<Vec<R>, LakeError> {
        let files = table.live_files()?;
        let each = |_: &_, batch: &RecordBatch| read(batch);
        let rows = self.in_parallel(table, &files, wanted, Some(only), each)?;
        Ok(rows.into_iter().flatten().collect())
    }
}
