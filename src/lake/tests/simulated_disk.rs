//! A simulated disk for tests: it records every step under a watched folder, lets steps fail, and can
//! make the folder as it may look after a loss of power at any of them.
//!
//! It promises no more than POSIX does: a name lasts when its folder was synced, content when its
//! file was. What was not synced lasts or not, in any combination.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::panic::Location;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::Weak;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::ObjectMeta;

use crate::lake::storage::step::Step;

/// The watches of all tests that are running: each looks after a folder of its own.
static WATCHES: Mutex<Vec<Weak<Watch>>> = Mutex::new(Vec::new());

/// What happened on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// A step was taken, by which line of the program; the second path is the new name.
    Step(Step, PathBuf, Option<PathBuf>, &'static Location<'static>),
    /// The content of a file after some bytes were added.
    Content(PathBuf, Vec<u8>),
    /// A note of the test: from here on something is promised.
    Note(usize),
}

/// What is to go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// From the step of this number on nothing is done any more: the process is dead.
    Dead(usize),
    /// The same from the first step on that comes after one of a kind on such a path.
    DeadAfter(Step, &'static str),
    /// The first steps of a kind, as many as given, on paths that hold a text, end in an error.
    Fails(Step, &'static str, usize, io::ErrorKind),
    /// The first steps, as many as given, are done, but end in an error all the same.
    ReplyLost(Step, &'static str, usize),
    /// The disk takes a few bytes at a time.
    Short,
    /// This many listings do not show what was made last of the paths that hold a text.
    Late(&'static str, usize),
}

/// A watched folder.
#[derive(Debug)]
pub(crate) struct Watch {
    folder: PathBuf,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    events: Vec<Event>,
    faults: Vec<Fault>,
    steps: usize,
}

impl Watch {
    /// Watches what happens under a folder for as long as it is held.
    pub(crate) fn over(folder: &Path) -> Arc<Self> {
        let watch = Arc::new(Self {
            folder: folder.canonicalize().unwrap(),
            seen: Mutex::default(),
        });
        let mut watches = WATCHES.lock().unwrap_or_else(PoisonError::into_inner);
        watches.retain(|watch| watch.strong_count() > 0);
        watches.push(Arc::downgrade(&watch));
        watch
    }

    /// Lets something go wrong from now on.
    pub(crate) fn inject(&self, fault: Fault) {
        self.with(|seen| seen.faults.push(fault));
    }

    /// Everything goes well again; what is dead lives, as another process.
    pub(crate) fn clear_faults(&self) {
        self.with(|seen| seen.faults.clear());
    }

    /// Notes that something is promised.
    pub(crate) fn note(&self, promise: usize) {
        self.with(|seen| seen.events.push(Event::Note(promise)));
    }

    /// How many replies have yet to be lost.
    pub(crate) fn replies_left(&self) -> usize {
        let left = |fault: &Fault| match fault {
            Fault::ReplyLost(.., left) => *left,
            _ => 0,
        };
        self.with(|seen| seen.faults.iter().map(left).sum())
    }

    /// How many listings have yet to be without what appears late.
    pub(crate) fn listings_left(&self) -> usize {
        let left = |fault: &Fault| match fault {
            Fault::Late(_, left) => *left,
            _ => 0,
        };
        self.with(|seen| seen.faults.iter().map(left).sum())
    }

    /// What has happened.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.with(|seen| seen.events.clone())
    }

    fn with<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn watch_of(path: &Path) -> Option<Arc<Watch>> {
    let watches = WATCHES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut watches = watches.iter().filter_map(Weak::upgrade);
    watches.find(|watch| path.starts_with(&watch.folder))
}

/// How a step is to end, by the faults.
enum End {
    Well,
    Undone(io::ErrorKind),
    ReplyLost,
}

impl Seen {
    fn end(&mut self, step: Step, path: &Path) -> End {
        self.steps += 1;
        let text = path.to_string_lossy().into_owned();
        for fault in &mut self.faults {
            match fault {
                Fault::DeadAfter(kind, part) if *kind == step && text.contains(*part) => {
                    *fault = Fault::Dead(self.steps);
                }
                Fault::Dead(at) if self.steps > *at => return End::Undone(io::ErrorKind::Other),
                Fault::Fails(kind, part, times, error)
                    if *kind == step && *times > 0 && text.contains(*part) =>
                {
                    *times -= 1;
                    return End::Undone(*error);
                }
                Fault::ReplyLost(kind, part, times)
                    if *kind == step && *times > 0 && text.contains(*part) =>
                {
                    *times -= 1;
                    return End::ReplyLost;
                }
                _ => {}
            }
        }
        End::Well
    }
}

/// Takes a step as a test wants it.
#[track_caller]
pub(crate) fn through<T>(
    step: Step,
    path: &Path,
    other: Option<&Path>,
    act: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    let line = Location::caller();
    let Some(watch) = watch_of(path) else {
        return act();
    };
    watch.with(|seen| {
        let end = seen.end(step, other.unwrap_or(path));
        if let End::Undone(kind) = end {
            return Err(io::Error::from(kind));
        }
        let done = act()?;
        let event = match step {
            Step::Write => Event::Content(path.to_owned(), fs::read(path)?),
            _ => Event::Step(step, path.to_owned(), other.map(Path::to_owned), line),
        };
        seen.events.push(event);
        match end {
            End::ReplyLost => Err(io::Error::other("the test's disk lost the reply")),
            _ => Ok(done),
        }
    })
}

/// As many of the bytes as the disk takes at once.
pub(crate) fn taken<'a>(path: &Path, bytes: &'a [u8]) -> &'a [u8] {
    let is_short =
        watch_of(path).is_some_and(|watch| watch.with(|seen| seen.faults.contains(&Fault::Short)));
    match bytes.get(..7) {
        Some(few) if is_short => few,
        _ => bytes,
    }
}

/// A listing without what appears late in it.
pub(crate) fn not_yet_late(
    listed: BoxStream<'static, object_store::Result<ObjectMeta>>,
) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
    let hide = |entry: &object_store::Result<ObjectMeta>| {
        let Ok(meta) = entry else { return false };
        let path = PathBuf::from(format!("/{}", meta.location));
        let Some(watch) = watch_of(&path) else {
            return false;
        };
        watch.with(|seen| {
            let late = seen.faults.iter_mut().find_map(|fault| match fault {
                Fault::Late(part, left) if *left > 0 => Some((*part, left)),
                _ => None,
            });
            let Some((part, left)) = late else {
                return false;
            };
            let last = seen.events.iter().rev().find_map(|event| match event {
                Event::Step(Step::Link, _, Some(path), _) => {
                    path.to_string_lossy().contains(part).then_some(path)
                }
                _ => None,
            });
            let is_hidden = last == Some(&path);
            *left -= usize::from(is_hidden);
            is_hidden
        })
    };
    listed
        .filter(move |entry| {
            let is_shown = !hide(entry);
            async move { is_shown }
        })
        .boxed()
}

