//! `_touchpoint/format.json`: the number of the layout, and the id of the lake.

use std::io::ErrorKind;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use crate::lake::cursors::record::to_json;
use crate::lake::error::LakeError;
use crate::lake::storage::disk::Place;
use crate::lake::storage::disk::publish_file;
use crate::runtime::random;

/// The format of lakes that this program writes; newer ones are refused. It counts changes that an
/// older program would misread. A column more is none: an older program reads around it and refuses
/// to write (`Table::check_known`), and a newer one adds it to lakes that lack it
/// (`Table::add_columns`).
const FORMAT: u32 = 1;

/// What `_touchpoint/format.json` says.
#[derive(Debug, Serialize, Deserialize)]
struct FormatFile {
    /// The format of cursor files, CRM snapshots and file names.
    format: u32,
    /// Identifies this lake, so that no view of another one is believed.
    lake_id: String,
}

pub(super) fn format_file(root: &Path) -> PathBuf {
    root.join("_touchpoint/format.json")
}

pub(super) fn write_format(root: &Path) -> Result<(), LakeError> {
    let path = format_file(root);
    let lake_id = format!("{:016x}{:016x}", random::bits(), random::bits());
    let text = to_json(
        &FormatFile {
            format: FORMAT,
            lake_id,
        },
        &path,
    )?;
    // Of two processes that make the lake at once, one gives it its name.
    publish_file(&path, text.as_bytes(), Place::Free)
}

/// Gives the id of a lake whose format this program knows.
pub(super) fn check_format(root: &Path) -> Result<String, LakeError> {
    let refuse = |why: String| LakeError::NoLake {
        path: root.to_owned(),
        why,
    };
    let path = format_file(root);
    let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => refuse("there is none yet; touchpoint run makes it".to_owned()),
        _ => refuse(format!("_touchpoint/format.json: {error}")),
    })?;
    let found: FormatFile = serde_json::from_str(&text)
        .map_err(|error| refuse(format!("_touchpoint/format.json: {error}")))?;
    if found.format > FORMAT {
        return Err(refuse(format!(
            "it has format {}, this program knows formats up to {FORMAT}; use a newer touchpoint",
            found.format
        )));
    }
    Ok(found.lake_id)
}
