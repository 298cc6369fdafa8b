//! Parses comma-separated files as people export them: every line ending is accepted, every error
//! names the line, and the caller decides whether malformed rows are tolerated.

use std::path::Path;

use crate::config::charset;
use crate::config::error::ConfigError;
use crate::config::error::nearest;
use crate::config::limits;
use crate::config::records::At;
use crate::config::records::Broken;
use crate::config::records::Records;
use crate::config::records::Separator;
use crate::config::records::TEXT_FOLLOWS;
use crate::config::records::line_ends;

/// Which columns a file has.
pub(super) struct Columns {
    /// Required columns.
    pub required: &'static [&'static str],
    /// Optional columns; their cells are empty if the column is missing.
    pub optional: &'static [&'static str],
    /// Whether other columns are ignored. They are not in files that narrow what is captured: a
    /// misspelt heading would silently capture more.
    pub passes_over_others: bool,
}

/// A non-empty row.
pub(super) struct Row {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Trimmed cells: the required columns, then the optional ones.
    pub cells: Vec<String>,
}

impl Row {
    /// A cell by its column's position among required and optional columns.
    pub(super) fn cell(&self, position: usize) -> &str {
        self.cells.get(position).map_or("", String::as_str)
    }
}

/// Reads a whole file, in which no row may be malformed.
pub(super) fn read(path: &Path, columns: &Columns) -> Result<Vec<Row>, ConfigError> {
    let text = read_text(path)?;
    let rows = rows(&text, columns).and_then(|rows| rows.into_iter().collect());
    rows.map_err(|broken| at(path, broken))
}

pub(super) fn at(path: &Path, (line, message): Broken) -> ConfigError {
    ConfigError::Line {
        path: path.to_owned(),
        line,
        message,
    }
}

/// The text of a file in UTF-8, without a byte order mark.
pub(super) fn read_text(path: &Path) -> Result<String, ConfigError> {
    let text = String::from_utf8(read_bytes(path)?).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let good = error.as_bytes().get(..valid).unwrap_or_default();
        let line = line_ends(&String::from_utf8_lossy(good)) + 1;
        let message = "the text is not UTF-8; save the file as \"CSV UTF-8\"";
        at(path, (line, message.into()))
    })?;
    Ok(charset::without_mark(text))
}

/// The bytes of a file that is not too large to be held in memory.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, ConfigError> {
    let unreadable = |source| ConfigError::Read {
        path: path.to_owned(),
        source,
    };
    if std::fs::metadata(path).map_err(unreadable)?.len() > limits::LIST_BYTES_MAX {
        return Err(ConfigError::File {
            path: path.to_owned(),
            message: "the file is larger than 2 GB; split off what is not needed".into(),
        });
    }
    std::fs::read(path).map_err(unreadable)
}

/// Characters that end lines in other formats, but not in CSV.
const OTHER_LINE_ENDS: [char; 5] = ['\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

/// The rows of a file, in order.
pub(super) type Rows = Vec<Result<Row, Broken>>;

/// The columns of which a cell is made.
#[derive(Debug, Clone, Default)]
pub(super) struct Source {
    /// Their positions in the file; an empty cell without any.
    pub positions: Vec<usize>,
    /// What is put between the cells of several columns.
    pub joined_by: &'static str,
}

/// A table of which the first line is read.
pub(super) struct Table<'a> {
    records: Records<'a>,
    /// The line of the headings.
    pub line: usize,
    /// The headings as they are written.
    pub headings: Vec<String>,
}

impl<'a> Table<'a> {
    /// Reads the headings; none if the file is empty.
    pub(super) fn open(text: &'a str, separator: Separator) -> At<Option<Self>> {
        let mut records = Records::new(text, separator);
        let Some((line, headings)) = records.next_filled()? else {
            return Ok(None);
        };
        let headings = headings.ok_or_else(|| (line, TEXT_FOLLOWS.to_owned()))?;
        if headings.iter().any(|cell| cell.contains(OTHER_LINE_ENDS)) {
            let message = "the lines end in characters that end no line of a CSV file (U+0085, U+2028 or \
                           the like); save the file with LF or CR LF";
            return Err((line, message.into()));
        }
        Ok(Some(Self {
            records,
            line,
            headings,
        }))
    }

