//! The access tokens of readers: a private file with a line for each.

use std::path::Path;

use secrecy::ExposeSecret as _;
use secrecy::SecretString;

use crate::config::error::ConfigError;
use crate::config::secret_file;
use crate::config::secret_file::READABLE_BY_OTHERS;
use crate::model::address::Address;

/// A shorter token can be guessed.
const TOKEN_CHARS_MIN: usize = 20;

/// A token, and who reads with it.
#[derive(Debug)]
pub struct ReaderToken {
    /// The reader's address; `None`: whoever has the token.
    pub reader: Option<Address>,
    /// The token.
    pub token: SecretString,
}

/// Reads the file: on each line a token, or an address and its token. Empty lines and such that begin
/// with `#` are left out.
///
/// # Errors
/// It cannot be read, others than its owner may read it, or a line is neither; the error names the
/// line and not what it holds.
pub fn load(path: &Path) -> Result<Vec<ReaderToken>, ConfigError> {
    let refused = |message: String| ConfigError::File {
        path: path.to_owned(),
        message,
    };
    let file = secret_file::read(path)?;
    if file.is_readable_by_others {
        return Err(refused(READABLE_BY_OTHERS.to_owned()));
    }
    let text = std::str::from_utf8(file.bytes.expose_secret())
        .map_err(|_| refused("not UTF-8; write one token on each line".to_owned()))?;
    let mut readers: Vec<ReaderToken> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let reader = reader(line).map_err(|why| refused(format!("line {number}: {why}")))?;
        let is_same =
            |known: &ReaderToken| known.token.expose_secret() == reader.token.expose_secret();
        if readers.iter().any(is_same) {
            let why = format!("line {number}: the token of an earlier line; give each its own");
            return Err(refused(why));
        }
        readers.push(reader);
    }
    if readers.is_empty() {
        let why = "there is no token in it; write one on a line, for example the output of \
                   `openssl rand -hex 32`";
        return Err(refused(why.to_owned()));
    }
    Ok(readers)
}

fn reader(line: &str) -> Result<ReaderToken, &'static str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (reader, token) = match words.as_slice() {
        [token] => (None, *token),
        [address, token] => {
            let address = Address::parse(address);
            (
                Some(address.ok_or("the first word is no mail address")?),
                *token,
            )
        }
        _ => return Err("write a token, or an address and its token"),
    };
    if !token.chars().all(|c| c.is_ascii_graphic()) {
        return Err(
            "the token has letters that browsers do not send alike; use `openssl rand -hex 32`",
        );
    }
    if token.len() < TOKEN_CHARS_MIN {
        return Err("the token has fewer than 20 characters; use `openssl rand -hex 32`");
    }
    Ok(ReaderToken {
        reader,
        token: token.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_token_or_an_address_and_a_token() {
        let token = "0123456789abcdef0123";
        let named = reader(&format!("Ann@Contoso.com  {token}")).unwrap();
        assert_eq!(named.reader, Address::parse("ann@contoso.com"));
        assert_eq!(named.token.expose_secret(), token);
        assert_eq!(reader(token).unwrap().reader, None);
        assert!(reader("0123456789").is_err());
        assert!(reader(&format!("ann {token}")).is_err());
        assert!(reader(&format!("a@b.org {token} x")).is_err());
        assert!(reader(&"Ä".repeat(20)).is_err());
    }
}
