//! Mails that get a further revision: found by few columns, several files at a time, then read whole.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_array::RecordBatch;

use crate::lake::Lake;
use crate::lake::delta::file_reader::FileReader;
use crate::lake::delta::file_reader::OnlyRows;
use crate::lake::delta::table::LiveFile;
use crate::lake::error::LakeError;
use crate::lake::rows::interaction::INTERACTIONS;
use crate::lake::rows::keys::month_number;
use crate::lake::rows::projection;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::arrow_schema;
use crate::lake::settings::ActivityContent;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::State;

impl Lake {
    /// How many mails in some slots there are of which `is_wanted` is true, as they are now.
    ///
    /// It is given subject and preview, and not what the view of a rematch leaves out. Blocking.
    pub fn count_mails(
        &self,
        slots: &[u8],
        is_wanted: impl Fn(&Interaction) -> bool + Sync,
    ) -> Result<u64, LakeError> {
        let mut count = 0;
        self.find_mails(slots, &is_wanted, |_| count += 1)?;
        Ok(count)
    }

    /// Calls `take` with each of these mails, whole and in no order, until it has enough.
    ///
    /// Blocking; it holds their ids, one batch and the ids of what was revised in a month.
    pub fn mails(
        &self,
        slots: &[u8],
        is_wanted: impl Fn(&Interaction) -> bool + Sync,
        mut take: impl FnMut(Interaction) -> ControlFlow<()>,
    ) -> Result<(), LakeError> {
        let mut ids = HashSet::new();
        self.find_mails(slots, &is_wanted, |id| {
            ids.insert(id);
        })?;
        if ids.is_empty() {
            return Ok(());
        }
        let only = OnlyRows::Of(Arc::new(ids));
        let schema = arrow_schema(TableName::Interactions);
        for (month, files) in self.months()? {
            let revisions = self.revisions(&files)?;
            for path in self.interactions.paths(&files) {
                for batch in FileReader::open_only(&path, Arc::clone(&schema), Some(&only))? {
                    let rows = INTERACTIONS.read_all(&batch?);
                    for row in rows.map_err(|why| LakeError::bad_file(&path)(&why))? {
                        if is_current_mail(&row)
                            && revisions.is_highest(&row, || month_number(&month))
                            && is_wanted(&row)
                            && take(row).is_break()
                        {
                            return Ok(());
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Calls `take` with the ids, month by month.
    fn find_mails(
        &self,
        slots: &[u8],
        is_wanted: &(impl Fn(&Interaction) -> bool + Sync),
        mut take: impl FnMut(Id128),
    ) -> Result<(), LakeError> {
        let wanted = projection::schema(ActivityContent::Preview);
        for files in self.months()?.into_values() {
            let revisions = self.revisions(&files)?;
            let each = |file: &LiveFile, batch: &RecordBatch| {
                let mut found = Vec::new();
                let month = month_number(&file.month);
                projection::highest(batch, month, slots, &revisions, |_, row| {
                    if is_current_mail(&row) && is_wanted(&row) {
                        found.push(row.interaction_id);
                    }
                })?;
                Ok(found)
            };
            let found = self.in_parallel(&self.interactions, &files, &wanted, None, each)?;
            found.into_iter().flatten().for_each(&mut take);
        }
        Ok(())
    }
}

fn is_current_mail(row: &Interaction) -> bool {
    row.kind == Kind::Email && row.state == State::Active
}
