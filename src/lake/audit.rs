//! The table `audit`: who changed what is read, and when.

use std::collections::HashMap;
use std::collections::HashSet;

use arrow_array::Array as _;

use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::lake::read::Filter;
use crate::lake::read::Rows;
use crate::lake::read::batches;
use crate::lake::read::paths;
use crate::lake::read::read;
use crate::lake::rows::audit::AUDIT;
use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::instant;
use crate::lake::rows::cells::owned;
use crate::lake::rows::cells::text;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::project;
use crate::model::audit::AuditAction;
use crate::model::audit::AuditEntry;
use crate::model::time::Timestamp;

/// Named in files of rows that no run wrote.
const NO_RUN: &str = "audit";

impl Lake {
    /// Appends rows to `audit`.
    pub fn write_audit(&self, rows: &[AuditEntry]) -> Result<(), LakeError> {
        let (Some(first), Some(table)) = (rows.first(), &self.audit) else {
            return Ok(());
        };
        let run_id = first.run_id.as_deref().unwrap_or(NO_RUN);
        self.append_by_month(table, &AUDIT, rows, run_id, |row| row.at)
    }

    /// The addresses of mailboxes of which `audit` says that they were read for the first time.
    pub fn activated(&self) -> Result<HashSet<String>, LakeError> {
        let Some(table) = &self.audit else {
            return Ok(HashSet::new());
        };
        let mut found = HashSet::new();
        let wanted = project(TableName::Audit, &["action", "subject"]);
        for batch in batches(paths(table, &Filter::default())?, wanted) {
            let (path, batch) = batch?;
            let fail = LakeError::bad_file(&path);
            let cells = Cells::new(&batch);
            let actions = cells.texts("action").map_err(|why| fail(&why))?;
            let subjects = cells.texts("subject").map_err(|why| fail(&why))?;
            let rows = actions.iter().zip(subjects);
            let activated =
                rows.filter(|(action, _)| *action == Some(AuditAction::Activate.as_str()));
            found.extend(activated.filter_map(|(_, subject)| subject.map(str::to_owned)));
        }
        Ok(found)
    }

    /// What the last row of `audit` on each setting says, by its subject; `None`: it is not stated
    /// any more.
    pub fn last_settings(&self) -> Result<HashMap<String, Option<String>>, LakeError> {
        let Some(table) = &self.audit else {
            return Ok(HashMap::new());
        };
        let mut last: HashMap<String, (Timestamp, Option<String>)> = HashMap::new();
        let wanted = project(TableName::Audit, &["at", "action", "subject", "after"]);
        for batch in batches(paths(table, &Filter::default())?, wanted) {
            let (path, batch) = batch?;
            let fail = LakeError::bad_file(&path);
            note_settings(&Cells::new(&batch), &mut last).map_err(|why| fail(&why))?;
        }
        let last = last.into_iter();
        Ok(last.map(|(subject, (_, after))| (subject, after)).collect())
    }

    /// The rows of `audit`, in no particular order; none in a lake that has no such table yet.
    pub fn audit(&self) -> Result<Rows<AuditEntry>, LakeError> {
        let Some(table) = &self.audit else {
            return Ok(Box::new(std::iter::empty()));
        };
        let rows = read(
            paths(table, &Filter::default())?,
            TableName::Audit,
            |batch| AUDIT.read_all(batch),
        );
        Ok(Box::new(rows))
    }
}

fn note_settings(
    cells: &Cells<'_>,
    last: &mut HashMap<String, (Timestamp, Option<String>)>,
) -> Result<(), BadCell> {
    let (actions, subjects) = (cells.texts("action")?, cells.texts("subject")?);
    let (times, values) = (cells.instants("at")?, cells.texts("after")?);
    for row in 0..actions.len() {
        let is_setting = text(actions, row) == Some(AuditAction::Setting.as_str());
        let (Some(subject), Some(at)) = (text(subjects, row), instant(times, row)) else {
            continue;
        };
        let is_newer = || last.get(subject).is_none_or(|(known, _)| *known < at);
        if is_setting && is_newer() {
            last.insert(subject.to_owned(), (at, owned(values, row)));
        }
    }
    Ok(())
}
