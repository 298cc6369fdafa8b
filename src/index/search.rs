//! Searches the committed state.

use std::collections::BTreeMap;
use std::io;
use std::panic;
use std::panic::AssertUnwindSafe;
use std::path::Path;

use tantivy::IndexReader;
use tantivy::TantivyDocument;
use tantivy::Term;
use tantivy::collector::Count;
use tantivy::schema::Value;

use crate::index::collect::Matches;
use crate::index::collect::Scoring;
use crate::index::doc;
use crate::index::error::IndexError;
use crate::index::facets;
use crate::index::hit::Hits;
use crate::index::hit::Suggestion;
use crate::index::language::Words;
use crate::index::loading;
use crate::index::numbers::Numbers;
use crate::index::order::Sort;
use crate::index::query::Exact;
use crate::index::query::Query;
use crate::index::query::Suggesting;
use crate::index::query::WithFacets;
use crate::index::ranking;
use crate::index::schema::Fields;
use crate::index::spelling;
use crate::index::writer;
use crate::index::writer::Payload;
use crate::model::id::Id128;
use crate::model::time::Timestamp;
use crate::runtime::clock;
use crate::runtime::clock::Stopwatch;

/// How many words are suggested for one that does not occur.
const SUGGESTIONS_MAX: usize = 3;
/// How many words that are spelled alike are tried.
const SUGGESTIONS_TRIED: usize = 20;
/// Decompressed blocks of the document store that are cached while all keys are read: they are read
/// in order, so one is enough.
const STORE_BLOCKS: usize = 1;

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
    numbers: Numbers,
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
            Ok(Self {
                reader,
                payload,
                numbers: Numbers::default(),
            })
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

    /// Whether both read the same commit of the same index.
    pub fn is_of_commit_of(&self, other: &Self) -> bool {
        self.lake_id() == other.lake_id()
            && self.reached() == other.reached()
            && self.count() == other.count()
    }

    /// The number of documents.
    pub fn count(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Executes a query.
    pub fn search(&self, query: &Query) -> Result<Hits, IndexError> {
        self.search_at(query, clock::now())
    }

    /// Executes a query at an instant, which decides what `yesterday` is and whether a meeting was held.
    pub fn search_at(&self, query: &Query, now: Timestamp) -> Result<Hits, IndexError> {
        let attempt = panic::catch_unwind(AssertUnwindSafe(|| self.find(query, now)));
        attempt.unwrap_or(Err(IndexError::Damaged))
    }

    /// Whether an id, address or domain occurs in an exact field.
    pub fn occurs(&self, field: Exact, typed: &str) -> bool {
        let terms = doc::exact_terms(typed);
        let mut terms = terms
            .iter()
            .map(|term| Term::from_field_text(field.field(), term));
        let searcher = self.reader.searcher();
        terms.any(|term| searcher.doc_freq(&term).is_ok_and(|count| count > 0))
    }

    fn find(&self, query: &Query, now: Timestamp) -> Result<Hits, IndexError> {
        let stopwatch = Stopwatch::start();
        let asked = query.ask(now)?;
        let searcher = self.reader.searcher();
        let sort = query.sort.unwrap_or(asked.sort);
        let scoring = match sort {
            Sort::Relevance => Scoring::Scored,
            Sort::Date => Scoring::Unscored,
        };
        let mut matches = searcher.search(&asked.query, &Matches(scoring))?;
        let sizes = self.numbers.assign(&searcher, &mut matches)?;
        let page = (query.offset, query.limit);
        let ranked = ranking::rank(&matches, sizes, (sort, query.grouping), page);
        let mut hits = Vec::new();
        for listed in &ranked.listed {
            hits.extend(loading::hits(&searcher, listed, &asked.words, now)?);
        }
        let facets = match query.facets {
            WithFacets::No => None,
            WithFacets::Yes => Some(facets::count(&searcher, &self.numbers, (&matches, sizes))?),
        };
        let suggestions = match query.suggesting {
            Suggesting::Words if matches.is_empty() => {
                suggestions(&searcher, query, &asked.words, now)?
            }
            Suggesting::Words | Suggesting::Nothing => Vec::new(),
        };
        Ok(Hits {
            total: ranked.interactions,
            groups: ranked.groups,
            offset: query.offset,
            sort,
            hits,
            suggestions,
            facets,
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

/// Words for those that do not occur, each of which finds something under the same filters.
fn suggestions(
    searcher: &tantivy::Searcher,
    query: &Query,
    words: &Words,
    now: Timestamp,
) -> Result<Vec<Suggestion>, IndexError> {
    let mut suggestions = Vec::new();
    for word in spelling::unknown(searcher, words)? {
        let mut instead = Vec::new();
        for near in spelling::near(searcher, &word)?
            .into_iter()
            .take(SUGGESTIONS_TRIED)
        {
            let alone = Query {
                words: near.word.clone(),
                offset: 0,
                ..query.clone()
            };
            if searcher.search(&alone.ask(now)?.query, &Count)? > 0 {
                instead.push(near.word);
            }
            if instead.len() == SUGGESTIONS_MAX {
                break;
            }
        }
        if !instead.is_empty() {
            suggestions.push(Suggestion { word, instead });
        }
    }
    Ok(suggestions)
}

fn text(document: &TantivyDocument, field: tantivy::schema::Field) -> Option<&str> {
    document.get_first(field)?.as_str()
}
