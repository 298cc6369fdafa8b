//! Lake, state and index, opened and brought to one point before anything is read.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::config::Config;
use crate::config::capture::ActivityContent as ConfiguredContent;
use crate::config::crm;
use crate::config::crm::Size;
use crate::config::crm::Trust;
use crate::index::index_state;
use crate::index::writer as index;
use crate::index::writer::Indexer;
use crate::lake::Lake;
use crate::lake::settings::ActivityContent;
use crate::lake::settings::LakeSettings;
use crate::matching::Matcher;
use crate::model::contact::CrmSnapshot;
use crate::model::run::RunStamp;
use crate::pipeline::catch_up;
use crate::pipeline::discovery::Discovery;
use crate::pipeline::error::RunError;
use crate::pipeline::writer::WriterError;
use crate::runtime::clock::Stopwatch;
use crate::runtime::cpu::CpuPool;
use crate::runtime::memory::Memory;
use crate::runtime::private;
use crate::runtime::private::Readers;
use crate::runtime::shares::Shares;
use crate::source::archive::limits::MESSAGE_BYTES_MAX;
use crate::source::archive::limits::SMALL_MESSAGE_BYTES;
use crate::state::store as state;
use crate::state::store::State;
use crate::sync::context::SyncMemory;

/// No further month is begun when merging has taken so long: a run that is asked to end meanwhile
/// must be over within 20 seconds, and what is left is merged on other nights.
const MERGE_LIMIT: Duration = Duration::from_secs(10);

/// Everything that a run writes to.
#[derive(Debug)]
pub struct Stores {
    /// The truth.
    pub lake: Arc<Lake>,
    /// What was seen.
    pub state: Arc<State>,
    /// The search index.
    pub indexer: Indexer,
    /// this run's CRM snapshot, ready to be asked.
    pub matcher: Arc<Matcher>,
    /// Which views were behind and were brought up.
    pub caught_up: Vec<String>,
    /// How long all of that took.
    pub opening: Duration,
}

impl Stores {
    /// Opens everything and catches every view up. `disk` is where the lake waits for its disk.
    pub async fn open(
        config: &Config,
        discovery: &Discovery,
        crm: Trust,
        run: &RunStamp,
        (cpu, disk): (Arc<CpuPool>, Handle),
    ) -> Result<Self, RunError> {
        let begun = Stopwatch::start();
        let (config, snapshot, run) = (config.clone(), discovery.snapshot.clone(), run.clone());
        // They are no longer in the CRM snapshot.
        let own_domains = discovery.directory.domains.clone();
        let listed = discovery.listed.clone();
        let settings = LakeSettings {
            slots: discovery.shard.slots(),
            ..lake_settings(&config)
        };
        let opening = tokio::task::spawn_blocking(move || {
            limit_readers(&config);
            let lake = Lake::open_for_write(settings, cpu, disk)?;
            if crm == Trust::Checked {
                check_crm(&config, &snapshot, &lake)?;
            }
            lake.store_own_domains(&own_domains)?;
            lake.store_tenants(&listed)?;
            Ok(open_views(&config, &snapshot, &run, lake, begun)?)
        });
        opening.await.map_err(|_| WriterError::Lost)?
    }
}

/// Who may read lake and index.
pub fn readers(config: &Config) -> Readers {
    if config.lake.group_readable {
        Readers::Group
    } else {
        Readers::Owner
    }
}

/// Takes folders away from others that were there before: somebody else made them, an earlier
/// version did, or the configuration said otherwise.
fn limit_readers(config: &Config) {
    let readers = readers(config);
    private::limit_tree(&config.index.path, readers);
    private::limit_tree(&config.state.path, Readers::Owner);
    let lake = &config.lake.path;
    if let Err(error) = private::limit(lake, readers)
        && lake.exists()
    {
        tracing::warn!(path = %lake.display(), %error, "others may be able to read the lake");
    }
}

/// Refuses CRM files that have far fewer entries than the CRM snapshots that this run would
/// replace.
pub fn check_crm(config: &Config, snapshot: &CrmSnapshot, lake: &Lake) -> Result<(), RunError> {
    let digests: BTreeSet<String> = lake.current_snapshots()?.into_values().collect();
    // A CRM snapshot that is gone says nothing any more.
    let snapshots = digests.iter().filter_map(|it| lake.load_snapshot(it).ok());
    let before = snapshots.map(|snapshot| Size::of(&snapshot));
    let before = before.fold(Size::default(), Size::max);
    Ok(crm::check(&config.crm, Size::of(snapshot), before)?)
}

