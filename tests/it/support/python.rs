//! Python, the independent reader.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

/// A command that runs a script of `tests/py` in the environment that `scripts/test` makes.
pub fn script(name: &str) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(interpreter());
    command.arg(root.join("tests/py").join(name));
    command
}

fn interpreter() -> PathBuf {
    let python = super::target().join("venv/bin/python");
    assert!(
        python.is_file(),
        "no Python environment in {}: run scripts/test, which makes it",
        python.display()
    );
    python
}

/// Runs a script and gives the JSON object it prints; the test fails where the script does.
pub fn json(command: &mut Command) -> serde_json::Value {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}\n{}",
        super::text_of(&output)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}
