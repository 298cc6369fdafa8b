//! Chains that never end: pages that bring the same again and again, by links that change (facts
//! 2.2).

use std::collections::HashSet;
use std::hash::DefaultHasher;
use std::hash::Hasher as _;

use crate::model::page::Page;

/// Pages in a row that bring nothing but what an earlier page brought, item for item. Single items
/// may come twice (facts 1.4), whole pages have not been seen to, and this many in a row will not.
const REPEATED_PAGES_MAX: u32 = 4;

/// Empty pages in a row. They are normal (facts 1.4), but each is a request.
const EMPTY_PAGES_MAX: u32 = 1_000;

/// The pages of a round so far.
#[derive(Debug, Default)]
pub(crate) struct LoopDetector {
    seen: HashSet<u64>,
    in_a_row: u32,
    empty: u32,
}

impl LoopDetector {
    /// Notes a page. Whether the chain has no end: too many pages came again, or were empty.
    pub(crate) fn is_endless(&mut self, page: &Page) -> bool {
        if page.items.is_empty() {
            self.empty += 1;
            return self.empty >= EMPTY_PAGES_MAX;
        }
        self.empty = 0;
        // Of this process alone, so any hash will do.
        let mut hasher = DefaultHasher::new();
        for range in &page.items {
            hasher.write(page.body.get(range.clone()).unwrap_or_default());
        }
        if self.seen.insert(hasher.finish()) {
            self.in_a_row = 0;
        } else {
            self.in_a_row += 1;
        }
        self.in_a_row >= REPEATED_PAGES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &'static str) -> Page {
        let whole = 0..text.len();
        Page {
            container: "f".into(),
            body: text.as_bytes().into(),
            items: if text.is_empty() { vec![] } else { vec![whole] },
        }
    }

    fn pages_until_endless(pages: impl Iterator<Item = &'static str>) -> Option<usize> {
        let mut detector = LoopDetector::default();
        pages
            .map(page)
            .position(|page| detector.is_endless(&page))
            .map(|at| at + 1)
    }

    #[test]
    fn a_page_that_comes_for_ever_and_pages_in_a_circle_are_noticed_soon() {
        assert_eq!(pages_until_endless(std::iter::repeat_n("a", 99)), Some(5));
        let circle = ["a", "", "b", "c"].into_iter().cycle();
        assert_eq!(pages_until_endless(circle.take(99)), Some(9));
        assert_eq!(
            pages_until_endless(std::iter::repeat_n("", 2000)),
            Some(1000)
        );
    }

    #[test]
    fn a_page_that_came_twice_and_empty_ones_are_no_reason_to_give_up() {
        let pages = ["a", "a", "b", "b", "a", "c", "", "", "", "", "", "", "d"];
        assert_eq!(pages_until_endless(pages.into_iter()), None);
    }
}
