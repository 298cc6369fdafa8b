//! Capture settings over time: an item is judged by those in force when it happened.

use crate::model::time::Micros;

/// The setting that held at an instant. The first entry holds since ever; without any entry there
/// is none.
pub fn in_force<T: Copy>(history: &[(Micros, T)], at: Micros) -> Option<T> {
    let latest = history.iter().rev().find(|(since, _)| *since <= at);
    latest.or(history.first()).map(|(_, setting)| *setting)
}

/// Adds tonight's setting where it differs from the last one: it holds from now on.
pub fn record<T: PartialEq>(history: &mut Vec<(Micros, T)>, now: Micros, setting: T) {
    if history.last().is_none_or(|(_, last)| *last != setting) {
        history.push((now, setting));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_holds_from_its_instant_and_the_first_one_since_ever() {
        let mut history = Vec::new();
        assert_eq!(in_force(&history, Micros(5)), None);
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
            assert_eq!(in_force(&history, Micros(at)), Some(on), "{at}");
        }
    }
}
