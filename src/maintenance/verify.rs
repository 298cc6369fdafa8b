//! Lake, views, cursors and index against each other. Changes nothing.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::config::Config;
use crate::index::doc;
use crate::index::error::IndexError;
use crate::index::index_state;
use crate::index::index_state::IndexState;
use crate::index::search::Searcher;
use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::lake::read::Filter;
use crate::lake::verify::CATCHES_UP;
use crate::lake::verify::Finding;
use crate::lake::verify::MAKES;
use crate::matching::Matcher;
use crate::model::id::Id128;
use crate::pipeline::catch_up;
use crate::pipeline::error::RunError;
use crate::pipeline::stores;
use crate::pipeline::writer::WriterError;
use crate::sync::cursors::SavedCursors;

/// Ids that are named of a long list.
const NAMED: usize = 3;

/// Everything that is not as it should be.
pub(crate) async fn verify(config: &Config) -> Result<Vec<Finding>, RunError> {
    let cpu = stores::cpu(config)?;
    let config = config.clone();
    let handle = tokio::runtime::Handle::current();
    let reading = tokio::task::spawn_blocking(move || {
        let lake = match Lake::open(stores::lake_settings(&config), cpu, handle) {
            Err(error) if error.is_damage() => return Ok(vec![unopened(&error)]),
            lake => lake?,
        };
        let mut findings = lake_findings(&lake)?;
        findings.extend(cursor_findings(&lake)?);
        findings.extend(index_findings(&config, &lake)?);
        Ok::<_, WriterError>(findings)
    });
    Ok(reading.await.map_err(|_| WriterError::Lost)??)
}

/// A lake with a table that cannot be opened: nothing more can be checked.
fn unopened(error: &LakeError) -> Finding {
    Finding {
        what: error.to_string(),
        advice: "restore this table's folder from a backup (of contact_activity, delete it: the \
                 next run makes it again), then verify once more",
    }
}

fn lake_findings(lake: &Lake) -> Result<Vec<Finding>, WriterError> {
    let mut matchers: HashMap<String, Matcher> = HashMap::new();
    let mut findings = Vec::new();
    for digest in lake.snapshots()? {
        match lake.load_snapshot(&digest) {
            Ok(snapshot) => {
                matchers.insert(digest, catch_up::matcher(&snapshot));
            }
            Err(error) if error.is_damage() => findings.push(Finding {
                what: error.to_string(),
                advice: "restore the CRM snapshot from a backup; or delete its file and run \
                         `touchpoint rematch --full`",
            }),
            Err(error) => return Err(error.into()),
        }
    }
    findings.extend(lake.verify(|digest, interaction| {
        let matcher = matchers.get(digest)?;
        Some(matcher.contact_matches(&interaction.participants))
    })?);
    Ok(findings)
}

/// Cursors of which a run could make nothing. (Files that cannot be read are found before.)
fn cursor_findings(lake: &Lake) -> Result<Vec<Finding>, WriterError> {
    let mut unreadable = Vec::new();
    for slot in lake.interaction_versions()?.into_keys() {
        for cursor in lake.cursors(slot).into_iter().flatten().flatten() {
            unreadable.extend(SavedCursors::read(vec![cursor]).err());
        }
    }
    let findings = unreadable.into_iter().map(|cursor| Finding {
        what: format!("the cursor `{}` of a mailbox cannot be read", cursor.key),
        advice: "restore the cursor files from a backup; do not delete anything",
    });
    Ok(findings.collect())
}

/// What is done about an index that is not what the lake says.
const MAKE_ANEW: &str = "delete the index folder; the next run makes it again from the lake";

fn index_findings(config: &Config, lake: &Lake) -> Result<Vec<Finding>, WriterError> {
    let searcher = match Searcher::open(&config.index.path) {
        Ok(searcher) => searcher,
        Err(error) => return Ok(vec![not_opened(&error)]),
    };
    match index_progress(&searcher, lake)? {
        // Documents that an outdated index lacks are not damage.
        Some(finding) => Ok(vec![finding]),
        None => document_findings(&searcher, lake),
    }
}

