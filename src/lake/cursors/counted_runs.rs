//! The runs that a cursor file counts, listed in its footer: a run looks for counts that nothing
//! reports, and on most nights there are none.

use std::collections::BTreeMap;

use parquet::file::metadata::FileMetaData;
use parquet::file::metadata::KeyValue;
use serde::Deserialize;
use serde::Serialize;

use crate::model::time::Timestamp;

/// The key of the list in the footer. Files of older programs have none.
const KEY: &str = "touchpoint.counted_runs";

/// Runs by id.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CountedRuns(BTreeMap<String, CountedRun>);

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct CountedRun {
    started_at: Timestamp,
    /// Where it counted something, one bit for each slot.
    slots: u64,
}

impl CountedRuns {
    /// Notes a run that counted something in a slot; `started_at` is asked once for each run.
    pub(crate) fn note<E>(
        &mut self,
        run: &str,
        slot: u8,
        started_at: impl FnOnce() -> Result<Timestamp, E>,
    ) -> Result<(), E> {
        if let Some(counted) = self.0.get_mut(run) {
            counted.slots |= 1 << slot;
        } else {
            let (started_at, slots) = (started_at()?, 1 << slot);
            let counted = CountedRun { started_at, slots };
            self.0.insert(run.to_owned(), counted);
        }
        Ok(())
    }

    /// The runs that counted something in a slot, each with its start.
    pub(crate) fn of_slot(&self, slot: u8) -> impl Iterator<Item = (&str, Timestamp)> {
        let counted = self.0.iter();
        let counted = counted.filter(move |(_, counted)| counted.slots & (1 << slot) != 0);
        counted.map(|(run, counted)| (run.as_str(), counted.started_at))
    }

    /// The entry of the footer.
    pub(crate) fn to_footer(&self) -> Result<KeyValue, serde_json::Error> {
        Ok(KeyValue::new(KEY.to_owned(), serde_json::to_string(self)?))
    }

    /// Reads the entry of a footer; `None`: it has none.
    pub(crate) fn of_footer(footer: &FileMetaData) -> Result<Option<Self>, serde_json::Error> {
        let entries = footer.key_value_metadata().into_iter().flatten();
        let mut lists = entries.filter(|entry| entry.key == KEY);
        let list = lists.find_map(|entry| entry.value.as_deref());
        list.map(serde_json::from_str).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_listed_for_the_slots_in_which_it_counted_something() {
        let mut counted = CountedRuns::default();
        let started_at = |micros| move || Ok::<_, ()>(Timestamp(micros));
        for (run, slot, micros) in [("a", 0, 1), ("b", 63, 2), ("a", 63, 3)] {
            counted.note(run, slot, started_at(micros)).unwrap();
        }
        let entry = counted.to_footer().unwrap();
        let read: CountedRuns = serde_json::from_str(&entry.value.unwrap()).unwrap();
        assert_eq!(read, counted);
        let of = |slot| read.of_slot(slot).collect::<Vec<_>>();
        assert_eq!(of(0), [("a", Timestamp(1))]);
        assert_eq!(of(63), [("a", Timestamp(1)), ("b", Timestamp(2))]);
        assert_eq!(of(5), []);
    }
}
