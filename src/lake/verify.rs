//! Does the lake hold what its commits say? Reads everything, changes nothing.

use std::collections::BTreeMap;

use crate::lake::activities;
use crate::lake::activities::Stamp;
use crate::lake::compare::Current;
use crate::lake::cursors::SlotRecord;
use crate::lake::error::LakeError;
use crate::lake::open::Lake;
use crate::lake::read::Filter;
use crate::lake::row_hash;
use crate::model::activity::Touch;
use crate::model::interaction::Interaction;
use crate::model::mailbox::slot;
use crate::model::time::Micros;

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
        matcher: impl Fn(&str, &Interaction) -> Option<Vec<Touch>>,
    ) -> Result<Vec<Finding>, LakeError> {
        let mut findings = Vec::new();
        let records = self.check_cursors(&mut findings)?;
        if findings.is_empty() {
            // With a chain that cannot be read, nobody knows which cursor files are named.
            self.check_files(&mut findings)?;
        }
        self.check_rows(&records, &mut findings)?;
        self.check_view(&matcher, &mut findings)?;
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
        for file in self.unnamed_files()? {
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
        for row in self.interactions(&Filter::default())? {
            let row = row?;
            let (rows, sum) = found.entry(slot(&row.mailbox.id)).or_default();
            *rows += 1;
            *sum = sum.wrapping_add(row_hash::of(&row));
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
                advice: "another program changed the table interactions: restore the version \
                         before that",
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

    /// The view against its recomputation.
    fn check_view(
        &self,
        matcher: &impl Fn(&str, &Interaction) -> Option<Vec<Touch>>,
        findings: &mut Vec<Finding>,
    ) -> Result<(), LakeError> {
        let books = self.books()?;
        let slots: Vec<u8> = self.activity_versions()?.into_keys().collect();
        let reached = self.activity_versions()?;
        let versions = self.interaction_versions()?;
        let (mut wrong, mut unknown) = (0_u64, 0_u64);
        self.for_each_pair(&slots, |row, current| {
            let own = slot(&row.mailbox.id);
            if reached.get(&own) != versions.get(&own) {
                return Ok(());
            }
            match self.judge(&row, current, &books, matcher) {
                Some(true) => {}
                Some(false) => wrong += 1,
                None => unknown += 1,
            }
            Ok(())
        })?;
        if wrong > 0 {
            findings.push(Finding {
                what: format!("contact_activity says something else of {wrong} interactions"),
                advice: "run `touchpoint rematch --full`, which appends what is missing",
            });
        }
        if unknown > 0 {
            findings.push(Finding {
                what: format!("the book that {unknown} interactions were matched with is gone"),
                advice: "restore _touchpoint/crm, or run `touchpoint rematch --full`",
            });
        }
        Ok(())
    }

    /// Whether the view is right about an interaction; `None` where its book is gone. Where the
    /// view has nothing, the interaction must have no contact under at least one stored book.
    fn judge(
        &self,
        row: &Interaction,
        current: Option<&Current>,
        books: &std::collections::BTreeSet<String>,
        matcher: &impl Fn(&str, &Interaction) -> Option<Vec<Touch>>,
    ) -> Option<bool> {
        let Some(current) = current else {
            let mut answers = books
                .iter()
                .filter_map(|book| matcher(book, row))
                .peekable();
            answers.peek()?;
            return Some(answers.any(|touches| touches.is_empty()));
        };
        let touches = matcher(&current.crm_snapshot, row)?;
        let stamp = Stamp {
            generation: current.generation,
            matched_at: Micros::default(),
            crm_snapshot: std::sync::Arc::clone(&current.crm_snapshot),
            run_id: std::sync::Arc::clone(&row.run_id),
            content: self.settings.activity_content,
        };
        let wanted: Vec<_> = activities::derive(row, &touches, &stamp).collect();
        Some(current.is(&wanted))
    }
}
