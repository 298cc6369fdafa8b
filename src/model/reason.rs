//! Why an item could not be read in a run.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Why an item could not be read, or has to wait. Stored and reported as a word from a bounded set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Cow<'static, str>", into = "Cow<'static, str>")]
pub enum Reason {
    /// The service did not return it.
    NotServed,
    /// The service returned only a part of it.
    Incomplete,
    /// A mail that can be read, and waits until its copy in Sent Items is recorded, if there is one.
    AwaitsSent,
    /// An occurrence or series: the series is unavailable (facts 2.2).
    NoMaster,
    /// Its content makes no item, for the reason that decoding gives (`malformed`, `no_date`, …).
    Content(Cow<'static, str>),
}

impl Reason {
    /// The word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::NotServed => "not_served",
            Self::Incomplete => "incomplete",
            Self::AwaitsSent => "awaits_sent",
            Self::NoMaster => "no_master",
            Self::Content(code) => code,
        }
    }

    /// Whether another request may return the item. What an item lacks it will lack in the next
    /// run, too; when it is changed, its chain returns it again.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::NotServed | Self::Incomplete)
    }
}

impl From<Cow<'static, str>> for Reason {
    fn from(word: Cow<'static, str>) -> Self {
        let named = [
            Self::NotServed,
            Self::Incomplete,
            Self::AwaitsSent,
            Self::NoMaster,
        ];
        let named = named.into_iter().find(|reason| reason.as_str() == word);
        named.unwrap_or(Self::Content(word))
    }
}

impl From<&'static str> for Reason {
    fn from(word: &'static str) -> Self {
        Cow::Borrowed(word).into()
    }
}

impl From<Reason> for Cow<'static, str> {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Content(code) => code,
            named => Self::Owned(named.as_str().to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_stored_as_their_words() {
        for (word, expected) in [
            ("not_served", Reason::NotServed),
            ("awaits_sent", Reason::AwaitsSent),
            (
                "a word of a newer version",
                Reason::Content("a word of a newer version".into()),
            ),
        ] {
            let stored = serde_json::to_string(&expected).unwrap();
            assert_eq!(stored, format!("\"{word}\""));
            assert_eq!(serde_json::from_str::<Reason>(&stored).unwrap(), expected);
        }
    }
}
