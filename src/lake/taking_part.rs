//! Rows of `interactions` in which an address takes part.

use arrow_array::RecordBatch;

use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::lake::recorded;
use crate::lake::recorded::Recorded;
use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::participants::ParticipantLists;

impl Lake {
    /// All revisions of the interactions in which an address takes part, in any role, without people and
    /// content; in no particular order. Call it from a blocking thread.
    ///
    /// # Errors
    /// A file of the table cannot be read.
    pub fn recorded_with(&self, address: &str) -> Result<Vec<Recorded>, LakeError> {
        let files = self.interactions.live_files()?;
        let wanted = recorded::schema_with_people();
        let each = |_: &_, batch: &RecordBatch| having(batch, address);
        let rows = self.in_parallel(&self.interactions, &files, &wanted, None, each)?;
        Ok(rows.into_iter().flatten().collect())
    }
}

fn having(batch: &RecordBatch, address: &str) -> Result<Vec<Recorded>, BadCell> {
    let people = ParticipantLists::new(&Cells::new(batch), "participants")?;
    let rows = recorded::read_batch(batch)?.into_iter().enumerate();
    let rows = rows.filter(|(row, _)| people.has(*row, address));
    Ok(rows.map(|(_, row)| row).collect())
}
