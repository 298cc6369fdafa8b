//! A CRM file as a table: its encoding, its separator, its columns, and its rows, of which malformed
//! ones are skipped.

use std::path::Path;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::config::Crm;
use crate::config::charset;
use crate::config::charset::Charset;
use crate::config::crm_columns;
use crate::config::crm_columns::Field;
use crate::config::crm_columns::Found;
use crate::config::crm_notes::Note;
use crate::config::csv;
use crate::config::csv::Row;
use crate::config::csv::Rows;
use crate::config::csv::Table;
use crate::config::error::ConfigError;
use crate::config::records::At;
use crate::config::records::Broken;
use crate::config::records::Separator;

/// The headings that the configuration states for each field.
type Stated<'a> = [(&'static str, &'a [String])];

/// A CRM file of which the columns are known.
pub(super) struct CrmTable<'a> {
    path: &'a Path,
    charset: Charset,
    separator: Separator,
    found: Found,
    rows: Rows,
}

impl<'a> CrmTable<'a> {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// It is in an unknown encoding, no table, or lacks a column.
    pub(super) fn open(
        path: &'a Path,
        fields: &[Field],
        stated: &Stated,
    ) -> Result<Self, ConfigError> {
        let read = |bytes| {
            let (text, charset) = charset::decode(bytes)?;
            let (separator, table, found) = split(&text, fields, stated)?;
            let rows = table.rows(&found.sources)?;
            Ok(Self {
                path,
                charset,
                separator,
                found,
                rows,
            })
        };
        read(csv::read_bytes(path)?).map_err(|broken| csv::at(path, broken))
    }

    /// Whether domains are what a domain column holds, not web addresses.
    pub(super) fn has_own_domains(&self) -> bool {
        self.found.has_own_domains
    }

    /// In what way the file differs from ours.
    pub(super) fn notes(&self) -> Vec<Note> {
        let mut ways = Vec::new();
        if self.charset != Charset::Utf8 {
            ways.push(format!("as {}", self.charset.name()));
        }
        if self.separator != Separator::Comma {
            ways.push(format!("with a {} between cells", self.separator.name()));
        }
        ways.extend(self.found.read.clone());
        let read = (!ways.is_empty()).then(|| Note::ReadAs {
            file: self.file(),
            ways: ways.join("; "),
        });
        let unread = self
            .found
            .unread
            .iter()
            .map(|(column, meant)| Note::Unread {
                file: self.file(),
                column: column.clone(),
                meant,
            });
        read.into_iter().chain(unread).collect()
    }

    fn file(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Parses each row; malformed rows are skipped and noted.
    ///
    /// # Errors
    ///
    /// More rows are malformed than the configuration allows.
    pub(super) fn entries<T>(
        self,
        files: &Crm,
        notes: &mut Vec<Note>,
        read: impl Fn(&Row, &Arc<str>, &mut Vec<Note>) -> Result<T, String>,
    ) -> Result<Vec<T>, ConfigError> {
        let (path, file) = (self.path, self.file());
        let count = self.rows.len();
        let mut ids = HashMap::new();
        let mut entry = |row: Row| {
            let id = new_id(&row, &ids).map_err(|why| (row.line, why))?;
            let entry = read(&row, &id, notes).map_err(|why| (row.line, why))?;
            ids.insert(id, row.line);
            Ok(entry)
        };
        let (mut entries, mut broken) = (Vec::with_capacity(count), Vec::new());
        for row in self.rows {
            match row.and_then(&mut entry) {
                Ok(entry) => entries.push(entry),
                Err(row) => broken.push(row),
            }
        }
        check_broken(path, &broken, count, files)?;
        notes.extend(broken.into_iter().map(|(line, problem)| Note::Skipped {
            file: file.clone(),
            line,
            problem,
        }));
        Ok(entries)
    }
}

/// The separator under which the first line has the expected columns.
fn split<'a>(
    text: &'a str,
    fields: &[Field],
    stated: &Stated,
) -> At<(Separator, Table<'a>, Found)> {
    let mut separators = Separator::ALL.to_vec();
    if let Some(separator) = Separator::stated(text) {
        separators = vec![separator];
    }
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for separator in separators {
        match open(text, separator, fields, stated) {
            Ok((table, columns)) => found.push((separator, table, columns)),
            Err(problem) => problems.push(problem),
        }
    }
    if let [(one, table, _), (other, ..), ..] = found.as_slice() {
        let message = format!(
            "the first line names the columns with a {} between cells as well as with a {}; write \
             `sep={}` above it, or take the other one out",
            one.name(),
            other.name(),
            one.character()
        );
        return Err((table.line, message));
    }
    // The table with the most columns is most likely the one that was meant.
    let problem = problems.into_iter().rev().max_by_key(|problem| problem.0);
    let (_, problem) = problem.unwrap_or_default();
    found.pop().ok_or(problem)
}

/// Why a separator is not the file's, with the number of columns that it gives.
type Problem = (usize, Broken);

fn open<'a>(
    text: &'a str,
    separator: Separator,
    fields: &[Field],
    stated: &Stated,
) -> Result<(Table<'a>, Found), Problem> {
    let table = Table::open(text, separator).map_err(|broken| (0, broken))?;
    let table = table.ok_or_else(|| (0, csv::empty(&crm_columns::required(fields))))?;
    match crm_columns::find(&table.headings, fields, stated) {
        Ok(found) => Ok((table, found)),
        Err(problem) => Err((table.headings.len(), (table.line, problem))),
    }
}

/// One malformed row never stops a run; too many mean that it is the wrong file.
fn check_broken(
    path: &Path,
    broken: &[Broken],
    rows: usize,
    files: &Crm,
) -> Result<(), ConfigError> {
    let percent = usize::from(files.max_passed_over_percent);
    let is_too_much = broken.len() * 100 > rows * percent;
    let [(line, problem), _, ..] = broken else {
        return Ok(());
    };
    if !is_too_much {
        return Ok(());
    }
    Err(ConfigError::Line {
        path: path.to_owned(),
        line: *line,
        message: format!(
            "{problem} ({} of {rows} rows cannot be read, more than the {percent} % that \
             crm.max_passed_over_percent allows; this is the first)",
            broken.len()
        ),
    })
}

/// The id of a row: present and unique.
fn new_id(row: &Row, seen: &HashMap<Arc<str>, usize>) -> Result<Arc<str>, String> {
    let id: Arc<str> = row.cell(0).into();
    if id.is_empty() {
        return Err("the row has no id; fill it in".to_owned());
    }
    match seen.get(&id) {
        None => Ok(id),
        Some(line) => Err(format!(
            "id {id} is in line {line} too; keep one of the rows"
        )),
    }
}
