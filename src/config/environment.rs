//! What the environment says of the terminal.

use std::env;

/// Most columns that are believed.
const COLUMNS_MAX: usize = 1_000;
/// Fewest columns for which a report is laid out.
const COLUMNS_MIN: usize = 40;

/// Whether no colours are wanted (`NO_COLOR`).
pub fn no_color() -> bool {
    env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Whether the terminal understands no control sequences (`TERM`).
pub fn is_dumb() -> bool {
    env::var_os("TERM").is_some_and(|value| value == "dumb")
}

/// The columns that are stated for where there is no terminal (`COLUMNS`).
pub fn columns() -> Option<usize> {
    let stated = env::var_os("COLUMNS")?;
    let columns: usize = stated.to_str()?.trim().parse().ok()?;
    Some(columns.clamp(COLUMNS_MIN, COLUMNS_MAX))
}
