//! The log of the requests that were served, for tests to read. It holds no token and no secret.

use std::collections::VecDeque;

use serde::Serialize;

/// Requests that are kept; older ones are dropped.
const ENTRIES_MAX: usize = 100_000;

/// One request.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// Number, from 0.
    pub n: u64,
    /// Method.
    pub method: String,
    /// Path as it came.
    pub path: String,
    /// Query as it came, without the values of link tokens.
    pub query: String,
    /// The URLs of the requests of a batch, as they came.
    pub parts: Vec<String>,
    /// Object id of the mailbox.
    pub mailbox: Option<String>,
    /// Status.
    pub status: u16,
    /// Entries of `value[]`.
    pub items: usize,
    /// Bytes of the body before compression.
    pub bytes: usize,
    /// The header `Prefer`.
    pub prefer: Option<String>,
    /// Requests to the mailbox in flight, this one included.
    pub in_flight: u32,
    /// Number of the row of `[[faults]]` that its answer met.
    pub fault: Option<usize>,
}

/// The newest requests.
#[derive(Debug, Default)]
pub struct Journal {
    entries: VecDeque<Entry>,
    next: u64,
}

impl Journal {
    /// Adds a request and gives it its number.
    pub fn add(&mut self, mut entry: Entry) {
        entry.n = self.next;
        self.next += 1;
        if self.entries.len() == ENTRIES_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// The number that the next request gets, and the requests from a number on.
    pub fn since(&self, first: u64) -> (u64, Vec<Entry>) {
        let from = self.entries.iter().filter(|entry| entry.n >= first);
        (self.next, from.cloned().collect())
    }
}

/// A query in which the tokens of links are left out.
pub fn without_tokens(query: &str) -> String {
    let keep = |part: &&str| {
        let part = part.to_lowercase();
        !part.starts_with("$deltatoken")
            && !part.starts_with("$skiptoken")
            && !part.starts_with("%24deltatoken")
            && !part.starts_with("%24skiptoken")
    };
    query.split('&').filter(keep).collect::<Vec<_>>().join("&")
}
