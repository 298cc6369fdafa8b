//! What a client must know: whose tenant, where it is, and the limits it keeps.

use std::sync::Arc;
use std::time::Duration;

use crate::source::graph::credential::Credential;

/// One tenant, as the client needs it.
#[derive(Debug, Clone)]
pub struct GraphSettings {
    /// The tenant's name in the configuration.
    pub name: Arc<str>,
    /// GUID or verified domain; `common` and `organizations` do not work app-only (facts 4.1).
    pub tenant_id: String,
    /// The application's id.
    pub client_id: String,
    /// How the application proves who it is.
    pub credential: Credential,
    /// `https://login.microsoftonline.com`, or another cloud's (facts 4.7).
    pub login_url: String,
    /// `https://graph.microsoft.com`, or another cloud's, without `/v1.0`.
    pub graph_url: String,
    /// Further certificate authorities, as PEM text.
    pub authorities: Option<String>,
    /// Items wished for on a page of message delta.
    pub page_size: u32,
    /// The bounds.
    pub limits: Limits,
}

/// The bounds of a client.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Requests in flight over all mailboxes.
    pub in_flight: usize,
    /// Requests in flight per mailbox.
    pub in_flight_per_mailbox: u32,
    /// From sending a request until its body is drained.
    pub deadline: Duration,
    /// How often one request is sent before it is given up.
    pub attempts: u32,
    /// The first wait where the service names none; it doubles with each attempt.
    pub backoff: Duration,
    /// The longest wait where the service names none.
    pub backoff_cap: Duration,
    /// A longer `Retry-After` than this leaves the mailbox for the next run.
    pub longest_wait: Duration,
    /// Bytes of one body, as received and as unpacked.
    pub body_bytes: usize,
}

impl Limits {
    /// The bounds for the real service.
    pub fn standard() -> Self {
        Self {
            // A page takes some 100 ms and some 200 kB: more in flight than this only fills memory.
            in_flight: 64,
            // The service allows 4 and answered 429 at exactly 4 (facts 7.1).
            in_flight_per_mailbox: 3,
            // Slow mailboxes need 3 minutes (facts 1.7).
            deadline: Duration::from_mins(4),
            // The official retry handler allows at most 10 (facts 7.3).
            attempts: 10,
            // Base and cap of the official retry handler (facts 7.3).
            backoff: Duration::from_secs(3),
            backoff_cap: Duration::from_mins(3),
            // Outlook's budget is one of 10 minutes (facts 7.1): what asks for three times as long
            // is no throttling.
            longest_wait: Duration::from_mins(30),
            // 1,000 items of 64 kB; a compressed body that unpacks to more is an attack.
            body_bytes: 64 * 1024 * 1024,
        }
    }

    /// The same with another first wait; the longest stays the same number of times as long.
    #[must_use]
    pub fn with_first_wait(mut self, first: Duration) -> Self {
        self.backoff_cap = first * CAP_PER_FIRST_WAIT;
        self.backoff = first;
        self
    }
}

/// Base 3 s and cap 180 s of the official retry handler (facts 7.3).
const CAP_PER_FIRST_WAIT: u32 = 60;
