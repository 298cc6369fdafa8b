//! The index as its users see it: written, reopened, searched.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use jiff::civil::date;
use proptest::prelude::*;

use crate::index::doc::IndexDoc;
use crate::index::error::IndexError;
use crate::index::hit::Hits;
use crate::index::query::Query;
use crate::index::query_error::QueryError;
use crate::index::search::Searcher;
use crate::index::writer::CacheStatus;
use crate::index::writer::Indexer;
use crate::index::writer::Keys;
use crate::index::writer::Settings;
use crate::model::activity::ContactMatch;
use crate::model::activity::MatchRule;
use crate::model::activity::MatchedInteraction;
use crate::model::id::Id128;
use crate::model::interaction::Direction;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;
use crate::model::interaction::Source;
use crate::model::interaction::State;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::time::Timestamp;

const LAKE: &str = "lake-1";

fn settings(folder: &Path) -> Settings {
    Settings {
        folder: folder.to_owned(),
        memory_bytes: 0,
        waiting_bytes: 0,
        threads: 2,
    }
}

pub(crate) fn open(folder: &Path) -> (Indexer, CacheStatus) {
    Indexer::open(&settings(folder), LAKE).unwrap()
}

/// A mail to `user@contoso.com` with a subject, a text and a day of November 2026 at 23:59:59.999.
pub(crate) fn mail(
    number: u8,
    user: &str,
    subject: &str,
    text: &str,
    day: i8,
) -> MatchedInteraction {
    let mailbox = Mailbox {
        id: format!("id-{user}").into(),
        address: format!("{user}@contoso.com").into(),
        kind: MailboxKind::User,
        tenant: "contoso".into(),
        own_addresses: Vec::new(),
    };
    let participant = |name: &str, address: &str, role, internal| Participant {
        address: address.into(),
        is_address: true,
        name: Some(name.into()),
        role,
        response: None,
        internal,
    };
    let at = date(2026, 11, day).at(23, 59, 59, 999_000_000);
    let at = at.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    MatchedInteraction {
        interaction: Interaction {
            interaction_id: Id128([number; 16]),
            mailbox: Arc::new(mailbox),
            source: Source::Graph,
            source_id: number.to_string(),
            container: "inbox".into(),
            kind: Kind::Email,
            revision: 1,
            state: State::Active,
            occurred_at: at.into(),
            ended_at: None,
            direction: Direction::Inbound,
            subject: Some(subject.into()),
            preview: Some(text.into()),
            body_text: None,
            sensitivity_known: true,
            thread_id: None,
            series_id: None,
            participants: vec![
                participant("José Müller", "jose@mail.fabrikam.com", Role::From, false),
                participant("Colleague", &format!("{user}@contoso.com"), Role::To, true),
            ],
            is_bulk: false,
            bulk_reason: None,
            is_online_meeting: None,
            online_provider: None,
            is_recurring: None,
            is_all_day: None,
            fingerprint: 0,
            captured_at: Timestamp(0),
            run_id: "run".into(),
            user_role: Some(Role::To),
        },
        contact_matches: vec![ContactMatch {
            contact: Some(("C-1".into(), "José Müller".into())),
            account: Some(("A-1".into(), Some("Fabrikam Industries".into()))),
            address: "jose@mail.fabrikam.com".into(),
            role: Role::From,
            response: None,
            rule: MatchRule::ContactEmail,
        }],
    }
}

pub(crate) fn docs(mails: &[MatchedInteraction]) -> Vec<IndexDoc> {
    mails.iter().filter_map(IndexDoc::of).collect()
}

pub(crate) fn index(folder: &Path, mails: &[MatchedInteraction]) {
    let (mut indexer, _) = open(folder);
    indexer.add(docs(mails), Keys::Known).unwrap();
    indexer.commit(&BTreeMap::from([(0, 1)])).unwrap();
}

pub(crate) fn words(words: &str) -> Query {
    Query {
        words: words.into(),
        limit: 10,
        ..Query::default()
    }
}

pub(crate) fn search(folder: &Path, query: &Query) -> Hits {
    Searcher::open(folder).unwrap().search(query).unwrap()
}

/// The numbers of the mails that a query finds, in order of number.
pub(crate) fn numbers(folder: &Path, query: &Query) -> Vec<u8> {
    let hits = search(folder, query).hits;
    let ids = hits.iter().map(|hit| Id128::parse(&hit.interaction_id));
    let mut numbers: Vec<u8> = ids.map(|id| id.unwrap().0[0]).collect();
    numbers.sort_unstable();
    numbers
}

