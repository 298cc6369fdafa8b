//! The index compared with a naive implementation of the query language, on random mails and
//! queries.

use std::collections::BTreeSet;

use jiff::civil::Date;
use proptest::prelude::*;

use crate::index::condition::Condition;
use crate::index::condition::Place;
use crate::index::expression::Expression;
use crate::index::language;
use crate::index::query::Query;
use crate::index::search::Searcher;
use crate::index::tests::index;
use crate::index::tests::mail;
use crate::index::words;
use crate::model::activity::MatchedInteraction;
use crate::model::id::Id128;

/// Few enough to coincide, and varied enough to be folded, truncated and joined.
const PIECES: [&str; 26] = [
    "Offer",
    "offers",
    "ÓFFER",
    "off",
    "o'brien",
    "brien",
    "東京",
    "京",
    "a@b.org",
    "b.org",
    "ß",
    "ss",
    "ประชุมพรุ่งนี้",
    "พรุ่งนี้",
    "회의를",
    "\u{1112}\u{116c}\u{110b}\u{1174}",
    "회",
    "ｶﾞク",
    "ク",
    "1½",
    "1",
    "Büro™",
    "buero",
    "buro",
    "bue",
    "TM",
];

/// The names of the people of [`mail`], one text for each value of the field.
const PEOPLE: [&str; 6] = [
    "José Müller",
    "jose@mail.fabrikam.com",
    "Colleague",
    "ann@contoso.com",
    "José Müller",
    "Fabrikam Industries",
];

fn occurs(expression: &Expression, text: &str) -> bool {
    let words = words::split(text);
    expression.spellings().any(|wanted| {
        let last = wanted.len() - 1;
        words.windows(last + 1).any(|window| {
            let mut pairs = window.iter().zip(wanted).enumerate();
            pairs.all(|(n, (word, wanted))| {
                let is_beginning = expression.is_prefix && n == last && word.begins_with(wanted);
                is_beginning || word.is(wanted)
            })
        })
    })
}

fn expected(mails: &[MatchedInteraction], typed: &str) -> BTreeSet<Id128> {
    let query = language::parse(typed, Date::default()).unwrap();
    let matches = |mail: &&MatchedInteraction| {
        let row = &mail.interaction;
        let texts = [row.subject.as_deref(), row.preview.as_deref()];
        let texts: Vec<&str> = texts.into_iter().flatten().chain(PEOPLE).collect();
        let says = |condition: &Condition| match condition {
            Condition::Words(Place::Anywhere, expression) => {
                texts.iter().any(|text| occurs(expression, text))
            }
            other => panic!("{other:?}"),
        };
        query.groups.iter().all(|group| group.iter().any(says)) && !query.excluded.iter().any(says)
    };
    let found = mails.iter().filter(matches);
    found.map(|mail| mail.interaction.interaction_id).collect()
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..5).prop_map(|words| words.join(" "))
}

fn wanted() -> impl Strategy<Value = String> {
    let piece = || prop::sample::select(&PIECES[..]);
    prop_oneof![
        3 => piece().prop_map(str::to_owned),
        2 => piece().prop_map(|word| format!("{word}*")),
        1 => prop::collection::vec(piece(), 1..3).prop_map(|words| format!("\"{}\"", words.join(" "))),
        1 => Just("müller".to_owned()),
    ]
}

fn query() -> impl Strategy<Value = String> {
    let clause = prop_oneof![
        4 => wanted(),
        1 => (wanted(), wanted()).prop_map(|(one, other)| format!("{one} OR {other}")),
        1 => wanted().prop_map(|word| format!("-{word}")),
    ];
    prop::collection::vec(clause, 1..4).prop_map(|clauses| clauses.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_index_agrees_with_a_naive_search(
        texts in prop::collection::vec((text(), text()), 1..12),
        queries in prop::collection::vec(query(), 20),
    ) {
        let numbered = (1_u8..).zip(&texts);
        let mails: Vec<_> = numbered
            .map(|(number, (subject, text))| mail(number, "ann", subject, text, 1))
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = mails.split_at(mails.len() / 2);
        index(folder.path(), old);
        index(folder.path(), new);
        let searcher = Searcher::open(folder.path()).unwrap();
        for words in queries {
            let asked = Query { words: words.clone(), limit: 100, ..Query::default() };
            let hits = searcher.search(&asked).unwrap();
            let found: BTreeSet<_> = hits.hits.iter().map(|hit| Id128::parse(&hit.interaction_id).unwrap()).collect();
            prop_assert_eq!(hits.total, found.len());
            prop_assert_eq!(found, expected(&mails, &words), "{}", words);
        }
    }
}
