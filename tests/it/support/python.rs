//! Python, the independent reader.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;
use std::sync::Mutex;

use serde_json::Value;
use serde_json::json;

/// A command that runs a script of `tests/py` in the environment that `scripts/test` makes.
pub(crate) fn script(name: &str) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    command(&root.join("tests/py").join(name))
}

/// A command that runs a script at any path.
pub(crate) fn command(script: &Path) -> Command {
    let mut command = Command::new(interpreter());
    command.arg(script);
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
pub(crate) fn json(command: &mut Command) -> Value {
    let mut server = SERVERS.lock().unwrap().pop().unwrap_or_else(Server::start);
    let answer = server.ask(command);
    SERVERS.lock().unwrap().push(server);
    assert_eq!(
        answer["error"],
        Value::Null,
        "{command:?}\n{}",
        answer["error"].as_str().unwrap_or_default()
    );
    serde_json::from_str(answer["stdout"].as_str().unwrap()).unwrap()
}

/// The rows of a table of the lake in a folder, one object each: all columns, or these.
pub(crate) fn rows(folder: &Path, table: &str, columns: &[&str]) -> Vec<Value> {
    let mut script = script("rows.py");
    let rows = json(script.arg(folder.join("lake")).arg(table).args(columns));
    rows.as_array().unwrap().clone()
}

/// Python processes of this test's process that wait for a script: to start one costs most of the
/// time that a script takes.
static SERVERS: Mutex<Vec<Server>> = Mutex::new(Vec::new());

struct Server {
    process: Child,
    answers: BufReader<ChildStdout>,
}

impl Server {
    fn start() -> Self {
        let mut process = script("serve.py");
        process.stdin(Stdio::piped()).stdout(Stdio::piped());
        // What a script writes there is part of the answer.
        process.stderr(Stdio::null());
        let mut process = process.spawn().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self { process, answers }
    }

    fn ask(&mut self, command: &Command) -> Value {
        let mut words = command
            .get_args()
            .map(|word| word.to_str().unwrap().to_owned());
        let asked = json!({ "script": words.next(), "arguments": words.collect::<Vec<_>>() });
        assert!(
            command.get_envs().next().is_none() && command.get_current_dir().is_none(),
            "{command:?}: only arguments reach the script"
        );
        writeln!(self.process.stdin.as_mut().unwrap(), "{asked}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer)
            .unwrap_or_else(|_| panic!("{command:?}: the process ended while it ran"))
    }
}
