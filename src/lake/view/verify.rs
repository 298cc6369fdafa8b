//! Is `contact_activity` what `interactions` and the current CRM snapshots make of it?

use std::collections::BTreeMap;

use crate::lake::Lake;
use crate::lake::cursors::record::SlotRecord;
use crate::lake::error::LakeError;
use crate::lake::rows::keys::InteractionKey;
use crate::lake::rows::keys::Moves;
use crate::lake::verify::Finding;
use crate::lake::view::derive;
use crate::lake::view::derive::RowProvenance;
use crate::lake::view::diff::Diff;
use crate::lake::view::diff::ViewState;
use crate::lake::view::diff::diff_of;
use crate::lake::view::scan::Selection;
use crate::model::activity::ContactMatch;
use crate::model::interaction::Interaction;
use crate::model::interaction::State;
use crate::model::mailbox::slot;
use crate::model::time::Timestamp;

/// What to do where the view is not right.
const REMATCH: &str = "run `touchpoint rematch --full`, which appends what is missing";

/// The highest revision of an interaction in a mailbox and month, as it was found.
struct Found {
    key: InteractionKey,
    revision: i32,
    is_superseded: bool,
    /// `None`: the CRM snapshot that was in force is gone.
    diff: Option<Diff>,
    /// The highest generation that the view has of it in this month.
    generation: Option<i64>,
}

impl Lake {
    /// The view against its recomputation, slot by slot with the current CRM snapshot there. Slots
    /// in which the view is behind are skipped.
    pub(crate) fn check_view(
        &self,
        records: &BTreeMap<u8, SlotRecord>,
        matcher: &(impl Fn(&str, &Interaction) -> Option<Vec<ContactMatch>> + Sync),
        findings: &mut Vec<Finding>,
    ) -> Result<(), LakeError> {
        let reached = self.activity_versions()?;
        let snapshots = records.iter();
        let snapshots =
            snapshots.filter(|(slot, record)| reached.get(slot) == Some(&record.version));
        let snapshots: BTreeMap<u8, &str> = snapshots
            .map(|(slot, record)| (*slot, &*record.snapshot))
            .collect();
        let slots: Vec<u8> = snapshots.keys().copied().collect();
        // Only what has a revision above the first can lie in several months.
        let revised = self.revisions(&self.interactions.live_files()?)?;
        let revised = revised.over_all_months();
        let compare = |row: &Interaction, current: Option<&ViewState>| {
            let snapshot = snapshots.get(&slot(&row.mailbox.id))?;
            let contact_matches = matcher(snapshot, row);
            let found = Found {
                key: InteractionKey::of(row),
                revision: row.revision,
                is_superseded: row.state == State::Superseded,
                diff: contact_matches
                    .map(|contact_matches| self.diff(row, &contact_matches, current)),
                generation: current.map(|current| current.generation),
            };
            let is_plain = found.diff == Some(Diff::None) && !revised.contains_key(&found.key);
            (!is_plain).then_some(found)
        };
        let mut tally = ViewTally::default();
        tally.without_row = self.scan_view(&slots, &Selection::All, compare, |found| {
            tally.count(&found, revised.get(&found.key).copied());
            Ok(())
        })?;
        findings.extend(tally.findings());
        Ok(())
    }

    fn diff(
        &self,
        row: &Interaction,
        contact_matches: &[ContactMatch],
        current: Option<&ViewState>,
    ) -> Diff {
        let provenance = RowProvenance {
            generation: 0,
            matched_at: Timestamp::default(),
            crm_snapshot: "".into(),
            run_id: "".into(),
            content: self.settings.activity_content,
        };
        diff_of(&derive::derive(row, contact_matches, &provenance), current)
    }
}

/// What was found, counted.
#[derive(Default)]
struct ViewTally {
    missing: u64,
    duplicated: u64,
    stale: u64,
    other: u64,
    unknown: u64,
    left_open: u64,
    without_row: u64,
    moves: Moves,
}

impl ViewTally {
    fn count(&mut self, found: &Found, highest: Option<i32>) {
        match found.diff {
            Some(Diff::None) => {}
            Some(Diff::Missing) => self.missing += 1,
            Some(Diff::Duplicated) => self.duplicated += 1,
            Some(Diff::Stale) => self.stale += 1,
            Some(Diff::Different) => self.other += 1,
            None => self.unknown += 1,
        }
        let Some(highest) = highest else { return };
        self.left_open += u64::from(!found.is_superseded && found.revision < highest);
        self.moves
            .note(found.key, found.is_superseded, found.generation);
    }

    fn findings(&self) -> Vec<Finding> {
        let stale = self
            .moves
            .overtaken()
            .fold(self.stale, |count, _| count + 1);
        let view = "contact_activity";
        let findings = [
            (
                self.missing,
                format!("{view} lacks {} interactions", self.missing),
                REMATCH,
            ),
            (
                self.duplicated,
                format!(
                    "{view} has everything of {} interactions several times",
                    self.duplicated
                ),
                REMATCH,
            ),
            (
                stale,
                format!("{view} is stale: of {stale} interactions an older revision counts"),
                REMATCH,
            ),
            (
                self.other,
                format!("{view} says something else of {} interactions", self.other),
                REMATCH,
            ),
            (
                self.unknown,
                format!(
                    "the CRM snapshot that {} interactions were matched with is missing",
                    self.unknown
                ),
                "restore _touchpoint/crm, or run `touchpoint rematch --full`",
            ),
            (
                self.without_row,
                format!(
                    "{view} speaks of {} interactions that are not there",
                    self.without_row
                ),
                "another program changed a table: restore the version before that",
            ),
            (
                self.left_open,
                format!("{} interactions count in two months", self.left_open),
                "this is a defect of touchpoint, please report it",
            ),
        ];
        let findings = findings.into_iter().filter(|(count, ..)| *count > 0);
        findings
            .map(|(_, what, advice)| Finding { what, advice })
            .collect()
    }
}
