//! Other policies and a service on a bad day: the lake still holds what was planted.

use crate::support::tenant::Tenant;

/// Three nights; what is planted depends on the world's own policy and switches.
fn check(world: &str) {
    let mut tenant = Tenant::of_fixture(world);
    tenant.nights(3, |tenant, _| {
        tenant.compare_with_truth();
    });
}

#[test]
fn internal_and_unmatched_mail_is_recorded_where_the_policy_says_so() {
    check("internal.toml");
}

#[test]
fn unmatched_mail_is_not_stored_where_the_policy_says_so() {
    check("skip.toml");
}

#[test]
fn facts_6_and_7_throttling_short_tokens_and_lost_generations_lose_and_double_nothing() {
    check("rough.toml");
}

#[test]
fn a_mailbox_that_two_entries_name_is_read_once() {
    let mut tenant = Tenant::of_fixture("quiet.toml");
    let text = std::fs::read_to_string(tenant.config()).unwrap();
    let start = text.find("[[tenants]]").unwrap();
    let rest = &text[start + 2..];
    let end = rest.find("\n[").map_or(text.len(), |end| start + 2 + end);
    let again: Vec<&str> = text[start..end]
        .lines()
        .map(|line| {
            let is_name = line.starts_with("name");
            if is_name { "name = \"again\"" } else { line }
        })
        .collect();
    std::fs::write(tenant.config(), format!("{text}\n{}\n", again.join("\n"))).unwrap();
    tenant.night();
    tenant.compare_rows_with_truth();
}
