//! Mails that get a further revision: found by few columns, several files at a time, then read whole.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_array::RecordBatch;

use crate::lake::activities::ActivityContent;
use crate::lake::cells::BadCell;
use crate::lake::data_file::FileReader;
use crate::lake::data_file::OnlyRows;
use crate::lake::error::LakeError;
use crate::lake::grain::Revisions;
use crate::lake::grain::month_number;
use crate::lake::interaction_rows;
use crate::lake::match_rows;
use crate::lake::match_rows::MatchRows;
use crate::lake::open::Lake;
use crate::lake::schema::TableName;
use crate::lake::schema::arrow_schema;
use crate::lake::table::LiveFile;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::State;

impl Lake {
    /// Calls `take` with the id of each mail in some slots of which `is_wanted` is true, as it is
    /// now. Rows come with subject and preview, and without what the view of a rematch leaves out.
    /// Blocking; it holds the ids of a month.
    pub fn find_mails(
        &self,
        slots: &[u8],
        is_wanted: impl Fn(&Interaction) -> bool + Sync,
        mut take: impl FnMut(Id128),
    ) -> Result<(), LakeError> {
        let wanted = match_rows::schema(ActivityContent::Preview);
        for files in self.months()?.into_values() {
            let revisions = self.revisions(&files)?;
            let each = |file: &LiveFile, batch: &RecordBatch| {
                found_in(file, batch, slots, &revisions, &is_wanted)
            };
            let found = self.in_parallel(&self.interactions, &files, &wanted, None, each)?;
            found.into_iter().flatten().for_each(&mut take);
        }
        Ok(())
    }

    /// The mails with some ids as they are now, in all mailboxes and in no order, until `take` has
    /// enough. Blocking; it holds one batch and the ids of what was revised in a month.
    pub fn mails_by_id(
        &self,
        ids: HashSet<Id128>,
        mut take: impl FnMut(Interaction) -> ControlFlow<()>,
    ) -> Result<(), LakeError> {
        let only = OnlyRows::Of(Arc::new(ids));
        let schema = arrow_schema(TableName::Interactions);
        for (month, files) in self.months()? {
            let revisions = self.revisions(&files)?;
            for path in self.interactions.paths(&files) {
                for batch in FileReader::open_only(&path, Arc::clone(&schema), Some(&only))? {
                    let rows = interaction_rows::from_batch(&batch?);
                    for row in rows.map_err(|why| LakeError::bad_file(&path)(&why))? {
                        if is_current_mail(&row)
                            && revisions.is_highest(&row, || month_number(&month))
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

    fn months(&self) -> Result<BTreeMap<String, Vec<LiveFile>>, LakeError> {
        let mut months: BTreeMap<String, Vec<LiveFile>> = BTreeMap::new();
        for file in self.interactions.live_files()? {
            months.entry(file.month.clone()).or_default().push(file);
        }
        Ok(months)
    }
}

fn is_current_mail(row: &Interaction) -> bool {
    row.kind == Kind::Email && row.state == State::Active
}

fn found_in(
    file: &LiveFile,
    batch: &RecordBatch,
    slots: &[u8],
    revisions: &Revisions,
    is_wanted: impl Fn(&Interaction) -> bool,
) -> Result<Vec<Id128>, BadCell> {
    let month = month_number(&file.month);
    let mut rows = MatchRows::new(batch)?;
    let mut found = Vec::new();
    for at in 0..batch.num_rows() {
        let key = rows.key(at)?;
        let is_highest = || revisions.is_highest_of(key.grain.in_month(month), key.revision);
        if !slots.contains(&key.slot) || !is_highest() {
            continue;
        }
        let row = rows.row(at)?;
        if is_current_mail(&row) && is_wanted(&row) {
            found.push(row.interaction_id);
        }
    }
    Ok(found)
}
