//! What must become of an item.

use crate::sim::spec::InternalOnly;
use crate::sim::spec::Policy;
use crate::sim::spec::Unmatched;

/// What must become of an item, in the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of the design")]
pub enum Outcome {
    Unreadable,
    Draft,
    OutsideWindow,
    NotCaptured,
    Private,
    Excluded,
    InternalOnly,
    Duplicate,
    Unmatched,
    Recorded,
}

impl Outcome {
    /// That of an item without anybody whom the CRM knows.
    pub fn of_unknown(policy: &Policy) -> Self {
        match policy.unmatched {
            Unmatched::Skip => Self::Unmatched,
            Unmatched::Envelope | Unmatched::Keep => Self::Recorded,
        }
    }

    /// That of an item within the company.
    pub fn of_internal(policy: &Policy) -> Self {
        match policy.internal_only {
            InternalOnly::Skip => Self::InternalOnly,
            InternalOnly::Record => Self::of_unknown(policy),
        }
    }

    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Draft => "draft",
            Self::OutsideWindow => "outside_window",
            Self::NotCaptured => "not_captured",
            Self::Private => "private",
            Self::Excluded => "excluded",
            Self::InternalOnly => "internal_only",
            Self::Duplicate => "duplicate",
            Self::Unmatched => "unmatched",
            Self::Recorded => "recorded",
        }
    }
}