fn not_opened(error: &IndexError) -> Finding {
    let (what, advice) = match error {
        IndexError::Missing { .. } => ("there is no search index".to_owned(), MAKES),
        IndexError::Damaged => (error.to_string(), MAKE_ANEW),
        error => (
            error.to_string(),
            "check the disk and who may write there (searching takes a lock); where both are well, \
             delete the index folder: the next run makes it again",
        ),
    };
    Finding { what, advice }
}

/// The commits that the index holds, compared with the lake.
fn index_progress(searcher: &Searcher, lake: &Lake) -> Result<Option<Finding>, WriterError> {
    let versions = lake.interaction_versions()?;
    let (what, advice) = match index_state::compare(searcher, lake.id(), &versions) {
        IndexState::Current | IndexState::NoLake { .. } => return Ok(None),
        IndexState::Foreign => ("the search index is of another lake", MAKES),
        IndexState::Ahead => (
            "the search index knows of commits that the lake does not have",
            MAKES,
        ),
        IndexState::Behind { .. } => ("the search index is behind the lake", CATCHES_UP),
    };
    let what = what.to_owned();
    Ok(Some(Finding { what, advice }))
}

fn document_findings(searcher: &Searcher, lake: &Lake) -> Result<Vec<Finding>, WriterError> {
    let mut findings = Vec::new();
    let mut wanted = match current_revisions(lake) {
        // It was found with the lake.
        Err(WriterError::Lake(error)) if error.is_damage() => return Ok(findings),
        wanted => wanted?,
    };
    let (mut extra, mut stale) = (Vec::new(), Vec::new());
    for found in searcher.ids() {
        let found = found?;
        match wanted.remove(&key(found.interaction_id, &found.mailbox_id)) {
            None => extra.push(found.interaction_id),
            Some(revision) if revision != found.revision => stale.push(found.interaction_id),
            Some(_) => {}
        }
    }
    let missing: Vec<Id128> = wanted.into_keys().map(|(id, _)| id).collect();
    for (ids, text) in [
        (missing, "rows of interactions have no document"),
        (extra, "documents have no row"),
        (stale, "documents show an older revision"),
    ] {
        if !ids.is_empty() {
            let what = format!("{} {text}: {}", ids.len(), names(&ids));
            findings.push(Finding {
                what,
                advice: MAKE_ANEW,
            });
        }
    }
    Ok(findings)
}

/// Interaction and a hash of the mailbox: 32 bytes for each newest row.
type Key = (Id128, Id128);

fn key(interaction_id: Id128, mailbox_id: &str) -> Key {
    (interaction_id, Id128::of(&[mailbox_id.as_bytes()]))
}

/// Keys and revisions of the newest rows that have a document.
fn current_revisions(lake: &Lake) -> Result<HashMap<Key, i32>, WriterError> {
    let mut newest: HashMap<Key, (i32, bool)> = HashMap::new();
    for row in lake.recorded(&Filter::default())? {
        let row = row?;
        let has_document = doc::has_document(row.state);
        let entry = newest
            .entry(key(row.interaction_id, &row.mailbox_id))
            .or_default();
        // A closing row of the same revision lies in the month that the interaction has left.
        if row.revision > entry.0 || (row.revision == entry.0 && has_document) {
            *entry = (row.revision, has_document);
        }
    }
    newest.retain(|_, (_, has_document)| *has_document);
    let newest = newest.into_iter();
    Ok(newest.map(|(key, (revision, _))| (key, revision)).collect())
}

fn names(ids: &[Id128]) -> String {
    let mut names: Vec<String> = ids.iter().take(NAMED).map(ToString::to_string).collect();
    if ids.len() > NAMED {
        names.push("…".to_owned());
    }
    names.join(", ")
}

/// Findings by what is to be done about them.
pub(crate) fn by_advice<'a>(
    findings: impl IntoIterator<Item = &'a Finding>,
) -> BTreeMap<&'static str, Vec<&'a str>> {
    let mut advice: BTreeMap<&'static str, Vec<&'a str>> = BTreeMap::new();
    for finding in findings {
        advice
            .entry(finding.advice)
            .or_default()
            .push(&finding.what);
    }
    advice
}
