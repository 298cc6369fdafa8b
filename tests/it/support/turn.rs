//! The length of a test: short by default, long if configured by the environment (`scripts/soak`).

use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::str::FromStr;
use std::sync::Mutex;
use std::thread;

use super::corpora::variable;

/// Whether the long run is configured for tests without a number.
pub(crate) fn is_long() -> bool {
    variable("TOUCHPOINT_LONG").is_some()
}

/// The number in an environment variable.
pub(crate) fn asked<T: FromStr>(name: &str) -> Option<T> {
    variable(name).map(|text| number(name, &text))
}

fn number<T: FromStr>(name: &str, text: &str) -> T {
    let number = text.parse().ok();
    number.unwrap_or_else(|| panic!("{name} is not a number: {text}"))
}

/// The seeds configured by an environment variable: a number of them from `first` on (`200`), or a
/// range (`1106..1107`), to reproduce a failure.
pub(crate) fn seeds(name: &str, first: u64) -> Option<Range<u64>> {
    let text = variable(name)?;
    Some(match text.split_once("..") {
        Some((from, to)) => number(name, from)..number(name, to),
        None => first..first + number::<u64>(name, &text),
    })
}

/// Checks all seeds, as many in parallel as there are cores, and prints those that failed.
pub(crate) fn each(seeds: Range<u64>, check: impl Fn(u64) + Sync) {
    let (left, failed) = (Mutex::new(seeds), Mutex::new(Vec::new()));
    let next = || left.lock().unwrap().next();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().unwrap().get() {
            scope.spawn(|| {
                while let Some(seed) = next() {
                    if catch_unwind(AssertUnwindSafe(|| check(seed))).is_err() {
                        println!("seed {seed} failed");
                        failed.lock().unwrap().push(seed);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "seeds that failed: {failed:?}");
}
