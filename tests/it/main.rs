//! All integration tests in one binary: one link step instead of many.
#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "a test that meets the unexpected shall fail at once"
)]

mod rooms;
