//! Where results go: stdout for what was asked for, stderr for everything else.

use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use serde_json::Value;
use serde_json::json;

use crate::runtime::clock;

/// Writes a result to stdout. Names of files and cells of tables come from elsewhere: what they
/// hold of control characters does not reach the terminal.
pub fn result(text: &str) -> io::Result<()> {
    raw(harmless(text).as_bytes())
}

/// Writes a result as it is. A reader that has gone away (`| head`) is no error.
pub fn raw(bytes: &[u8]) -> io::Result<()> {
    ignore_closed(io::stdout().lock().write_all(bytes))
}

fn harmless(text: &str) -> String {
    let clean = |c: char| {
        if c.is_control() && c != '\n' {
            '\u{fffd}'
        } else {
            c
        }
    };
    text.chars().map(clean).collect()
}

/// Writes a result as one JSON object on one line to stdout.
pub fn json(value: &Value) -> io::Result<()> {
    result(&format!("{value}\n"))
}

/// Whether what is told is told as JSON; set once, before anything is told.
static TELLS_JSON: AtomicBool = AtomicBool::new(false);

/// From now on each line on stderr is a JSON object, of the shape that log events have.
pub fn tell_json() {
    TELLS_JSON.store(true, Ordering::Relaxed);
}

/// Tells people something that is no result, on stderr.
pub fn tell(text: &str) {
    tell_as("INFO", text.to_owned());
}

/// Tells people why it ended, on stderr.
pub fn tell_error(text: &str) {
    if TELLS_JSON.load(Ordering::Relaxed) {
        tell_as("ERROR", text.to_owned());
    } else {
        tell_as("ERROR", format!("error: {text}"));
    }
}

fn tell_as(level: &str, text: String) {
    let line = if TELLS_JSON.load(Ordering::Relaxed) {
        let fields = json!({ "message": text });
        let timestamp = clock::now().rfc3339();
        json!({ "timestamp": timestamp, "level": level, "fields": fields }).to_string()
    } else {
        harmless(&text)
    };
    // Where nobody can hear it, nobody can be told that either.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Whether somebody sits before stdout.
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

fn ignore_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_in_names_do_not_reach_the_terminal() {
        assert_eq!(
            harmless("nul\u{1b}[31m\r\nnext"),
            "nul\u{fffd}[31m\u{fffd}\nnext"
        );
    }
}
