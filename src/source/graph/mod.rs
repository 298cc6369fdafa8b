//! Microsoft Graph: sign-in, directory, folders, message delta, and how each refusal is met.
//!
//! [`client::Client`] serves one tenant. What concerns one mailbox goes through
//! [`client::Client::mailbox`], so that limits, pauses and counts are kept per mailbox.

pub mod admin_unit;
pub mod auth;
pub mod batch;
pub mod body;
pub mod calendar;
pub mod call;
pub mod certificate;
pub mod claims;
pub mod client;
pub mod credential;
pub mod delta;
pub mod directory;
pub mod envelope;
pub mod error;
pub mod error_response;
pub mod folders;
pub mod group;
pub mod limiter;
pub mod links;
pub mod listing;
mod lists;
mod permission_probe;
mod probe;
pub mod request_metrics;
pub mod retry;
pub mod retry_after;
pub mod selection;
pub mod sensitivity;
mod service;
mod service_clock;
pub mod settings;
pub mod sign_in_error;
mod token_claims;
pub mod well_known;
pub mod x509;

#[cfg(test)]
pub(crate) mod tests;
