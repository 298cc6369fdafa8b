//! How the application of a tenant proves who it is: by a secret, a certificate or an assertion file.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error;
use serde::de::MapAccess;
use serde::de::Visitor;
use serde::de::value::MapAccessDeserializer;

use crate::config::assertion_file::AssertionFile;
use crate::config::error::ConfigError;
use crate::config::pem;
use crate::config::pem::PrivateKey;
use crate::config::secret::Secret;
use crate::config::text;

/// The one way that is configured.
#[derive(Debug, Clone, Copy)]
pub enum Credential<'a> {
    /// `client_secret`.
    Secret(&'a Secret),
    /// `certificate`.
    Certificate(&'a CertificateFiles),
    /// `assertion_file`.
    AssertionFile(&'a AssertionFile),
}

/// Where a certificate and its private key are: `{ file = "app.pem", key_file = "app.key" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate, in PEM form.
    pub file: PathBuf,
    /// Its private key; `None`: it is in the same file.
    pub key_file: Option<PathBuf>,
}

/// What the files hold, not checked yet.
#[derive(Debug)]
pub struct CertificatePem {
    /// Where the certificates are from.
    pub path: PathBuf,
    /// Certificates in DER form, in the order of the file.
    pub certificates: Vec<Vec<u8>>,
    /// Where the key is from.
    pub key_path: PathBuf,
    /// The private key.
    pub key: PrivateKey,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    file: PathBuf,
    key_file: Option<PathBuf>,
}

/// A visitor of its own, because the messages of derived ones repeat the value that they refuse: it
/// may be the private key.
struct FilesVisitor;

const HOW: &str = "name the files that hold certificate and private key: { file = \"app.pem\" } or \
                   { file = \"app.pem\", key_file = \"app.key\" }";

impl<'de> Deserialize<'de> for CertificateFiles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FilesVisitor)
    }
}

impl<'de> Visitor<'de> for FilesVisitor {
    type Value = CertificateFiles;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{ file = \"app.pem\", key_file = \"app.key\" }")
    }

    fn visit_str<E: Error>(self, _value: &str) -> Result<CertificateFiles, E> {
        Err(E::custom(HOW))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CertificateFiles, A::Error> {
        let shape = Shape::deserialize(MapAccessDeserializer::new(map))
            .map_err(|_| A::Error::custom(HOW))?;
        for path in [&shape.file].into_iter().chain(&shape.key_file) {
            let text = path.to_string_lossy();
            text::refuse_placeholder(&text).map_err(A::Error::custom)?;
            if text.contains("-----") || text.contains('\n') {
                return Err(A::Error::custom(HOW));
            }
        }
        Ok(CertificateFiles {
            file: shape.file,
            key_file: shape.key_file,
        })
    }
}

impl CertificateFiles {
    /// Their paths.
    pub(super) fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        [&mut self.file].into_iter().chain(&mut self.key_file)
    }

    /// Reads both files. Whether they fit together and hold today is for who uses them.
    pub fn read(&self) -> Result<CertificatePem, ConfigError> {
        let refused = |path: &PathBuf, message: &str| ConfigError::File {
            path: path.clone(),
            message: message.to_owned(),
        };
        let of_file = pem::read(&self.file)?;
        if of_file.certificates.is_empty() {
            return Err(refused(
                &self.file,
                "no certificate in it; certificate takes PEM files (a .pfx file becomes one with \
                 openssl pkcs12 -in app.pfx -out app.pem -nodes)",
            ));
        }
        let (key_path, keys) = match &self.key_file {
            Some(path) => (path, pem::read_private(path)?.keys),
            None => (&self.file, of_file.keys),
        };
        let mut keys = keys.into_iter();
        match (keys.next(), keys.next()) {
            (Some(key), None) => Ok(CertificatePem {
                path: self.file.clone(),
                certificates: of_file.certificates,
                key_path: key_path.clone(),
                key,
            }),
            (None, _) if self.key_file.is_none() => Err(refused(
                key_path,
                "no private key in it; add the key to the file, or name its file as key_file",
            )),
            (None, _) => Err(refused(
                key_path,
                "no private key in it; key_file takes the key in PEM form",
            )),
            (Some(_), Some(_)) => Err(refused(
                key_path,
                "several private keys in it; leave the one of the certificate",
            )),
        }
    }
}
