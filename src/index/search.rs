//! Searches the committed state.

use std::collections::BTreeMap;
use std::io;
use std::panic;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use tantivy::DocAddress;
use tantivy::IndexReader;
use tantivy::TantivyDocument;
use tantivy::collector::Count;
use tantivy::collector::TopDocs;
use tantivy::collector::sort_key::SortBySimilarityScore;
use tantivy::collector::sort_key::SortByStaticFastValue;
use tantivy::schema::Value;

use crate::index::condition::Place;
use crate::index::doc;
use crate::index::doc::Shown;
use crate::index::doc::ShownAccount;
use crate::index::doc::ShownContact;
use crate::index::doc::ShownParticipant;
use crate::index::error::IndexError;
use crate::index::highlight::Marked;
use crate::index::language::Words;
use crate::index::query::Query;
use crate::index::schema::Fields;
use crate::index::writer;
use crate::index::writer::Payload;
use crate::model::id::Id128;
use crate::model::interaction::Kind;
use crate::model::interaction::State;
use crate::model::time::Timestamp;
use crate::runtime::clock;
use crate::runtime::clock::Stopwatch;

/// Decompressed blocks of the document store that are cached while all keys are read: they are read
/// in order, so one is enough.
const STORE_BLOCKS: usize = 1;

/// The result of a search.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hits {
    /// The total number of hits.
    pub total: usize,
    /// The requested hits: best first, equal scores newest first.
    pub hits: Vec<Hit>,
    /// How long it took.
    #[serde(skip)]
    pub took: Duration,
}

/// One interaction of one mailbox.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// 32 hex digits.
    pub interaction_id: String,
    /// Whose copy it is.
    pub mailbox_id: String,
    /// When it took place, or begins, RFC 3339.
    #[serde(serialize_with = "rfc3339")]
    pub occurred_at: Timestamp,
    /// When a meeting ends, RFC 3339.
    #[serde(serialize_with = "maybe_rfc3339")]
    pub ended_at: Option<Timestamp>,
    /// `email`, `meeting`.
    pub kind: String,
    /// Of a mail `active`; of a meeting `planned` (it begins after the search), `held`,
    /// `cancelled`, `declined` or `removed`.
    pub state: String,
    /// `inbound`, `outbound`, `internal`.
    pub direction: String,
    /// The colleague whose mailbox it is.
    pub user_address: String,
    /// Subject, where the lake has it.
    pub subject: Option<Marked>,
    /// Preview, where the lake has it.
    pub preview: Option<Marked>,
    /// Matched contacts.
    pub contacts: Vec<ShownContact<'static>>,
    /// Matched accounts.
    pub accounts: Vec<ShownAccount<'static>>,
    /// The first participants.
    pub participants: Vec<ShownParticipant<'static>>,
    /// The number of participants.
    pub participants_total: usize,
}

/// The key of a document, and the revision of its row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DocumentId {
    /// The interaction.
    pub interaction_id: Id128,
    /// Whose copy it is.
    pub mailbox_id: String,
    /// Revision of the row.
    pub revision: i32,
}

/// A reader of the last commit of the index.
pub struct Searcher {
    reader: IndexReader,
    payload: Payload,
}

/// Whether an error means that the folder is not writable.
fn is_read_only(error: &io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
    )
}

impl Searcher {
    /// Opens the index in a configured folder. It needs no writer and does not interfere with one.
    pub fn open(folder: &Path) -> Result<Self, IndexError> {
        let folder = folder.to_owned();
        // tantivy panics on some damaged files.
        let attempt = panic::catch_unwind(move || {
            let (index, payload) = writer::open_in(&folder)?;
            let reader = match writer::open_reader(&index) {
                Err(IndexError::Disk(error)) if is_read_only(&error) => {
                    writer::open_reader(&writer::only_read(&folder)?)?
                }
                opened => opened?,
            };
            Ok(Self { reader, payload })
        });
        attempt.unwrap_or(Err(IndexError::Damaged))
    }

    /// The lake version that each slot had reached when the index was opened.
    pub fn reached(&self) -> &BTreeMap<u8, i64> {
        &self.payload.versions
    }

    /// The lake that the index follows.
    pub fn lake_id(&self) -> &str {
        &self.payload.lake_id
    }