    /// The other rows, each with a cell for each source.
    pub(super) fn rows(mut self, sources: &[Source]) -> At<Rows> {
        let mut rows = Vec::new();
        while let Some((line, record)) = self.records.next_filled()? {
            let Some(record) = record else {
                rows.push(Err((line, TEXT_FOLLOWS.into())));
                continue;
            };
            if record.len() != self.headings.len() {
                let (found, expected) = (record.len(), self.headings.len());
                let message = format!(
                    "the row has {found} cells, the first line has {expected}; put cells that hold a \
                     {} in quotes",
                    self.records.separator().name()
                );
                rows.push(Err((line, message)));
                continue;
            }
            let cells = sources.iter().map(|source| cell(&record, source));
            let cells = cells.collect();
            rows.push(Ok(Row { line, cells }));
        }
        Ok(rows)
    }
}

fn cell(record: &[String], source: &Source) -> String {
    let parts = source.positions.iter().filter_map(|at| record.get(*at));
    let parts = parts
        .map(|part| part.trim())
        .filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(source.joined_by)
}

/// What is wrong with a file without a line.
pub(super) fn empty(columns: &[&str]) -> Broken {
    let expected = columns.join(", ");
    let message = format!("the file is empty; its first line names the columns: {expected}");
    (1, message)
}

fn rows(text: &str, columns: &Columns) -> At<Rows> {
    let table = Table::open(text, Separator::Comma)?;
    let table = table.ok_or_else(|| empty(columns.required))?;
    let positions = positions(&table.headings, columns).map_err(|message| (table.line, message))?;
    let source = |position: Option<usize>| Source {
        positions: position.into_iter().collect(),
        joined_by: "",
    };
    let sources: Vec<Source> = positions.into_iter().map(source).collect();
    table.rows(&sources)
}

