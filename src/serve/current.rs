//! Lake and index as they are now: opened once for many requests, and again after a while, so that a
//! nightly run shows without a restart.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::config::Config;
use crate::config::error::ConfigError;
use crate::config::members::Members;
use crate::index::error::IndexError;
use crate::index::index_state::IndexState;
use crate::index::search::Searcher;
use crate::insight::directory::Directory;
use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::lake::touches::TouchesOf;
use crate::maintenance::names;
use crate::model::touch::Touch;
use crate::pipeline::index_state;
use crate::pipeline::stores;
use crate::runtime::clock::Stopwatch;
use crate::runtime::cpu::CpuPool;
use crate::runtime::memo::Memo;
use crate::serve::failure::Failure;
use crate::serve::mailboxes::Mailboxes;
use crate::serve::touches::HeldTouches;

/// How long lake and index are used before they are opened again.
const AGE_MAX: Duration = Duration::from_secs(20);

/// Lake and index at one time.
pub(super) struct Current {
    /// For reading.
    pub(super) lake: Lake,
    /// Contacts, accounts and colleagues; `None`: no run has stored a CRM snapshot.
    pub(super) directory: Option<Directory>,
    /// Teams and managers, and further addresses of members.
    pub(super) members: Vec<Members>,
    /// How the index stands to the lake.
    pub(super) index_state: Option<IndexState>,
    searcher: Result<Arc<Searcher>, IndexError>,
    touches: Arc<HeldTouches>,
    mailboxes: Memo<Mailboxes>,
    opened: Stopwatch,
}

impl Current {
    /// The index.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub(super) fn searcher(&self) -> Result<&Searcher, Failure> {
        let searcher = self.searcher.as_deref();
        searcher.map_err(|error| Failure::NoIndex(error.to_string()))
    }

    /// The rows that concern somebody: those in memory, or else those in the files.
    ///
    /// # Errors
    /// The lake cannot be read.
    pub(super) fn touches(&self, of: &TouchesOf) -> Result<Vec<Touch>, LakeError> {
        match self.touches.last() {
            Some(held) => Ok(held.select(of)),
            None => self.lake.touches(of),
        }
    }

    /// What the runs said of the mailboxes, read once.
    ///
    /// # Errors
    /// The lake cannot be read.
    pub(super) fn mailboxes(&self) -> Result<Arc<Mailboxes>, Failure> {
        self.mailboxes
            .get(|| Mailboxes::of(&self.lake, &self.members))
    }

    /// Contacts, accounts and colleagues.
    ///
    /// # Errors
    /// No run has stored a CRM snapshot.
    pub(super) fn directory(&self) -> Result<&Directory, Failure> {
        let none = "the lake holds no contacts and accounts yet; `touchpoint run` reads them";
        self.directory
            .as_ref()
            .ok_or_else(|| Failure::NotFound(none.to_owned()))
    }
}

/// Opens lake and index as often as necessary.
pub(super) struct Latest {
    config: Config,
    cpu: Arc<CpuPool>,
    handle: Handle,
    held: Mutex<Option<Arc<Current>>>,
    touches: Arc<HeldTouches>,
}

impl Latest {
    /// Nothing is opened yet.
    pub(super) fn new(config: Config, cpu: Arc<CpuPool>, handle: Handle) -> Self {
        Self {
            config,
            cpu,
            handle,
            held: Mutex::default(),
            touches: Arc::default(),
        }
    }

    /// What a request reads. Blocking: while one request opens lake and index, others wait.
    ///
    /// # Errors
    /// The lake or the members files cannot be read.
    pub(super) fn get(&self) -> Result<Arc<Current>, Failure> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = &*held
            && current.opened.elapsed() < AGE_MAX
        {
            return Ok(Arc::clone(current));
        }
        let current = Arc::new(self.open(held.as_deref())?);
        *held = Some(Arc::clone(&current));
        self.read_touches(&current)?;
        Ok(current)
    }

    /// Lets the rows of a lake be read where they are others than those that are held; until then
    /// requests are answered with what there is.
    fn read_touches(&self, current: &Arc<Current>) -> Result<(), Failure> {
        if self.touches.are_due(&current.lake)? {
            let (touches, current) = (Arc::clone(&self.touches), Arc::clone(current));
            self.handle
                .spawn_blocking(move || touches.read(&current.lake));
        }
        Ok(())
    }

    fn open(&self, before: Option<&Current>) -> Result<Current, Failure> {
        let opened = Stopwatch::start();
        let settings = stores::lake_settings(&self.config);
        let lake = Lake::open(settings, Arc::clone(&self.cpu), self.handle.clone())?;
        let directory = names::directory(&lake)?;
        let members = Members::load_all(&self.config.tenants).map_err(unreadable)?;
        let searcher = Searcher::open(&self.config.index.path).map(|opened| {
            // What it has found out about its documents is kept where they are the same.
            let known = before.and_then(|before| before.searcher.as_ref().ok());
            match known.filter(|known| known.is_of_commit_of(&opened)) {
                Some(known) => Arc::clone(known),
                None => Arc::new(opened),
            }
        });
        if let Err(error) = &searcher {
            tracing::warn!(%error, "the index cannot be searched");
        }
        let index_state = searcher
            .as_ref()
            .ok()
            .map(|searcher| index_state::of(searcher, &self.config.lake.path, self.handle.clone()));
        Ok(Current {
            lake,
            directory,
            members,
            index_state,
            searcher,
            touches: Arc::clone(&self.touches),
            mailboxes: Memo::default(),
            opened,
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreadable(error: ConfigError) -> Failure {
    tracing::error!(%error, "the members files cannot be read");
    Failure::Unavailable
}