    /// The number of documents.
    pub fn count(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Executes a query.
    pub fn search(&self, query: &Query) -> Result<Hits, IndexError> {
        self.search_at(query, clock::now())
    }

    /// Executes a query, and determines the state of meetings at an instant.
    pub fn search_at(&self, query: &Query, now: Timestamp) -> Result<Hits, IndexError> {
        let attempt = panic::catch_unwind(AssertUnwindSafe(|| self.find(query, now)));
        attempt.unwrap_or(Err(IndexError::Damaged))
    }

    fn find(&self, query: &Query, now: Timestamp) -> Result<Hits, IndexError> {
        let stopwatch = Stopwatch::start();
        let asked = query.ask(now)?;
        let searcher = self.reader.searcher();
        let newest = SortByStaticFastValue::<i64>::for_field(Fields::OCCURRED_AT_NAME);
        // tantivy rejects a collector for zero hits, so one is collected and not shown.
        let best = TopDocs::with_limit(query.limit.max(1)).and_offset(query.offset);
        let best = best.order_by((SortBySimilarityScore, newest));
        let (total, found) = searcher.search(&asked.query, &(Count, best))?;
        let found = found.into_iter().take(query.limit);
        let hits: Result<_, _> = found
            .map(|(_, address)| hit(&searcher, address, &asked.words, now))
            .collect();
        Ok(Hits {
            total,
            hits: hits?,
            took: stopwatch.elapsed(),
        })
    }

    /// The keys of all documents, as a stream in no particular order.
    pub fn ids(&self) -> impl Iterator<Item = Result<DocumentId, IndexError>> + use<> {
        let segments = self.reader.searcher().segment_readers().to_vec();
        segments.into_iter().flat_map(|segment| {
            let store = segment.get_store_reader(STORE_BLOCKS);
            let store = store.map_err(|error| IndexError::from(tantivy::TantivyError::from(error)));
            let (failed, store) = match store {
                Ok(store) => (None, Some(store)),
                Err(error) => (Some(Err(error)), None),
            };
            let found = store.into_iter().flat_map(move |store| {
                let segment = segment.clone();
                let alive = (0..segment.max_doc()).filter(move |doc| !segment.is_deleted(*doc));
                alive.map(move |doc| id_of(&store.get(doc)?))
            });
            failed.into_iter().chain(found)
        })
    }
}

fn id_of(document: &TantivyDocument) -> Result<DocumentId, IndexError> {
    let key = text(document, Fields::KEY).and_then(doc::parse_key);
    let (interaction_id, mailbox_id) = key.ok_or(IndexError::Damaged)?;
    let revision = document.get_first(Fields::REVISION);
    let revision = revision.and_then(|revision| i32::try_from(revision.as_i64()?).ok());
    Ok(DocumentId {
        interaction_id,
        mailbox_id: mailbox_id.to_owned(),
        revision: revision.ok_or(IndexError::Damaged)?,
    })
}

impl std::fmt::Debug for Searcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Searcher").finish_non_exhaustive()
    }
}

fn hit(
    searcher: &tantivy::Searcher,
    address: DocAddress,
    words: &Words,
    now: Timestamp,
) -> Result<Hit, IndexError> {
    let document: TantivyDocument = searcher.doc(address)?;
    let shown = text(&document, Fields::SHOWN).ok_or(IndexError::Damaged)?;
    let shown: Shown<'static> = serde_json::from_str(shown).map_err(|_| IndexError::Damaged)?;
    let marked = |place: Place| {
        let wanted = words.wanted_in(place);
        move |text: std::borrow::Cow<'_, str>| Marked::new(text.into_owned(), &wanted)
    };
    let state = standing(&shown, now).to_owned();
    Ok(Hit {
        interaction_id: shown.interaction_id,
        mailbox_id: shown.mailbox_id.into_owned(),
        occurred_at: shown.occurred_at,
        kind: shown.kind.into_owned(),
        ended_at: shown.ended_at,
        state,
        direction: shown.direction.into_owned(),
        user_address: shown.user_address.into_owned(),
        subject: shown.subject.map(marked(Place::Subject)),
        preview: shown.preview.map(marked(Place::Anywhere)),
        contacts: shown.contacts,
        accounts: shown.accounts,
        participants: shown.participants,
        participants_total: shown.participants_total,
    })
}

/// The state of a meeting at an instant: the lake stores only that it is active.
fn standing<'a>(shown: &'a Shown<'_>, now: Timestamp) -> &'a str {
    let is_active_meeting =
        shown.kind == Kind::Meeting.as_str() && shown.state == State::Active.as_str();
    match is_active_meeting {
        true if shown.occurred_at > now => "planned",
        true => "held",
        false => &shown.state,
    }
}

fn text(document: &TantivyDocument, field: tantivy::schema::Field) -> Option<&str> {
    document.get_first(field)?.as_str()
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde requires a reference"
)]
fn rfc3339<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.rfc3339())
}

#[expect(clippy::ref_option, reason = "serde requires a reference")]
fn maybe_rfc3339<S: serde::Serializer>(
    at: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => rfc3339(at, serializer),
        None => serializer.serialize_none(),
    }
}
