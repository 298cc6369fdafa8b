//! Access to the files of this process: its owner, and a group if that is configured.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::Mode;
use rustix::process::Resource;
use rustix::process::Rlimit;

/// Who may read files besides their owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// No one.
    Owner,
    /// The group of the folder.
    Group,
}

impl Readers {
    /// The mode bits that are removed from a file.
    fn taken(self) -> u32 {
        match self {
            Self::Owner => 0o077,
            Self::Group => 0o027,
        }
    }
}

/// From now on this process creates files and folders for these readers only, whatever umask it was
/// started with.
pub fn limit_new_files(readers: Readers) {
    rustix::process::umask(Mode::from_raw_mode(readers.taken()));
}

/// Removes the access of others from a file or folder, and grants it to the group if that is
/// configured. (Existing files may be older or may have been created with a wider mode.)
///
/// # Errors It does not exist, or another user owns it.
pub fn limit(path: &Path, readers: Readers) -> io::Result<()> {
    let metadata = fs::metadata(path)?;
    let before = metadata.permissions().mode() & 0o7777;
    let given = match readers {
        Readers::Owner => 0,
        Readers::Group if metadata.is_dir() => 0o050,
        Readers::Group => 0o040,
    };
    let after = (before & !readers.taken()) | given;
    if after == before {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(after))
}

/// The same for a folder and everything in it: folders of caches, which hold few files. Files of
/// other owners are left unchanged and reported.
pub fn limit_tree(folder: &Path, readers: Readers) {
    if !folder.exists() {
        return;
    }
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        if let Err(error) = limit(&path, readers) {
            tracing::warn!(path = %path.display(), %error, "others may be able to read what is there");
        }
        let entries = fs::read_dir(&path).into_iter().flatten().flatten();
        open.extend(
            entries
                .map(|entry| entry.path())
                .filter(|path| !path.is_symlink()),
        );
    }
}

/// The readers of a folder. If they cannot be determined, its owner only.
pub fn readers_of(folder: &Path) -> Readers {
    let mode = fs::metadata(folder).map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o050 == 0o050 {
        Readers::Group
    } else {
        Readers::Owner
    }
}

/// Disables core dumps: memory holds secrets and mails. A refusal by the system is ignored.
pub fn forbid_core_dumps() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = rustix::process::setrlimit(Resource::Core, none);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_is_restricted_and_a_group_is_admitted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let mode = || fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let set = |mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        set(0o777);
        limit(path, Readers::Owner).unwrap();
        assert_eq!(mode(), 0o700);
        set(0o2777);
        limit(path, Readers::Group).unwrap();
        assert_eq!(mode(), 0o2750);
        limit(path, Readers::Owner).unwrap();
        assert_eq!(mode(), 0o2700);
    }
}
