//! PEM files with certificates and private keys, which only their owner may read.

use std::path::Path;

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::pem::SectionKind;
use secrecy::ExposeSecret as _;
use secrecy::SecretSlice;

use crate::config::error::ConfigError;
use crate::config::secret_file;

/// The sections of a file.
#[derive(Debug, Default)]
pub(super) struct Sections {
    /// Certificates in DER form.
    pub(super) certificates: Vec<Vec<u8>>,
    /// Private keys.
    pub(super) keys: Vec<PrivateKey>,
}

/// A private key in DER form, which does not print itself and is wiped.
#[derive(Debug)]
pub enum PrivateKey {
    /// `BEGIN PRIVATE KEY`: of any algorithm.
    Pkcs8(SecretSlice<u8>),
    /// `BEGIN RSA PRIVATE KEY`.
    Pkcs1(SecretSlice<u8>),
    /// `BEGIN EC PRIVATE KEY`, which is not supported.
    Elliptic,
}

/// Reads a file that must be private where it holds a private key.
pub(super) fn read(path: &Path) -> Result<Sections, ConfigError> {
    sections(path, false)
}

/// Reads a file that must be private.
pub(super) fn read_private(path: &Path) -> Result<Sections, ConfigError> {
    sections(path, true)
}

fn sections(path: &Path, is_private: bool) -> Result<Sections, ConfigError> {
    let refused = |message: &str| ConfigError::File {
        path: path.to_owned(),
        message: message.to_owned(),
    };
    let file = secret_file::read(path)?;
    let bytes = file.bytes.expose_secret();
    let has = |word: &str| {
        bytes
            .windows(word.len())
            .any(|part| part == word.as_bytes())
    };
    if file.is_readable_by_others && (is_private || has("PRIVATE KEY-----")) {
        return Err(refused(secret_file::READABLE_BY_OTHERS));
    }
    // `BEGIN ENCRYPTED PRIVATE KEY`, and in older files `Proc-Type: 4,ENCRYPTED`.
    if has("BEGIN ENCRYPTED PRIVATE KEY") || has("4,ENCRYPTED") {
        return Err(refused(
            "the private key in it is protected by a password; write it without one (openssl pkey \
             -in FILE -out app.key) into a file that only its owner can read",
        ));
    }
    let mut sections = Sections::default();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(bytes) {
        let (kind, der) = section.map_err(|_| {
            refused("a section of it is damaged; PEM is Base64 between a BEGIN and an END line")
        })?;
        match kind {
            SectionKind::Certificate => sections.certificates.push(der),
            SectionKind::PrivateKey => sections.keys.push(PrivateKey::Pkcs8(der.into())),
            SectionKind::RsaPrivateKey => sections.keys.push(PrivateKey::Pkcs1(der.into())),
            SectionKind::EcPrivateKey => sections.keys.push(PrivateKey::Elliptic),
            _ => {}
        }
    }
    Ok(sections)
}
