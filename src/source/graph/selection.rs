//! Which properties of a mail are requested. A chain keeps its selection permanently (facts 1.2),
//! so what is kept of a chain names it.

use crate::model::id::Id128;
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

/// What is requested at every level. Never `isRead`: its flips are then not even reported (facts
/// 1.5). `id` always comes.
const ENVELOPE: &str = concat!(
    "subject,from,sender,toRecipients,ccRecipients,bccRecipients,sentDateTime,receivedDateTime,",
    "internetMessageId,conversationIndex,isDraft,parentFolderId"
);

impl Selection {
    /// The value of `$select`.
    pub fn properties(self) -> String {
        let text = match self.content {
            ContentLevel::Envelope => "",
            ContentLevel::Preview => ",bodyPreview",
            ContentLevel::Full => ",bodyPreview,body",
        };
        let headers = match self.headers {
            Headers::Asked => ",internetMessageHeaders",
            Headers::Left => "",
        };
        format!("{ENVELOPE}{text}{headers}")
    }

    /// What a chain's cursor keeps of it: 32 hexadecimal digits, others wherever anything else is
    /// requested.
    pub fn digest(self) -> String {
        Id128::of(&[b"selection", self.properties().as_bytes()]).to_string()
    }

    /// The same without header fields.
    #[must_use]
    pub fn without_headers(self) -> Self {
        Self {
            headers: Headers::Left,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Facts 1.2.
    #[test]
    fn each_selection_has_a_digest_of_its_own() {
        let mut digests = std::collections::BTreeSet::new();
        for content in [
            ContentLevel::Envelope,
            ContentLevel::Preview,
            ContentLevel::Full,
        ] {
            for headers in [Headers::Asked, Headers::Left] {
                let selection = Selection { content, headers };
                assert!(!selection.properties().contains("isRead"));
                digests.insert(selection.digest());
            }
        }
        assert_eq!(digests.len(), 6);
    }
}
