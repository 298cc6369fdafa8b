//! Fields, properties and dates inside a query, on a real index.

use crate::index::query::Query;
use crate::index::search::Searcher;
use crate::index::tests::index;
use crate::index::tests::mail;
use crate::index::tests::numbers;
use crate::index::tests::three_mails;
use crate::index::tests::words;
use crate::model::interaction::Direction;
use crate::model::interaction::Kind;

#[test]
fn fields_restrict_words_to_a_part() {
    let folder = three_mails();
    let find = |typed: &str| numbers(folder.path(), &words(typed));
    assert_eq!(find("subject:engine"), [0; 0]);
    assert_eq!(find("subject:turb* -plan"), [0; 0]);
    assert_eq!(find("from:mueller engine"), [2, 3]);
    assert_eq!(find("from:\"fabrikam industries\" -subject:lunch"), [1, 2]);
    assert_eq!(find("from:ann"), [0; 0]);
    assert_eq!(find("to:ann@contoso.com"), [1, 3]);
    assert_eq!(find("to:jose"), [0; 0]);
    assert_eq!(find("with:ann with:jose"), [1, 3]);
    assert_eq!(find("to:bob OR subject:lunch"), [2, 3]);
    assert_eq!(find("in:inbox -in:sent offer"), [1, 2]);
    assert_eq!(find("-with:bob"), [1, 3]);
}

#[test]
fn dates_and_properties_are_conditions_like_words() {
    let folder = tempfile::tempdir().unwrap();
    let mut mails = [1, 2, 3].map(|n| mail(n, "ann", "Offer", "", n.cast_signed()));
    mails[1].interaction.is_bulk = true;
    mails[2].interaction.direction = Direction::Internal;
    index(folder.path(), &mails);
    let find = |typed: &str| numbers(folder.path(), &words(typed));
    assert_eq!(find("before:2026-11-02"), [1]);
    assert_eq!(find("after:2026-11-02 offer"), [3]);
    assert_eq!(find("-before:2026-11-02"), [2, 3]);
    assert_eq!(find("after:2026-11"), [0; 0]);
    assert_eq!(find("newer_than:2026-11-02 -is:bulk"), [3]);
    assert_eq!(find("is:bulk"), [2]);
    assert_eq!(find("is:external"), [1, 2]);
    assert_eq!(find("is:meeting OR is:internal"), [3]);
    assert_eq!(find("is:email -is:planned"), [1, 2, 3]);
}

#[test]
fn words_with_typing_errors_are_answered_with_words_that_occur() {
    let folder = three_mails();
    let searcher = Searcher::open(folder.path()).unwrap();
    let suggested = |query: &Query| {
        let hits = searcher.search(query).unwrap();
        assert_eq!(hits.total, 0);
        let all = hits.suggestions.into_iter();
        all.map(|one| format!("{}: {}", one.word, one.instead.join(" ")))
            .collect::<Vec<_>>()
    };
    assert_eq!(suggested(&words("enigne offer")), ["enigne: engine"]);
    assert_eq!(suggested(&words("turbin")), ["turbin: turbine turbines"]);
    assert_eq!(suggested(&words("qqqqqq")), [""; 0]);
    assert_eq!(suggested(&words("offer lunch")), [""; 0]);
    let elsewhere = Query {
        kind: Some(Kind::Meeting),
        ..words("enigne")
    };
    assert_eq!(suggested(&elsewhere), [""; 0]);
}

#[test]
fn umlauts_are_found_as_they_are_typed_without_their_keys() {
    let folder = tempfile::tempdir().unwrap();
    index(folder.path(), &[mail(1, "ann", "Grüße aus München", "", 1)]);
    let find = |typed: &str| numbers(folder.path(), &words(typed));
    for typed in [
        "gruesse",
        "Muenchen",
        "grüße",
        "grusse",
        "subject:gruesse from:mueller",
    ] {
        assert_eq!(find(typed), [1], "{typed}");
    }
}
