//! Which properties of a mail are requested. A chain keeps its selection permanently (facts 1.2),
//! so what is kept of a chain names it.

use crate::model::id::Id128;
use crate::model::mail::ContentLevel;
use crate::model::selection::Headers;
use crate::model::selection::Selection;

/// What is requested at every level. Never `isRead`: its flips are then not even reported (facts
/// 1.5). `id` always comes.
const ENVELOPE: &str = concat!(
    "subject,from,sender,toRecipients,ccRecipients,bccRecipients,sentDateTime,receivedDateTime,",
    "internetMessageId,conversationIndex,isDraft,parentFolderId"
);

/// The value of `$select`.
pub fn properties(selection: Selection) -> String {
    let text = match selection.content {
        ContentLevel::Envelope => "",
        ContentLevel::Preview => ",bodyPreview",
        ContentLevel::Full => ",bodyPreview,body",
    };
    let headers = match selection.headers {
        Headers::Asked => ",internetMessageHeaders",
        Headers::Left => "",
    };
    format!("{ENVELOPE}{text}{headers}")
}

/// What a chain's cursor keeps of it: 32 hexadecimal digits, others wherever anything else is
/// requested.
pub fn digest(selection: Selection) -> String {
    Id128::of(&[b"selection", properties(selection).as_bytes()]).to_string()
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
                assert!(!properties(selection).contains("isRead"));
                digests.insert(digest(selection));
            }
        }
        assert_eq!(digests.len(), 6);
    }
}
