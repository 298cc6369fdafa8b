//! The only way in which files of the lake come to be, and to last: each step that changes the disk
//! passes one place, where tests watch it, let it fail, or die.

use std::fs::File;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use crate::lake::error::LakeError;
use crate::runtime::random;

#[cfg(test)]
use crate::lake::power::taken;
#[cfg(test)]
use crate::lake::power::through;

/// What the names of drafts of small files end with.
const DRAFT: &str = ".draft";

/// A step that changes the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
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

/// Takes a step; `other` is the second name where it has two.
#[cfg(not(test))]
fn through<T>(
    step: Step,
    path: &Path,
    other: Option<&Path>,
    act: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    crate::runtime::crash::point(|| format!("{step:?} {}", kind(other.unwrap_or(path))));
    act()
}

/// All bytes are taken at once where no test has other plans.
#[cfg(not(test))]
fn taken<'a>(_path: &Path, bytes: &'a [u8]) -> &'a [u8] {
    bytes
}

/// What kind of file or folder a path of the lake is, as the names of steps have it.
pub(super) fn kind(path: &Path) -> String {
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

/// A file that is being written.
#[derive(Debug)]
pub(super) struct NewFile {
    path: PathBuf,
    file: File,
}

impl NewFile {
    /// Makes a file that is not there yet, in a folder that is made where it is missing.
    pub fn create(path: &Path) -> Result<Self, LakeError> {
        create_folder(path.parent().unwrap_or(path))?;
        Self::create_with(path, File::options().write(true).create_new(true))
            .map_err(LakeError::io("write", path))
    }

    /// The same for a file that only its owner may read.
    pub fn create_private(path: &Path) -> Result<Self, LakeError> {
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
    pub fn finish(&self) -> Result<u64, LakeError> {
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
pub(super) enum Place {
    /// It takes it.
    Any,
    /// Where there is one already, this is an error of that kind, and the other stays.
    Free,
}

/// Puts a small file in its place as a whole: after a crash it is there or not, never half of it.
/// An error does not tell whether it is there.
pub(super) fn publish(
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
pub(super) fn publish_file(path: &Path, bytes: &[u8], place: Place) -> Result<(), LakeError> {
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
pub(super) fn log_draft(path: &Path) -> PathBuf {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!("#{}", random::bits()));
    draft.into()
}

/// Whether a file is a draft that was to get its name later.
pub(super) fn is_draft(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| {
        let number = name.rsplit_once('#').map(|(_, number)| number);
        let is_of_log =
            number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        is_of_log || name.ends_with(DRAFT)
    })
}

/// Takes a file away.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    through(Step::Remove, path, None, || std::fs::remove_file(path))
}

/// Creates a folder and those above it where they are missing, each synced into its parent; so is
/// one that is there, for whoever made it may have died before that.
pub(super) fn create_folder(folder: &Path) -> Result<(), LakeError> {
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
pub(super) fn sync_folder(folder: &Path) -> Result<(), LakeError> {
    sync(folder).map_err(LakeError::io("sync", folder))
}

#[track_caller]
fn sync(folder: &Path) -> io::Result<()> {
    through(Step::SyncFolder, folder, None, || {
        File::open(folder).and_then(|folder| folder.sync_all())
    })
}
