//! The kinds of meeting that a calendar holds, and how often.

/// Meetings of each variant and of each lifecycle that a world of default size has.
pub const MIN_PER_VARIANT: usize = 12;
/// Who meets, and what is odd about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it; each is made below")]
pub enum MeetingVariant {
    Contact,
    FromContact,
    Alias,
    Exact,
    Registrable,
    Unknown,
    Internal,
    Private,
    BlockedAddress,
    BlockedDomain,
    BlockedSubject,
    Draft,
    Spanning,
    NotCaptured,
    ByList,
    Hidden,
    HiddenFromContact,
    Shared,
    FarAway,
}

/// Each variant and its weight in ordinary traffic.
pub const MEETING_VARIANTS: [(MeetingVariant, usize); 19] = [
    (MeetingVariant::Contact, 300),
    (MeetingVariant::FromContact, 180),
    (MeetingVariant::Alias, 30),
    (MeetingVariant::Exact, 60),
    (MeetingVariant::Registrable, 25),
    (MeetingVariant::Unknown, 90),
    (MeetingVariant::Internal, 200),
    (MeetingVariant::Private, 30),
    (MeetingVariant::BlockedAddress, 6),
    (MeetingVariant::BlockedDomain, 6),
    (MeetingVariant::BlockedSubject, 6),
    (MeetingVariant::Draft, 10),
    (MeetingVariant::Spanning, 1),
    (MeetingVariant::NotCaptured, 5),
    (MeetingVariant::ByList, 20),
    (MeetingVariant::Hidden, 10),
    (MeetingVariant::HiddenFromContact, 10),
    (MeetingVariant::Shared, 20),
    (MeetingVariant::FarAway, 4),
];
