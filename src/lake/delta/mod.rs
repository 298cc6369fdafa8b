//! Delta tables: their logs, their files and their commits. The only folder that knows Delta.

pub(super) mod data_file;
pub(super) mod engine;
pub(super) mod file_reader;
pub(super) mod log;
pub(super) mod table;

mod added_columns;
mod log_retention;
mod log_store;
mod replacement;
mod slot_versions;
