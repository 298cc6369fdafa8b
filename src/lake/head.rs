//! How far a lake is, without opening all of it: what readers of a view need to know.

use std::collections::BTreeMap;
use std::path::Path;

use tokio::runtime::Handle;

use crate::lake::delta::engine::engine;
use crate::lake::delta::table::Table;
use crate::lake::error::LakeError;
use crate::lake::format::check_format;
use crate::lake::read::files_since;
use crate::lake::rows::schema::TableName;
use crate::lake::storage::disk::absolute;

/// The newest commit of a lake.
pub struct Head {
    id: String,
    interactions: Table,
}

impl Head {
    /// Reads it. `handle` must be that of a multi-threaded runtime; blocking.
    ///
    /// # Errors
    /// There is no lake, or it cannot be read.
    pub fn read(path: &Path, handle: Handle) -> Result<Self, LakeError> {
        let root = absolute(path)?;
        let id = check_format(&root)?;
        let name = TableName::Interactions;
        Ok(Self {
            id,
            interactions: Table::open(name, &root.join(name.as_str()), &engine(handle))?,
        })
    }

    /// The id of this lake.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The versions of `interactions`, by slot.
    pub fn versions(&self) -> Result<BTreeMap<u8, i64>, LakeError> {
        self.interactions.slot_versions()
    }

    /// How many rows came after these versions, at most; `None`: it is unknown, since the names of
    /// merged files do not show it.
    pub fn rows_since(&self, reached: &BTreeMap<u8, i64>) -> Result<Option<u64>, LakeError> {
        let slots = self.versions()?.into_iter();
        let behind = slots.filter_map(|(slot, version)| {
            let reached = reached.get(&slot).copied();
            (reached != Some(version)).then_some((slot, reached))
        });
        let files = files_since(&self.interactions, &behind.collect())?;
        Ok(files.map(|files| files.iter().map(|(_, file)| file.rows).sum()))
    }
}

impl std::fmt::Debug for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Head")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
