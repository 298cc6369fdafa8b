//! Capture settings over time: an item is judged by those in force when it happened.

use crate::model::time::Micros;

/// Whether capture was on at an instant. The first entry holds since ever; without any entry
/// nothing is captured.
pub fn in_force(history: &[(Micros, bool)], at: Micros) -> bool {
    let latest = history.iter().rev().find(|(since, _)| *since <= at);
    latest.or(history.first()).is_some_and(|(_, on)| *on)
}

/// Adds tonight's setting where it differs from the last one: it holds from now on.
pub fn record(history: &mut Vec<(Micros, bool)>, now: Micros, on: bool) {
    if history.last().is_none_or(|(_, last)| *last != on) {
        history.push((now, on));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_holds_from_its_instant_and_the_first_one_since_ever() {
        let mut history = Vec::new();
        assert!(!in_force(&history, Micros(5)));
        for (now, on) in [(10, true), (20, true), (30, false), (40, true)] {
            record(&mut history, Micros(now), on);
        }
        assert_eq!(
            history,
            [(Micros(10), true), (Micros(30), false), (Micros(40), true)]
        );
        for (at, on) in [
            (0, true),
            (29, true),
            (30, false),
            (39, false),
            (40, true),
            (99, true),
        ] {
            assert_eq!(in_force(&history, Micros(at)), on, "{at}");
        }
    }
}