pub(crate) fn three_mails() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mails = [
        mail(
            1,
            "ann",
            "Offer for the turbine",
            "Please see the café plan",
            1,
        ),
        mail(2, "bob", "Re: turbines", "the plan for an engine offer", 2),
        mail(3, "ann", "Lunch", "Engine noise in the Straße", 3),
    ];
    index(folder.path(), &mails);
    folder
}

#[test]
fn all_words_must_occur_each_in_any_field() {
    let folder = three_mails();
    let find = |typed: &str| numbers(folder.path(), &words(typed));
    assert_eq!(find("offer"), [1, 2]);
    assert_eq!(find("offer turbine"), [1]);
    assert_eq!(find("engine muller fabrikam"), [2, 3]);
    assert_eq!(find("engine absent"), [0; 0]);
}

#[test]
fn case_and_accents_do_not_matter_in_query_and_mail() {
    let folder = three_mails();
    let find = |typed: &str| numbers(folder.path(), &words(typed));
    assert_eq!(find("CAFE"), [1]);
    assert_eq!(find("cafe\u{301}"), [1]);
    assert_eq!(find("strasse"), [3]);
    assert_eq!(find("JOSE mueller OR müller"), [1, 2, 3]);
}

#[test]
fn phrases_exclusions_beginnings_and_or_are_understood() {
    let folder = three_mails();
    let find = |typed: &str| numbers(folder.path(), &words(typed));
    assert_eq!(find("\"engine offer\""), [2]);
    assert_eq!(find("\"offer engine\""), [0; 0]);
    assert_eq!(find("engine -offer"), [3]);
    assert_eq!(find("-engine"), [1]);
    assert_eq!(find("engine -\"engine offer\""), [3]);
    assert_eq!(find("turb*"), [1, 2]);
    assert_eq!(find("turbine"), [1]);
    assert_eq!(find("cafe\u{301}*"), [1]);
    assert_eq!(find("lunch OR cafe"), [1, 3]);
    assert_eq!(find("engine lunch OR cafe"), [3]);
    assert_eq!(find("jose@mail.fabrikam.com"), [1, 2, 3]);
    assert_eq!(find("jose@mail.fab*"), [1, 2, 3]);
}

#[test]
fn phrases_do_not_span_names() {
    let folder = three_mails();
    assert_eq!(numbers(folder.path(), &words("\"com colleague\"")), [0; 0]);
}

#[test]
fn days_are_inclusive_at_both_ends() {
    let folder = three_mails();
    let period = |from: Option<i8>, to: Option<i8>| Query {
        from: from.map(|day| date(2026, 11, day)),
        to: to.map(|day| date(2026, 11, day)),
        ..words("")
    };
    assert_eq!(numbers(folder.path(), &period(Some(2), None)), [2, 3]);
    assert_eq!(numbers(folder.path(), &period(None, Some(2))), [1, 2]);
    assert_eq!(numbers(folder.path(), &period(Some(2), Some(2))), [2]);
    let backwards = Searcher::open(folder.path()).unwrap();
    let backwards = backwards.search(&period(Some(3), Some(2)));
    assert!(matches!(
        backwards,
        Err(IndexError::Query(QueryError::EmptyPeriod))
    ));
}

#[test]
fn contact_account_and_user_take_ids_addresses_and_domains() {
    let folder = three_mails();
    for typed in [
        "C-1",
        "Jose@Mail.Fabrikam.com",
        "mail.fabrikam.com",
        "@fabrikam.com",
    ] {
        let query = Query {
            contact: vec![typed.into()],
            ..words("")
        };
        assert_eq!(numbers(folder.path(), &query), [1, 2, 3], "{typed}");
    }
    for typed in ["A-1", "fabrikam.com"] {
        let query = Query {
            account: vec![typed.into()],
            user: vec!["ann@contoso.com".into()],
            ..words("")
        };
        assert_eq!(numbers(folder.path(), &query), [1, 3], "{typed}");
    }
    for (contact, user) in [
        ("c-1", "id-ann"),
        ("contoso.com", "id-ann"),
        ("com", "id-ann"),
    ] {
        let query = Query {
            contact: vec![contact.into()],
            user: vec![user.into()],
            ..words("")
        };
        assert_eq!(numbers(folder.path(), &query), [0; 0], "{contact}");
    }
}

