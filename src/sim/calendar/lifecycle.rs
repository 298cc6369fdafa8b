//! What happens to a meeting along the clock.

/// What happens to a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(
    missing_docs,
    reason = "the names say it; each is applied in `changes`"
)]
pub enum Lifecycle {
    None,
    New,
    Moved,
    MovedToOtherMonth,
    MovedThereAndBack,
    Renamed,
    AttendeeAdded,
    AttendeeRemoved,
    Answered,
    Declined,
    Cancelled,
    TakenOut,
    MadePrivate,
    LastOutsiderLeaves,
    ExcludedTitle,
    CleanedUp,
    SeriesMoved,
    SeriesRenamed,
    SeriesEndedEarly,
    SeriesExtended,
    OccurrenceMoved,
    OccurrenceRenamed,
    OccurrenceAttendees,
    OccurrenceGuest,
    OccurrenceCancelled,
    OccurrenceTakenOut,
}

impl Lifecycle {
    /// All but the one in which nothing happens.
    pub const ALL: [Self; 25] = [
        Self::New,
        Self::Moved,
        Self::MovedToOtherMonth,
        Self::MovedThereAndBack,
        Self::Renamed,
        Self::AttendeeAdded,
        Self::AttendeeRemoved,
        Self::Answered,
        Self::Declined,
        Self::Cancelled,
        Self::TakenOut,
        Self::MadePrivate,
        Self::LastOutsiderLeaves,
        Self::ExcludedTitle,
        Self::CleanedUp,
        Self::SeriesMoved,
        Self::SeriesRenamed,
        Self::SeriesEndedEarly,
        Self::SeriesExtended,
        Self::OccurrenceMoved,
        Self::OccurrenceRenamed,
        Self::OccurrenceAttendees,
        Self::OccurrenceGuest,
        Self::OccurrenceCancelled,
        Self::OccurrenceTakenOut,
    ];

    /// Whether exactly one outsider may take part.
    pub fn needs_one_outsider(self) -> bool {
        self == Self::LastOutsiderLeaves
    }

    /// Whether a colleague must be the organiser.
    pub fn needs_organizer_inside(self) -> bool {
        matches!(self, Self::LastOutsiderLeaves | Self::OccurrenceGuest)
    }

    /// Whether it happens to all occurrences of a series that has begun.
    pub fn is_of_whole_series(self) -> bool {
        self.is_of_running_series() && self < Self::OccurrenceMoved
    }

    /// Whether it happens in a series that has begun.
    pub fn is_of_running_series(self) -> bool {
        self >= Self::SeriesMoved
    }
}
