//! Opening a file of an archive: whatever lies there by now, it does not block.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::source::archive::spec::Links;

/// Opens a regular file for reading. What became something else since the folder was listed (a
/// FIFO, a device) is an error, and is not waited for; so is a link, unless all are followed.
pub(super) fn open(path: &Path, links: Links) -> io::Result<File> {
    let flags = match links {
        Links::Inside => OFlags::NONBLOCK | OFlags::NOFOLLOW,
        Links::All => OFlags::NONBLOCK,
    };
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        let message = "it is no regular file";
        Err(io::Error::new(io::ErrorKind::InvalidInput, message))
    }
}

/// Whether opening failed because the path is a link.
pub(super) fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_fifo_and_a_device_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.unwrap().success());
        for path in [fifo.as_path(), Path::new("/dev/zero"), folder.path()] {
            let error = open(path, Links::Inside).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        }
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        assert!(open(&file, Links::Inside).is_ok());
    }

    #[test]
    fn a_link_is_opened_only_where_links_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "x").unwrap();
        symlink(&file, &link).unwrap();
        assert!(is_link(&open(&link, Links::Inside).unwrap_err()));
        assert!(open(&link, Links::All).is_ok());
    }
}
