//! The score of a relationship: every part with its value, weight and evidence. INSIGHT.md has the
//! formula with a worked example.

use crate::insight::evidence::Event;
use crate::insight::evidence::Evidence;
use crate::insight::evidence::Period;
use crate::insight::exchange::Exchange;
use crate::insight::share::Share;
use crate::model::formula::Formula;
use crate::model::interaction::Kind;
use crate::model::time::Timestamp;

/// What a part of a score measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// How recent the last exchange is.
    Recency,
    /// How many exchanges there were.
    Frequency,
    /// How equal the two directions are; a meeting counts in both.
    Balance,
    /// How many meetings were held.
    Meetings,
    /// How many of the account's people the colleague was in touch with.
    Reach,
}

impl Measure {
    /// Its name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recency => "recency",
            Self::Frequency => "frequency",
            Self::Balance => "balance",
            Self::Meetings => "meetings",
            Self::Reach => "reach",
        }
    }
}

/// A part of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// What it measures.
    pub measure: Measure,
    /// Its value.
    pub value: Share,
    /// Its weight, relative to those of the other parts.
    pub weight: u32,
}

/// What was counted in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Mails from the colleague.
    pub sent: u64,
    /// Mails to the colleague.
    pub received: u64,
    /// Meetings among few that took place.
    pub met: u64,
    /// Mails and meetings in which both took part and that count nothing.
    pub same_room: u64,
    /// Bulk mails, which count nothing.
    pub bulk: u64,
    /// Contacts of the account with whom the colleague was in touch directly.
    pub people: u64,
    /// Contacts that the account has in the CRM; `None` where the subject is no account, or one without
    /// contacts.
    pub people_known: Option<u64>,
}

impl Counts {
    /// All direct exchanges.
    pub fn direct(&self) -> u64 {
        self.sent + self.received + self.met
    }
}

/// Why a score is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeakRule {
    /// All traffic of the window goes in one direction.
    OneWay,
    /// There was no direct exchange in the window.
    Silent,
}

impl WeakRule {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OneWay => "one_way",
            Self::Silent => "silent",
        }
    }
}

/// How well a colleague knows a contact or an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// They were in touch by no direct exchange.
    None,
    /// Weak by rule.
    Weak,
    /// In both directions.
    Mutual,
}

impl Strength {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Weak => "weak",
            Self::Mutual => "mutual",
        }
    }
}

/// The score of a relationship, and what it is computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// The score.
    pub total: Share,
    /// Its parts.
    pub parts: Vec<Part>,
    /// The rule that limits it.
    pub weak_by: Option<WeakRule>,
    /// What was counted.
    pub counts: Counts,
    /// The first direct exchange, as far back as the lake has any.
    pub first: Option<Timestamp>,
    /// The last direct exchange.
    pub last: Option<Timestamp>,
    /// How the last one was made.
    pub last_by: Option<Exchange>,
    /// Since when mails in the direction of the last one were not answered: the first of them.
    pub unanswered_since: Option<Timestamp>,
    /// The start of the next meeting.
    pub next_meeting: Option<Timestamp>,
}

impl Score {
    /// How well they know each other.
    pub fn strength(&self) -> Strength {
        match (self.last, self.weak_by) {
            (None, _) => Strength::None,
            (Some(_), Some(_)) => Strength::Weak,
            (Some(_), None) => Strength::Mutual,
        }
    }
}

/// Computes a score as of an instant. `people_known`: the contacts of the account, if the subject is
/// one.
pub fn of(
    evidence: &Evidence,
    as_of: Timestamp,
    people_known: Option<u64>,
    formula: &Formula,
) -> Score {
    let window = Period::until(as_of, formula.window_days);
    let mut direct: Vec<&Event> = evidence
        .direct()
        .filter(|event| event.at <= as_of)
        .collect();
    direct.sort_by_key(|event| (event.at, event.exchange));
    let counts = count(evidence, window, people_known);
    let last = direct.last();
    let parts = parts(&counts, last.map(|event| event.at), as_of, formula);
    let weak_by = weak_by(&counts);
    let total = Share::mean(parts.iter().map(|part| (part.value, part.weight)));
    Score {
        total: match weak_by {
            Some(_) => total.min(Share::points(formula.weak_max)),
            None => total,
        },
        parts,
        weak_by,
        counts,
        first: direct.first().map(|event| event.at),
        last: last.map(|event| event.at),
        last_by: last.map(|event| event.exchange),
        unanswered_since: unanswered_since(&direct),
        next_meeting: next_meeting(evidence, as_of),
    }
}

