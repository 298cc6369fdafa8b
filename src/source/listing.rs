//! A plain list of the mails of a folder: the other way of reading, where a chain does not work, and
//! the check that it returned everything (facts 1.7, 1.9).

use std::sync::Arc;

use crate::model::span::Span;
use crate::model::time::Timestamp;

/// Whole mails of a page: with texts they are large, and a page that is malformed costs all of
/// them.
pub const MAILS_PER_PAGE: u32 = 100;
/// Items that are walked over by links (facts 1.9: they count what they skip). What is behind them
/// is requested by its time: pages that are deep in a list take long, or do not come at all (facts
/// 1.7, 13).
const DEPTH_MAX: usize = 5_000;

/// A list of the mails of a folder while it is read, the newest first.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Whose mails.
    pub(super) folder: Arc<str>,
    /// When they were received.
    pub(super) span: Span,
    /// Where the next page is, if it is behind a link.
    pub(super) link: Option<String>,
    /// When the last mail so far was received.
    oldest: Option<Timestamp>,
    /// Items since the list was last requested by a time.
    depth: usize,
    is_over: bool,
}

impl Listing {
    /// Of what was received within a span.
    pub fn new(folder: &Arc<str>, span: Span) -> Self {
        Self {
            folder: Arc::clone(folder),
            span,
            link: None,
            oldest: None,
            depth: 0,
            is_over: false,
        }
    }

    /// Whether the service says that there is no more.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Asks again for what is older than the last mail (those of the same second included). Says
    /// whether that is another question than the last.
    pub fn ask_by_time(&mut self) -> bool {
        let Some(older) = self.older() else {
            return false;
        };
        self.span = older;
        self.link = None;
        self.depth = 0;
        self.is_over = false;
        true
    }

    /// What is left, by time; `None`: the time of the last mail does not say.
    pub(super) fn older(&self) -> Option<Span> {
        let is_earlier = |oldest: &Timestamp| self.span.to.is_none_or(|to| *oldest < to);
        let oldest = self.oldest.filter(is_earlier)?;
        Some(Span {
            to: Some(oldest),
            ..self.span
        })
    }

    /// Notes a page.
    pub(super) fn note(&mut self, items: usize, oldest: Option<Timestamp>, next: Option<String>) {
        self.depth += items;
        self.oldest = oldest.or(self.oldest);
        self.is_over = next.is_none();
        self.link = next;
        if self.link.is_some() && self.depth >= DEPTH_MAX {
            self.ask_by_time();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Facts 13.
    #[test]
    fn a_deep_list_goes_on_by_time_and_by_links_where_the_time_stays() {
        let mut listing = Listing::new(&"f".into(), Span::default());
        let next = || Some("link".to_owned());
        listing.note(DEPTH_MAX - 1, Some(Timestamp(9)), next());
        assert!(listing.link.is_some());
        listing.note(1, Some(Timestamp(8)), next());
        assert_eq!(
            (listing.link.clone(), listing.span.to),
            (None, Some(Timestamp(8)))
        );
        // All of the same instant: no time tells what is left.
        listing.note(DEPTH_MAX, Some(Timestamp(8)), next());
        assert!(listing.link.is_some() && !listing.ask_by_time());
        listing.note(1, Some(Timestamp(7)), None);
        assert!(listing.is_over() && listing.ask_by_time() && !listing.is_over());
    }
}
