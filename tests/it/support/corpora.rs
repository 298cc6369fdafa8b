//! Real mail of other people, where the machine has it.

use std::fs::File;
use std::path::Path;
use std::path::PathBuf;

/// The folder of the corpora: `TOUCHPOINT_CORPORA`, or `../shared/corpora` beside the project.
#[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
pub fn folder() -> Option<PathBuf> {
    let named = std::env::var("TOUCHPOINT_CORPORA").map(PathBuf::from).ok();
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    named
        .into_iter()
        .chain([beside])
        .find(|folder| folder.is_dir())
}

/// Unpacks the mail fixtures into a folder; `None`, with the reason printed, where there are none.
pub fn unpack_fixtures(into: &Path) -> Option<()> {
    let archive = found("mail-fixtures.tar.zst")?;
    tar::Archive::new(zstd::Decoder::new(archive).unwrap())
        .unpack(into)
        .unwrap();
    Some(())
}

/// Unpacks a mailing list into a file; `None`, with the reason printed, where there is none.
pub fn unpack_list(name: &str, into: &Path) -> Option<()> {
    let packed = found(&format!("{name}.mbox.zst"))?;
    let mut mbox = File::create(into).unwrap();
    std::io::copy(&mut zstd::Decoder::new(packed).unwrap(), &mut mbox).unwrap();
    Some(())
}

fn found(name: &str) -> Option<File> {
    let file = folder().and_then(|folder| File::open(folder.join(name)).ok());
    if file.is_none() {
        println!("passed over: no {name} in TOUCHPOINT_CORPORA or ../shared/corpora");
    }
    file
}
