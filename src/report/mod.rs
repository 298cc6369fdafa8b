//! How did it go? The report of a run, for people and for programs.

mod access;
pub mod check;
pub mod config_check;
pub mod exit;
pub mod instant;
pub mod json;
pub mod letter;
pub mod metrics;
pub mod outlook;
pub mod path_segment;
pub mod plan;
pub mod rematch;
pub mod remedies;
pub mod show;
pub mod show_json;
pub mod spreadsheet;
pub mod status;
pub mod table;
pub mod terminal;
pub mod text;
pub mod who;
pub mod who_json;
pub mod why;
pub mod withheld;
