//! In which order hits are listed, and what is one entry of the list.

use serde::Serialize;

/// The order of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Newest first.
    Date,
    /// Best match first, equal ones newest first.
    Relevance,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Date, Self::Relevance];

    /// The word on the command line and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Relevance => "relevance",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == word)
    }
}

/// What is one entry of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grouping {
    /// A conversation or a series, by its first interaction.
    #[default]
    Conversations,
    /// Each interaction.
    Interactions,
}
