//! Where results go: stdout for what was asked for, stderr for everything else.

use std::io;
use std::io::IsTerminal;
use std::io::Write;

use serde_json::Value;

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

/// Tells people something that is no result, on stderr.
pub fn tell(text: &str) {
    // Where nobody can hear it, nobody can be told that either.
    let _ = writeln!(io::stderr().lock(), "{}", harmless(text));
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
