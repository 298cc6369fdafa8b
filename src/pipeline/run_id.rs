//! The id of a run.

use crate::model::run::RunStamp;
use crate::model::time::Timestamp;
use crate::runtime::random;

/// A run id that rises with time and that no other run has.
pub fn stamp(started_at: Timestamp) -> RunStamp {
    let random = random::bits() & u64::from(u32::MAX);
    let time = started_at.timestamp().strftime("%Y%m%dT%H%M%SZ");
    RunStamp {
        run_id: format!("{time}-{random:08x}").into(),
        started_at,
    }
}
