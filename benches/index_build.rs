//! Measures how many documents per second are indexed, and how fast queries are, on generated mail.

#![expect(clippy::unwrap_used, reason = "a bench that fails may panic")]

mod support;

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::BatchSize;
use criterion::Criterion;
use criterion::Throughput;
use criterion::criterion_group;
use criterion::criterion_main;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use touchpoint::index::doc::IndexDoc;
use touchpoint::index::query::Query;
use touchpoint::index::search::Searcher;
use touchpoint::index::writer::Indexer;
use touchpoint::index::writer::Keys;
use touchpoint::index::writer::Settings;
use touchpoint::model::activity::MatchedInteraction;

const MAILS: usize = 2_000;
const BODY_WORDS: usize = 350;

fn mails() -> Vec<MatchedInteraction> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let numbers = 0..MAILS;
    numbers
        .map(|number| support::interaction(&mut random, number, 1, BODY_WORDS))
        .collect()
}

fn docs(mails: &[MatchedInteraction]) -> Vec<IndexDoc> {
    mails.iter().filter_map(IndexDoc::of).collect()
}

fn build(folder: &tempfile::TempDir, docs: Vec<IndexDoc>) {
    let settings = Settings {
        folder: folder.path().to_owned(),
        memory_bytes: 256 << 20,
        waiting_bytes: 32 << 20,
        threads: 2,
    };
    let (mut indexer, _) = Indexer::open(&settings, "bench").unwrap();
    indexer.add(docs, Keys::New).unwrap();
    indexer.commit(&BTreeMap::from([(0, 1)])).unwrap();
}

fn index_build(criterion: &mut Criterion) {
    let mails = mails();
    let mut group = criterion.benchmark_group("index");
    group.throughput(Throughput::Elements(MAILS as u64));
    group.sample_size(10);
    group.bench_function("documents", |bench| bench.iter(|| docs(black_box(&mails))));
    group.bench_function("add_and_commit", |bench| {
        let fresh = || (tempfile::tempdir().unwrap(), docs(&mails));
        let build_it = |(folder, docs): (tempfile::TempDir, _)| {
            build(&folder, docs);
            folder
        };
        bench.iter_batched(fresh, build_it, BatchSize::PerIteration);
    });
    group.finish();
}

fn search(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    build(&folder, docs(&mails()));
    let searcher = Searcher::open(folder.path()).unwrap();
    for (name, typed) in [
        ("words", "word3 word70"),
        ("phrase", "\"word3 word1\""),
        ("prefix", "word12*"),
        ("exclude", "word5 -word3"),
    ] {
        let query = Query {
            words: typed.into(),
            limit: 20,
            ..Query::default()
        };
        criterion.bench_function(&format!("search/{name}"), |bench| {
            bench.iter(|| searcher.search(black_box(&query)).unwrap());
        });
    }
}

criterion_group!(benches, index_build, search);
criterion_main!(benches);
