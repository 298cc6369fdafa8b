//! An answer of the pure core: the response, and what the shell has to do with it.

use crate::sim::request::Response;
use crate::sim::wire::Wire;

/// What an answer needs besides its response.
#[derive(Debug)]
pub struct Answer {
    /// The response.
    pub response: Response,
    /// How long to wait before it is sent, in milliseconds.
    pub delay_ms: u64,
    /// The mailbox whose slot is held until the body is drained.
    pub held: Option<usize>,
    /// The mailboxes whose slots a batch takes until it is answered.
    pub slots: Vec<usize>,
    /// The mailbox that was requested.
    pub mailbox: Option<usize>,
    /// Requests to that mailbox in flight, this one included.
    pub in_flight: u32,
    /// Number of the fault that it met.
    pub fault: Option<usize>,
    /// What the connection does with it.
    pub wire: Wire,
}

impl Answer {
    /// A response at once.
    pub fn of(response: Response) -> Self {
        Self {
            response,
            delay_ms: 0,
            held: None,
            slots: Vec::new(),
            mailbox: None,
            in_flight: 0,
            fault: None,
            wire: Wire::Whole,
        }
    }
}
