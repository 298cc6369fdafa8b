//! Comma-separated files as people export them: strict where a mistake would go unnoticed, and
//! every error names the line.

use std::path::Path;

use crate::config::error::ConfigError;
use crate::config::error::nearest;
use crate::config::limits;

/// Which columns a file has.
pub struct Columns {
    /// Those that must be there.
    pub required: &'static [&'static str],
    /// Those that may be missing; their cells are then empty.
    pub optional: &'static [&'static str],
    /// Whether other columns are passed over. Where a file narrows what is captured they are not:
    /// a misspelt heading would quietly capture more.
    pub passes_over_others: bool,
}

/// A row with anything in it.
pub struct Row {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Cells without white space around them: the required columns, then the optional ones.
    pub cells: Vec<String>,
}

impl Row {
    /// A cell by its column's position among required and optional columns.
    pub fn cell(&self, position: usize) -> &str {
        self.cells.get(position).map_or("", String::as_str)
    }
}

/// Reads a whole file.
pub fn read(path: &Path, columns: &Columns) -> Result<Vec<Row>, ConfigError> {
    let text = read_text(path)?;
    rows(&text, columns).map_err(|(line, message)| ConfigError::Line {
        path: path.to_owned(),
        line,
        message,
    })
}

/// The text of a file, without the mark that some programs put in front of UTF-8.
pub fn read_text(path: &Path) -> Result<String, ConfigError> {
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
        let good = error
            .as_bytes()
            .iter()
            .take(error.utf8_error().valid_up_to());
        ConfigError::Line {
            path: path.to_owned(),
            line: good.filter(|byte| **byte == b'\n').count() + 1,
            message: "the text is not UTF-8; save the file as \"CSV UTF-8\"".into(),
        }
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

type At<T> = Result<T, (usize, String)>;

fn rows(text: &str, columns: &Columns) -> At<Vec<Row>> {
    let mut records = Records {
        rest: text,
        line: 1,
    };
    let Some((line, headings)) = records.next_filled()? else {
        let expected = columns.required.join(", ");
        return Err((
            1,
            format!("the file is empty; its first line names the columns: {expected}"),
        ));
    };
    let positions = positions(&headings, columns).map_err(|message| (line, message))?;
    let mut rows = Vec::new();
    while let Some((line, mut record)) = records.next_filled()? {
        if record.len() != headings.len() {
            let (found, expected) = (record.len(), headings.len());
            return Err((
                line,
                format!(
                    "the row has {found} cells, the first line has {expected}; put cells that \
                     hold a comma in quotes"
                ),
            ));
        }
        let mut take = |position: &Option<usize>| {
            let cell = position.and_then(|position| record.get_mut(position));
            cell.map(|cell| cell.trim().to_owned()).unwrap_or_default()
        };
        let cells = positions.iter().map(&mut take).collect();
        rows.push(Row { line, cells });
    }
    Ok(rows)
}

/// Where each expected column stands, without regard to case.
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

/// Splits a text into records (RFC 4180, with any line end).
struct Records<'a> {
    rest: &'a str,
    line: usize,
}

impl Records<'_> {
    /// The next record that has anything in it, and the line on which it begins.
    fn next_filled(&mut self) -> At<Option<(usize, Vec<String>)>> {
        while !self.rest.is_empty() {
            let line = self.line;
            let record = self.next_record()?;
            if record.iter().any(|cell| !cell.trim().is_empty()) {
                return Ok(Some((line, record)));
            }
        }
        Ok(None)
    }

    fn next_record(&mut self) -> At<Vec<String>> {
        let mut cells = Vec::new();
        loop {
            cells.push(if self.rest.starts_with('"') {
                self.quoted()?
            } else {
                let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
                self.take(end).trim_end_matches('\r').to_owned()
            });
            if self.rest.starts_with(',') {
                self.take(1);
            } else {
                self.take(1);
                return Ok(cells);
            }
        }
    }

    /// A cell in quotes, up to its separator or line end.
    fn quoted(&mut self) -> At<String> {
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
        if self.rest.starts_with("\r\n") {
            self.take(1);
        }
        if self.rest.is_empty() || self.rest.starts_with([',', '\n']) {
            Ok(cell)
        } else {
            let message = "text follows a closing quote of a cell that begins here; a quote \
                           inside of a cell is written twice";
            Err((begin, message.into()))
        }
    }

    /// Takes bytes off the front, as far as there are any, and counts the lines.
    fn take(&mut self, bytes: usize) -> &str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        self.line += taken.matches('\n').count();
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
        let rows = rows(text, &COLUMNS).unwrap();
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
        let (found, text_of) = rows(text, &COLUMNS).err().unwrap();
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
