//! The only way in which files of the lake are created and synced: each step that changes the disk
//! passes one place, where tests watch it, let it fail, or let the process die.

use std::fs::File;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use crate::lake::error::LakeError;
use crate::lake::storage::step::DRAFT;
use crate::lake::storage::step::Step;
use crate::runtime::random;

#[cfg(not(test))]
use crate::lake::storage::step::kind;
#[cfg(test)]
use crate::lake::tests::simulated_disk::taken;
#[cfg(test)]
use crate::lake::tests::simulated_disk::through;

/// Takes a step; `other` is the second name where it has two.
#[cfg(not(test))]
fn through<T>(
    step: Step,
    path: &Path,
    other: Option<&Path>,
    act: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    crate::runtime::failpoint::hit(|| format!("{step:?} {}", kind(other.unwrap_or(path))));
    act()
}

/// All bytes are taken at once outside of tests.
#[cfg(not(test))]
fn taken<'a>(_path: &Path, bytes: &'a [u8]) -> &'a [u8] {
    bytes
}

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct NewFile {
    path: PathBuf,
    file: File,
}

impl NewFile {
    /// Makes a file that is not there yet, in a folder that is made where it is missing.
    pub(crate) fn create(path: &Path) -> Result<Self, LakeError> {
        create_folder(path.parent().unwrap_or(path))?;
        Self::create_with(path, File::options().write(true).create_new(true))
            .map_err(LakeError::io("write", path))
    }

    /// The same for a file that only its owner may read.
    pub(crate) fn create_private(path: &Path) -> Result<Self, LakeError> {
        create_folder(path.parent().unwrap_or(path))?;
        let mut options = File::options();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Self::create_with(path, options.write(true).create_new(true))
            .map_err(LakeError::io("write", path))
    }

    fn create_with(path: &Path, options: &std::fs::OpenOptions) -> io::Result<Self> {
        let file = through(Step::Create, path, None, || options.open(path))?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// Makes the file and its name survive a loss of power; gives its length.
    pub(crate) fn finish(&self) -> Result<u64, LakeError> {
        self.sync().map_err(LakeError::io("sync", &self.path))?;
        sync_folder(self.path.parent().unwrap_or(&self.path))?;
        let length = self.file.metadata().map(|metadata| metadata.len());
        length.map_err(LakeError::io("read", &self.path))
    }

    #[track_caller]
    fn sync(&self) -> io::Result<()> {
        through(Step::Sync, &self.path, None, || self.file.sync_all())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = taken(&self.path, bytes);
        let file = &mut self.file;
        through(Step::Write, &self.path, None, || file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Whether a small file may take the place of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It takes it.
    Any,
    /// Where there is one already, this is an error of that kind, and the other stays.
    Free,
}

/// Puts a small file in its place as a whole: after a crash it is there or not, never half of it.
/// After an error it may be there or not.
pub(crate) fn publish(
    path: &Path,
    draft: &Path,
    parts: impl IntoIterator<Item = impl AsRef<[u8]>>,
    place: Place,
) -> io::Result<()> {
    let mut file = NewFile::create_with(draft, File::options().write(true).create_new(true))?;
    let put = || {
        for part in parts {
            file.write_all(part.as_ref())?;
        }
        file.sync()?;
        match place {
            Place::Any => through(Step::Rename, draft, Some(path), || {
                std::fs::rename(draft, path)
            }),
            Place::Free => through(Step::Link, draft, Some(path), || {
                std::fs::hard_link(draft, path)
            }),
        }
    };
    let result = put();
    let is_left = place == Place::Free || result.is_err();
    let result = match result {
        Ok(()) => sync(path.parent().unwrap_or(path)),
        failed => failed,
    };
    if is_left {
        // Where it stays, the next start of a run clears it away.
        let _ = remove(draft);
    }
    result
}

/// Puts a small file of the lake in its place, in a folder that is made where it is missing.
/// Where its place had to be free and is not, the file that is there stays.
pub(crate) fn publish_file(path: &Path, bytes: &[u8], place: Place) -> Result<(), LakeError> {
    let folder = path.parent().unwrap_or(path);
    create_folder(folder)?;
    let draft = folder.join(format!("{:016x}{DRAFT}", random::bits()));
    match publish(path, &draft, [bytes], place) {
        Err(error) if place == Place::Free && error.kind() == io::ErrorKind::AlreadyExists => {
            Ok(())
        }
        published => published.map_err(LakeError::io("write", path)),
    }
}

/// The draft of a file of a log: under a name that every reader of logs passes over.
pub(crate) fn log_draft(path: &Path) -> PathBuf {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!("#{}", random::bits()));
    draft.into()
}

/// Whether a file is a draft that was to get its name later.
pub(crate) fn is_draft(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| {
        let number = name.rsplit_once('#').map(|(_, number)| number);
        let is_of_log =
            number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        is_of_log || name.ends_with(DRAFT)
    })
}

/// Takes a file away.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    through(Step::Remove, path, None, || std::fs::remove_file(path))
}

/// Creates a folder and those above it where they are missing, each synced into its parent; so is
/// one that is there, for the process that made it may have died before that.
pub(crate) fn create_folder(folder: &Path) -> Result<(), LakeError> {
    let Some(parent) = folder.parent() else {
        return Ok(());
    };
    if !folder.is_dir() {
        if !parent.is_dir() {
            create_folder(parent)?;
        }
        let made = through(Step::CreateFolder, folder, None, || {
            std::fs::create_dir(folder)
        });
        match made {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(LakeError::io("create", folder)(error));
            }
            _ => {}
        }
    }
    sync_folder(parent)
}

/// Makes the names in a folder survive a loss of power.
#[track_caller]
pub(crate) fn sync_folder(folder: &Path) -> Result<(), LakeError> {
    sync(folder).map_err(LakeError::io("sync", folder))
}

#[track_caller]
fn sync(folder: &Path) -> io::Result<()> {
    through(Step::SyncFolder, folder, None, || {
        File::open(folder).and_then(|folder| folder.sync_all())
    })
}

/// The lake's folder as an absolute path: the Delta library takes URLs only.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, LakeError> {
    std::path::absolute(path)
        .map_err(LakeError::io("find", path))
        .map(|path| path.canonicalize().unwrap_or(path))
}
