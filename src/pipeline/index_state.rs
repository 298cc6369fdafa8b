//! How the search index stands to the lake.

use std::path::Path;

use tokio::runtime::Handle;

use crate::index::index_state::IndexState;
use crate::index::index_state::compare;
use crate::index::search::Searcher;
use crate::lake::error::LakeError;
use crate::lake::head::Head;

/// Which commits an index knows of, against those of the lake in a folder; of an index that is behind, by how many rows. Blocking.
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
