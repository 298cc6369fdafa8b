//! Other policies and a faulty service: the lake still contains what was planted.

use crate::support::tenant::Tenant;

/// Three runs; what is planted depends on the world's own policy and switches.
fn check(world: &str) {
    let mut tenant = Tenant::of_fixture(world);
    tenant.nights(3, |tenant, _| {
        tenant.compare_with_truth();
    });
}

#[test]
fn the_policy_can_record_internal_and_unmatched_mail() {
    check("internal.toml");
}

#[test]
fn unmatched_mail_is_not_stored_where_the_policy_says_so() {
    check("skip.toml");
}

/// Facts 6 and 7.
#[test]
fn throttling_and_expiring_tokens_lose_and_duplicate_nothing() {
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
