//! The steps that change the disk, and what the files are called that they change.

use std::path::Path;

/// What the names of drafts of small files end with.
pub(crate) const DRAFT: &str = ".draft";

/// A step that changes the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// A folder is made.
    CreateFolder,
    /// A file is made, empty.
    Create,
    /// Bytes are added to it.
    Write,
    /// What was written survives a loss of power.
    Sync,
    /// A file gets another name, in the place of what had it.
    Rename,
    /// A file gets a further name, which nothing else may have.
    Link,
    /// A name goes.
    Remove,
    /// The names in a folder survive a loss of power.
    SyncFolder,
}

/// What kind of file or folder a path of the lake is, as the names of steps have it.
pub(crate) fn kind(path: &Path) -> String {
    let text = path.to_string_lossy();
    let mut parts = text.rsplit('/');
    let name = parts.next().unwrap_or_default();
    let (above, table) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    match above {
        "_delta_log" if name.contains("checkpoint") => format!("checkpoint of {table}"),
        "_delta_log" => format!("log of {table}"),
        "cursors" | "crm" => format!("file of {above}"),
        _ if above.starts_with("month=") && name.starts_with("merged-") => {
            format!("merged file of {table}")
        }
        _ if above.starts_with("month=") => format!("file of {table}"),
        _ if name.starts_with("month=") => format!("month of {above}"),
        _ if name == "_delta_log" => format!("logs of {above}"),
        _ if name.ends_with(DRAFT) => "draft".to_owned(),
        _ => name.to_owned(),
    }
}
