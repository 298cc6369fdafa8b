//! Where results go: stdout for what was asked for, stderr for everything else.

use std::io;
use std::io::IsTerminal;
use std::io::Write;

use serde_json::Value;

/// Writes a result to stdout. A reader that has gone away (`| head`) is no error.
pub fn result(text: &str) -> io::Result<()> {
    ignore_closed(io::stdout().lock().write_all(text.as_bytes()))
}

/// Writes a result as one JSON object on one line to stdout.
pub fn json(value: &Value) -> io::Result<()> {
    result(&format!("{value}\n"))
}

/// Tells people something that is no result, on stderr.
pub fn tell(text: &str) {
    // Where nobody can hear it, nobody can be told that either.
    let _ = writeln!(io::stderr().lock(), "{text}");
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
