//! How large a table of the lake is.

/// A table in its newest version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableSize {
    /// Its name.
    pub table: &'static str,
    /// The version of its log.
    pub version: u64,
    /// Rows of all revisions, or generations.
    pub rows: u64,
    /// Files.
    pub files: u64,
    /// Bytes of these files.
    pub bytes: u64,
}
