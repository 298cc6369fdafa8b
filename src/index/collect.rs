//! Collects what a query matches from columns alone; no document is loaded.

use std::sync::Arc;

use tantivy::DocAddress;
use tantivy::DocId;
use tantivy::Score;
use tantivy::SegmentOrdinal;
use tantivy::SegmentReader;
use tantivy::collector::Collector;
use tantivy::collector::SegmentCollector;
use tantivy::columnar::ColumnValues;

use crate::index::schema::Fields;

/// A document that matches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Match {
    /// How well; 0 where the order does not depend on it.
    pub(super) score: Score,
    /// Microseconds since 1970.
    pub(super) occurred_at: i64,
    /// The first 64 bits of the interaction id.
    pub(super) interaction: u64,
    /// The document.
    pub(super) address: DocAddress,
    /// The number of the interaction, once it was assigned (`index::numbers`).
    pub(super) interaction_number: u32,
    /// The number of the conversation or series, once it was assigned.
    pub(super) group_number: u32,
}

/// Whether matches are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scoring {
    /// They are.
    Scored,
    /// The order does not depend on it.
    Unscored,
}

/// The collector of all matches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matches(pub(super) Scoring);

impl Collector for Matches {
    type Fruit = Vec<Match>;
    type Child = SegmentMatches;

    fn for_segment(
        &self,
        segment: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<SegmentMatches> {
        let columns = reader.fast_fields();
        Ok(SegmentMatches {
            segment,
            occurred_at: columns.column_first_or_default(Fields::OCCURRED_AT_NAME)?,
            interactions: columns.column_first_or_default(Fields::INTERACTION_NAME)?,
            found: Vec::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        self.0 == Scoring::Scored
    }

    fn merge_fruits(&self, segments: Vec<Vec<Match>>) -> tantivy::Result<Vec<Match>> {
        let mut segments = segments;
        // The largest part is not copied.
        segments.sort_by_key(|found| std::cmp::Reverse(found.len()));
        let mut segments = segments.into_iter();
        let mut all = segments.next().unwrap_or_default();
        for found in segments {
            all.extend(found);
        }
        Ok(all)
    }
}

/// The matches of a segment.
pub(super) struct SegmentMatches {
    segment: SegmentOrdinal,
    occurred_at: Arc<dyn ColumnValues<i64>>,
    interactions: Arc<dyn ColumnValues<u64>>,
    found: Vec<Match>,
}

impl SegmentCollector for SegmentMatches {
    type Fruit = Vec<Match>;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.found.push(Match {
            score,
            occurred_at: self.occurred_at.get_val(doc),
            interaction: self.interactions.get_val(doc),
            address: DocAddress::new(self.segment, doc),
            interaction_number: 0,
            group_number: 0,
        });
    }

    fn harvest(self) -> Vec<Match> {
        self.found
    }
}
