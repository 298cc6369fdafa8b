//! Errors of the configuration: each says where it is and what to do.

use std::path::Path;
use std::path::PathBuf;

use crate::config::text::PLACEHOLDER;

/// A configuration that cannot be used. No text holds a value that could be a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration cannot be read at all.
    #[error(
        "cannot read {}: {source}; name the configuration with --config; touchpoint init writes one",
        path.display()
    )]
    NoConfig {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that it names cannot be read at all.
    #[error(
        "cannot read {}: {source}; correct its path in the configuration, or let this user read it",
        path.display()
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key of the TOML file.
    #[error("{}:{line}: {key}: {message}", path.display())]
    Key {
        /// The TOML file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key with its section.
        key: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// A line of a file that the configuration names.
    #[error("{}:{line}: {message}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong and what to do.
        message: String,
    },
    /// A file as a whole.
    #[error("{}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        message: String,
    },
    /// A tenant without a credential, or with several.
    #[error("{found}; write exactly one of client_secret, certificate and assertion_file")]
    Credentials {
        /// Which keys there are.
        found: String,
    },
    /// A secret that is unavailable.
    #[error("client_secret: {message}")]
    Secret {
        /// What is wrong and what to do.
        message: String,
    },
}

impl ConfigError {
    /// An error of the TOML parser, with its line and key and the nearest known key.
    pub(super) fn from_toml(error: &toml::de::Error, text: &str, path: &Path) -> Self {
        let at = error.span().map_or(0, |span| span.start);
        let before = text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        Self::Key {
            path: path.to_owned(),
            line,
            key: key_at(text, line),
            message: explain(error.message()),
        }
    }

    /// A line on which a value is still to be filled in.
    pub(super) fn placeholder(text: &str, line: usize, path: &Path) -> Self {
        Self::Key {
            path: path.to_owned(),
            line,
            key: key_at(text, line),
            message: PLACEHOLDER.into(),
        }
    }
}

/// The key that is set on a line, with its section: `tenants.client_id`. A line without a key
/// (inside a list, a section header) belongs to the nearest key or section above it.
fn key_at(text: &str, line: usize) -> String {
    let above: Vec<&str> = text.lines().take(line).collect();
    let is_head = |line: &&&str| line.trim_start().starts_with('[') && !line.contains('=');
    let section = above
        .iter()
        .rev()
        .find(is_head)
        .map_or("", |head| head.split('#').next().unwrap_or_default().trim());
    let section = section.trim_matches(['[', ']']).trim();
    let from_section = above.iter().rev().take_while(|line| !is_head(line));
    let key = from_section
        .filter_map(|line| line.split_once('='))
        .map(|(key, _value)| key.trim())
        .find(|key| !key.is_empty() && key.chars().all(is_key_character))
        .unwrap_or_default();
    match (section.is_empty(), key.is_empty()) {
        (true, true) => "the file".into(),
        (false, false) => format!("{section}.{key}"),
        _ => format!("{section}{key}"),
    }
}

fn is_key_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.')
}

/// The reader's message in our words, with the nearest known name where one is unknown.
fn explain(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if message.starts_with("missing field") {
        return format!("`{}` is missing; add it", quoted.next().unwrap_or_default());
    }
    let unknown = if message.starts_with("unknown field") {
        "unknown key"
    } else if message.starts_with("unknown variant") {
        "unknown value"
    } else {
        let message = message.lines().collect::<Vec<_>>().join("; ");
        return message.replace("expected i64", "expected a whole number");
    };
    let name = quoted.next().unwrap_or_default();
    let known: Vec<&str> = quoted.collect();
    match nearest(name, &known) {
        Some(near) => format!("{unknown} `{name}`; did you mean `{near}`?"),
        None => format!("{unknown} `{name}`; known are: {}", known.join(", ")),
    }
}

/// The known name that is most like another one, if one is near.
pub(super) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = name.to_lowercase();
    let distances = known
        .iter()
        .map(|&known| (strsim::damerau_levenshtein(&name, known), known));
    let (distance, near) = distances.min()?;
    // A third of the name may differ, or two letters of a short one: more is another word.
    (distance <= (name.chars().count() / 3).max(2)).then_some(near)
}

/// The last line that sets a key to a value, from 1; 1 where none does.
pub(super) fn last_line_with(text: &str, key: &str, value: &str) -> usize {
    let sets = |line: &str| {
        let set = line.split_once('=').map(|(key, rest)| (key.trim(), rest));
        set.is_some_and(|(found, rest)| found == key && rest.contains(value))
    };
    let lines = (1..).zip(text.lines());
    lines
        .filter(|(_, line)| sets(line))
        .last()
        .map_or(1, |(number, _)| number)
}
