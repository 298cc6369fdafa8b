//! The rows of `contact_activity` without their content, held in memory: to look through the files of
//! a large lake takes longer than a reader waits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::lake::rows::schema::TableName;
use crate::lake::touches::TouchesOf;
use crate::model::touch::Touch;

/// More rows are not held: each takes some 100 bytes. They are looked for in the files then.
const ROWS_MAX: u64 = 3_000_000;

/// The rows of some versions of the lake's slots.
pub(super) struct Touches {
    versions: BTreeMap<u8, i64>,
    rows: Vec<Touch>,
}

/// The rows that were read last, and whether newer ones are being read.
#[derive(Default)]
pub(super) struct HeldTouches(Mutex<State>);

#[derive(Default)]
struct State {
    read: Option<Arc<Touches>>,
    is_reading: bool,
}

impl HeldTouches {
    /// What was read last; `None`: nothing yet, or more than is held.
    pub(super) fn last(&self) -> Option<Arc<Touches>> {
        self.state().read.clone()
    }

    /// Whether the rows of a lake are to be read, which the caller then does.
    ///
    /// # Errors
    /// The lake cannot be read.
    pub(super) fn are_due(&self, lake: &Lake) -> Result<bool, LakeError> {
        let (versions, rows) = (lake.activity_versions()?, rows(lake)?);
        let mut state = self.state();
        if rows > ROWS_MAX {
            state.read = None;
        }
        let read = state.read.as_ref();
        let is_known = read.is_some_and(|read| read.versions == versions);
        if state.is_reading || is_known || rows > ROWS_MAX {
            return Ok(false);
        }
        state.is_reading = true;
        Ok(true)
    }

    /// Reads the rows of a lake. Blocking, and it may take seconds.
    pub(super) fn read(&self, lake: &Lake) {
        let read = Touches::of(lake);
        let mut state = self.state();
        state.is_reading = false;
        state.read = match read {
            Ok(read) => Some(Arc::new(read)),
            Err(error) => {
                tracing::warn!(%error, "contact_activity cannot be held in memory");
                None
            }
        };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn rows(lake: &Lake) -> Result<u64, LakeError> {
    let sizes = lake.sizes()?.into_iter();
    let mut sizes = sizes.filter(|size| size.table == TableName::ContactActivity.as_str());
    Ok(sizes.next().map_or(0, |size| size.rows))
}

impl Touches {
    fn of(lake: &Lake) -> Result<Self, LakeError> {
        Ok(Self {
            versions: lake.activity_versions()?,
            rows: lake.touches(&TouchesOf::All)?,
        })
    }

    /// Some of the rows.
    pub(super) fn select(&self, of: &TouchesOf) -> Vec<Touch> {
        self.rows
            .iter()
            .filter(|touch| of.has(touch))
            .cloned()
            .collect()
    }
}
