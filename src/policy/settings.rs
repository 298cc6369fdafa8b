//! Capture settings over time: an item is evaluated by the settings in effect at its time.

use crate::model::time::Timestamp;

/// The setting at an instant. The first entry has no lower bound; without any entry there is none.
pub(crate) fn in_force<T: Copy>(history: &[(Timestamp, T)], at: Timestamp) -> Option<T> {
    let latest = history.iter().rev().find(|(since, _)| *since <= at);
    latest.or(history.first()).map(|(_, setting)| *setting)
}

/// Adds the current setting if it differs from the last one: it applies from now on.
pub(crate) fn record<T: PartialEq>(history: &mut Vec<(Timestamp, T)>, now: Timestamp, setting: T) {
    if history.last().is_none_or(|(_, last)| *last != setting) {
        history.push((now, setting));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_applies_from_its_instant_the_first_always() {
        let mut history = Vec::new();
        assert_eq!(in_force(&history, Timestamp(5)), None);
        for (now, on) in [(10, true), (20, true), (30, false), (40, true)] {
            record(&mut history, Timestamp(now), on);
        }
        assert_eq!(
            history,
            [
                (Timestamp(10), true),
                (Timestamp(30), false),
                (Timestamp(40), true)
            ]
        );
        for (at, on) in [
            (0, true),
            (29, true),
            (30, false),
            (39, false),
            (40, true),
            (99, true),
        ] {
            assert_eq!(in_force(&history, Timestamp(at)), Some(on), "{at}");
        }
    }
}