fn open_views(
    config: &Config,
    snapshot: &CrmSnapshot,
    run: &RunStamp,
    lake: Lake,
    begun: Stopwatch,
) -> Result<Stores, WriterError> {
    lake.store_snapshot(snapshot)?;
    let matcher = catch_up::matcher(snapshot);
    let mut caught_up = Vec::new();
    caught_up.extend(catch_up::activities(
        &lake,
        &catch_up::Snapshots::of(&lake)?,
        run,
    )?);
    // Before anything is committed: a later version would hide that the index is ahead.
    let mut indexer = open_index(config, &lake)?;
    caught_up.extend(catch_up::snapshot(&lake, snapshot, &matcher, run)?);
    lake.publish_crm(snapshot, run)?;
    let snapshots = catch_up::Snapshots::of(&lake)?;
    caught_up.extend(catch_up::mailboxes(&lake, run)?);
    let settings = state::Settings {
        folder: config.state.path.clone(),
        memory_bytes: shares(config).state,
    };
    let opened = State::open(settings, lake.id())?;
    caught_up.extend(catch_up::state(&lake, &opened)?);
    caught_up.extend(catch_up::index(&lake, &snapshots, &mut indexer)?);
    for view in &caught_up {
        tracing::info!(view, "a view has caught up");
    }
    Ok(Stores {
        lake: Arc::new(lake),
        state: Arc::new(opened.state),
        indexer,
        matcher: Arc::new(matcher),
        caught_up,
        opening: begun.elapsed(),
    })
}

/// The threads that compute, as many as the configuration says.
pub fn cpu(config: &Config) -> Result<Arc<CpuPool>, RunError> {
    let pool = CpuPool::new(usize::from(config.run.threads));
    pool.map(Arc::new)
        .map_err(|error| RunError::Machine(error.to_string()))
}

/// How the memory of a run is divided.
pub fn shares(config: &Config) -> Shares {
    Shares::of(usize::try_from(config.run.memory).unwrap_or(usize::MAX))
}

/// Memory for what is read: of archives, at least for one of the largest messages.
pub fn sync_memory(config: &Config) -> SyncMemory {
    let (shares, largest) = (shares(config), MESSAGE_BYTES_MAX + SMALL_MESSAGE_BYTES);
    SyncMemory {
        messages: Memory::new(shares.messages.max(largest)),
        mailbox_batches: Memory::new(shares.mailbox_batches),
    }
}

/// Opens the search index; it is made again where it knows more than the lake.
pub fn open_index(config: &Config, lake: &Lake) -> Result<Indexer, WriterError> {
    let threads = match config.run.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => usize::from(threads),
    };
    let shares = shares(config);
    let settings = index::Settings {
        folder: config.index.path.clone(),
        memory_bytes: shares.index,
        waiting_bytes: shares.index_waiting,
        threads,
    };
    let (indexer, _was) = Indexer::open(&settings, lake.id())?;
    if index_state::is_ahead(indexer.reached(), &lake.interaction_versions()?) {
        tracing::warn!("the index is ahead of the lake: making it again");
        return Ok(indexer.make_again(&settings)?);
    }
    Ok(indexer)
}

/// Settings of the lake of a configuration.
pub fn lake_settings(config: &Config) -> LakeSettings {
    let content = match config.lake.activity_content {
        ConfiguredContent::None => ActivityContent::None,
        ConfiguredContent::Subject => ActivityContent::Subject,
        ConfiguredContent::Preview => ActivityContent::Preview,
    };
    LakeSettings::new(config.lake.path.clone(), content)
}

/// Merges the small files of months that have many, once every view has caught up; gives the
/// number of months, over all tables, and why it was put off, if it was: everything is committed by
/// then, and what is left for another night does not make the run a failed one.
pub async fn merge_small_files(lake: &Arc<Lake>, run: &RunStamp) -> (usize, Option<String>) {
    let (lake, run_id) = (lake.clone(), run.run_id.clone());
    let merging = tokio::task::spawn_blocking(move || lake.merge_small_files(&run_id, MERGE_LIMIT));
    let merged = merging.await.map_err(|_| WriterError::Lost);
    match merged.and_then(|merged| merged.map_err(WriterError::from)) {
        Ok(months) => (months, None),
        Err(error) => (
            0,
            Some(format!("small files are merged on another night: {error}")),
        ),
    }
}
