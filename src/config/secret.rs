//! Secrets: named in the configuration, read only when they are needed, never shown.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use secrecy::ExposeSecret as _;
use secrecy::SecretString;
use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error;
use serde::de::MapAccess;
use serde::de::Visitor;
use serde::de::value::MapAccessDeserializer;

use crate::config::error::ConfigError;
use crate::config::secret_file;
use crate::config::text;

/// Where a secret is found: `{ env = "NAME" }` or `{ file = "path" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// An environment variable.
    Env(String),
    /// A file that only its owner can read.
    File(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    env: Option<String>,
    file: Option<PathBuf>,
}

/// A visitor of its own, because the messages of derived ones repeat the value that they refuse.
struct SecretVisitor;

const HOW: &str =
    "a secret must not be written in this file: use { env = \"NAME\" } or { file = \"path\" }";

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{ env = \"NAME\" } or { file = \"path\" }")
    }

    fn visit_str<E: Error>(self, _value: &str) -> Result<Secret, E> {
        Err(E::custom(HOW))
    }

    fn visit_i64<E: Error>(self, _value: i64) -> Result<Secret, E> {
        Err(E::custom(HOW))
    }

    fn visit_f64<E: Error>(self, _value: f64) -> Result<Secret, E> {
        Err(E::custom(HOW))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Secret, A::Error> {
        let shape = Shape::deserialize(MapAccessDeserializer::new(map))
            .map_err(|_| A::Error::custom(HOW))?;
        match (shape.env, shape.file) {
            (Some(name), None) => {
                text::refuse_placeholder(&name).map_err(A::Error::custom)?;
                let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
                if name.chars().all(is_plain) {
                    Ok(Secret::Env(name))
                } else {
                    // It may be the secret itself: the message does not repeat it.
                    Err(A::Error::custom(
                        "env takes the name of an environment variable, not the secret",
                    ))
                }
            }
            (None, Some(path)) => {
                text::refuse_placeholder(&path.to_string_lossy()).map_err(A::Error::custom)?;
                Ok(Secret::File(path))
            }
            _ => Err(A::Error::custom(HOW)),
        }
    }
}

impl Secret {
    /// Reads the secret, without white space around it.
    pub fn read(&self) -> Result<SecretString, ConfigError> {
        let (secret, place) = match self {
            Self::Env(name) => (
                from_environment(name)?,
                format!("environment variable {name}"),
            ),
            Self::File(path) => (from_file(path)?, path.display().to_string()),
        };
        if let Err(problem) = text::refuse_placeholder(&secret) {
            return Err(ConfigError::Secret {
                message: format!("{place}: {problem}"),
            });
        }
        Ok(SecretString::from(secret.trim()))
    }
}

#[expect(clippy::disallowed_methods, reason = "config reads the environment")]
fn from_environment(name: &str) -> Result<String, ConfigError> {
    std::env::var(name).map_err(|_| ConfigError::Secret {
        message: format!(
            "environment variable {name} is not set; set it for the user that starts touchpoint"
        ),
    })
}

fn from_file(path: &Path) -> Result<String, ConfigError> {
    let file = secret_file::read(path)?;
    if file.is_readable_by_others {
        let problem = secret_file::READABLE_BY_OTHERS;
        return Err(ConfigError::Secret {
            message: format!("{} {problem}", path.display()),
        });
    }
    let text = String::from_utf8(file.bytes.expose_secret().to_vec());
    text.map_err(|_| ConfigError::Secret {
        message: format!("{} is no text; name the file of the secret", path.display()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &str, mode: u32) -> (tempfile::TempDir, Secret) {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (folder, Secret::File(path))
    }

    #[test]
    fn a_private_file_is_read_without_its_line_end() {
        let (_folder, secret) = file("s3cret\n", 0o600);
        assert_eq!(secret.read().unwrap().expose_secret(), "s3cret");
    }

    #[test]
    fn an_unavailable_secret_gives_advice_and_is_never_shown() {
        for (content, mode, expected) in [
            ("s3cret", 0o644, "chmod 600"),
            (" \n", 0o600, "empty"),
            ("changeme", 0o600, "placeholder"),
        ] {
            let (_folder, secret) = file(content, mode);
            let message = secret.read().unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
            assert!(!message.contains("s3cret"), "{message}");
        }
        let unset = Secret::Env("TOUCHPOINT_TEST_UNSET".into()).read();
        assert!(
            unset
                .unwrap_err()
                .to_string()
                .contains("TOUCHPOINT_TEST_UNSET is not set")
        );
        let missing = Secret::File("/nonexistent/secret".into()).read();
        assert!(
            missing
                .unwrap_err()
                .to_string()
                .contains("/nonexistent/secret")
        );
    }
}
