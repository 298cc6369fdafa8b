//! Spans of time that are read.

use crate::model::time::Timestamp;

/// A span of receipt, which may be open. Services compare whole seconds (facts 1.2), so each end may
/// bring a second more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// Not before.
    pub from: Option<Timestamp>,
    /// Not after.
    pub to: Option<Timestamp>,
}

/// The span of a calendar that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its beginning.
    pub start: Timestamp,
    /// Its end.
    pub end: Timestamp,
}

impl Window {
    /// Its halves, the earlier first, unless they would be shorter than `shortest` (microseconds).
    pub fn halves(self, shortest: i64) -> Option<[Self; 2]> {
        let length = self.end.0 - self.start.0;
        let middle = self.start.plus(length / 2);
        (length >= 2 * shortest).then_some([
            Self {
                end: middle,
                ..self
            },
            Self {
                start: middle,
                ..self
            },
        ])
    }

    /// Parts of at most `longest` microseconds, the earliest first.
    pub fn slices(self, longest: i64) -> Vec<Self> {
        let mut slices = Vec::new();
        let mut start = self.start;
        while start < self.end {
            let end = start.plus(longest).min(self.end);
            slices.push(Self { start, end });
            start = end;
        }
        slices
    }
}
