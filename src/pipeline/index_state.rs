//! How the search index stands to the lake.

use std::collections::BTreeMap;
use std::path::Path;

use tokio::runtime::Handle;

use crate::index::search::Searcher;
use crate::lake::error::LakeError;
use crate::lake::head::Head;

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

/// The same against the lake in a folder; of an index that is behind, by how many rows. Blocking.
pub fn of(searcher: &Searcher, lake: &Path, handle: Handle) -> IndexState {
    let no_lake = |error: LakeError| IndexState::NoLake {
        why: error.to_string(),
    };
    state(searcher, lake, handle).unwrap_or_else(no_lake)
}

fn state(searcher: &Searcher, lake: &Path, handle: Handle) -> Result<IndexState, LakeError> {
    let head = Head::read(lake, handle)?;
    match compare(searcher, head.id(), &head.versions()?) {
        IndexState::Behind { .. } => Ok(IndexState::Behind {
            rows: head.rows_since(searcher.reached())?,
        }),
        other => Ok(other),
    }
}
