//! How the search index stands to the lake.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::json;

use crate::index::hit::Hits;
use crate::index::search::Searcher;

/// How the search index stands to the lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexState {
    /// It has every commit.
    Current,
    /// It lacks commits: the next run adds them.
    Behind {
        /// At most this number of rows, where the names of the files show it.
        rows: Option<u64>,
    },
    /// It knows of commits that the lake does not have.
    Ahead,
    /// It is of another lake.
    Foreign,
    /// The lake is gone, or cannot be read.
    NoLake {
        /// Why.
        why: String,
    },
}

impl IndexState {
    /// The word in JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Behind { .. } => "behind",
            Self::Ahead => "ahead",
            Self::Foreign => "foreign",
            Self::NoLake { .. } => "no_lake",
        }
    }

    /// Hits as one JSON object, with how the index stands to the lake.
    pub fn json_of(&self, hits: &Hits) -> Value {
        let mut json = json!(hits);
        json["took_ms"] = json!(hits.took.as_secs_f64() * 1_000.0);
        json["index"] = json!({
            "state": self.as_str(),
            "rows_behind": match self {
                Self::Behind { rows } => *rows,
                _ => None,
            },
        });
        json
    }
}

/// Whether an index has reached a version that its lake does not have: a backup was restored.
pub fn is_ahead(reached: &BTreeMap<u8, i64>, versions: &BTreeMap<u8, i64>) -> bool {
    let mut reached = reached.iter();
    reached.any(|(slot, reached)| versions.get(slot).is_none_or(|version| version < reached))
}

/// Which commits an index knows of, against those of the lake; the number of rows is not requested.
pub fn compare(searcher: &Searcher, lake_id: &str, versions: &BTreeMap<u8, i64>) -> IndexState {
    if searcher.lake_id() != lake_id {
        IndexState::Foreign
    } else if is_ahead(searcher.reached(), versions) {
        IndexState::Ahead
    } else if searcher.reached() != versions {
        IndexState::Behind { rows: None }
    } else {
        IndexState::Current
    }
}
