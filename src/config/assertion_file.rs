//! A file with an assertion that somebody else writes and renews: workload identity.

use std::path::Path;
use std::path::PathBuf;

use secrecy::ExposeSecret as _;
use secrecy::SecretString;
use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error;

use crate::config::error::ConfigError;
use crate::config::secret_file;
use crate::config::text;

/// Where the assertion is. Kubernetes replaces the file about once an hour, so it is read each time that
/// one is needed. Its mode is the business of who writes it: Kubernetes lets the group read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssertionFile(pub PathBuf);

impl<'de> Deserialize<'de> for AssertionFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = text::path(deserializer)?;
        let text = path.to_string_lossy();
        if text.starts_with("eyJ") && is_token(&text) {
            // It is not repeated.
            return Err(D::Error::custom(
                "assertion_file takes the path of a file, not the token itself",
            ));
        }
        Ok(Self(path))
    }
}

impl AssertionFile {
    /// Its path.
    pub(super) fn path_mut(&mut self) -> &mut PathBuf {
        &mut self.0
    }

    /// Reads the assertion as it is now, without white space around it.
    pub fn read(&self) -> Result<SecretString, ConfigError> {
        let Self(path) = self;
        let file = secret_file::read(path)?;
        let text = str::from_utf8(file.bytes.expose_secret()).unwrap_or_default();
        if is_token(text.trim()) {
            return Ok(SecretString::from(text.trim()));
        }
        Err(no_token(path))
    }
}

fn no_token(path: &Path) -> ConfigError {
    ConfigError::File {
        path: path.to_owned(),
        message:
            "no token in it; assertion_file takes a file with one signed token (JWT: three parts \
                  with dots between them), which the platform writes and renews"
                .into(),
    }
}

/// Whether a text is three parts of Base64 as in a signed JWT.
fn is_token(text: &str) -> bool {
    let is_part = |part: &str| {
        let is_base64 = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !part.is_empty() && part.chars().all(is_base64)
    };
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 3 && parts.into_iter().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_each_time_and_anything_else_refused_without_being_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let file = AssertionFile(path.clone());
        for token in ["eyJ0.first-1_.x", "eyJ0.second.x"] {
            std::fs::write(&path, format!("\n{token}\r\n")).unwrap();
            assert_eq!(file.read().unwrap().expose_secret(), token);
        }
        let long = format!("s3cret.s3cret.{}", "s".repeat(64 * 1024));
        for wrong in [
            "",
            " \n",
            "s3cret",
            "s3cret.s3 cret.s3cret",
            "s3cret..x",
            &long,
        ] {
            std::fs::write(&path, wrong).unwrap();
            let error = file.read().unwrap_err().to_string();
            assert!(error.starts_with(&path.display().to_string()), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
        std::fs::write(&path, b"a.b.\xff").unwrap();
        assert!(file.read().is_err());
        std::fs::remove_file(&path).unwrap();
        let error = file.read().unwrap_err().to_string();
        assert!(error.starts_with("cannot read"), "{error}");
        let folder = AssertionFile(folder.path().to_owned()).read();
        assert!(folder.unwrap_err().to_string().contains("not a file"));
    }
}
