//! One hit is one interaction, in groups, in a stated order.

use std::collections::BTreeMap;

use tempfile::TempDir;

use crate::index::facets::Value;
use crate::index::hit::Hits;
use crate::index::order::Grouping;
use crate::index::order::Sort;
use crate::index::query::Query;
use crate::index::query::WithFacets;
use crate::index::tests::docs;
use crate::index::tests::index;
use crate::index::tests::mail;
use crate::index::tests::open;
use crate::index::tests::search;
use crate::index::tests::words;
use crate::index::writer::Keys;
use crate::model::activity::MatchedInteraction;
use crate::model::id::Id128;
use crate::model::interaction::Role;

fn thread(mut mail: MatchedInteraction, id: &str) -> MatchedInteraction {
    mail.interaction.thread_id = Some(id.into());
    mail
}

/// Two conversations and a single mail; the first mail is in three mailboxes.
fn conversations() -> Vec<MatchedInteraction> {
    let mut of_author = thread(mail(1, "cid", "Offer", "turbine", 1), "a");
    of_author.interaction.user_role = Some(Role::From);
    vec![
        thread(mail(1, "bob", "Offer", "turbine", 1), "a"),
        of_author,
        thread(mail(1, "ann", "Offer", "turbine", 1), "a"),
        thread(mail(2, "bob", "Re: Offer", "turbine", 2), "a"),
        thread(mail(3, "ann", "Lunch and an offer", "", 3), "b"),
        mail(4, "ann", "Offer offer", "no conversation", 4),
    ]
}

fn written(mails: &[MatchedInteraction]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    index(folder.path(), mails);
    folder
}

fn ids(hits: &Hits) -> Vec<u8> {
    let ids = hits
        .hits
        .iter()
        .map(|hit| Id128::parse(&hit.interaction_id));
    ids.map(|id| id.unwrap().0[0]).collect()
}

fn by_date(typed: &str) -> Query {
    Query {
        sort: Some(Sort::Date),
        ..words(typed)
    }
}

#[test]
fn copies_are_one_hit_with_the_colleagues_who_hold_it() {
    let folder = written(&conversations());
    let hits = search(folder.path(), &by_date("turbine"));
    assert_eq!((hits.total, hits.groups), (2, 1));
    let ungrouped = Query {
        grouping: Grouping::Interactions,
        ..by_date("turbine")
    };
    let hits = search(folder.path(), &ungrouped);
    assert_eq!((hits.total, hits.groups, ids(&hits)), (2, 2, vec![2, 1]));
    let hit = &hits.hits[1];
    let addresses: Vec<&str> = hit.colleagues.iter().map(|one| &*one.address).collect();
    assert_eq!(
        addresses,
        ["cid@contoso.com", "ann@contoso.com", "bob@contoso.com"]
    );
    assert_eq!((hit.colleagues_total, &*hit.mailbox_id), (3, "id-cid"));
    assert_eq!(hit.colleagues[0].role.as_deref(), Some("from"));
    let of_ann = Query {
        user: vec!["ann@contoso.com".into()],
        ..ungrouped
    };
    let hits = search(folder.path(), &of_ann);
    assert_eq!(
        (&*hits.hits[0].mailbox_id, hits.hits[0].colleagues_total),
        ("id-ann", 3)
    );
}

#[test]
fn a_conversation_shows_its_first_hit_and_how_many_more_match() {
    let folder = written(&conversations());
    let hits = search(folder.path(), &by_date("offer"));
    assert_eq!((hits.total, hits.groups, ids(&hits)), (4, 3, vec![4, 3, 2]));
    let more = hits
        .hits
        .iter()
        .map(|hit| hit.group.as_ref().map(|group| group.more));
    assert_eq!(more.collect::<Vec<_>>(), [None, Some(0), Some(1)]);
    let page = Query {
        offset: 2,
        limit: 1,
        ..by_date("offer")
    };
    assert_eq!(ids(&search(folder.path(), &page)), [2]);
    let relevant = search(folder.path(), &words("offer"));
    assert_eq!(relevant.sort, Sort::Relevance);
    assert_eq!(ids(&relevant)[0], 4, "it says it twice");
    assert_eq!(search(folder.path(), &words("to:ann")).sort, Sort::Date);
}

#[test]
fn the_order_does_not_depend_on_how_documents_were_written() {
    let mut mails = conversations();
    let folder = written(&mails);
    mails.reverse();
    let other = tempfile::tempdir().unwrap();
    let (mut indexer, _) = open(other.path());
    for part in mails.chunks(2) {
        indexer.add(docs(part), Keys::New).unwrap();
        indexer.commit(&BTreeMap::from([(0, 1)])).unwrap();
    }
    drop(indexer);
    for query in [by_date("offer"), words("offer"), words("-lunch")] {
        let [one, two] = [&folder, &other].map(|folder| search(folder.path(), &query));
        let without_time = |hits: Hits| (hits.total, hits.groups, hits.hits);
        assert_eq!(without_time(one), without_time(two), "{query:?}");
    }
}

#[test]
fn different_interactions_with_the_same_bits_are_different_hits() {
    let mut two = [1, 2].map(|n| mail(n, "ann", "Offer", "", n.cast_signed()));
    for (mail, last) in two.iter_mut().zip([8, 9]) {
        let mut id = [7; 16];
        id[15] = last;
        mail.interaction.interaction_id = Id128(id);
    }
    let folder = written(&two);
    let hits = search(folder.path(), &words("offer"));
    let ids: Vec<&str> = hits
        .hits
        .iter()
        .map(|hit| hit.interaction_id.trim_start_matches("07"))
        .collect();
    assert_eq!(ids, ["08", "09"]);
    assert_eq!(hits.hits[0].colleagues_total, 1);
}

#[test]
fn facets_count_interactions() {
    let folder = written(&conversations());
    let query = Query {
        facets: WithFacets::Yes,
        ..words("offer")
    };
    let facets = search(folder.path(), &query).facets.unwrap();
    let shown = |values: &[Value]| -> Vec<String> {
        let shown = values.iter().map(|value| {
            let name = value.name.as_deref().unwrap_or_default();
            format!("{} {name} {}", value.value, value.count)
        });
        shown.collect()
    };
    assert_eq!(shown(&facets.kinds), ["email  4"]);
    assert_eq!(
        shown(&facets.colleagues),
        [
            "ann@contoso.com  3",
            "bob@contoso.com  2",
            "cid@contoso.com  1"
        ]
    );
    assert_eq!(shown(&facets.contacts), ["C-1 José Müller 4"]);
    assert_eq!(shown(&facets.accounts), ["A-1 Fabrikam Industries 4"]);
    assert_eq!(shown(&facets.months), ["2026-11  4"]);
    assert_eq!(shown(&facets.years), ["2026  4"]);
    assert!(search(folder.path(), &words("offer")).facets.is_none());
}
