//! `touchpoint run --metrics FILE`: writes how the run went, whether or not it came to its end.

use std::fs;
use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use anyhow::bail;
use tempfile::NamedTempFile;

use crate::cli::failure;
use crate::cli::output;
use crate::cli::setup::with_lake;
use crate::config::Config;
use crate::maintenance::statuses;
use crate::model::mailbox_status::MailboxStatus;
use crate::model::run::RunSummary;
use crate::model::shard::Shard;
use crate::model::table_size::TableSize;
use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::report::exit;
use crate::report::metrics;
use crate::report::metrics::Metrics;
use crate::runtime::clock;
use crate::runtime::memory;

/// Who collects metrics is another user, and the file names no person.
const MODE: u32 = 0o644;

/// A file of metrics that can be written.
pub(super) struct MetricsFile {
    path: PathBuf,
    folder: PathBuf,
    started_at: Timestamp,
    /// What the file says that is replaced.
    last_success: Option<i64>,
}

impl MetricsFile {
    /// Checks the path, before anything is read.
    ///
    /// # Errors
    /// A collector would not take the name, or no file can be written there.
    pub(super) fn prepare(path: &Path) -> anyhow::Result<Self> {
        if path.extension().is_none_or(|end| end != "prom") || path.is_dir() {
            bail!(
                "--metrics {}: name a file that ends in .prom; node_exporter collects no other",
                path.display()
            );
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let before = fs::read_to_string(path).unwrap_or_default();
        let file = Self {
            path: path.to_owned(),
            folder: folder.to_owned(),
            started_at: clock::now(),
            last_success: metrics::last_success(&before),
        };
        file.draft()?;
        Ok(file)
    }

    /// A file beside it that goes where it is not kept.
    fn draft(&self) -> anyhow::Result<NamedTempFile> {
        NamedTempFile::new_in(&self.folder).with_context(|| {
            let path = self.path.display();
            format!("--metrics {path}: no file can be made in its folder")
        })
    }

    /// Writes the file. An error is printed, and the run's own result stays what it is.
    pub(super) fn write(
        &self,
        config: Option<&Config>,
        shard: Option<Shard>,
        done: &anyhow::Result<RunSummary>,
    ) {
        let shard = shard.unwrap_or_default();
        let names = config.map(Config::names).unwrap_or_default();
        // A lake that is not there, or cannot be read, is what the run itself reports.
        let lake = config.and_then(|config| read_lake(config, shard).ok());
        let (exit_code, started_at, ended_at) = match done {
            Ok(summary) => (
                exit::of(summary).0,
                summary.run.started_at,
                summary.ended_at,
            ),
            Err(error) => (failure::exit_code(error), self.started_at, clock::now()),
        };
        let success = (exit_code == exit::COMPLETE).then_some(ended_at.0 / SECOND);
        let label = shard.to_string();
        let text = metrics::render(&Metrics {
            version: env!("CARGO_PKG_VERSION"),
            shard: (shard != Shard::default()).then_some(&label),
            started_at,
            ended_at,
            exit_code,
            last_success: success.or(self.last_success),
            peak_memory: memory::peak(),
            names: &names,
            summary: done.as_ref().ok(),
            lake: lake
                .as_ref()
                .map(|(mailboxes, tables)| (&**mailboxes, &**tables)),
        });
        if let Err(error) = self.replace(&text) {
            output::print_error(&failure::causes(&error));
        }
    }

    /// Puts it in its place as a whole: a collector never sees half of it.
    fn replace(&self, text: &str) -> anyhow::Result<()> {
        let mut draft = self.draft()?;
        let what = || format!("writing {}", self.path.display());
        draft.write_all(text.as_bytes()).with_context(what)?;
        let file = draft.as_file();
        file.set_permissions(Permissions::from_mode(MODE))
            .with_context(what)?;
        file.sync_all().with_context(what)?;
        draft.persist(&self.path).with_context(what)?;
        Ok(())
    }
}

/// The mailboxes of a part of those that the configuration names, and the tables.
fn read_lake(
    config: &Config,
    shard: Shard,
) -> anyhow::Result<(Vec<MailboxStatus>, Vec<TableSize>)> {
    with_lake(config, move |_, lake| {
        let mut mailboxes = statuses::read(lake, &[])?;
        mailboxes.retain(|one| shard.has(&one.latest.mailbox.id));
        Ok((mailboxes, lake.sizes()?))
    })
}
