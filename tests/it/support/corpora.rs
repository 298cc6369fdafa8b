//! Real mail of other people, where the machine has it.

use std::fs::File;
use std::fs::OpenOptions;
use std::io::BufRead;
use std::io::BufReader;
use std::io::BufWriter;
use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;

/// The value of an environment variable.
#[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Unpacks the fixtures whose path begins with one of the names; `None`, with the reason printed,
/// where there are none.
pub(crate) fn unpack(names: &[&str], into: &Path) -> Option<()> {
    let packed = found("mail-fixtures.tar.zst")?;
    let mut archive = tar::Archive::new(zstd::Decoder::new(packed).unwrap());
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        let path = path.strip_prefix(".").unwrap_or(&path);
        if names.iter().any(|name| path.starts_with(name)) {
            entry.unpack_in(into).unwrap();
        }
    }
    Some(())
}

/// Appends some mails of a mailing list to a file; `None`, with the reason printed, where there is
/// no such list.
pub(crate) fn append_list(name: &str, mails: Range<usize>, to: &Path) -> Option<()> {
    let packed = found(&format!("{name}.mbox.zst"))?;
    let mut list = BufReader::new(zstd::Decoder::new(packed).unwrap());
    let mbox = OpenOptions::new().create(true).append(true).open(to);
    let mut mbox = BufWriter::new(mbox.unwrap());
    let mut line = Vec::new();
    let mut begun = 0;
    while begun <= mails.end && list.read_until(b'\n', &mut line).unwrap() > 0 {
        begun += usize::from(line.starts_with(b"From "));
        if begun > mails.start && begun <= mails.end {
            mbox.write_all(&line).unwrap();
        }
        line.clear();
    }
    mbox.flush().unwrap();
    Some(())
}

/// A folder beside the corpora; `None`, with the reason printed, where there is none.
pub(crate) fn beside(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(name);
    if !folder.is_dir() {
        println!("skipped: no folder {}", folder.display());
        return None;
    }
    Some(folder)
}

fn found(name: &str) -> Option<File> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let folder = variable("TOUCHPOINT_CORPORA").map_or(beside, PathBuf::from);
    let file = File::open(folder.join(name)).ok();
    if file.is_none() {
        println!("skipped: no {name} in {}", folder.display());
    }
    file
}
