//! A run without changes: its cost and its output.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::tenant::Tenant;
use crate::support::tenant::is_probe;

/// Files of a table.
fn files(tenant: &Tenant, table: &str) -> usize {
    let mut count = 0;
    let mut folders = vec![tenant.folder().join("lake").join(table)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                if entry.file_name() != "_delta_log" {
                    folders.push(entry.path());
                }
            } else {
                count += 1;
            }
        }
    }
    count
}

#[test]
fn an_unchanged_tenant_costs_one_request_per_chain() {
    let mut tenant = Tenant::of_fixture("quiet.toml");
    tenant.run();
    let before: Vec<usize> = ["interactions", "contact_activity"]
        .map(|table| files(&tenant, table))
        .into();
    let since = tenant.served_requests();
    let report = tenant.run();
    let after: Vec<usize> = ["interactions", "contact_activity"]
        .map(|table| files(&tenant, table))
        .into();
    assert_eq!(before, after, "files of tables after a run without changes");
    assert_eq!(report["totals"]["received"], 0);
    assert_eq!(report["totals"]["outcomes"]["recorded"], 0);

    let mut delta: BTreeMap<String, usize> = BTreeMap::new();
    let mut others: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let log = tenant.log(since).into_iter();
    // A mailbox outside the scope is tried before.
    for request in log.filter(|request| !is_probe(request)) {
        let path = request["path"].as_str().unwrap().to_lowercase();
        let Some(mailbox) = request["mailbox"].as_str() else {
            continue;
        };
        if path.contains("/delta") {
            *delta.entry(path).or_default() += 1;
        } else {
            others.entry(mailbox.to_owned()).or_default().push(path);
        }
    }
    assert!(!delta.is_empty());
    let asked_twice: Vec<_> = delta.iter().filter(|(_, count)| **count > 1).collect();
    assert!(
        asked_twice.is_empty(),
        "chains that were requested more than once: {asked_twice:?}"
    );
    for (mailbox, paths) in others {
        let listings = paths.iter().filter(|path| is_folder_listing(path)).count();
        let lists = paths
            .iter()
            .filter(|path| path.ends_with("/messages"))
            .count();
        assert!(lists <= 1, "{mailbox}: the sensitivity list more than once");
        assert_eq!(
            listings + lists,
            paths.len(),
            "{mailbox}: other requests: {paths:?}"
        );
    }
}

fn is_folder_listing(path: &str) -> bool {
    path.ends_with("/mailfolders") || path.ends_with("/childfolders")
}

#[test]
fn requests_use_immutable_ids_and_gzip_at_most_three_concurrent() {
    let mut tenant = Tenant::generated(31, 16);
    tenant.run();
    tenant.advance(1);
    tenant.run();
    let log = tenant.log(0);
    let chains: Vec<&Value> = log.iter().filter(|r| is_message_delta(r)).collect();
    assert!(chains.len() > 50);
    for request in chains {
        let prefer = request["prefer"].as_str().unwrap().to_lowercase();
        assert!(prefer.contains("odata.maxpagesize="), "fact 1.3: {request}");
        assert!(
            prefer.contains("idtype=\"immutableid\""),
            "fact 1.8: {request}"
        );
        let query = request["query"].as_str().unwrap_or_default();
        // The log omits tokens: nothing remains of the query of a link.
        let is_first = query.contains("select");
        assert!(
            is_first || query.is_empty(),
            "fact 1.2: options on the first only: {request}"
        );
        assert!(
            !query.contains("$top") && !query.contains("$filter"),
            "fact 1.2: {request}"
        );
        assert!(
            !query.to_lowercase().contains("isread"),
            "fact 1.5: {request}"
        );
    }
    let most = log
        .iter()
        .filter_map(|request| request["in_flight"].as_u64())
        .max()
        .unwrap();
    assert!(
        most <= 3,
        "{most} requests of one mailbox at once (fact 7.1)"
    );
}

fn is_message_delta(request: &Value) -> bool {
    let path = request["path"].as_str().unwrap().to_lowercase();
    path.contains("/messages") && path.contains("delta")
}
