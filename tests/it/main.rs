//! All integration tests in one binary: one link step instead of many.
#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test must fail immediately on anything unexpected"
)]

// Simulator and comparisons run in the tests' own process, and spent much of their time in malloc.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod access;
mod alarms;
mod analysing;
mod archive_corpora;
mod bad_input;
mod browser;
mod caches;
mod calendars;
mod citations;
mod commands;
mod commits;
mod complete;
mod confirmation;
mod corpora;
mod crash;
mod credentials;
mod crm_changes;
mod crm_exports;
mod crm_files;
mod damage;
mod dependencies;
mod description;
mod disk_full;
mod ending;
mod entra_scripts;
mod equal;
mod export;
mod faults;
mod field_cases;
mod field_worlds;
mod first_use;
mod fixtures;
mod generated;
mod hostile_mail;
mod log_redaction;
mod mail_fixtures;
mod meeting_copies;
mod meetings;
mod members;
mod merging;
mod metrics;
mod msgraph;
mod mutated_mail;
mod network;
mod old_lakes;
mod operations;
mod permissions;
mod private;
mod readme;
mod recurrence;
mod rematch;
mod revised_mail;
mod rooms;
mod scheduling;
mod scope;
mod search_state;
mod search_use;
mod search_words;
mod selection;
mod serve;
mod shards;
mod simulated;
mod slow_lists;
mod source_files;
mod statuses;
mod strange_mail;
mod support;

mod tenants;
mod terminal;
mod tools;
mod truth;
mod unchanged;
mod who_knows;
mod why;
mod windows;
mod words;
mod worlds;
