//! Does the lake hold what its commits say? Reads everything, changes nothing.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::sync::Arc;

use crate::lake::Lake;
use crate::lake::cursors::record::SlotRecord;
use crate::lake::delta::file_reader::FileReader;
use crate::lake::delta::log::history;
use crate::lake::delta::table::Table;
use crate::lake::error::LakeError;
use crate::lake::read::read;
use crate::lake::rows::interaction::INTERACTIONS;
use crate::lake::rows::keys::InteractionKey;
use crate::lake::rows::keys::month_number;
use crate::lake::rows::row_hash;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::project;
use crate::model::activity::ContactMatch;
use crate::model::interaction::Interaction;
use crate::model::mailbox::SLOTS;
use crate::model::mailbox::slot;

/// What to do where the table `interactions` is not what was committed.
const FOREIGN_ROWS: &str =
    "another program changed the table interactions: restore the version before that";

/// What to do where a file of `interactions` or of the log of a table is not what it was.
const RESTORE: &str = "restore it from a backup: what it holds is nowhere else";
/// What to do where the view cannot be used.
const DROP_VIEW: &str =
    "delete the folder contact_activity: the next run makes it again from interactions";

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was found.
    pub what: String,
    /// What to do about it.
    pub advice: &'static str,
}

/// Advice for what the next run puts right by itself.
pub const CATCHES_UP: &str = "the next run catches up";
/// The same for what it deletes.
pub const DELETES: &str =
    "the next run deletes it, unless a run is going on and about to commit it";
/// The same for what it makes.
pub const MAKES: &str = "the next run makes it again from the lake";

impl Finding {
    /// Whether it is no damage: the next run puts it right by itself.
    pub fn is_leftover(&self) -> bool {
        [CATCHES_UP, DELETES, MAKES].contains(&self.advice)
    }
}

impl Lake {
    /// Compares tables, cursor files and view with each other.
    ///
    /// `matcher` asks the stored CRM snapshot with the given digest; `None` where there is no such
    /// CRM snapshot. Blocks for as long as it takes to read the whole lake.
    pub fn verify(
        &self,
        matcher: impl Fn(&str, &Interaction) -> Option<Vec<ContactMatch>> + Sync,
    ) -> Result<Vec<Finding>, LakeError> {
        // Sums of hashes would differ where a column has values that are not read.
        self.interactions.check_known()?;
        self.activities.check_known()?;
        let mut findings = Vec::new();
        let records = self.check_cursors(&mut findings)?;
        if findings.is_empty() {
            // With a chain that cannot be read, it is unknown which cursor files are named.
            let checked = self.check_files(&mut findings);
            note_damage(checked, &mut findings)?;
        }
        let has_rows = check_data(&self.interactions, RESTORE, &mut findings)?;
        let has_view = check_data(&self.activities, DROP_VIEW, &mut findings)?;
        for table in [Some(&self.mailboxes), self.audit.as_ref()]
            .into_iter()
            .flatten()
        {
            check_data(table, RESTORE, &mut findings)?;
        }
        // What cannot be read cannot be compared.
        if has_rows {
            let checked = self.check_rows(&records, &mut findings);
            note_damage(checked, &mut findings)?;
        }
        if has_rows && has_view {
            let checked = self.check_view(&records, &matcher, &mut findings);
            note_damage(checked, &mut findings)?;
        }
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
        self.check_progress(findings)?;
        Ok(records)
    }

    /// How far the view is, against the rows.
    fn check_progress(&self, findings: &mut Vec<Finding>) -> Result<(), LakeError> {
        let (versions, mut ahead) = (self.interaction_versions()?, self.activity_versions()?);
        ahead.retain(|slot, reached| versions.get(slot).is_none_or(|version| version < reached));
        let ahead: Vec<u8> = ahead.into_keys().collect();
        if !ahead.is_empty() {
            findings.push(Finding {
                what: format!("contact_activity is ahead of interactions in slots {ahead:?}"),
                advice: "interactions was set back alone: restore it and _touchpoint as they were, \
                         or delete the folder contact_activity",
            });
        }
        for (snapshot, mut slots) in self.slots_behind().unwrap_or_default() {
            slots.retain(|slot| !ahead.contains(slot));
            if !slots.is_empty() {
                findings.push(Finding {
                    what: format!(
                        "contact_activity is behind in slots {slots:?} (CRM snapshot {snapshot})"
                    ),
                    advice: CATCHES_UP,
                });
            }
        }
        Ok(())
    }

    fn check_files(&self, findings: &mut Vec<Finding>) -> Result<(), LakeError> {
        let mut removed = self.removed_files()?;
        let versions = history(&self.interactions.folder)?.versions;
        removed.extend(versions.iter().map(|v| self.cursors.file(*v)));
        for file in self.orphaned_files()? {
            // What was merged into another file is deleted at the next start of a run.
            if removed.contains(&file) {
                continue;
            }
            findings.push(Finding {
                what: format!("no commit names {}", file.display()),
                advice: DELETES,
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
        let mut duplicated = 0;
        let all: Vec<u8> = (0..SLOTS).collect();
        for chunk in self.chunks(&all)? {
            let mut known = HashSet::new();
            let paths = self.interactions.paths(&chunk.rows);
            for row in read(paths, TableName::Interactions, |batch| {
                INTERACTIONS.read_all(batch)
            }) {
                let row = row?;
                let own = slot(&row.mailbox.id);
                if !chunk.slots.contains(&own) {
                    continue;
                }
                let (rows, sum) = found.entry(own).or_default();
                *rows += 1;
                *sum = sum.wrapping_add(row_hash::of(&row));
                let month = month_number(&row.occurred_at.month());
                let is_new = known.insert((InteractionKey::of(&row).in_month(month), row.revision));
                duplicated += u64::from(!is_new);
            }
        }
        if duplicated > 0 {
            findings.push(Finding {
                what: format!("{duplicated} rows of interactions repeat a revision of their month"),
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
        // Of a slot whose cursor file cannot be read, it is unknown what was committed.
        let versions = self.interaction_versions()?;
        for slot in found.keys().filter(|slot| !versions.contains_key(slot)) {
            findings.push(Finding {
                what: format!("slot {slot} has rows that no cursor file speaks of"),
                advice: "another program added to the table interactions: take those rows out",
            });
        }
        Ok(())
    }
}

/// Whether every file that a table names is there and can be opened.
fn check_data(
    table: &Table,
    advice: &'static str,
    findings: &mut Vec<Finding>,
) -> Result<bool, LakeError> {
    let before = findings.len();
    let wanted = project(table.name, &["mailbox_id"]);
    for path in table.paths(&table.live_files()?) {
        match FileReader::open(&path, Arc::clone(&wanted)) {
            Err(error) if error.is_damage() => findings.push(Finding {
                what: error.to_string(),
                advice,
            }),
            opened => drop(opened?),
        }
    }
    Ok(findings.len() == before)
}

/// Damage is what is looked for: it is found, and the search continues.
fn note_damage(
    checked: Result<(), LakeError>,
    findings: &mut Vec<Finding>,
) -> Result<(), LakeError> {
    match checked {
        Err(error) if error.is_damage() => {
            findings.push(Finding {
                what: error.to_string(),
                advice: RESTORE,
            });
            Ok(())
        }
        checked => checked,
    }
}
