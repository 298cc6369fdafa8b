//! How many mails and meetings there were, month by month.

use std::collections::BTreeMap;
use std::collections::HashSet;

use crate::insight::exchange::Shown;
use crate::model::days::day_of;
use crate::model::interaction::Kind;
use crate::model::time::Timestamp;
use crate::model::touch::Touch;

/// Two years: more bars are not legible.
pub const MONTHS_MAX: usize = 24;

/// The mails and meetings of a month; each counts once, whichever mailboxes hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// `YYYY-MM`, UTC.
    pub month: String,
    /// Mails that are not bulk.
    pub mails: usize,
    /// Meetings.
    pub meetings: usize,
}

/// The months up to an instant, the oldest first, those without any among them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timeline {
    /// At most [`MONTHS_MAX`].
    pub months: Vec<Month>,
    /// Mails and meetings of earlier months.
    pub earlier: usize,
    /// Bulk mails, which are in no month.
    pub bulk: usize,
}

impl Timeline {
    /// Counts the interactions of some rows.
    pub fn of(touches: &[Touch], shown: Shown, as_of: Timestamp) -> Self {
        let mut seen = HashSet::new();
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        let mut timeline = Self::default();
        let past = touches.iter().filter(|touch| touch.occurred_at <= as_of);
        for touch in past.filter(|touch| shown.has(touch)) {
            if !seen.insert(touch.interaction_id) {
                continue;
            }
            if touch.is_bulk {
                timeline.bulk += 1;
                continue;
            }
            let (mails, meetings) = counts.entry(touch.occurred_at.month()).or_default();
            match touch.kind {
                Kind::Email => *mails += 1,
                Kind::Meeting => *meetings += 1,
            }
        }
        let Some(first) = counts.keys().next().cloned() else {
            return timeline;
        };
        timeline.months = months_until(as_of)
            .take_while(|month| *month >= first)
            .map(|month| {
                let (mails, meetings) = counts.remove(&month).unwrap_or_default();
                Month {
                    month,
                    mails,
                    meetings,
                }
            })
            .collect();
        timeline.months.reverse();
        timeline.earlier = counts
            .values()
            .map(|(mails, meetings)| mails + meetings)
            .sum();
        timeline
    }
}

/// The last months, the newest first.
fn months_until(as_of: Timestamp) -> impl Iterator<Item = String> {
    let first = day_of(as_of).first_of_month();
    let months = (0..i32::try_from(MONTHS_MAX).unwrap_or(i32::MAX)).filter_map(move |back| {
        let month = first.checked_sub(jiff::Span::new().months(back)).ok()?;
        Some(month.strftime("%Y-%m").to_string())
    });
    months.collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::touch;

    #[test]
    fn copies_count_once_and_empty_months_are_there() {
        let at = |text| Timestamp::parse_rfc3339(text).unwrap();
        let mut meeting = touch(2, at("2026-03-31T23:59:59Z"));
        meeting.kind = Kind::Meeting;
        let mut bulk = touch(3, at("2026-03-01T00:00:00Z"));
        bulk.is_bulk = true;
        let touches = [
            touch(1, at("2026-01-01T00:00:00Z")),
            touch(1, at("2026-01-01T00:00:00Z")),
            meeting,
            bulk,
            touch(4, at("2023-01-01T00:00:00Z")),
            touch(5, at("2026-04-02T00:00:00Z")),
        ];
        let timeline = Timeline::of(&touches, Shown::All, at("2026-04-01T12:00:00Z"));
        let shown: Vec<String> = timeline
            .months
            .iter()
            .rev()
            .take(4)
            .map(|one| format!("{} {} {}", one.month, one.mails, one.meetings))
            .collect();
        assert_eq!(
            shown,
            ["2026-04 0 0", "2026-03 0 1", "2026-02 0 0", "2026-01 1 0"]
        );
        assert_eq!(timeline.months.len(), MONTHS_MAX);
        assert_eq!((timeline.earlier, timeline.bulk), (1, 1));
        let none = Timeline::of(&touches[..1], Shown::Meetings, at("2026-04-01T12:00:00Z"));
        assert_eq!(none, Timeline::default());
    }
}
