//! How results are written.

use clap::ValueEnum;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// A table for other programs (status and export only).
    Csv,
    /// A table in one Parquet file (export only).
    Parquet,
}
