//! Where results go: stdout for what was asked for, stderr for everything else.

use std::fmt::Write as _;
use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use serde_json::Value;
use serde_json::json;

use crate::runtime::clock;

/// Writes a result to stdout. Names of files and cells of tables come from elsewhere: what they
/// hold of control characters, and what cannot be seen, does not reach the terminal.
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
    let seen = text.chars().filter(|c| !is_invisible(*c));
    seen.map(clean).collect()
}

/// Whether a character turns the direction of writing, breaks a line or takes no room: a name must
/// not be able to look like another one.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}')
}

/// Writes a result as one JSON object on one line to stdout. What a terminal must not see is
/// escaped, so that programs get all of it.
pub fn json(value: &Value) -> io::Result<()> {
    raw(format!("{}\n", escaped(&value.to_string())).as_bytes())
}

fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_control() || is_invisible(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(c);
        }
    }
    text
}

/// Whether what is told is told as JSON; set once, before anything is told.
static TELLS_JSON: AtomicBool = AtomicBool::new(false);

/// From now on each line on stderr is a JSON object, of the shape that log events have.
pub fn tell_json() {
    TELLS_JSON.store(true, Ordering::Relaxed);
}

/// Whether each line on stderr is a JSON object.
pub fn tells_json() -> bool {
    TELLS_JSON.load(Ordering::Relaxed)
}

/// Tells people something that is no result, on stderr.
pub fn tell(text: &str) {
    tell_as("INFO", "", text);
}

/// Tells people why it ended, on stderr.
pub fn tell_error(text: &str) {
    tell_as("ERROR", "error: ", text);
}

/// `mark` stands before a line that has no level.
fn tell_as(level: &str, mark: &str, text: &str) {
    let line = if tells_json() {
        let fields = json!({ "message": text });
        let timestamp = clock::now().rfc3339();
        let line = json!({ "timestamp": timestamp, "level": level, "fields": fields });
        escaped(&line.to_string())
    } else {
        format!("{mark}{}", harmless(text))
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
            harmless("nul\u{1b}[31m\r\n\u{202e}next"),
            "nul\u{fffd}[31m\u{fffd}\nnext"
        );
    }

    #[test]
    fn json_holds_all_of_a_text_and_a_terminal_sees_nothing_of_it() {
        let value = json!({ "name": "a\u{202e}\u{9b}\u{e0001}\u{2028}\u{1b}z" });
        let text = escaped(&value.to_string());
        assert!(text.is_ascii());
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
