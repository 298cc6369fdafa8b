//! Measures how long searches take over a million generated interactions, of which half are in two
//! mailboxes: the median and the 95th percentile of 30 searches each, warm.
//!
//! ```text
//! cargo bench --bench search_latency -- [INTERACTIONS [FOLDER]]
//! ```
//!
//! The index is made in FOLDER, or used where it is there already; without it in a folder that is
//! deleted afterwards. A million takes some two minutes and 800 MB.

#![expect(clippy::unwrap_used, reason = "a bench that fails may panic")]
#![expect(clippy::print_stdout, reason = "the result")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::time::Instant;

use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use touchpoint::index::doc::IndexDoc;
use touchpoint::index::order::Sort;
use touchpoint::index::query::Query;
use touchpoint::index::query::WithFacets;
use touchpoint::index::search::Searcher;
use touchpoint::index::writer::Indexer;
use touchpoint::index::writer::Keys;
use touchpoint::index::writer::Settings;
use touchpoint::model::interaction::Kind;

const INTERACTIONS: usize = 1_000_000;
const PART: usize = 10_000;
const COLLEAGUES: usize = 250;
const TIMES: usize = 30;
const HITS: usize = 20;

fn build(folder: &Path, interactions: usize) {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let settings = Settings {
        folder: folder.to_owned(),
        memory_bytes: 512 << 20,
        waiting_bytes: 64 << 20,
        threads: 2,
    };
    let (mut indexer, _) = Indexer::open(&settings, "bench").unwrap();
    for (version, first) in (1..).zip((0..interactions).step_by(PART)) {
        let mut docs = Vec::new();
        for number in first..first + PART {
            let colleague = random.random_range(0..COLLEAGUES);
            let found = support::interaction(&mut random, number, colleague, 0);
            docs.extend(IndexDoc::of(&found));
            if number.is_multiple_of(2) {
                let mut copy = found;
                copy.interaction.mailbox = support::mailbox(colleague + COLLEAGUES);
                docs.extend(IndexDoc::of(&copy));
            }
        }
        indexer.add(docs, Keys::New).unwrap();
        if version % 10 == 0 {
            indexer.commit(&BTreeMap::from([(0, version)])).unwrap();
        }
    }
    indexer.commit(&BTreeMap::from([(0, i64::MAX)])).unwrap();
    indexer.close().unwrap();
}

fn words(typed: &str) -> Query {
    Query {
        words: typed.into(),
        limit: HITS,
        ..Query::default()
    }
}

fn with_facets(query: Query) -> Query {
    Query {
        facets: WithFacets::Yes,
        ..query
    }
}

/// What people search for, and what matches most of everything.
fn queries() -> Vec<(&'static str, Query)> {
    let account = Query {
        account: vec!["A17".into()],
        ..words("")
    };
    let user = Query {
        user: vec!["person17@contoso.example".into()],
        ..words("")
    };
    let all_filters = Query {
        words: "word3* -is:bulk after:2020 before:2022".into(),
        account: vec!["A17".into()],
        kind: Some(Kind::Email),
        ..user.clone()
    };
    let by_date = Query {
        sort: Some(Sort::Date),
        ..words("word3")
    };
    vec![
        ("a rare word", with_facets(words("word29000"))),
        ("a common word", with_facets(words("word3"))),
        ("the same, newest first", with_facets(by_date)),
        ("two common words", with_facets(words("word3 word70"))),
        ("a phrase", with_facets(words("\"word3 word1\""))),
        ("the beginning of a word", with_facets(words("word299*"))),
        (
            "a word and its author",
            with_facets(words("word5 from:last17")),
        ),
        ("an account", with_facets(account)),
        ("a mailbox", with_facets(user)),
        ("all filters at once", with_facets(all_filters)),
        (
            "two months",
            with_facets(words("after:2022-01 before:2022-04")),
        ),
        (
            "a word that does not occur",
            with_facets(words("wrd29000x")),
        ),
        ("all meetings", with_facets(words("is:meeting"))),
        ("a beginning of most words", words("word12*")),
        ("everything", with_facets(words("is:external"))),
    ]
}

fn milliseconds(searcher: &Searcher, query: &Query) -> (usize, f64, f64) {
    let mut found = 0;
    let mut times: Vec<f64> = (0..=TIMES)
        .map(|_| {
            let begun = Instant::now();
            found = searcher.search(query).unwrap().total;
            begun.elapsed().as_secs_f64() * 1_000.0
        })
        .skip(1)
        .collect();
    times.sort_by(f64::total_cmp);
    (found, times[TIMES / 2], times[TIMES * 95 / 100])
}

fn main() {
    // cargo adds `--bench`.
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"));
    let interactions = arguments
        .next()
        .map_or(INTERACTIONS, |text| text.parse().unwrap());
    let temporary = tempfile::tempdir().unwrap();
    let folder = arguments
        .next()
        .map_or(temporary.path().join("index"), PathBuf::from);
    if !folder.exists() {
        build(&folder, interactions);
    }
    let searcher = Searcher::open(&folder).unwrap();
    println!(
        "{} documents; milliseconds of {TIMES} searches with facets",
        searcher.count()
    );
    for (name, query) in queries() {
        let (found, median, high) = milliseconds(&searcher, &query);
        println!("{name:28} {found:8} found  median {median:7.1}  95th percentile {high:7.1}");
    }
}
