//! Parses comma-separated files as people export them: every line ending is accepted, every error
//! names the line, and the caller decides whether malformed rows are tolerated.

use std::path::Path;

use crate::config::error::ConfigError;
use crate::config::error::nearest;
use crate::config::limits;

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

/// A row that cannot be read: its line, and what is wrong with it.
pub(super) type Broken = (usize, String);

/// The rows of a file, in order.
pub(super) type Rows = Vec<Result<Row, Broken>>;

/// Reads a whole file, in which no row may be malformed.
pub(super) fn read(path: &Path, columns: &Columns) -> Result<Vec<Row>, ConfigError> {
    let rows = read_rows(path, columns)?.into_iter();
    rows.collect::<Result<_, _>>()
        .map_err(|broken| at(path, broken))
}

/// Reads a whole file; malformed rows are returned among the others. A file that is not CSV, or has
/// other columns, is an error.
pub(super) fn read_rows(path: &Path, columns: &Columns) -> Result<Rows, ConfigError> {
    rows(&read_text(path)?, columns).map_err(|broken| at(path, broken))
}

fn at(path: &Path, (line, message): Broken) -> ConfigError {
    ConfigError::Line {
        path: path.to_owned(),
        line,
        message,
    }
}

/// The text of a file, without a byte order mark.
pub(super) fn read_text(path: &Path) -> Result<String, ConfigError> {
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
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let good = error.as_bytes().get(..valid).unwrap_or_default();
        ConfigError::Line {
            path: path.to_owned(),
            line: line_ends(&String::from_utf8_lossy(good)) + 1,
            message: "the text is not UTF-8; save the file as \"CSV UTF-8\"".into(),
        }
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

type At<T> = Result<T, Broken>;

const TEXT_FOLLOWS: &str = "text follows the closing quote of a cell; a quote inside of a cell is written \
                            twice";

/// Characters that end lines in other formats, but not in CSV.
const OTHER_LINE_ENDS: [char; 5] = ['\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

fn rows(text: &str, columns: &Columns) -> At<Rows> {
    let mut records = Records {
        rest: text,
        line: 1,
    };
    records.skip_separator();
    let Some((line, headings)) = records.next_filled()? else {
        let expected = columns.required.join(", ");
        return Err((
            1,
            format!("the file is empty; its first line names the columns: {expected}"),
        ));
    };
    let headings = headings.ok_or_else(|| (line, TEXT_FOLLOWS.to_owned()))?;
    if headings.iter().any(|cell| cell.contains(OTHER_LINE_ENDS)) {
        let message = "the lines end in characters that end no line of a CSV file (U+0085, U+2028 or \
                       the like); save the file with LF or CR LF";
        return Err((line, message.into()));
    }
    let positions = positions(&headings, columns).map_err(|message| (line, message))?;
    let mut rows = Vec::new();
    while let Some((line, record)) = records.next_filled()? {
        let Some(mut record) = record else {
            rows.push(Err((line, TEXT_FOLLOWS.into())));
            continue;
        };
        if record.len() != headings.len() {
            let (found, expected) = (record.len(), headings.len());
            let message = format!(
                "the row has {found} cells, the first line has {expected}; put cells that hold a \
                 comma in quotes"
            );
            rows.push(Err((line, message)));
            continue;
        }
        let mut take = |position: &Option<usize>| {
            let cell = position.and_then(|position| record.get_mut(position));
            cell.map(|cell| cell.trim().to_owned()).unwrap_or_default()
        };
        let cells = positions.iter().map(&mut take).collect();
        rows.push(Ok(Row { line, cells }));
    }
    Ok(rows)
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

/// The number of line endings in a text: LF, CR LF and CR.
fn line_ends(text: &str) -> usize {
    let is_end = |(at, byte): (usize, &u8)| match byte {
        b'\n' => true,
        b'\r' => text.as_bytes().get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    let bytes = text.as_bytes().iter().enumerate();
    bytes.filter(|byte| is_end(*byte)).count()
}

/// Splits a text into records (RFC 4180, with LF, CR LF or CR at the end of a line).
struct Records<'a> {
    rest: &'a str,
    line: usize,
}

/// What ends a cell.
const CELL_ENDS: [char; 3] = [',', '\n', '\r'];

impl Records<'_> {
    /// `sep=,` in the first line is an instruction to spreadsheet programs.
    fn skip_separator(&mut self) {
        let end = self.rest.find(['\n', '\r']).unwrap_or(self.rest.len());
        let first = self.rest.get(..end).unwrap_or_default();
        let bare = first.trim().trim_matches('"');
        if bare.eq_ignore_ascii_case("sep=,") {
            self.take(end);
            self.end_line();
        }
    }

    /// The next non-empty record, and the line on which it begins; no cells if one of them is
    /// malformed.
    fn next_filled(&mut self) -> At<Option<(usize, Option<Vec<String>>)>> {
        while !self.rest.is_empty() {
            let line = self.line;
            let record = self.next_record()?;
            let is_filled =
                |record: &Vec<String>| record.iter().any(|cell| !cell.trim().is_empty());
            if record.as_ref().is_none_or(is_filled) {
                return Ok(Some((line, record)));
            }
        }
        Ok(None)
    }

    fn next_record(&mut self) -> At<Option<Vec<String>>> {
        let mut cells = Some(Vec::new());
        loop {
            let cell = if self.rest.starts_with('"') {
                self.quoted()?
            } else {
                let end = self.rest.find(CELL_ENDS).unwrap_or(self.rest.len());
                Some(self.take(end).to_owned())
            };
            cells = cells.zip(cell).map(|(mut cells, cell)| {
                cells.push(cell);
                cells
            });
            if self.rest.starts_with(',') {
                self.take(1);
            } else {
                self.end_line();
                return Ok(cells);
            }
        }
    }

    /// A cell in quotes, up to its separator or line end; `None` where text follows its quotes.
    fn quoted(&mut self) -> At<Option<String>> {
        let begin = self.line;
        self.take(1);
        let mut cell = String::new();
        loop {
            let Some(end) = self.rest.find('"') else {
                let message = "a quote that opens here is never closed; close it or double it";
                return Err((begin, message.into()));
            };
            cell.push_str(self.take(end));
            self.take(1);
            if !self.rest.starts_with('"') {
                break;
            }
            cell.push_str(self.take(1));
        }
        if self.rest.is_empty() || self.rest.starts_with(CELL_ENDS) {
            return Ok(Some(cell));
        }
        if self.line > begin {
            // It was closed by a quote that belongs to a later row: where rows end is unknown.
            return Err((begin, TEXT_FOLLOWS.into()));
        }
        let end = self.rest.find(CELL_ENDS).unwrap_or(self.rest.len());
        self.take(end);
        Ok(None)
    }

    /// Takes a line end, if one is there.
    fn end_line(&mut self) {
        let length = if self.rest.starts_with("\r\n") { 2 } else { 1 };
        self.take(length);
    }

    /// Takes bytes off the front, as far as there are any, and counts the lines.
    fn take(&mut self, bytes: usize) -> &str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        self.line += line_ends(taken);
        taken
    }
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
