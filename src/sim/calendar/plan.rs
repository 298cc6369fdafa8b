//! A meeting before it lies in calendars: who is invited, who gets a copy, and when it takes place.

use crate::model::time::Timestamp;
use crate::sim::calendar::lifecycle::Lifecycle;
use crate::sim::calendar::meeting::Attendee;
use crate::sim::calendar::meeting::CalendarCopy;
use crate::sim::calendar::meeting::Meeting;
use crate::sim::calendar::meeting::When;
use crate::sim::rng::Rng;
use crate::sim::role::Role;

/// A meeting before it lies in calendars.
#[derive(Debug)]
pub struct MeetingPlan {
    /// The meeting.
    pub meeting: Meeting,
    /// Who has a copy.
    pub copies: Vec<(usize, CalendarCopy)>,
}

/// When a meeting was made and when it takes place.
pub struct Timing {
    /// When it was made.
    pub created: Timestamp,
    /// On which days.
    pub when: When,
}

/// Someone who is invited. Where something is to happen no one has declined before.
pub fn attendee(rng: &mut Rng, address: u32, lifecycle: Lifecycle) -> Attendee {
    let role = if rng.chance(25) {
        Role::Optional
    } else {
        Role::Required
    };
    let mut response = *rng.pick(&[
        "accepted",
        "accepted",
        "tentativelyAccepted",
        "none",
        "notResponded",
    ]);
    if lifecycle == Lifecycle::None && rng.chance(8) {
        response = "declined";
    }
    if matches!(lifecycle, Lifecycle::Answered | Lifecycle::Declined) {
        response = "notResponded";
    }
    Attendee {
        role,
        address,
        response,
    }
}

/// A copy that arrives with an answer.
pub fn copy(arrives: Timestamp, response: &'static str) -> CalendarCopy {
    CalendarCopy {
        meeting: 0,
        arrives,
        gone: None,
        organises: false,
        responses: vec![(arrives, response)],
        absent: Vec::new(),
        guest: None,
        outcome: None,
        changes: Vec::new(),
    }
}
