//! What is true? Delta tables of Parquet files, and beside them the cursors of the same commits.
//!
//! ```text
//! interactions/         the truth: one row for each mail or meeting in each mailbox
//! contact_activity/     view: one row for each of those and each contact in it
//! mailboxes/            coverage: one row for each mailbox and run
//! _touchpoint/
//!   format.json         the number of this layout; a newer one is refused
//!   cursors/            <version>.parquet: where reading goes on, counts, sums of row hashes
//!   crm/                <digest>.parquet: the contact books that were asked
//!   own_domains.json    the domains that no account of a book has
//!   locks/              one file for each slot, locked while a process writes it
//! ```
//!
//! The only room that knows Arrow, Parquet and Delta: it takes and gives rows of `model`.

pub mod activities;
pub mod book;
pub mod catch_up;
pub mod commit;
pub mod cursors;
pub mod error;
pub mod head;
pub mod mailboxes;
pub mod mails;
pub mod narrow;
pub mod open;
pub mod own_domains;
pub mod read;
pub mod rematch;
pub mod schema;
pub mod upkeep;
pub mod verify;

mod activity_rows;
mod cells;
mod clean_up;
mod columns;
mod compare;
mod coverage_rows;
mod cursor_file;
mod data_file;
mod disk;
mod examine;
mod grain;
mod interaction_rows;
mod lock;
mod log_clean_up;
mod log_store;
mod match_rows;
mod row_hash;
mod says;
mod slot_versions;
mod table;
mod verify_view;

#[cfg(test)]
mod books;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod disk_faults;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod interop;
#[cfg(test)]
mod power;
#[cfg(test)]
mod power_loss;
#[cfg(test)]
mod revisions;
#[cfg(test)]
mod tests;
