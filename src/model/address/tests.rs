//! Addresses in every form in which people and programs write them.

use proptest::prelude::*;

use super::*;

fn check(raw: &str, expected: Option<&str>) {
    assert_eq!(
        Address::parse(raw).as_ref().map(Address::as_str),
        expected,
        "{raw:?}"
    );
}

#[test]
fn an_address_may_follow_a_name_or_a_scheme() {
    let read = |raw: &str| {
        let written = written::read(raw)?;
        assert_eq!(written.address.as_str(), "ann@x.org", "{raw}");
        Some(written.name)
    };
    for (raw, name) in [
        ("ann@x.org", None),
        (" Ann Lee <ann@x.org> ", Some("Ann Lee")),
        ("\"Lee, Ann\" <ann@x.org>", Some("Lee, Ann")),
        ("'Ann' <ann@x.org>", Some("Ann")),
        ("Ann O'Brien <ann@x.org>", Some("Ann O'Brien")),
        ("\"Ann \\\"A\\\" Lee\" <ann@x.org>", Some("Ann \"A\" Lee")),
        ("<ann@x.org>", None),
        ("ann@x.org (Ann)", Some("Ann")),
        ("<ann@x.org> (Ann)", Some("Ann")),
        ("Ann(Sales (EU)) <ann(a)@x.org(b)>", Some("Ann")),
        ("ann@x.org <ann@x.org>", Some("ann@x.org")),
        ("\"eva@y.org\" <ann@x.org>", Some("eva@y.org")),
        ("Ann@Home <ann@x.org>", Some("Ann@Home")),
        ("eva@y.org via Team <ann@x.org>", Some("eva@y.org via Team")),
        ("Ann <mailto:ann@x.org>", Some("Ann")),
        ("Ann <ann@x.org", Some("Ann")),
        ("\"Ann <ann@x.org>", Some("Ann")),
        ("\"Lee, Ann <ann@x.org>\"", Some("Lee, Ann")),
        ("Lee, Ann <ann@x.org>;", Some("Lee, Ann")),
        ("<@a.org,@b.org:ann@x.org>", None),
    ] {
        assert_eq!(read(raw), Some(name.map(str::to_owned)), "{raw}");
    }
}

#[test]
fn every_written_form_of_an_address_is_parsed() {
    for raw in [
        "MAILTO:ann@x.org?subject=a@b",
        "mailto:ann%40x.org",
        "mailto://ann@x.org",
        "smtp:ann@x.org",
        "ann@x.org;",
        "; ann@x.org ,",
        "ann@x.org.",
        "'ann@x.org",
        "ann@x.org\"",
        "\u{201c}ann@x.org\u{201d}",
        "\u{ab}ann@x.org\u{bb}",
        "\u{201e}ann@x.org\u{201c}",
        "`ann@x.org`",
        "\"'ann@x.org'\"",
        "=\"ann@x.org\"",
        "= 'ann@x.org'",
        "[ann@x.org]",
        "<<ann@x.org>>",
        "ann @ x.org",
        "ann@x . org",
        "<ann @ x. org>",
        "ann(a)@(b)x(c).org",
        "\"ann\"@x.org",
        "\u{200b}ann@x.\u{ad}org\u{feff}",
        "\u{a0}ann@x.org\u{202f}",
        "\u{2068}ann@x.org\u{2069}",
        "ANN@X.ORG",
        "ann\u{ff20}x.org",
    ] {
        check(raw, Some("ann@x.org"));
    }
    check("ann . lee@x.org", Some("ann.lee@x.org"));
    check("<ann. lee@x.org>", Some("ann.lee@x.org"));
    check("\"ann lee\"@x.org", Some("\"ann lee\"@x.org"));
    check("ann.\"b c\"@x.org", Some("\"ann.b c\"@x.org"));
    check("o'brien@x.org", Some("o'brien@x.org"));
    check("bounces+ann=y.org@x.org", Some("bounces+ann=y.org@x.org"));
    check("ann@[192.0.2.1]", Some("ann@[192.0.2.1]"));
}

#[test]
fn several_addresses_or_other_text_are_rejected() {
    for raw in [
        "Ann Lee ann@x.org",
        "Dr. ann@x.org",
        "ann@x.org, bob@x.org",
        "ann@x.org bob@x.org",
        "ann@x.org/bob@x.org",
        "Ann <ann@x.org>, Bob <bob@x.org>",
        "Ann <ann@x.org> Bob <bob@x.org>",
        "bob@x.org Ann <ann@x.org>",
        "ann@x.org <bob@x.org>",
        "mailto:ann@x.org,bob@x.org",
        "ann@x.org and others",
        "ann@x..org",
        "ann@.org",
        "ann@x.org/path",
        "\"a@b\"@x.org",
        "ann (never closed@x.org",
        "n/a",
        "<>",
        "@",
    ] {
        check(raw, None);
    }
}

#[test]
fn what_the_lake_holds_as_an_address_stays_one() {
    for text in [
        "ann@x.org",
        "ann lee@x.org",
        "a/b@x",
        "m..p@x.org",
        "ann@x..org",
        "\"a b\"@x",
    ] {
        assert_eq!(Address::stored(text).unwrap().as_str(), text);
    }
    for text in [
        "ann",
        "@x",
        "ann@",
        "a@b@c",
        "ann@x y",
        "Ann@x",
        "ann@B\u{fc}cher.example",
    ] {
        assert_eq!(Address::stored(text), None, "{text}");
    }
}

