//! What holds for each file of the library: its first line, its length, and that it stands in no
//! cycle of imports.

use crate::support::sources::SourceFile;
use crate::support::sources::cycles;
use crate::support::sources::imports;
use crate::support::sources::source_files;
use crate::support::sources::src;

const LINES_MAX: usize = 500;
const TEST_LINES_MAX: usize = 600;

#[test]
fn every_source_file_says_what_it_is_for() {
    let silent: Vec<_> = source_files()
        .into_iter()
        .filter(|file| !file.text.starts_with("//!") && !file.text.starts_with("#![doc"))
        .map(|file| file.path)
        .collect();
    assert!(
        silent.is_empty(),
        "files without a `//!` sentence: {silent:?}"
    );
}

#[test]
fn every_source_file_is_one_idea_long() {
    let lines_max = |file: &SourceFile| {
        if file.is_test {
            TEST_LINES_MAX
        } else {
            LINES_MAX
        }
    };
    let long: Vec<String> = source_files()
        .iter()
        .filter(|file| file.text.lines().count() > lines_max(file))
        .map(|file| {
            let inside = file.path.strip_prefix(src()).unwrap();
            format!(
                "{}: {} lines, at most {}",
                inside.display(),
                file.text.lines().count(),
                lines_max(file)
            )
        })
        .collect();
    assert!(long.is_empty(), "long files:\n{}", long.join("\n"));
}

#[test]
fn no_source_files_import_each_other() {
    let graph = imports(&source_files());
    let mut found = Vec::new();
    for cycle in cycles(&graph) {
        found.push(format!("{} files:", cycle.len()));
        for module in &cycle {
            let imported: Vec<String> = graph[module]
                .intersection(&cycle)
                .map(|imported| imported.join("::"))
                .collect();
            found.push(format!(
                "  {} -> {}",
                module.join("::"),
                imported.join(", ")
            ));
        }
    }
    assert!(
        found.is_empty(),
        "files that import each other:\n{}",
        found.join("\n")
    );
}
