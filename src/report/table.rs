//! Text tables: columns as wide as their widest cell, numbers to the right.

use std::fmt::Write as _;

/// The alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Rows of cells under a header, each line indented by two spaces.
pub fn render(head: &[(&str, Side)], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count());
        cells
            .chain([head[column].0.chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    // A name with a line break must not look like a line of its own.
    let on_one_line = |cell: &String| cell.replace(['\n', '\r'], "\u{fffd}");
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(on_one_line).collect())
        .collect();
    let names: Vec<String> = head.iter().map(|(name, _)| (*name).to_owned()).collect();
    for row in std::iter::once(&names).chain(&rows) {
        let mut line = String::from(" ");
        for ((cell, width), (_, side)) in row.iter().zip(&widths).zip(head) {
            let pad = " ".repeat(width.saturating_sub(cell.chars().count()));
            let _ = match side {
                Side::Left => write!(line, " {cell}{pad}"),
                Side::Right => write!(line, " {pad}{cell}"),
            };
            line.push(' ');
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
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

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = vec![
            vec!["a".to_owned(), "1".to_owned()],
            vec!["bcd".to_owned(), "23".to_owned()],
        ];
        let text = render(&[("x", Side::Left), ("n", Side::Right)], &rows);
        assert_eq!(text, "  x     n\n  a     1\n  bcd  23\n");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
    }
}
