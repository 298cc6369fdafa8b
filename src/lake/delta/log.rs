//! The files of a Delta log, read without the library.

use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;

use crate::lake::error::LakeError;

/// What past commits of a table named.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Files that were taken out; readers of an older snapshot may need them yet.
    pub removed: HashSet<PathBuf>,
    /// Versions of slots.
    pub versions: HashSet<i64>,
}

/// What the commits named that are still in the log, one by one.
pub(crate) fn history(folder: &Path) -> Result<History, LakeError> {
    let log = folder.join("_delta_log");
    let mut history = History::default();
    for entry in std::fs::read_dir(&log).map_err(LakeError::io("list", &log))? {
        let path = entry.map_err(LakeError::io("list", &log))?.path();
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(LakeError::io("read", &path))?;
        for line in text.lines() {
            if !line.starts_with("{\"remove\"") && !line.starts_with("{\"txn\"") {
                continue;
            }
            let action: serde_json::Value =
                serde_json::from_str(line).map_err(|e| LakeError::bad_file(&path)(&e))?;
            if let Some(file) = action
                .pointer("/remove/path")
                .and_then(|file| file.as_str())
            {
                history.removed.insert(folder.join(decoded(file)));
            }
            let version = action
                .pointer("/txn/version")
                .and_then(serde_json::Value::as_i64);
            history.versions.extend(version);
        }
    }
    Ok(history)
}

/// A path as it is on disk: the log has it as part of a URL.
pub(crate) fn decoded(path: &str) -> String {
    let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    path.into_owned()
}

/// An error where a commit of the log is empty: the Delta library would read it as one that did
/// nothing, and the lake would seem to be at an older version.
pub(crate) fn check_log(folder: &Path) -> Result<(), LakeError> {
    let log = folder.join("_delta_log");
    let fail = || LakeError::io("list", &log);
    for entry in std::fs::read_dir(&log).map_err(fail())? {
        let entry = entry.map_err(fail())?;
        let path = entry.path();
        let is_commit = path.extension().is_some_and(|end| end == "json");
        if is_commit && entry.metadata().map_err(fail())?.len() == 0 {
            return Err(LakeError::bad_file(&path)(&"it is empty"));
        }
    }
    Ok(())
}

/// Whether the folder has a log, even one whose beginning was cleaned up.
pub(crate) fn has_log(folder: &Path) -> bool {
    let log = std::fs::read_dir(folder.join("_delta_log"));
    log.is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            let path = Path::new(&name);
            path.extension()
                .is_some_and(|end| end == "json" || end == "parquet")
        })
    })
}