#[test]
fn equal_hits_are_sorted_newest_first_across_pages() {
    let folder = tempfile::tempdir().unwrap();
    let mails: Vec<_> = [2, 5, 1, 4, 3]
        .map(|n: u8| mail(n, "ann", "same", "words", n.cast_signed()))
        .into();
    index(folder.path(), &mails);
    let page = |offset, limit| {
        let query = Query {
            limit,
            offset,
            ..words("same")
        };
        let hits = search(folder.path(), &query);
        assert_eq!(hits.total, 5);
        let days = hits.hits.iter().map(|hit| hit.occurred_at.timestamp());
        days.map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).day())
            .collect::<Vec<_>>()
    };
    assert_eq!(page(0, 3), [5, 4, 3]);
    assert_eq!(page(3, 3), [2, 1]);
    assert_eq!(page(0, 0), [0; 0]);
}

#[test]
fn a_hit_shows_what_was_asked_for() {
    let folder = three_mails();
    let hits = search(folder.path(), &words("turb* cafe"));
    let hit = &hits.hits[0];
    let subject = hit.subject.as_ref().unwrap();
    assert_eq!(
        subject.pieces(),
        [("Offer for the ", false), ("turbine", true)]
    );
    let preview = hit.preview.as_ref().unwrap();
    assert_eq!(preview.marks, [(15, 20)]);
    assert_eq!(hit.mailbox_id, "id-ann");
    assert_eq!(hit.contacts[0].account_id.as_deref(), Some("A-1"));
    assert_eq!(hit.participants_total, 2);
    let json = serde_json::to_value(&hits).unwrap();
    assert_eq!(json["hits"][0]["occurred_at"], "2026-11-01T23:59:59.999Z");
}

#[test]
fn a_row_replaces_its_predecessor_in_the_same_mailbox() {
    let folder = tempfile::tempdir().unwrap();
    index(
        folder.path(),
        &[mail(1, "ann", "old", "", 1), mail(1, "bob", "old", "", 1)],
    );
    index(folder.path(), &[mail(1, "ann", "new", "", 1)]);
    assert_eq!(
        search(folder.path(), &words("old")).hits[0].mailbox_id,
        "id-bob"
    );
    assert_eq!(
        search(folder.path(), &words("new")).hits[0].mailbox_id,
        "id-ann"
    );
    assert_eq!(Searcher::open(folder.path()).unwrap().count(), 2);
}

#[test]
fn withdrawn_rows_are_removed_and_superseded_ones_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let mut row = mail(1, "ann", "hello", "", 1);
    let mut moved = row.clone();
    moved.interaction.state = State::Superseded;
    index(folder.path(), &[row.clone(), moved]);
    assert_eq!(Searcher::open(folder.path()).unwrap().count(), 1);
    row.interaction.state = State::Withdrawn;
    index(folder.path(), &[row]);
    assert_eq!(Searcher::open(folder.path()).unwrap().count(), 0);
}

#[test]
fn uncommitted_documents_and_versions_are_invisible() {
    let folder = tempfile::tempdir().unwrap();
    let (mut indexer, status) = open(folder.path());
    assert_eq!(status, CacheStatus::Fresh);
    let first = BTreeMap::from([(3, 7), (4, 1)]);
    indexer
        .add(docs(&[mail(1, "ann", "one", "", 1)]), Keys::New)
        .unwrap();
    indexer.commit(&first).unwrap();
    indexer
        .add(docs(&[mail(2, "ann", "two", "", 1)]), Keys::New)
        .unwrap();
    assert_eq!(Searcher::open(folder.path()).unwrap().count(), 1);
    drop(indexer);

    let (mut indexer, status) = open(folder.path());
    assert_eq!((status, indexer.reached()), (CacheStatus::Known, &first));
    indexer
        .add(docs(&[mail(3, "ann", "three", "", 1)]), Keys::New)
        .unwrap();
    indexer.discard().unwrap();
    indexer.commit(&BTreeMap::from([(3, 8)])).unwrap();
    indexer.close().unwrap();
    let searcher = Searcher::open(folder.path()).unwrap();
    assert_eq!(searcher.count(), 1);
    assert_eq!(searcher.reached(), &BTreeMap::from([(3, 8), (4, 1)]));
}

