//! What the state keeps of a calendar: recorded meetings, and series with waiting occurrences.

use serde::{Deserialize, Serialize};

use crate::model::columns_hash;
use crate::model::event::Event;
use crate::model::interaction;
use crate::model::interaction::Interaction;
use crate::model::time::Timestamp;

/// The row of the highest revision of a meeting that a mailbox has recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeetingRecord {
    /// Its revision.
    pub revision: i32,
    /// Its state.
    pub state: interaction::State,
    /// When it begins.
    pub occurred_at: Timestamp,
    /// When it ends.
    pub ended_at: Timestamp,
    /// Its series.
    pub series_id: Option<String>,
    /// The provider's id of its series. The lake does not have it, so a rebuilt record lacks it
    /// until the event is read again.
    pub master_id: Option<String>,
    /// The provider's id of the copy from which the row was read.
    pub source_id: String,
    /// [`columns_hash::of`] the row.
    pub columns: i64,
    /// The whole row, without the mailbox's further addresses. `None` once the meeting has long
    /// been over: who notes the record decides.
    pub row: Option<Box<Interaction>>,
}

impl MeetingRecord {
    /// The record of a row that is to be committed, or was read from the lake.
    pub fn of(row: &Interaction) -> Self {
        Self {
            revision: row.revision,
            state: row.state,
            occurred_at: row.occurred_at,
            ended_at: row.ended_at.unwrap_or(row.occurred_at),
            series_id: row.series_id.clone(),
            master_id: None,
            source_id: row.source_id.clone(),
            columns: columns_hash::of(row),
            row: Some(Box::new(row.clone())),
        }
    }
}

/// A series, and those of its occurrences and exceptions that wait to be recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingSeries {
    /// The series; `None`: no page contained it yet.
    pub master: Option<Event>,
    /// Its occurrences and exceptions.
    pub instances: Vec<Event>,
}