fn count(evidence: &Evidence, window: Period, people_known: Option<u64>) -> Counts {
    let mut counts = Counts {
        people: evidence.people_in(window),
        people_known,
        ..Counts::default()
    };
    for event in evidence.events().filter(|event| window.has(event.at)) {
        *match event.exchange {
            Exchange::Bulk => &mut counts.bulk,
            Exchange::SameRoom => &mut counts.same_room,
            Exchange::Received => &mut counts.received,
            Exchange::Sent => &mut counts.sent,
            Exchange::Met => &mut counts.met,
        } += 1;
    }
    counts
}

fn parts(
    counts: &Counts,
    last: Option<Timestamp>,
    as_of: Timestamp,
    formula: &Formula,
) -> Vec<Part> {
    let weights = &formula.weights;
    let days = last.map(|last| as_of.day() - last.day());
    let recency = days.map_or(Share::default(), |days| {
        halved(days, formula.half_life_days)
    });
    let (there, back) = (counts.sent + counts.met, counts.received + counts.met);
    let part = |measure, value, weight| Part {
        measure,
        value,
        weight,
    };
    let mut parts = vec![
        part(Measure::Recency, recency, weights.recency),
        part(
            Measure::Frequency,
            saturating(counts.direct(), formula.frequency_half),
            weights.frequency,
        ),
        part(
            Measure::Balance,
            Share::of(2 * there.min(back), there + back),
            weights.balance,
        ),
        part(
            Measure::Meetings,
            saturating(counts.met, formula.meetings_half),
            weights.meetings,
        ),
    ];
    if let Some(known) = counts.people_known {
        let reach = Share::of(counts.people, known);
        parts.push(part(Measure::Reach, reach, weights.reach));
    }
    parts
}

/// One half after each half-life, and a straight line in between: exact in whole numbers.
fn halved(days: i64, half_life: u32) -> Share {
    let (days, half_life) = (
        u64::try_from(days).unwrap_or_default(),
        u64::from(half_life),
    );
    let (halvings, rest) = (days / half_life, days % half_life);
    match 1_u64.checked_shl(u32::try_from(halvings).unwrap_or(u32::MAX)) {
        Some(divisor) if halvings < 32 => Share::of(2 * half_life - rest, 2 * half_life * divisor),
        _ => Share::default(),
    }
}

/// 0 for nothing, one half for `half`, and ever closer to 1.
fn saturating(count: u64, half: u32) -> Share {
    Share::of(count, count + u64::from(half))
}

fn weak_by(counts: &Counts) -> Option<WeakRule> {
    if counts.direct() == 0 {
        return Some(WeakRule::Silent);
    }
    let is_one_way = counts.met == 0 && (counts.sent == 0 || counts.received == 0);
    is_one_way.then_some(WeakRule::OneWay)
}

/// The first of the mails in one direction with which the exchange ends; `None` where it ends with a
/// meeting.
fn unanswered_since(direct: &[&Event]) -> Option<Timestamp> {
    let last = direct
        .last()
        .filter(|event| event.exchange != Exchange::Met)?;
    let latest = direct.iter().rev();
    let latest = latest.take_while(|event| event.exchange == last.exchange);
    latest.last().map(|event| event.at)
}

fn next_meeting(evidence: &Evidence, as_of: Timestamp) -> Option<Timestamp> {
    let meetings = evidence
        .events()
        .filter(|event| event.kind == Kind::Meeting);
    let starts = meetings.map(|event| event.at);
    starts.filter(|at| *at > as_of).min()
}