#[test]
fn every_id_is_handed_over_once() {
    let folder = three_mails();
    index(folder.path(), &[mail(3, "ann", "again", "", 3)]);
    let searcher = Searcher::open(folder.path()).unwrap();
    let mut ids: Vec<_> = searcher
        .ids()
        .map(|id| id.unwrap())
        .map(|id| (id.interaction_id.0[0], id.mailbox_id, id.revision))
        .collect();
    ids.sort();
    let expected = [(1, "id-ann"), (2, "id-bob"), (3, "id-ann")];
    let expected = expected.map(|(id, mailbox)| (id, mailbox.to_owned(), 1));
    assert_eq!(ids, expected);
}

#[test]
fn the_index_of_another_lake_is_made_again() {
    let folder = three_mails();
    fs::write(folder.path().join("notes.txt"), "not ours").unwrap();
    let (indexer, status) = Indexer::open(&settings(folder.path()), "lake-2").unwrap();
    assert_eq!((status, indexer.reached().len()), (CacheStatus::Fresh, 0));
    assert_eq!(Searcher::open(folder.path()).unwrap().count(), 0);
    assert!(folder.path().join("notes.txt").is_file());
}

#[test]
fn a_second_writer_gets_an_in_use_error() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    for lake in [LAKE, "lake-2"] {
        let second = Indexer::open(&settings(folder.path()), lake);
        assert!(matches!(second, Err(IndexError::InUse)), "{lake}");
    }
    drop(first);
    assert_eq!(open(folder.path()).1, CacheStatus::Known);
}

#[test]
fn searching_before_the_first_run_names_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let error = Searcher::open(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains(&folder.path().display().to_string()),
        "{error}"
    );
}

#[test]
fn damaged_files_are_made_again_whichever_it_is() {
    let folder = three_mails();
    let files = fs::read_dir(folder.path().join("interactions")).unwrap();
    let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    for name in names {
        if name.to_string_lossy().contains("lock") {
            continue;
        }
        let folder = three_mails();
        let files = fs::read_dir(folder.path().join("interactions")).unwrap();
        for file in files.map(|file| file.unwrap()) {
            let alike = file.path().extension() == Path::new(&name).extension();
            if alike && !file.file_name().to_string_lossy().contains("lock") {
                fs::write(file.path(), "x").unwrap();
            }
        }
        let (mut indexer, status) = open(folder.path());
        let _ = status;
        indexer
            .add(docs(&[mail(9, "ann", "fresh", "", 1)]), Keys::Known)
            .unwrap();
        indexer.commit(&BTreeMap::from([(0, 2)])).unwrap();
        drop(indexer);
        assert_eq!(numbers(folder.path(), &words("fresh")), [9], "{name:?}");
    }
}

#[test]
fn meaningless_queries_are_rejected_with_a_reason() {
    let folder = three_mails();
    let searcher = Searcher::open(folder.path()).unwrap();
    let refusal = |query: &Query| match searcher.search(query) {
        Err(IndexError::Query(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal(&words("  ")), QueryError::Empty);
    assert_eq!(refusal(&words("& -")), QueryError::Empty);
    assert_eq!(refusal(&words("\"open")), QueryError::OpenQuote);
    for typed in ["OR a", "a OR", "a OR OR b", "a OR -b"] {
        assert_eq!(refusal(&words(typed)), QueryError::LonelyOr, "{typed}");
    }
    for typed in ["*", "a*b", "*a", "\"a b*\"", "a-*"] {
        assert_eq!(refusal(&words(typed)), QueryError::MisplacedStar, "{typed}");
    }
    assert_eq!(refusal(&words(&"x".repeat(100))), QueryError::LongWord);
    assert_eq!(refusal(&words(&"x ".repeat(70))), QueryError::TooLong);
    let deep = Query {
        offset: usize::MAX,
        ..words("a")
    };
    assert_eq!(refusal(&deep), QueryError::TooDeep);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_input_makes_the_search_fail_otherwise(
        typed in "(\\PC|[\"*\\- ORa\u{301}東]){0,30}",
        contact in prop::option::of("\\PC{0,10}"),
    ) {
        thread_local! {
            static FOLDER: tempfile::TempDir = three_mails();
            static SEARCHER: Searcher = FOLDER.with(|f| Searcher::open(f.path()).unwrap());
        }
        let query = Query { contact: contact.into_iter().collect(), ..words(&typed) };
        let result = SEARCHER.with(|searcher| searcher.search(&query));
        let fine = matches!(result, Ok(_) | Err(IndexError::Query(_)));
        prop_assert!(fine, "{:?}", result);
    }
}
