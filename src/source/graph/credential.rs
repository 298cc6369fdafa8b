//! What an application adds to a token request to prove who it is.

use std::fmt;

use secrecy::SecretString;

use crate::config::assertion_file::AssertionFile;
use crate::runtime::clock;
use crate::source::graph::certificate::Certificate;
use crate::source::graph::sign_in_error::Refusal;

/// How the application proves it.
#[derive(Clone)]
pub enum Credential {
    /// A secret that it shares with the service.
    Secret(SecretString),
    /// An assertion of its own, a new one for each request.
    Certificate(Certificate),
    /// An assertion of its platform, read again for each request.
    AssertionFile(AssertionFile),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret",
            Self::Certificate(_) => "Certificate",
            Self::AssertionFile(_) => "AssertionFile",
        })
    }
}

/// Fields of the form.
pub type Fields = Vec<(&'static str, SecretString)>;

impl Credential {
    /// The fields that prove it in one request (facts 4.1).
    pub async fn fields(&self, endpoint: &str, client_id: &str) -> Result<Fields, Refusal> {
        let assertion = match self {
            Self::Secret(secret) => return Ok(vec![("client_secret", secret.clone())]),
            Self::Certificate(certificate) => certificate
                .assertion(endpoint, client_id, clock::now())
                .map_err(|_| Refusal::NOT_SIGNED)?,
            Self::AssertionFile(file) => {
                let file = file.clone();
                let read = tokio::task::spawn_blocking(move || file.read()).await;
                match read {
                    Ok(Ok(assertion)) => assertion,
                    Ok(Err(_)) | Err(_) => return Err(Refusal::NO_ASSERTION),
                }
            }
        };
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        Ok(vec![
            ("client_assertion_type", SecretString::from(kind)),
            ("client_assertion", assertion),
        ])
    }
}
