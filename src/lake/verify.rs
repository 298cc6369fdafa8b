//! Does the lake hold what its commits say? Reads everything, changes nothing.

use std::collections::BTreeMap;
use std::collections::HashSet;

use crate::lake::cursors::SlotRecord;
use crate::lake::error::LakeError;
use crate::lake::grain::Grain;
use crate::lake::grain::month_number;
use crate::lake::interaction_rows;
use crate::lake::open::Lake;
use crate::lake::read::read;
use crate::lake::row_hash;
use crate::lake::schema::TableName;
use crate::model::activity::Touch;
use crate::model::interaction::Interaction;
use crate::model::mailbox::SLOTS;
use crate::model::mailbox::slot;

/// What to do where the table `interactions` is not what was committed.
const FOREIGN_ROWS: &str =
    "another program changed the table interactions: restore the version before that";

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was found.
    pub what: String,
    /// What to do about it.
    pub advice: &'static str,
}

impl Lake {
    /// Compares tables, cursor files and view with each other.
    ///
    /// `matcher` asks the stored book with the given digest; `None` where there is no such book.
    /// Blocks for as long as it takes to read the whole lake.
    pub fn verify(
        &self,
        matcher: impl Fn(&str, &Interaction) -> Option<Vec<Touch>> + Sync,
    ) -> Result<Vec<Finding>, LakeError> {
        let mut findings = Vec::new();
        let records = self.check_cursors(&mut findings)?;
        if findings.is_empty() {
            // With a chain that cannot be read, nobody knows which cursor files are named.
            self.check_files(&mut findings)?;
        }
        self.check_rows(&records, &mut findings)?;
        self.check_view(&records, &matcher, &mut findings)?;
        Ok(findings)
    }

    fn check_cursors(
        &self,
        findings: &mut Vec<Finding>,
    ) -> Result<BTreeMap<u8, SlotRecord>, LakeError> {
        let mut records = BTreeMap::new();
        for (slot, version) in self.interaction_versions()? {
            let read = self.cursors.slot_record(version, slot).and_then(|record| {
                records.insert(slot, record);
                self.cursors
                    .merged(version, slot)?
                    .try_for_each(|entry| entry.map(drop))
            });
            if let Err(error) = read {
                findings.push(Finding {
                    what: format!("the cursors of slot {slot} cannot be read: {error}"),
                    advice: "restore the cursor files from a backup; do not delete anything",
                });
            }
        }
        for (book, slots) in self.slots_behind().unwrap_or_default() {
            findings.push(Finding {
                what: format!("contact_activity is behind in slots {slots:?} (book {book})"),
                advice: "the next run catches up",
            });
        }
        Ok(records)
    }

    fn check_files(&self, findings: &mut Vec<Finding>) -> Result<(), LakeError> {
        let history = self.interactions.history()?;
        let mut removed = history.removed;
        removed.extend(self.activities.history()?.removed);
        removed.extend(self.mailboxes.history()?.removed);
        removed.extend(history.versions.iter().map(|v| self.cursors.file(*v)));
        for file in self.unnamed_files()? {
            // What was merged into another file is deleted at the next start of a run.
            if removed.contains(&file) {
                continue;
            }
            findings.push(Finding {
                what: format!("no commit names {}", file.display()),
                advice: "the next run deletes it, unless a run is going on and about to commit it",
            });
        }
        Ok(())
    }

    /// Row counts and hash sums of the cursor files against the table.
    fn check_rows(
        &self,
        records: &BTreeMap<u8, SlotRecord>,
        findings: &mut Vec<Finding>,
    ) -> Result<(), LakeError> {
        let mut found: BTreeMap<u8, (u64, u64)> = BTreeMap::new();
        let mut doubled = 0;
        let all: Vec<u8> = (0..SLOTS).collect();
        for pass in self.passes(&all)? {
            let mut known = HashSet::new();
            let paths = self.interactions.paths(&pass.rows);
            for row in read(paths, TableName::Interactions, interaction_rows::from_batch) {
                let row = row?;
                let own = slot(&row.mailbox.id);
                if !pass.slots.contains(&own) {
                    continue;
                }
                let (rows, sum) = found.entry(own).or_default();
                *rows += 1;
                *sum = sum.wrapping_add(row_hash::of(&row));
                let month = month_number(&row.occurred_at.month());
                let is_new = known.insert((Grain::of(&row).in_month(month), row.revision));
                doubled += u64::from(!is_new);
            }
        }
        if doubled > 0 {
            findings.push(Finding {
                what: format!("{doubled} rows of interactions repeat a revision of their month"),
                advice: FOREIGN_ROWS,
            });
        }
        for (slot, record) in records {
            let (rows, sum) = found.remove(slot).unwrap_or_default();
            let what = if rows != record.rows {
                format!(
                    "slot {slot} has {rows} rows, {} were committed",
                    record.rows
                )
            } else if sum != record.hash_sum {
                format!("rows of slot {slot} are not what was committed")
            } else {
                continue;
            };
            findings.push(Finding {
                what,
                advice: FOREIGN_ROWS,
            });
        }
        for slot in found.keys() {
            findings.push(Finding {
                what: format!("slot {slot} has rows that no cursor file speaks of"),
                advice: "another program added to the table interactions: take those rows out",
            });
        }
        Ok(())
    }
}
