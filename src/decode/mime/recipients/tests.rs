//! Header fields that name people, well written and not.

use super::*;

fn check(value: &str, expected: &[(Option<&str>, &str)]) {
    let mut found = Found::default();
    found.named_in(value.as_bytes(), Role::To);
    let found: Vec<_> = found
        .participants
        .iter()
        .map(|entry| (entry.name.as_deref(), entry.address.as_str()))
        .collect();
    assert_eq!(found, expected, "{value:?}");
}

#[test]
fn names_quotes_and_comments_are_separated_from_addresses() {
    check(
        " a@x.org, Bo <b@x.org>",
        &[(None, "a@x.org"), (Some("Bo"), "b@x.org")],
    );
    check("\"Lee, Ann\" <a@x.org>", &[(Some("Lee, Ann"), "a@x.org")]);
    check("a@x.org (Ann)", &[(Some("Ann"), "a@x.org")]);
    check(
        "=?utf-8?Q?J=C3=BCrgen?= <j@x.org>",
        &[(Some("Jürgen"), "j@x.org")],
    );
    check(
        "a@x.org;\r\n b@x.org",
        &[(None, "a@x.org"), (None, "b@x.org")],
    );
}

#[test]
fn a_group_without_members_is_kept_as_it_stands() {
    check(
        "Undisclosed-Recipients:;",
        &[(None, "undisclosed-recipients:;")],
    );
    check(
        "undisclosed-recipients: ;",
        &[(None, "undisclosed-recipients:;")],
    );
    check(
        "Recipient List\r\n Suppressed:;",
        &[(None, "recipient list suppressed:;")],
    );
}

#[test]
fn members_of_a_group_take_part_themselves() {
    check(
        "c@x.org, Team: a@x.org, Bo <b@x.org>;, d@x.org",
        &[
            (None, "c@x.org"),
            (None, "a@x.org"),
            (Some("Bo"), "b@x.org"),
            (None, "d@x.org"),
        ],
    );
}

#[test]
fn an_empty_group_is_kept_as_its_name() {
    check(
        "(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;",
        &[(None, "hidden recipients:;")],
    );
    check(
        "A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n         \
         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of the group)",
        &[
            (Some("Chris Jones"), "c@public.example"),
            (None, "joe@example.org"),
            (Some("John"), "jdoe@one.test"),
        ],
    );
    check(
        "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
        &[(Some("Pete"), "pete@silly.test")],
    );
    check(
        "Joe Q. Public <john.q.public@example.com>",
        &[(Some("Joe Q. Public"), "john.q.public@example.com")],
    );
    check(
        "John Doe <jdoe@test   . example>",
        &[(Some("John Doe"), "jdoe@test.example")],
    );
}

#[test]
fn what_is_no_address_is_kept_as_it_stands() {
    check("Ann Lee", &[(None, "Ann Lee")]);
    check("Ann <ann>", &[(Some("Ann"), "ann")]);
    check("<@relay.org:ann@x.org>", &[(None, "ann@x.org")]);
    check("\"ann lee\"@x.org", &[(None, "\"ann lee\"@x.org")]);
    check("(nobody)", &[]);
    check(
        "unlisted-recipients:; (no To-header on input)",
        &[(None, "unlisted-recipients:;")],
    );
    check("", &[]);
    check(" , ", &[]);
}

const EVA: (Option<&str>, &str) = (Some("Eva"), "eva@y.org");
const BOB: (Option<&str>, &str) = (None, "bob@x.org");

#[test]
fn unparsable_lists_yield_their_visible_addresses() {
    for list in [
        "\"Eva <eva@y.org>, bob@x.org",
        "\"Eva <eva@y.org>, \"bob@x.org",
        "Eva <eva@y.org, bob@x.org",
        "Eva <eva@y.org> bob@x.org",
        "Eva <eva@y.org>/bob@x.org",
        "Eva <eva@y.org> / <bob@x.org>",
        "Eva <eva@y.org>; bob@x.org",
        "Eva <eva@y.org> <bob@x.org>",
        "Team: Eva <eva@y.org bob@x.org;",
        "Eva <@relay.org:eva@y.org>, <@a.org,@b.org:bob@x.org>",
        "Eva <smtp:eva@y.org>, mailto:bob@x.org",
        "=?utf-8?Q?Eva_=3Ceva=40y.org=3E=2C_bob=40x.org?=",
        "=?utf-8?B?RXZhIDxldmFAeS5vcmc+LCBib2JAeC5vcmc=?=",
        "=?utf-8?Q?Eva_<eva@y.org>,?=\r\n =?utf-8?Q?_bob@x.org?=",
        "=?utf-8?Q?Eva?= <eva@y.org>, =?utf-8?Q?bob=40x.org?=",
    ] {
        check(list, &[EVA, BOB]);
    }
    check("Eva <eva@y.org bob@x.org", &[EVA, BOB]);
    check("eva@y.org bob@x.org", &[(None, "eva@y.org"), BOB]);
    check(
        "eva@y.org Bob <bob@x.org>",
        &[(None, "eva@y.org"), (Some("Bob"), "bob@x.org")],
    );
    check(
        "=?utf-8?Q?M=C3=BCller,_Eva?= <eva@y.org>, bob@x.org",
        &[(Some("Müller, Eva"), "eva@y.org"), BOB],
    );
}

#[test]
fn a_remainder_that_may_contain_an_address_stays_text() {
    check("eva@, bob@x.org", &[(None, "eva@"), BOB]);
    check("eva@ y.org, bob@x.org", &[(None, "eva@y.org"), BOB]);
    check(
        "Eva <eva@y.org> and x@",
        &[EVA, (None, "Eva <eva@y.org> and x@")],
    );
    check("=?utf-8?Q?Eva, Sales?=", &[(None, "Eva, Sales")]);
}

#[test]
fn a_legacy_name_is_never_an_address() {
    check(
        "Ann </o=Contoso/cn=ann@x.org>",
        &[(Some("Ann"), "/o=Contoso/cn=ann@x.org")],
    );
    check(
        "X500:/o=Contoso/cn=ann",
        &[(None, "X500:/o=Contoso/cn=ann")],
    );
}
