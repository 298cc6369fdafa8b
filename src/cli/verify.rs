//! `touchpoint verify`: lake, views, cursors and index against each other.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;
use serde_json::json;

use crate::cli::load;
use crate::cli::output;
use crate::cli::run::block_on;
use crate::pipeline::verify;
use crate::report::exit;

/// Verifies and tells what was found; 1 where something was.
pub fn run(config: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let config = load(config)?;
    let findings = block_on(async { Ok(verify::verify(&config).await?) })?;
    if json {
        let list: Vec<Value> = findings
            .iter()
            .map(|finding| json!({ "what": finding.what, "advice": finding.advice }))
            .collect();
        output::json(&json!({ "findings": list }))?;
    } else {
        let mut text = String::new();
        for (advice, found) in verify::by_advice(&findings) {
            for what in found {
                let _ = writeln!(text, "{what}");
            }
            let _ = writeln!(text, "  -> {advice}\n");
        }
        if findings.is_empty() {
            text.push_str("lake, views, cursors and index agree\n");
        }
        output::result(&text)?;
    }
    Ok(if findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(exit::GAPS)
    })
}
