//! Measures how many documents per second are indexed, and how fast queries are, on generated mail.

#![expect(clippy::unwrap_used, reason = "a bench that fails may panic")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use criterion::BatchSize;
use criterion::Criterion;
use criterion::Throughput;
use criterion::criterion_group;
use criterion::criterion_main;
use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use touchpoint::index::doc::IndexDoc;
use touchpoint::index::query::Query;
use touchpoint::index::search::Searcher;
use touchpoint::index::writer::Indexer;
use touchpoint::index::writer::Keys;
use touchpoint::index::writer::Settings;
use touchpoint::model::activity::ContactMatch;
use touchpoint::model::activity::MatchRule;
use touchpoint::model::activity::MatchedInteraction;
use touchpoint::model::id::Id128;
use touchpoint::model::interaction::Direction;
use touchpoint::model::interaction::Interaction;
use touchpoint::model::interaction::Kind;
use touchpoint::model::interaction::Participant;
use touchpoint::model::interaction::Role;
use touchpoint::model::interaction::Source;
use touchpoint::model::interaction::State;
use touchpoint::model::mailbox::Mailbox;
use touchpoint::model::mailbox::MailboxKind;
use touchpoint::model::time::DAY;
use touchpoint::model::time::Timestamp;

const MAILS: usize = 2_000;
const BODY_WORDS: usize = 350;
const VOCABULARY: u32 = 30_000;

/// Few words are common and most are rare: squaring a uniform number gives such a distribution.
fn words(random: &mut ChaCha8Rng, count: usize) -> String {
    let word = |random: &mut ChaCha8Rng| {
        let place: f64 = random.random();
        let number = (place * place * f64::from(VOCABULARY)).floor();
        format!("word{number}")
    };
    let words: Vec<_> = (0..count).map(|_| word(random)).collect();
    words.join(" ")
}

fn participant(number: usize, role: Role, internal: bool) -> Participant {
    let domain = if internal { "contoso" } else { "fabrikam" };
    Participant {
        address: format!("person{number}@{domain}.example"),
        is_address: true,
        name: Some(format!("First{number} Last{number}")),
        role,
        response: None,
        internal,
    }
}

fn mail(random: &mut ChaCha8Rng, number: usize) -> MatchedInteraction {
    let person: usize = random.random_range(0..20_000);
    let outside = participant(person, Role::From, false);
    let contact_match = ContactMatch {
        contact: Some((format!("C{person}").into(), "First Last".into())),
        account: Some(("A1".into(), Some("Fabrikam".into()))),
        address: outside.address.clone(),
        role: Role::From,
        response: None,
        rule: MatchRule::ContactEmail,
    };
    let mailbox = Mailbox {
        id: "00000000-0000-0000-0000-000000000001".into(),
        address: "person1@contoso.example".into(),
        kind: MailboxKind::User,
        tenant: "contoso".into(),
        own_addresses: Vec::new(),
    };
    let interaction = Interaction {
        interaction_id: Id128::of(&[&number.to_le_bytes()]),
        mailbox: Arc::new(mailbox),
        source: Source::Graph,
        source_id: number.to_string(),
        container: "inbox".into(),
        kind: Kind::Email,
        revision: 1,
        state: State::Active,
        occurred_at: Timestamp(random.random_range(0..20_000 * DAY)),
        ended_at: None,
        direction: Direction::Inbound,
        subject: Some(words(random, 6)),
        preview: Some(words(random, 30)),
        body_text: Some(words(random, BODY_WORDS)),
        sensitivity_known: true,
        thread_id: None,
        series_id: None,
        participants: vec![outside, participant(1, Role::To, true)],
        is_bulk: false,
        bulk_reason: None,
        is_online_meeting: None,
        online_provider: None,
        is_recurring: None,
        is_all_day: None,
        fingerprint: 0,
        captured_at: Timestamp(0),
        run_id: "bench".into(),
        user_role: Some(Role::To),
    };
    let contact_matches = vec![contact_match];
    MatchedInteraction {
        interaction,
        contact_matches,
    }
}

fn mails() -> Vec<MatchedInteraction> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    (0..MAILS).map(|number| mail(&mut random, number)).collect()
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
