//! The questions of ANALYSING.md, answered on the lake of the demo.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::expect_code;
use crate::support::python;
use crate::support::root;
use crate::support::tenant::Tenant;
use crate::support::touchpoint;
use crate::support::with_config;

/// Early, when few colleagues know an account; the day after the demo; and late, when accounts have
/// gone quiet.
const DAYS: [&str; 3] = ["2025-03-18", "2026-03-03", "2026-05-15"];
/// What a night receives depends on what the service repeats.
const OF_THE_NIGHTS: &str = "What did each night read?";

#[test]
fn the_questions_to_the_lake_have_the_expected_answers_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo");
    expect_code(touchpoint().arg("demo").arg("--folder").arg(&demo), 0);
    let mut script = python::script("analysing.py");
    script
        .arg(&demo)
        .arg(root().join("ANALYSING.md"))
        .args(DAYS);
    let seen = python::json(&mut script);
    let expected = fs::read_to_string(root().join("tests/py/analysing.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let mut answered: BTreeMap<&str, u64> = BTreeMap::new();
    for day in DAYS {
        let questions = seen[day].as_object().unwrap();
        assert!(questions.len() >= 15, "{}", questions.len());
        for (question, answer) in questions {
            let found = &answer["sql"];
            assert_eq!(*found, answer["python"], "{day}: {question}");
            *answered.entry(question).or_default() += found["rows"].as_u64().unwrap();
            let expected = &expected[day][question];
            assert_eq!(found["rows"], expected["rows"], "{day}: {question}");
            if question != OF_THE_NIGHTS {
                assert_eq!(found["first"], expected["first"], "{day}: {question}");
                assert_eq!(found["digest"], expected["digest"], "{day}: {question}");
            }
        }
    }
    assert!(answered.values().all(|rows| *rows > 0), "{answered:?}");
}

#[test]
fn the_views_of_one_line_of_duckdb_hold_the_current_rows() {
    let mut tenant = Tenant::generated(76, 12);
    tenant.nights(2, |_, _| ());
    let mut script = python::script("views.py");
    script.arg(tenant.folder());
    let views = python::json(script.arg(root().join("scripts/views.sql")));
    let mut script = python::script("current_rows.py");
    let current = python::json(script.arg(tenant.folder().join("lake")));
    assert_eq!(views["interactions"], current["interactions"]);
    assert_eq!(views["activity"], current["contact_activity"]);
    let mut command = with_config(&tenant.config(), &["status", "--format", "json"]);
    let status: Value = serde_json::from_str(&expect_code(&mut command, 0)).unwrap();
    let mut connections: BTreeMap<&str, u64> = BTreeMap::new();
    for mailbox in status["mailboxes"].as_array().unwrap() {
        *connections
            .entry(mailbox["connection"].as_str().unwrap())
            .or_default() += 1;
    }
    assert_eq!(views["connections"], serde_json::json!(connections));
}
