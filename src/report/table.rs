//! Text tables: columns as wide as their widest cell, numbers to the right, no wider than the
//! terminal.

use crate::report::terminal::fold;

/// The alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Text.
    Left,
    /// Numbers.
    Right,
    /// Numbers that are left out where the table is too wide.
    Detail,
    /// Text that is left out where the table is too wide.
    TextDetail,
}

impl Side {
    fn is_detail(self) -> bool {
        matches!(self, Self::Detail | Self::TextDetail)
    }
}

/// How far each line of a table is indented.
const INDENT: usize = 2;
/// How far the lines are indented on which a row continues.
const CONTINUED: usize = 6;

/// Rows of cells under a header, each line indented by two spaces. Where they are wider than `width`,
/// details are left out, which a last line names, and what still does not fit follows on further
/// lines of each row.
pub fn render(head: &[(&str, Side)], rows: &[Vec<String>], width: usize) -> String {
    // A name with a line break must not look like a line of its own.
    let on_one_line = |cell: &String| cell.replace(['\n', '\r'], "\u{fffd}");
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(on_one_line).collect())
        .collect();
    let names: Vec<String> = head.iter().map(|(name, _)| (*name).to_owned()).collect();
    let widest = |column: usize| {
        let cells = rows.iter().chain([&names]);
        let cells = cells.filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let mut columns: Vec<Column> = (0..head.len())
        .map(|at| Column {
            at,
            width: widest(at),
            side: head[at].1,
        })
        .collect();
    let left_out = leave_out(&mut columns, width);
    let lines = lines(columns, width);
    let mut text = String::new();
    for row in std::iter::once(&names).chain(&rows) {
        push_row(&mut text, row, &lines, width);
    }
    if !left_out.is_empty() {
        let names: Vec<&str> = left_out.iter().map(|column| head[column.at].0).collect();
        let note = format!("  (not on {width} columns: {})\n", names.join(", "));
        text.push_str(&fold(&note, width));
    }
    text
}

/// A column that is shown.
#[derive(Debug, Clone, Copy)]
struct Column {
    at: usize,
    width: usize,
    side: Side,
}

/// The width of columns on one line.
fn total(columns: &[Column], indent: usize) -> usize {
    let widths = columns.iter().map(|column| column.width + 2);
    (indent + widths.sum::<usize>()).saturating_sub(2)
}

/// Takes details out until the table fits, the last one first.
fn leave_out(columns: &mut Vec<Column>, width: usize) -> Vec<Column> {
    let mut left_out = Vec::new();
    while total(columns, INDENT) > width
        && let Some(at) = columns.iter().rposition(|column| column.side.is_detail())
    {
        left_out.insert(0, columns.remove(at));
    }
    left_out
}

/// The columns of each line of a row.
fn lines(columns: Vec<Column>, width: usize) -> Vec<Vec<Column>> {
    let mut lines: Vec<Vec<Column>> = vec![Vec::new()];
    for column in columns {
        let indent = if lines.len() == 1 { INDENT } else { CONTINUED };
        let Some(line) = lines.last_mut() else {
            continue;
        };
        line.push(column);
        if line.len() > 1 && total(line, indent) > width {
            line.pop();
            lines.push(vec![column]);
        }
    }
    lines
}

fn push_row(text: &mut String, row: &[String], lines: &[Vec<Column>], width: usize) {
    for (number, columns) in lines.iter().enumerate() {
        let cell = |column: &Column| row.get(column.at).map_or("", String::as_str);
        if number > 0 && columns.iter().all(|column| cell(column).is_empty()) {
            continue;
        }
        let mut line = " ".repeat(if number == 0 { INDENT } else { CONTINUED });
        for column in columns {
            let cell = cell(column);
            let pad = " ".repeat(column.width.saturating_sub(cell.chars().count()));
            let (before, after) = match column.side {
                Side::Left | Side::TextDetail => ("", &*pad),
                Side::Right | Side::Detail => (&*pad, ""),
            };
            line.extend([before, cell, after, "  "]);
        }
        text.push_str(&fold(line.trim_end(), width));
        text.push('\n');
    }
}

/// A number with thousands separators: `12,345`.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(width: usize, expected: &str) {
        let head = [
            ("name", Side::Left),
            ("n", Side::Right),
            ("more", Side::Detail),
            ("why", Side::Left),
        ];
        let rows = [
            ["a", "1", "10", ""].map(str::to_owned).into(),
            ["bcd", "23", "5", "no one has answered"]
                .map(str::to_owned)
                .into(),
        ];
        assert_eq!(render(&head, &rows, width), expected);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        check(
            80,
            "  name   n  more  why\n  a      1    10\n  bcd   23     5  no one has answered\n",
        );
    }

    #[test]
    fn a_table_that_is_too_wide_leaves_details_out_and_continues_on_further_lines() {
        check(
            32,
            "  name   n  why\n  a      1\n  bcd   23  no one has answered\n  (not on 32 columns: more)\n",
        );
        check(
            20,
            "  name   n\n      why\n  a      1\n  bcd   23\n      no one has\n          answered\n  \
             (not on 20\n      columns: more)\n",
        );
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
    }
}
