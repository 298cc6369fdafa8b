//! What is true? Delta tables of Parquet files, and beside them the cursors of the same commits.
//!
//! The only room that knows Arrow, Parquet and Delta: it takes and gives rows of `model`.

pub mod activities;
pub mod book;
pub mod catch_up;
pub mod commit;
pub mod cursors;
pub mod error;
pub mod mailboxes;
pub mod open;
pub mod read;
pub mod schema;
pub mod verify;

mod activity_rows;
mod cells;
mod clean_up;
mod columns;
mod compare;
mod coverage_rows;
mod cursor_file;
mod data_file;
mod interaction_rows;
mod lock;
mod row_hash;
mod table;

#[cfg(test)]
mod crash;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod interop;
#[cfg(test)]
mod tests;
