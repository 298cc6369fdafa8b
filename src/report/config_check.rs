//! What `touchpoint config check` found, for people and for programs.

use std::fmt::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::report::exit;
use crate::report::text::write_notes;

/// What a configuration and the files that it names say.
#[derive(Debug, Default)]
pub struct ConfigCheck {
    /// The configuration file.
    pub file: String,
    /// What was read, section by section.
    pub sections: Vec<Section>,
    /// What has an unexpected effect.
    pub notes: Vec<String>,
    /// What a run would refuse.
    pub problems: Vec<String>,
}

/// What one section of the configuration names.
#[derive(Debug)]
pub struct Section {
    /// `crm`, `tenant contoso`.
    pub name: String,
    /// What was counted, and how much of it.
    pub counts: Vec<(&'static str, usize)>,
}

/// A configuration with a problem cannot be used.
pub fn exit_code(found: &ConfigCheck) -> u8 {
    if found.problems.is_empty() {
        exit::COMPLETE
    } else {
        exit::NOT_RUN
    }
}

/// For people.
pub fn text(found: &ConfigCheck) -> String {
    let mut text = format!("{}\n", found.file);
    for section in &found.sections {
        let counts: Vec<String> = section
            .counts
            .iter()
            .map(|(what, count)| format!("{count} {what}"))
            .collect();
        let _ = writeln!(text, "  {}: {}", section.name, counts.join(", "));
    }
    write_notes(&mut text, &found.notes);
    for problem in &found.problems {
        let _ = writeln!(text, "problem: {problem}");
    }
    let _ = match found.problems.len() {
        0 => writeln!(text, "no problem found; nothing was requested or changed"),
        1 => writeln!(text, "1 problem; nothing was requested or changed"),
        count => writeln!(text, "{count} problems; nothing was requested or changed"),
    };
    text
}

/// For programs.
pub fn json(found: &ConfigCheck) -> Value {
    let section = |section: &Section| {
        let mut json = json!({ "name": section.name });
        for (what, count) in &section.counts {
            json[what] = json!(count);
        }
        json
    };
    let sections: Vec<Value> = found.sections.iter().map(section).collect();
    json!({
        "file": found.file,
        "sections": sections,
        "notes": found.notes,
        "problems": found.problems,
        "exit_code": exit_code(found),
    })
}