#[test]
fn a_guest_gets_the_address_encoded_in_the_principal_name() {
    let home = |raw: &str| Address::parse(raw).unwrap().at_home().to_string();
    assert_eq!(
        home("Eva_M_fabrikam.com#EXT#@contoso.onmicrosoft.com"),
        "eva_m@fabrikam.com"
    );
    assert_eq!(
        home("IMCEASMTP-eva+2Em+40fabrikam+2Ecom@contoso.com"),
        "eva.m@fabrikam.com"
    );
    for other in [
        "imceasmtp-eva@contoso.com",
        "eva#ext#@contoso.com",
        "eva_m@fabrikam.com",
        "_fabrikam.com#ext#@c.com",
    ] {
        assert_eq!(home(other), other);
    }
}

#[test]
fn addresses_are_found_in_unparsable_text() {
    let seen = |text: &str| {
        let seen = visible::visible(text);
        let found = seen.found.into_iter();
        let found = found.map(|one| (one.name, one.address.to_string()));
        let shown = found.map(|(name, address)| format!("{} {address}", name.unwrap_or_default()));
        (shown.collect::<Vec<_>>().join("|"), seen.has_rest)
    };
    for (text, expected, has_rest) in [
        (
            "\"Eva <eva@y.org>, bob@x.org",
            "Eva eva@y.org| bob@x.org",
            false,
        ),
        (
            "<Eva M <eva@y.org, Bob <bob@x.org>",
            "Eva M eva@y.org|Bob bob@x.org",
            false,
        ),
        ("eva@y.org bob@x.org", " eva@y.org| bob@x.org", false),
        ("eva@y.org/bob@x.org", " eva@y.org| bob@x.org", false),
        (
            "Eva <mailto:eva@y.org> / Bob <bob@x.org>",
            "Eva eva@y.org|Bob bob@x.org",
            false,
        ),
        (
            "'eva@y.org' [mailto:bob@x.org]",
            " eva@y.org| bob@x.org",
            false,
        ),
        ("@relay.org,@b.org:eva@y.org", " eva@y.org", false),
        ("eva@y.org@X400", " eva@y.org", false),
        ("eva@y.org@x.org", " eva@y.org", true),
        ("Ann@Home, eva@y.org", " eva@y.org", true),
        (
            "<ann@localhost> <eva@y.org>",
            " ann@localhost| eva@y.org",
            false,
        ),
        ("call eva@ y.org", "", true),
        ("nobody", "", false),
        ("", "", false),
    ] {
        assert_eq!(seen(text), (expected.to_owned(), has_rest), "{text}");
    }
}

proptest! {
    #[test]
    fn reading_an_address_again_changes_nothing(raw in "[a-c.@<>\"'() ,;:=/+\\\\]{0,16}") {
        if let Some(address) = Address::parse(&raw) {
            prop_assert_eq!(Address::parse(address.as_str()), Some(address.clone()));
            prop_assert_eq!(Address::stored(address.as_str()), Some(address));
        }
        visible::visible(&raw);
    }
}

#[test]
fn decoration_and_case_are_taken_away() {
    check(" <Ann.Lee@Example.COM> ", Some("ann.lee@example.com"));
    check("<'@x.org", None);
    check("<'ann@x.org", Some("ann@x.org"));
    check("SMTP:ann@x.org", Some("ann@x.org"));
    check("'ann@x.org'", Some("ann@x.org"));
    check("\"smtp:<ann@x.org>\"", Some("ann@x.org"));
}

#[test]
fn odd_but_usable_addresses_are_kept() {
    check("root@localhost", Some("root@localhost"));
    check("m..presto@enron.com", Some("m..presto@enron.com"));
}

#[test]
fn what_is_no_address_is_refused() {
    for raw in [
        "",
        "ann",
        "@x.org",
        "ann@",
        "a@b@c",
        "a@b c",
        "undisclosed-recipients:;",
    ] {
        check(raw, None);
    }
    check("/o=Exchange/ou=First/cn=Recipients/cn=ann", None);
    check("ann\u{7}@x.org", None);
}

#[test]
fn a_domain_longer_than_one_can_be_is_none() {
    let of_labels = |label: &str, count: usize| {
        let domain = vec![label; count].join(".");
        Address::parse(&format!("a@{domain}")).is_some()
    };
    assert!(of_labels(&"x".repeat(63), 1));
    assert!(!of_labels(&"x".repeat(64), 1));
    assert!(of_labels("x", 127));
    assert!(!of_labels("x", 128));
    // As ASCII, `ä` has eight bytes and more.
    assert!(of_labels("ä", 30));
    assert!(!of_labels("ä", 40));
    assert!(!of_labels("ä", 33_000));
    let local = "x".repeat(limits::ADDRESS_BYTES);
    assert!(Address::parse(&format!("{local}@x.org")).is_none());
}

#[test]
fn domains_go_to_ascii_label_by_label() {
    check("ann@Bücher.example", Some("ann@xn--bcher-kva.example"));
    check("ann@straße.de", Some("ann@xn--strae-oqa.de"));
    // A macron would become a blank, a wide at sign a second `@`.
    check("ann@a\u{af}.de", Some("ann@a\u{af}.de"));
    check("ann@x.a\u{ff20}b", Some("ann@x.a\u{ff20}b"));
}

#[test]
fn a_plus_tag_is_dropped_on_request_only() {
    let tagged = Address::parse("ann+news@x.org").unwrap();
    assert_eq!(tagged.as_str(), "ann+news@x.org");
    assert_eq!(tagged.without_tag().unwrap().as_str(), "ann@x.org");
    assert_eq!(Address::parse("+1@x.org").unwrap().without_tag(), None);
    assert_eq!(Address::parse("ann@x.org").unwrap().without_tag(), None);
}
