//! A certificate that was checked against its private key and the clock, and the assertions that it
//! signs (facts 4.2).

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use ring::error::KeyRejected;
use ring::error::Unspecified;
use ring::rand::SystemRandom;
use ring::signature::KeyPair as _;
use ring::signature::RSA_PSS_SHA256;
use ring::signature::RsaKeyPair;
use secrecy::ExposeSecret as _;
use secrecy::SecretString;
use serde_json::Value;
use serde_json::json;

use crate::config::credential::CertificatePem;
use crate::config::error::ConfigError;
use crate::config::pem::PrivateKey;
use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::runtime::random;
use crate::source::graph::x509;

/// How long an assertion holds, in seconds: no longer than advised (facts 4.2).
const LIFE_SECONDS: i64 = 600;

/// A certificate and its key; copies share them. (`Debug` of the key shows its public part alone.)
#[derive(Debug, Clone)]
pub struct Certificate {
    key: Arc<RsaKeyPair>,
    /// SHA-256 of the certificate, in Base64.
    thumbprint: String,
    ends: Timestamp,
}

impl Certificate {
    /// Checks what the files hold.
    ///
    /// # Errors
    /// The key is damaged or of another kind than RSA, no certificate belongs to it, or the
    /// certificate does not hold now.
    pub fn new(files: &CertificatePem, now: Timestamp) -> Result<Self, ConfigError> {
        let key = key(files)?;
        let public = key.public_key().as_ref();
        let mut read = Vec::with_capacity(files.certificates.len());
        for der in &files.certificates {
            let fields = x509::read(der).ok_or_else(|| {
                refused(
                    &files.path,
                    "a certificate in it is damaged; export it again",
                )
            })?;
            read.push((der, fields));
        }
        let own = read.iter().find(|(_, fields)| fields.public_key == public);
        let Some((der, fields)) = own else {
            let message = format!(
                "the certificate does not belong to the private key in {}; name the key with which it \
                 was made",
                files.key_path.display()
            );
            return Err(refused(&files.path, &message));
        };
        if now < fields.not_before {
            let message = format!(
                "the certificate is not valid before {}; use it from then on, or set this machine's \
                 clock",
                fields.not_before.rfc3339()
            );
            return Err(refused(&files.path, &message));
        }
        if now >= fields.not_after {
            let message = format!(
                "the certificate has expired on {}; make a new one, register it with the application \
                 and name its files here",
                fields.not_after.rfc3339()
            );
            return Err(refused(&files.path, &message));
        }
        let hash = digest::digest(&digest::SHA256, der);
        Ok(Self {
            thumbprint: URL_SAFE_NO_PAD.encode(hash),
            ends: fields.not_after,
            key: Arc::new(key),
        })
    }

    /// Until when it holds.
    pub fn ends(&self) -> Timestamp {
        self.ends
    }

    /// A new assertion for one request to a token endpoint.
    ///
    /// # Errors
    /// The operating system provides no random numbers.
    pub fn assertion(
        &self,
        endpoint: &str,
        client_id: &str,
        now: Timestamp,
    ) -> Result<SecretString, Unspecified> {
        let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint});
        let claims = claims(endpoint, client_id, &random::guid(), now);
        let encoded = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let text = format!("{}.{}", encoded(&header), encoded(&claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        // The salt of the signature is the library's own business: it takes no other source.
        let salt = SystemRandom::new();
        self.key
            .sign(&RSA_PSS_SHA256, &salt, text.as_bytes(), &mut signature)?;
        let signature = URL_SAFE_NO_PAD.encode(signature);
        Ok(SecretString::from(format!("{text}.{signature}")))
    }
}

/// What an assertion says; `id` is used once.
fn claims(endpoint: &str, client_id: &str, id: &str, now: Timestamp) -> Value {
    let now = now.0.div_euclid(SECOND);
    json!({
        "aud": endpoint, "iss": client_id, "sub": client_id, "jti": id,
        "nbf": now, "iat": now, "exp": now + LIFE_SECONDS,
    })
}

fn refused(path: &Path, message: &str) -> ConfigError {
    ConfigError::File {
        path: path.to_owned(),
        message: message.to_owned(),
    }
}

fn key(files: &CertificatePem) -> Result<RsaKeyPair, ConfigError> {
    let key = match &files.key {
        PrivateKey::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.expose_secret()),
        PrivateKey::Pkcs1(der) => RsaKeyPair::from_der(der.expose_secret()),
        PrivateKey::Elliptic => return Err(refused(&files.key_path, ONLY_RSA)),
    };
    key.map_err(|rejected| refused(&files.key_path, advice(rejected)))
}

const ONLY_RSA: &str = "the private key is no RSA key, and Entra takes no other; make a certificate \
                        with an RSA key of 2048 to 4096 bits";

/// The library says in a word why it rejects a key.
fn advice(rejected: KeyRejected) -> &'static str {
    match rejected.to_string().as_str() {
        "WrongAlgorithm" => ONLY_RSA,
        "TooSmall" | "TooLarge" => {
            "the RSA key has a length that is not supported; make one of 2048 to 4096 bits"
        }
        _ => "the private key in it is damaged; export it again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Facts 4.2.
    #[test]
    fn an_assertion_is_for_one_endpoint_and_ten_minutes() {
        let now = Timestamp::parse_rfc3339("2026-03-02T02:00:00.9Z").unwrap();
        let endpoint = "https://login.example/contoso.example/oauth2/v2.0/token";
        let expected = json!({
            "aud": endpoint, "iss": "app", "sub": "app", "jti": "1",
            "nbf": 1_772_416_800, "iat": 1_772_416_800, "exp": 1_772_417_400,
        });
        assert_eq!(claims(endpoint, "app", "1", now), expected);
    }
}
