//! All integration tests in one binary: one link step instead of many.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that meets the unexpected shall fail at once, and says why it is passed over"
)]

mod archive_corpora;
mod mail_fixtures;
