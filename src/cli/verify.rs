//! `touchpoint verify`: lake, views, cursors and index against each other.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;
use serde_json::json;

use crate::cli::output;
use crate::cli::setup::block_on;
use crate::cli::setup::load;
use crate::lake::verify::Finding;
use crate::maintenance::verify;
use crate::report::exit;

/// Verifies and prints the findings; returns 1 if something is damaged. Findings that the next run
/// repairs by itself are summarised in one line.
pub fn run(config: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let config = load(config)?;
    let findings = block_on(async { Ok(verify::verify(&config).await?) })?;
    let damage = findings.iter().filter(|finding| !finding.is_leftover());
    let is_damaged = damage.clone().next().is_some();
    if json {
        let list: Vec<Value> = findings.iter().map(as_json).collect();
        output::json(&json!({ "findings": list }))?;
    } else {
        output::result(&as_text(damage, &findings))?;
    }
    Ok(if is_damaged {
        ExitCode::from(exit::GAPS)
    } else {
        ExitCode::SUCCESS
    })
}

fn as_json(finding: &Finding) -> Value {
    json!({
        "what": finding.what,
        "advice": finding.advice,
        "leftover": finding.is_leftover(),
    })
}

fn as_text<'a>(damage: impl Iterator<Item = &'a Finding>, findings: &'a [Finding]) -> String {
    let mut text = String::new();
    for (advice, found) in verify::by_advice(damage) {
        for what in found {
            let _ = writeln!(text, "{what}");
        }
        let _ = writeln!(text, "  -> {advice}\n");
    }
    let mut leftovers = findings.iter().filter(|finding| finding.is_leftover());
    if let Some(first) = leftovers.next() {
        let count = 1 + leftovers.count();
        let _ = writeln!(
            text,
            "no damage: {count} left for the next run to repair, such as: {} ({})",
            first.what, first.advice
        );
    }
    if findings.is_empty() {
        text.push_str("lake, views, cursors and index agree\n");
    }
    text
}
