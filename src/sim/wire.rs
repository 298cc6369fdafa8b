//! What the connection does with an answer.

/// What the connection does with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wire {
    /// Hands it over.
    #[default]
    Whole,
    /// Ends after this many bytes of it.
    CutAt(usize),
    /// Ends in the middle of its body.
    CutInBody,
    /// Ends after it, without notice.
    CutAfter,
    /// Stays open in the middle of its body.
    Stalls,
    /// Hands its body over in pieces, over this many milliseconds in all.
    Drips(u64),
    /// Announces more bytes than come.
    LongLength,
    /// Announces fewer bytes than there are.
    ShortLength,
}
