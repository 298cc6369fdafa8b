//! The limits per application and mailbox (facts 7.1).

use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::sim::request::Response;
use crate::sim::spec::RetryAfter;
use crate::sim::spec::Switches;

/// The time in which a mailbox may be asked so often.
const WINDOW: i64 = 600 * SECOND;

/// What one mailbox has going on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Throttle {
    in_flight: u32,
    window_began: Timestamp,
    requests: u32,
}

impl Throttle {
    /// Lets a request in, or answers it with 429. Refused requests count too (facts 7.3).
    pub fn enter(
        &mut self,
        switches: &Switches,
        wall: Timestamp,
        lot: u64,
    ) -> Result<u32, Response> {
        if wall.0 - self.window_began.0 >= WINDOW {
            (self.window_began, self.requests) = (wall, 0);
        }
        self.requests += 1;
        if self.requests > switches.mailbox_requests {
            return Err(refusal(switches, "RequestRate"));
        }
        if self.in_flight >= switches.mailbox_concurrency
            || lot % 1000 < switches.throttle_per_mille
        {
            return Err(refusal(switches, "MailboxConcurrency"));
        }
        self.in_flight += 1;
        Ok(self.in_flight)
    }

    /// A batch runs: one of its items is in flight.
    pub fn reserve(&mut self) {
        self.in_flight += 1;
    }

    /// The body of a request has been drained.
    pub fn leave(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }
}

fn refusal(switches: &Switches, limit: &str) -> Response {
    let text = format!("Application is over its {limit} limit.");
    let response = Response::error(429, "ApplicationThrottled", &text);
    match switches.retry_after {
        RetryAfter::Integer => response.with("retry-after", "1".to_owned()),
        RetryAfter::Fraction => response.with("retry-after", "0.25".to_owned()),
        RetryAfter::None => response,
    }
}
