//! The excluded part of a query, in a form that can be evaluated for any document.
//!
//! tantivy seeks an excluded phrase to documents before the phrase's first one, which that method
//! does not allow (it panics in builds with assertions). Here such a seek is answered by comparing
//! document numbers.

use tantivy::DocId;
use tantivy::DocSet;
use tantivy::Score;
use tantivy::SegmentReader;
use tantivy::query::EnableScoring;
use tantivy::query::Explanation;
use tantivy::query::Query;
use tantivy::query::Scorer;
use tantivy::query::Weight;

/// A query of which only the matches are needed, not the scores.
#[derive(Debug)]
pub(crate) struct Excluded(pub(crate) Box<dyn Query>);

impl Clone for Excluded {
    fn clone(&self) -> Self {
        Self(self.0.box_clone())
    }
}

impl Query for Excluded {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let weight = self.0.weight(scoring)?;
        Ok(Box::new(ExcludedWeight(weight)))
    }
}

struct ExcludedWeight(Box<dyn Weight>);

impl Weight for ExcludedWeight {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let scorer = self.0.scorer(segment, boost)?;
        Ok(Box::new(ExcludedDocs(scorer)))
    }

    fn explain(&self, segment: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        self.0.explain(segment, doc)
    }
}

/// It has no `seek_danger` of its own: the default of every doc set compares first.
struct ExcludedDocs(Box<dyn Scorer>);

impl DocSet for ExcludedDocs {
    fn advance(&mut self) -> DocId {
        self.0.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.0.seek(target)
    }

    fn doc(&self) -> DocId {
        self.0.doc()
    }

    fn size_hint(&self) -> u32 {
        self.0.size_hint()
    }
}

impl Scorer for ExcludedDocs {
    fn score(&mut self) -> Score {
        self.0.score()
    }
}
