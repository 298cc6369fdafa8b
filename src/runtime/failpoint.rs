//! Failpoints: named steps at which a test can make a build with debug assertions crash. Other
//! builds contain none of this.

#[cfg(debug_assertions)]
use std::collections::HashMap;
#[cfg(debug_assertions)]
use std::fs::File;
#[cfg(debug_assertions)]
use std::io::Write;
#[cfg(debug_assertions)]
use std::sync::Mutex;
#[cfg(debug_assertions)]
use std::sync::OnceLock;
#[cfg(debug_assertions)]
use std::sync::PoisonError;

/// `NAME:N` ends the process at the N-th hit of the step with this name, counted from 1; `any:N` at
/// the N-th hit of any step.
#[cfg(debug_assertions)]
const STOP_AT: &str = "TOUCHPOINT_STOP_AT";
#[cfg(debug_assertions)]
const ANY: &str = "any";
/// A file to which the name of each step that is hit is appended, one per line.
#[cfg(debug_assertions)]
const STEPS: &str = "TOUCHPOINT_STEPS";

/// The configured failpoint, and how often each step was hit.
#[cfg(debug_assertions)]
struct Instruction {
    stop_at: Option<(String, u64)>,
    steps: Option<Mutex<File>>,
    passed: Mutex<HashMap<String, u64>>,
}

/// Hits a named step. Ends the process like a kill if a test configured it.
#[cfg(debug_assertions)]
pub fn hit(name: impl FnOnce() -> String) {
    static INSTRUCTION: OnceLock<Option<Instruction>> = OnceLock::new();
    let Some(instruction) = INSTRUCTION.get_or_init(instruction) else {
        return;
    };
    let name = name();
    if let Some(steps) = &instruction.steps {
        let mut steps = steps.lock().unwrap_or_else(PoisonError::into_inner);
        // Only a test reads the list, and it would notice the missing line.
        let _ = steps.write_all(format!("{name}\n").as_bytes());
    }
    let mut passed = instruction
        .passed
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    for name in [name, ANY.to_owned()] {
        let times = passed.entry(name.clone()).or_default();
        *times += 1;
        if instruction.stop_at == Some((name, *times)) {
            std::process::abort();
        }
    }
}

/// Hits a named step.
#[cfg(not(debug_assertions))]
#[inline]
pub fn hit(_name: impl FnOnce() -> String) {}

#[cfg(debug_assertions)]
#[expect(
    clippy::disallowed_methods,
    reason = "an instruction of a test, read once"
)]
fn instruction() -> Option<Instruction> {
    let stop_at = std::env::var(STOP_AT).ok();
    let stop_at = stop_at.and_then(|text| {
        let (name, times) = text.rsplit_once(':')?;
        Some((name.to_owned(), times.parse().ok()?))
    });
    let steps = std::env::var(STEPS).ok();
    let steps = steps.and_then(|path| File::options().append(true).create(true).open(path).ok());
    (stop_at.is_some() || steps.is_some()).then(|| Instruction {
        stop_at,
        steps: steps.map(Mutex::new),
        passed: Mutex::default(),
    })
}
