//! Why subject and text of an interaction are not kept.

/// Why an interaction has neither subject nor text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It may be private.
    UnknownSensitivity,
    /// Of a mail without a contact of the CRM only people and times are kept.
    Unmatched,
}

/// The reason, from what is known of a row; `None`: there was none to keep.
pub fn why(sensitivity_known: bool, is_matched: bool, has_content: bool) -> Option<Why> {
    match (has_content, sensitivity_known, is_matched) {
        (true, ..) | (_, true, true) => None,
        (_, false, _) => Some(Why::UnknownSensitivity),
        (_, true, false) => Some(Why::Unmatched),
    }
}

impl Why {
    /// In a list.
    pub fn short(self) -> &'static str {
        match self {
            Self::UnknownSensitivity => "subject not kept: its sensitivity is unknown",
            Self::Unmatched => "subject not kept: no CRM contact took part",
        }
    }

    /// As a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::UnknownSensitivity => {
                "not kept: its sensitivity is unknown, so it may be private (unknown_sensitivity in \
                 [capture])"
            }
            Self::Unmatched => {
                "not kept: no contact or account of the CRM took part when it was read (unmatched in \
                 [capture])"
            }
        }
    }
}
