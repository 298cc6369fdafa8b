//! What is registered with the application besides its secret.

use ring::digest::SHA256;
use ring::digest::digest;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use webpki::EndEntityCert;

/// `[app]` of a world file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Credentials {
    /// A certificate as PEM text, whose key signs assertions.
    pub certificate: Option<String>,
    /// The tokens of a platform in the order in which it writes them: once one was presented, those
    /// before it have expired.
    pub federated_tokens: Vec<String>,
}

impl Credentials {
    /// What is wrong with them.
    pub fn defect(&self) -> Option<&'static str> {
        let is_sound = |der: &CertificateDer<'_>| EndEntityCert::try_from(der).is_ok();
        match (&self.certificate, self.certificate()) {
            (Some(_), None) => Some("app.certificate (PEM)"),
            (Some(_), Some(der)) if !is_sound(&der) => Some("app.certificate (X.509, version 3)"),
            _ => None,
        }
    }

    /// The certificate in DER form.
    pub fn certificate(&self) -> Option<CertificateDer<'static>> {
        let text = self.certificate.as_ref()?;
        CertificateDer::from_pem_slice(text.as_bytes()).ok()
    }
}

/// What names a certificate: SHA-256 of its DER form (facts 4.2).
pub fn thumbprint(certificate: &CertificateDer<'_>) -> Vec<u8> {
    digest(&SHA256, certificate).as_ref().to_vec()
}
