//! What is requested of a mail.

use crate::model::mail::ContentLevel;

/// What is requested of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection {
    /// How much of its text.
    pub content: ContentLevel,
    /// Whether its header fields, which identify bulk mail.
    pub headers: Headers,
}

/// Whether the header fields of a mail are requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Headers {
    /// All of them: the service allows no choice (facts 1.9).
    Asked,
    /// None.
    Left,
}

impl Selection {
    /// The same without header fields.
    #[must_use]
    pub fn without_headers(self) -> Self {
        Self {
            headers: Headers::Left,
            ..self
        }
    }
}
