//! `[capture]`: the tenant-wide policy, and the values of `[lake] activity_content`.

use serde::Deserialize;

use crate::config::text;
use crate::config::window::Windows;
use crate::model::address::Address;

/// The tenant-wide policy; teams and members may narrow it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Capture {
    /// Whether mail is captured.
    pub mail: bool,
    /// Which meetings are captured.
    pub meetings: Meetings,
    /// Whether meetings are captured only of members with a seat.
    pub meetings_need_seat: bool,
    /// Which meetings [`Meetings::Recorded`] means.
    pub recorded: Recorded,
    /// How much of a mail is kept.
    pub content: Content,
    /// Whether header fields are requested from Graph, by which most bulk mail is recognised
    /// (archives always have them).
    pub bulk_headers: bool,
    /// How far back mails and meetings are read.
    pub window: Windows,
    /// How internal mail is handled: mail without external participants.
    pub internal_only: InternalOnly,
    /// How mail without a CRM contact is handled.
    pub unmatched: Unmatched,
    /// What is kept of a mail whose sensitivity is unknown.
    pub unknown_sensitivity: UnknownSensitivity,
    /// What is never captured.
    pub exclude: Exclude,
}

impl Default for Capture {
    fn default() -> Self {
        Self {
            mail: true,
            meetings: Meetings::All,
            meetings_need_seat: false,
            recorded: Recorded::default(),
            content: Content::Preview,
            bulk_headers: true,
            window: Windows::default(),
            internal_only: InternalOnly::Skip,
            unmatched: Unmatched::Envelope,
            unknown_sensitivity: UnknownSensitivity::Hide,
            exclude: Exclude::default(),
        }
    }
}

/// Which meetings are captured; each value captures less than the previous one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meetings {
    /// All.
    All,
    /// Those that a rule takes for recorded ([`Recorded`]): the calendar does not show whether one was
    /// (facts 2.3).
    Recorded,
    /// None.
    None,
}

impl Meetings {
    /// The value in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Recorded => "recorded",
            Self::None => "none",
        }
    }

    /// Parses the value in the configuration.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::All, Self::Recorded, Self::None]
            .into_iter()
            .find(|meetings| meetings.as_str() == word)
    }

    /// The intersection with the setting of another level.
    #[must_use]
    pub fn narrowed_by(self, other: Self) -> Self {
        self.max(other)
    }
}

/// The rule for the meetings that count as recorded: every condition that is set must hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recorded {
    /// It is held online: only then it can have been recorded.
    pub online: bool,
    /// Its organiser belongs to the company.
    pub organizer_internal: bool,
    /// At least this number of people from outside the company take part.
    pub external_min: u32,
    /// Somebody of one of these domains, or their subdomains, takes part; none: no condition.
    #[serde(deserialize_with = "text::domains")]
    pub domains: Vec<String>,
}

impl Default for Recorded {
    fn default() -> Self {
        Self {
            online: true,
            organizer_internal: true,
            external_min: 1,
            domains: Vec::new(),
        }
    }
}

/// How much of a mail is kept; each level includes the previous one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// The subject.
    Envelope,
    /// At most 255 characters of text.
    Preview,
    /// The text.
    Full,
}

impl Content {
    /// The value in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Envelope => "envelope",
            Self::Preview => "preview",
            Self::Full => "full",
        }
    }
}

/// How internal mail is handled: mail without external participants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InternalOnly {
    /// It is skipped.
    Skip,
    /// It becomes a row.
    Record,
}

/// How mail without a CRM contact is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unmatched {
    /// It becomes a row without subject, preview and body.
    Envelope,
    /// It becomes a row like any other.
    Keep,
    /// It is skipped.
    Skip,
}

/// What is kept of a mail whose sensitivity is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownSensitivity {
    /// Neither subject nor text.
    Hide,
    /// What is kept of any other.
    Record,
}

/// Which content of an interaction `contact_activity` repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityContent {
    /// Neither subject nor preview.
    None,
    /// The subject.
    Subject,
    /// Subject and preview.
    Preview,
}

/// What is never captured; case is ignored.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Exclude {
    /// Mail with one of these participants.
    #[serde(deserialize_with = "text::addresses")]
    pub addresses: Vec<Address>,
    /// Mail with a participant of these domains or their subdomains.
    #[serde(deserialize_with = "text::domains")]
    pub domains: Vec<String>,
    /// Mail whose subject contains one of these words or phrases.
    #[serde(deserialize_with = "text::phrases")]
    pub subjects: Vec<String>,
    /// Mail in a folder of one of these names, or below one.
    #[serde(deserialize_with = "text::phrases")]
    pub folders: Vec<String>,
}