/// Numbers that a seed gives again (after Vigna).
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((bits ^ (bits >> 31)) >> 33).unwrap() % bound
    }
}

/// What lasts of that which was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lasts {
    /// Nothing.
    Nothing,
    /// Only that names went.
    Removals,
    /// All names, but no content.
    Names,
    /// Whatever this seed says.
    Some(u64),
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Folder,
    File(usize),
}

#[derive(Debug, Default, Clone)]
struct Content {
    now: Vec<u8>,
    synced: Option<Vec<u8>>,
}

/// The disk as the events left it.
#[derive(Debug, Default)]
struct Disk {
    /// What each name stood for since its folder was synced, the synced state first.
    names: BTreeMap<PathBuf, Vec<Option<Entry>>>,
    files: Vec<Content>,
}

impl Disk {
    fn of(events: &[Event]) -> Self {
        let mut disk = Self::default();
        for event in events {
            match event {
                Event::Note(_) => {}
                Event::Content(path, content) => disk.file(path).now.clone_from(content),
                Event::Step(step, path, other, _) => disk.take(*step, path, other.as_deref()),
            }
        }
        disk
    }

    fn take(&mut self, step: Step, path: &Path, other: Option<&Path>) {
        match (step, other) {
            (Step::CreateFolder, _) => self.set(path, Some(Entry::Folder)),
            (Step::Create, _) => {
                self.files.push(Content::default());
                self.set(path, Some(Entry::File(self.files.len() - 1)));
            }
            (Step::Sync, _) => {
                let file = self.file(path);
                file.synced = Some(file.now.clone());
            }
            (Step::Rename, Some(other)) => {
                let entry = self.entry(path);
                self.set(other, entry);
                self.set(path, None);
            }
            (Step::Link, Some(other)) => {
                let entry = self.entry(path);
                self.set(other, entry);
            }
            (Step::Remove, _) => self.set(path, None),
            (Step::SyncFolder, _) => {
                for (name, states) in &mut self.names {
                    if name.parent() == Some(path) {
                        states.drain(..states.len() - 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn entry(&self, path: &Path) -> Option<Entry> {
        self.names.get(path).and_then(|states| *states.last()?)
    }

    fn set(&mut self, path: &Path, entry: Option<Entry>) {
        let states = self.names.entry(path.to_owned());
        states.or_insert_with(|| vec![None]).push(entry);
    }

    fn file(&mut self, path: &Path) -> &mut Content {
        match self.entry(path) {
            Some(Entry::File(number)) => &mut self.files[number],
            other => panic!("{} is {other:?}", path.display()),
        }
    }
}

/// Makes a folder `to` as the watched one, `from`, may look after the power was lost when `events`
/// had happened.
pub(crate) fn after_power_loss(events: &[Event], lasts: Lasts, from: &Path, to: &Path) {
    let mut rng = Rng(match lasts {
        Lasts::Some(seed) => seed,
        _ => 0,
    });
    let disk = Disk::of(events);
    let from = from.canonicalize().unwrap();
    for (name, states) in &disk.names {
        let last = states[states.len() - 1];
        let state = match lasts {
            Lasts::Nothing => states[0],
            Lasts::Removals => last.and(states[0]),
            Lasts::Names => last,
            Lasts::Some(_) => states[rng.below(states.len())],
        };
        let path = to.join(name.strip_prefix(&from).unwrap());
        // A name in a folder that is gone is gone.
        if !path.parent().unwrap().is_dir() {
            continue;
        }
        match state {
            None => {}
            Some(Entry::Folder) => fs::create_dir(&path).unwrap(),
            Some(Entry::File(number)) => {
                let file = &disk.files[number];
                fs::write(&path, content(file, lasts, &mut rng)).unwrap();
            }
        }
    }
}

/// The content of a file: what was synced, and of anything later as much as the disk likes.
fn content(file: &Content, lasts: Lasts, rng: &mut Rng) -> Vec<u8> {
    let synced = file.synced.clone().unwrap_or_default();
    if !matches!(lasts, Lasts::Some(_)) || synced == file.now {
        return synced;
    }
    let torn = synced.len() + rng.below(file.now.len() - synced.len() + 1);
    match rng.below(3) {
        0 => synced,
        1 => file.now[..torn].to_vec(),
        _ => {
            // The length was written, some of the blocks were not.
            let mut holes = file.now.clone();
            holes[torn..].fill(0);
            holes
        }
    }
}
