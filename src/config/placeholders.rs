//! What a configuration still has of the example from which it was written.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::DeTable;
use toml::de::DeValue;

use crate::config::error::ConfigError;
use crate::config::text::is_placeholder;

/// What stands for a value that is not filled in yet, so that what follows it can be checked.
const STAND_IN: &str = "'to_be_filled_in'";

/// A configuration in which every placeholder has a stand-in, on the same line.
pub(super) struct Filled {
    /// The text.
    pub text: String,
    /// The places that are still to be filled in.
    pub problems: Vec<ConfigError>,
    lines: Vec<usize>,
}

impl Filled {
    /// Finds the placeholders of a configuration; none in a text that is no TOML.
    pub(super) fn of(text: &str, path: &Path) -> Self {
        let mut places = Vec::new();
        if let Ok(file) = DeTable::parse(text) {
            file.get_ref()
                .values()
                .for_each(|value| find(value, &mut places));
        }
        places.sort_by_key(|place| place.start);
        let line_of = |place: &Range<usize>| {
            let before = text.get(..place.start).unwrap_or_default();
            before.matches('\n').count() + 1
        };
        let lines: Vec<usize> = places.iter().map(line_of).collect();
        let problems = lines
            .iter()
            .map(|line| ConfigError::placeholder(text, *line, path));
        let problems = problems.collect();
        let mut filled = String::new();
        let mut end = 0;
        for place in &places {
            filled.push_str(text.get(end..place.start).unwrap_or_default());
            filled.push_str(STAND_IN);
            end = place.end;
        }
        filled.push_str(text.get(end..).unwrap_or_default());
        Self {
            text: filled,
            problems,
            lines,
        }
    }

    /// Whether an error is about a stand-in: its placeholder is a problem already.
    pub(super) fn explains(&self, error: &ConfigError) -> bool {
        match error {
            ConfigError::Key { line, .. } => self.lines.contains(line),
            _ => false,
        }
    }
}

fn find(value: &Spanned<DeValue>, places: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::String(text) if is_placeholder(text) => places.push(value.span()),
        DeValue::Array(values) => values.iter().for_each(|value| find(value, places)),
        DeValue::Table(table) => table.values().for_each(|value| find(value, places)),
        _ => {}
    }
}
