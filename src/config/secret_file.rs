//! A file with a secret: small, read whole, and who else may read it.

use std::fs::File;
use std::fs::Metadata;
use std::io::Read as _;
use std::path::Path;

use secrecy::SecretSlice;

use crate::config::error::ConfigError;
use crate::config::limits;

/// What is said of a file that is open to others.
pub(super) const READABLE_BY_OTHERS: &str =
    "can be read by others than its owner; take that away (chmod 600)";

/// A file as it is now.
pub(super) struct SecretFile {
    pub(super) bytes: SecretSlice<u8>,
    pub(super) is_readable_by_others: bool,
}

/// Reads a file, which is a regular one and no larger than a secret.
pub(super) fn read(path: &Path) -> Result<SecretFile, ConfigError> {
    let unreadable = |source| ConfigError::Read {
        path: path.to_owned(),
        source,
    };
    let refused = |message: &str| ConfigError::File {
        path: path.to_owned(),
        message: message.to_owned(),
    };
    // Before it is opened: who opens a pipe waits for its writer.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(refused("not a file; name a file"));
    }
    let file = File::open(path).map_err(unreadable)?;
    let is_readable_by_others = is_readable_by_others(&file.metadata().map_err(unreadable)?);
    let mut bytes = Vec::new();
    let mut bounded = file.take(limits::SECRET_BYTES_MAX + 1);
    bounded.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limits::SECRET_BYTES_MAX {
        return Err(refused("too large for a secret; name another file"));
    }
    Ok(SecretFile {
        bytes: bytes.into(),
        is_readable_by_others,
    })
}

#[cfg(unix)]
fn is_readable_by_others(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_readable_by_others(_metadata: &Metadata) -> bool {
    false
}