/// The position of each expected column, ignoring case.
fn positions(headings: &[String], columns: &Columns) -> Result<Vec<Option<usize>>, String> {
    let headings: Vec<String> = headings.iter().map(|h| h.trim().to_lowercase()).collect();
    let expected = || columns.required.iter().chain(columns.optional);
    let known: Vec<&str> = expected().copied().collect();
    if let [only] = headings.as_slice()
        && known.len() > 1
        && only.contains([';', '\t'])
    {
        return Err("the cells are not separated by commas; export the file with commas".into());
    }
    for (at, heading) in headings.iter().enumerate() {
        let is_known = known.contains(&heading.as_str());
        if is_known && headings.iter().skip(at + 1).any(|other| other == heading) {
            return Err(format!("column `{heading}` is there twice; take one out"));
        }
        if !is_known && !columns.passes_over_others {
            return Err(match nearest(heading, &known) {
                Some(near) => format!("unknown column `{heading}`; did you mean `{near}`?"),
                None => format!(
                    "unknown column `{heading}`; known are: {}",
                    known.join(", ")
                ),
            });
        }
    }
    for name in columns.required {
        if !headings.iter().any(|heading| heading == name) {
            return Err(format!(
                "column `{name}` is missing; the first line must name the columns {}{}; rename \
                 the columns of your export",
                columns.required.join(", "),
                match columns.optional {
                    [] => String::new(),
                    optional => format!(" and may name {}", optional.join(", ")),
                }
            ));
        }
    }
    let find = |name: &&str| headings.iter().position(|heading| heading == name);
    Ok(expected().map(find).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: Columns = Columns {
        required: &["id", "name"],
        optional: &["note"],
        passes_over_others: true,
    };

    fn check(text: &str, expected: &[(usize, &[&str])]) {
        let rows: Vec<Row> = rows(text, &COLUMNS)
            .unwrap()
            .into_iter()
            .map(Result::unwrap)
            .collect();
        let found: Vec<(usize, Vec<&str>)> = rows
            .iter()
            .map(|row| (row.line, row.cells.iter().map(String::as_str).collect()))
            .collect();
        let expected: Vec<(usize, Vec<&str>)> = expected
            .iter()
            .map(|(line, cells)| (*line, cells.to_vec()))
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    fn check_error(text: &str, line: usize, message: &str) {
        let read = rows(text, &COLUMNS);
        let read = read.and_then(|rows| rows.into_iter().collect::<At<Vec<Row>>>());
        let (found, text_of) = read.err().unwrap();
        assert_eq!(found, line, "{text:?}: {text_of}");
        assert!(text_of.contains(message), "{text:?}: {text_of}");
    }

    #[test]
    fn quotes_line_ends_and_column_order_are_read() {
        check(
            "id,name\n1,Ann\n2,Bob",
            &[(2, &["1", "Ann", ""]), (3, &["2", "Bob", ""])],
        );
        check(
            "Name,ID,x\r\n Ann ,1,y\r\n\r\nBob,2,z\r\n",
            &[(2, &["1", "Ann", ""]), (4, &["2", "Bob", ""])],
        );
        check(
            "id,name,note\n1,\"a, \"\"b\"\"\nc\",\"\"\n2,x \"y\" z,n\n,,\n",
            &[
                (2, &["1", "a, \"b\"\nc", ""]),
                (4, &["2", "x \"y\" z", "n"]),
            ],
        );
        check("id,name\n", &[]);
    }

    #[test]
    fn lines_may_end_in_cr() {
        check(
            "id,name\r1,Ann\r2,\"Bob\rLee\"\r\r3,x\r",
            &[
                (2, &["1", "Ann", ""]),
                (3, &["2", "Bob\rLee", ""]),
                (6, &["3", "x", ""]),
            ],
        );
        check(
            "id,name\r\n1,\"a\r\nb\"\r\n2,y",
            &[(2, &["1", "a\r\nb", ""]), (4, &["2", "y", ""])],
        );
        check("id,name\r\r\n1,x\r\r\n", &[(3, &["1", "x", ""])]);
        check_error("id,name\r1,\"Ann\" Lee\r", 2, "text follows");
        check_error("id,name\u{2028}1,Ann\u{2028}", 1, "U+2028");
        check_error("id,name\u{85}1,Ann\u{85}", 1, "U+0085");
        check("id,name\n1,a\u{2028}b\n", &[(2, &["1", "a\u{2028}b", ""])]);
    }

    #[test]
    fn a_word_to_a_spreadsheet_program_is_no_row() {
        check("sep=,\r\nid,name\r\n1,x\r\n", &[(3, &["1", "x", ""])]);
        check("\"SEP=,\"\nid,name\n1,x\n", &[(3, &["1", "x", ""])]);
        check_error("sep=;\nid;name\n1;x\n", 1, "commas");
    }

    #[test]
    fn rows_behind_a_broken_one_are_read() {
        let read = rows("id,name\n1\n2,\"b\" c\n3,x\n", &COLUMNS).unwrap();
        let lines: Vec<usize> = read
            .iter()
            .map(|row| row.as_ref().map_or_else(|broken| broken.0, |row| row.line))
            .collect();
        assert_eq!(lines, [2, 3, 4]);
        assert_eq!(read.iter().filter(|row| row.is_ok()).count(), 1);
    }

    #[test]
    fn what_is_broken_is_named_with_its_line() {
        check_error("", 1, "empty");
        check_error("id,name\n1,\"Ann\n2,Bob\n", 2, "never closed");
        check_error("id,name\n1,\"Ann\n2,\"Bob\"\n", 2, "text follows");
        check_error("id,name\n\n1,\"Ann\" Lee\n", 3, "text follows");
        check_error("id,name\n1\n", 2, "1 cells");
        check_error("id,name\n1,2,3\n", 2, "3 cells");
        check_error("id\n1\n", 1, "`name` is missing");
        check_error("id,name,ID\n1,2,3\n", 1, "twice");
        check_error("id;name\n1;2\n", 1, "commas");
    }

    #[test]
    fn other_columns_are_refused_where_they_could_be_a_misspelling() {
        let strict = Columns {
            passes_over_others: false,
            ..COLUMNS
        };
        let (_, message) = rows("id,name,nota\n1,2,3\n", &strict).err().unwrap();
        assert!(message.contains("did you mean `note`"), "{message}");
    }
}
