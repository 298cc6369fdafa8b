//! Mails that get a further revision: those without their content, and those of some mailboxes.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_array::RecordBatch;

use crate::lake::activities::ActivityContent;
use crate::lake::cells::BadCell;
use crate::lake::error::LakeError;
use crate::lake::grain::Revisions;
use crate::lake::grain::month_number;
use crate::lake::interaction_rows;
use crate::lake::match_rows;
use crate::lake::match_rows::MatchRows;
use crate::lake::open::Lake;
use crate::lake::read::read;
use crate::lake::schema::TableName;
use crate::lake::table::LiveFile;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::State;

/// A mail that was recorded without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Which.
    pub interaction_id: Id128,
    /// In which mailbox.
    pub mailbox_id: Arc<str>,
    /// Its highest revision.
    pub revision: i32,
}

impl Lake {
    /// The mails of some slots that lie there without subject and preview, and of which
    /// `is_wanted` is true. It sees what [`Lake::rematch`] shows of a row. Blocking.
    pub fn withheld(
        &self,
        slots: &[u8],
        is_wanted: impl Fn(&Interaction) -> bool + Sync,
    ) -> Result<Vec<Withheld>, LakeError> {
        let wanted = match_rows::schema(ActivityContent::Preview);
        let mut all = Vec::new();
        for files in self.months()?.into_values() {
            let revisions = self.revisions(&files)?;
            let each = |file: &LiveFile, batch: &RecordBatch| {
                let mut rows = withheld_rows(file, batch, slots, &revisions)?;
                rows.retain(&is_wanted);
                Ok(rows.into_iter().map(Withheld::from).collect::<Vec<_>>())
            };
            let found = self.in_parallel(&self.interactions, &files, &wanted, None, each)?;
            all.extend(found.into_iter().flatten());
        }
        Ok(all)
    }

    /// The mails of some mailboxes as they are now, month by month, in no order within it, until
    /// `take` has enough. Blocking; it holds one batch and the ids of what was revised in a month.
    pub fn mails_of(
        &self,
        mailboxes: &HashSet<Arc<str>>,
        mut take: impl FnMut(Interaction) -> ControlFlow<()>,
    ) -> Result<(), LakeError> {
        for (month, files) in self.months()? {
            let revisions = self.revisions(&files)?;
            let paths = self.interactions.paths(&files);
            for row in read(paths, TableName::Interactions, interaction_rows::from_batch) {
                let row = row?;
                if mailboxes.contains(&row.mailbox.id)
                    && is_current_mail(&row)
                    && revisions.is_highest(&row, || month_number(&month))
                    && take(row).is_break()
                {
                    return Ok(());
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

impl From<Interaction> for Withheld {
    fn from(row: Interaction) -> Self {
        Self {
            interaction_id: row.interaction_id,
            mailbox_id: Arc::clone(&row.mailbox.id),
            revision: row.revision,
        }
    }
}

fn is_current_mail(row: &Interaction) -> bool {
    row.kind == Kind::Email && row.state == State::Active
}

fn withheld_rows(
    file: &LiveFile,
    batch: &RecordBatch,
    slots: &[u8],
    revisions: &Revisions,
) -> Result<Vec<Interaction>, BadCell> {
    let month = month_number(&file.month);
    let mut rows = MatchRows::new(batch)?;
    let mut found = Vec::new();
    for at in 0..batch.num_rows() {
        let key = rows.key(at)?;
        let is_highest = || revisions.is_highest_of(key.grain.in_month(month), key.revision);
        if slots.contains(&key.slot) && !rows.has_content(at) && is_highest() {
            found.push(rows.row(at)?);
        }
    }
    found.retain(is_current_mail);
    Ok(found)
}
