//! Splits the text of a table into records (RFC 4180, with LF, CR LF or CR at the end of a line).

/// What a reader gives, or the line and the problem that ends it.
pub(super) type At<T> = Result<T, Broken>;

/// A row that cannot be read: its line, and what is wrong with it.
pub(super) type Broken = (usize, String);

/// What is wrong with a cell that continues behind its closing quote.
pub(super) const TEXT_FOLLOWS: &str = "text follows the closing quote of a cell; a quote inside of a cell is written \
                            twice";

/// What stands between the cells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    /// As the standard has it.
    Comma,
    /// As spreadsheet programs write it where the comma separates decimals.
    Semicolon,
    /// As it is copied from a table.
    Tab,
}

impl Separator {
    /// All of them, the standard's first.
    pub(super) const ALL: [Self; 3] = [Self::Comma, Self::Semicolon, Self::Tab];

    /// The character.
    pub(super) fn character(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Semicolon => ';',
            Self::Tab => '\t',
        }
    }

    /// Its name in a message.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
        }
    }

    /// The separator that `sep=;` in the first line states.
    pub(super) fn stated(text: &str) -> Option<Self> {
        let stated = |one: &Self| stated_length(text, *one).is_some();
        Self::ALL.into_iter().find(stated)
    }
}

/// The bytes of a first line that states this separator: an instruction to spreadsheet programs.
fn stated_length(text: &str, separator: Separator) -> Option<usize> {
    let end = text.find(['\n', '\r']).unwrap_or(text.len());
    let first = text.get(..end).unwrap_or_default();
    let bare = first.trim_matches([' ', '"']);
    let (key, value) = bare.split_at_checked(4)?;
    let is_stated = key.eq_ignore_ascii_case("sep=") && value.chars().eq([separator.character()]);
    is_stated.then_some(end)
}

/// The number of line endings in a text: LF, CR LF and CR.
pub(super) fn line_ends(text: &str) -> usize {
    let is_end = |(at, byte): (usize, &u8)| match byte {
        b'\n' => true,
        b'\r' => text.as_bytes().get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    let bytes = text.as_bytes().iter().enumerate();
    bytes.filter(|byte| is_end(*byte)).count()
}

/// The records of a text, one after the other.
pub(super) struct Records<'a> {
    rest: &'a str,
    line: usize,
    separator: Separator,
}

impl<'a> Records<'a> {
    /// The records behind a line that states their separator.
    pub(super) fn new(text: &'a str, separator: Separator) -> Self {
        let mut records = Self {
            rest: text,
            line: 1,
            separator,
        };
        if let Some(length) = stated_length(text, separator) {
            records.take(length);
            records.end_line();
        }
        records
    }

    /// What stands between its cells.
    pub(super) fn separator(&self) -> Separator {
        self.separator
    }

    /// What ends a cell.
    fn cell_ends(&self) -> [char; 3] {
        [self.separator.character(), '\n', '\r']
    }

    /// The next non-empty record, and the line on which it begins; no cells if one of them is
    /// malformed.
    pub(super) fn next_filled(&mut self) -> At<Option<(usize, Option<Vec<String>>)>> {
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
                let end = self.rest.find(self.cell_ends()).unwrap_or(self.rest.len());
                Some(self.take(end).to_owned())
            };
            cells = cells.zip(cell).map(|(mut cells, cell)| {
                cells.push(cell);
                cells
            });
            if self.rest.starts_with(self.separator.character()) {
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
        if self.rest.is_empty() || self.rest.starts_with(self.cell_ends()) {
            return Ok(Some(cell));
        }
        if self.line > begin {
            // It was closed by a quote that belongs to a later row: where rows end is unknown.
            return Err((begin, TEXT_FOLLOWS.into()));
        }
        let end = self.rest.find(self.cell_ends()).unwrap_or(self.rest.len());
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
