//! What is made when it is first needed, and kept.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

/// A value that is made once; making it may fail, and is tried again then.
pub struct Memo<T>(Mutex<Option<Arc<T>>>);

impl<T> Memo<T> {
    /// The value. While one thread makes it, others wait.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn get<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*held {
            return Ok(Arc::clone(known));
        }
        let made = Arc::new(make()?);
        *held = Some(Arc::clone(&made));
        Ok(made)
    }
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> fmt::Debug for Memo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memo").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_and_a_failure_is_not_kept() {
        let memo = Memo::default();
        assert_eq!(memo.get(|| Err(1)), Err(1));
        assert_eq!(memo.get(|| Ok::<_, i32>("made")), Ok(Arc::new("made")));
        assert_eq!(memo.get(|| Err(2)), Ok(Arc::new("made")));
    }
}
