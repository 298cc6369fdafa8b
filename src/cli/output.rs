//! Output: results go to stdout, everything else to stderr.

use std::fmt::Write as _;
use std::io;
use std::io::Write;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use serde_json::Value;
use serde_json::json;

use crate::report::terminal::is_invisible;
use crate::runtime::clock;

/// Writes a result to stdout. Names of files and cells of tables are untrusted: their control
/// characters and invisible characters do not reach the terminal.
pub fn result(text: &str) -> io::Result<()> {
    raw(harmless(text).as_bytes())
}

/// Writes a result unchanged. A closed pipe (`| head`) is not an error.
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

/// Writes a result as one JSON object on one line to stdout. Unsafe characters are escaped, so that
/// programs get the complete text.
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

/// Whether messages are printed as JSON; set once, before the first message.
static TELLS_JSON: AtomicBool = AtomicBool::new(false);

/// From now on each line on stderr is a JSON object with the shape of log events.
pub fn tell_json() {
    TELLS_JSON.store(true, Ordering::Relaxed);
}

/// Whether each line on stderr is a JSON object.
pub fn tells_json() -> bool {
    TELLS_JSON.load(Ordering::Relaxed)
}

/// Prints a message that is not a result, on stderr.
pub fn print_status(text: &str) {
    print_as("INFO", "", text);
}

/// Prints the reason of a failure, on stderr.
pub fn print_error(text: &str) {
    print_as("ERROR", "error: ", text);
}

/// `mark` precedes the text of a plain line.
fn print_as(level: &str, mark: &str, text: &str) {
    let line = if tells_json() {
        let fields = json!({ "message": text });
        let timestamp = clock::now().rfc3339();
        let line = json!({ "timestamp": timestamp, "level": level, "fields": fields });
        escaped(&line.to_string())
    } else {
        format!("{mark}{}", harmless(text))
    };
    // If stderr is closed, the failure cannot be reported either.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Asks a question on stderr and reads the answer, one line of stdin.
pub fn ask(question: &str) -> io::Result<String> {
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question}: ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
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
    fn json_escapes_control_characters_and_terminals_get_none() {
        let value = json!({ "name": "a\u{202e}\u{9b}\u{e0001}\u{2028}\u{1b}z" });
        let text = escaped(&value.to_string());
        assert!(text.is_ascii());
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
