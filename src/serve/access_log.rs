//! Who has read what: a line of JSON for each access to details. It holds no content: neither
//! subjects nor the words of a search.

use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use rustix::fs::OFlags;
use serde_json::json;

use crate::index::hit::Hits;
use crate::model::address::Address;
use crate::model::time::Timestamp;
use crate::serve::readers::Reader;

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Access {
    /// `search`, `interaction`, `contact`, `account`, `colleague`, `coverage` or `names`; `refused`: no
    /// reader was identified.
    pub(super) what: &'static str,
    /// The id of it; of a search those by which it was filtered; of names those that were suggested.
    pub(super) ids: Vec<String>,
    /// The interactions that were listed.
    pub(super) interactions: Vec<String>,
}

impl Access {
    /// An access to what has ids.
    pub(super) fn of(what: &'static str, ids: Vec<String>) -> Self {
        Self {
            what,
            ids,
            interactions: Vec::new(),
        }
    }

    /// The same, with the interactions that were listed.
    pub(super) fn listing(self, hits: Option<&Hits>) -> Self {
        let hits = hits.into_iter().flat_map(|hits| &hits.hits);
        Self {
            interactions: hits.map(|hit| hit.interaction_id.clone()).collect(),
            ..self
        }
    }
}

/// The file.
#[derive(Debug)]
pub(super) struct AccessLog {
    path: PathBuf,
}

impl AccessLog {
    /// Checks that the file can be written, and by its owner alone.
    ///
    /// # Errors
    /// It cannot be opened, is a link, or others may read or write it.
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        let log = Self { path };
        let file = log.file()?;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            let why = "others than its owner can read or write it; take that away (chmod 600)";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        Ok(log)
    }

    /// Appends a line. Blocking.
    ///
    /// # Errors
    /// It cannot be written; then the access must not take place.
    pub(super) fn note(
        &self,
        (at, reader, peer): (Timestamp, &Reader, IpAddr),
        access: &Access,
    ) -> io::Result<()> {
        let line = json!({
            "at": at.rfc3339(),
            "reader": reader.address.as_ref().map(Address::as_str),
            "from": peer.to_canonical().to_string(),
            "what": access.what,
            "ids": access.ids,
            "interactions": access.interactions,
        });
        self.append(format!("{line}\n").as_bytes())
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.file()?.write_all(bytes)
    }

    /// It is opened each time, so that it can be renamed when logs are rotated.
    fn file(&self) -> io::Result<File> {
        let no_link = OFlags::NOFOLLOW.bits().cast_signed();
        let mut options = OpenOptions::new();
        options.create(true).append(true).mode(0o600);
        options.custom_flags(no_link).open(&self.path)
    }
}
