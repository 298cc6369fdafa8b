//! Who has read what: a line of JSON for each access to details. It holds no content: neither
//! subjects nor the words of a search.

use std::fs::OpenOptions;
use std::io;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;

use serde_json::json;

use crate::model::address::Address;
use crate::model::time::Timestamp;
use crate::serve::readers::Reader;

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Access {
    /// `search`, `interaction`, `contact`, `account`, `colleague` or `coverage`.
    pub(super) what: &'static str,
    /// The id of it; of a search the ids by which it was filtered.
    pub(super) ids: Vec<String>,
    /// How many interactions were listed.
    pub(super) listed: usize,
}

impl Access {
    /// An access.
    pub(super) fn of(what: &'static str, ids: Vec<String>, listed: usize) -> Self {
        Self { what, ids, listed }
    }
}

/// The file.
#[derive(Debug)]
pub(super) struct AccessLog {
    path: PathBuf,
}

impl AccessLog {
    /// Checks that the file can be written.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        let log = Self { path };
        log.append(b"")?;
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
            "from": peer.to_string(),
            "what": access.what,
            "ids": access.ids,
            "listed": access.listed,
        });
        self.append(format!("{line}\n").as_bytes())
    }

    /// The file is opened each time, so that it can be renamed when logs are rotated.
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.path)?.write_all(bytes)
    }
}
