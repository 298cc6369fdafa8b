//! Another CRM snapshot against everything that was captured: what changes, and what would.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::RecordBatch;

use crate::lake::Lake;
use crate::lake::batch::CommitBatch;
use crate::lake::delta::file_reader::OnlyRows;
use crate::lake::delta::table::LiveFile;
use crate::lake::error::LakeError;
use crate::lake::packed::PackedRows;
use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::text;
use crate::lake::rows::fingerprint;
use crate::lake::rows::keys::InteractionKey;
use crate::lake::rows::keys::MonthKey;
use crate::lake::rows::keys::month_number;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::project;
use crate::lake::view::advance::CaughtUp;
use crate::lake::view::derive;
use crate::lake::view::derive::RowProvenance;
use crate::lake::view::diff;
use crate::lake::view::diff::Diff;
use crate::lake::view::diff::diff_of;
use crate::lake::view::scan::Selection;
use crate::model::activity::Activity;
use crate::model::activity::ContactMatch;
use crate::model::interaction::Interaction;
use crate::model::interaction::Participant;
use crate::model::mailbox::SLOTS;
use crate::model::rematch::Whose;
use crate::model::run::RunStamp;
use crate::model::time::Timestamp;

/// How many current rows of a contact or account another CRM snapshot would change. A row that
/// would say something else both goes and comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Rows that would come.
    pub come: u64,
    /// Rows that would go.
    pub go: u64,
}

impl Lake {
    /// Commits a changed CRM snapshot for all slots of this process that have another one in force,
    /// and gives the interactions of which it says something else a new generation. With `full`,
    /// slots that have this CRM snapshot are compared as well.
    ///
    /// A crash in between is recovered by [`Lake::catch_up_activities`]. Blocks, as
    /// [`Lake::commit`] does.
    pub fn rematch(
        &self,
        run: &RunStamp,
        snapshot: &str,
        full: bool,
        matcher: impl Fn(&Interaction) -> Vec<ContactMatch> + Sync,
    ) -> Result<CaughtUp, LakeError> {
        self.rematch_slots(run, snapshot, full, &Selection::All, &matcher)
    }

    /// As [`Lake::rematch`], but only interactions with a participant of whom `concerns` is true
    /// are compared; all others keep their generation. It must be true of every participant of whom
    /// any current CRM snapshot (see [`Lake::current_snapshots`]) says something else than this
    /// one.
    pub fn rematch_concerned(
        &self,
        run: &RunStamp,
        snapshot: &str,
        concerns: impl Fn(&Participant) -> bool + Sync,
        matcher: impl Fn(&Interaction) -> Vec<ContactMatch> + Sync,
    ) -> Result<CaughtUp, LakeError> {
        self.rematch_slots(
            run,
            snapshot,
            false,
            &Selection::Concerned(&concerns),
            &matcher,
        )
    }

    /// What [`Lake::rematch`] would change, or with `concerns` what [`Lake::rematch_concerned`]
    /// would, by contact and account; without it, slots that have this CRM snapshot are looked at
    /// as well. Appends nothing and needs no lock. What the view lacks yet counts as coming.
    pub fn plan_rematch(
        &self,
        snapshot: &str,
        concerns: Option<&(dyn Fn(&Participant) -> bool + Sync)>,
        matcher: impl Fn(&Interaction) -> Vec<ContactMatch> + Sync,
    ) -> Result<BTreeMap<Whose, Changes>, LakeError> {
        let records = self.slot_records()?.into_iter();
        let records = records.filter(|(slot, _)| self.settings.slots.contains(slot));
        let slots = records.filter(|(_, record)| concerns.is_none() || record.snapshot != snapshot);
        let slots: Vec<u8> = slots.map(|(slot, _)| slot).collect();
        let which = concerns.map_or(Selection::All, Selection::Concerned);
        let provenance = RowProvenance {
            generation: 0,
            matched_at: Timestamp::default(),
            crm_snapshot: snapshot.into(),
            run_id: "".into(),
            content: self.settings.activity_content,
        };
        let mut planned = Planned::default();
        self.scan_view(
            &slots,
            &which,
            |row, current| {
                let wanted = derive::derive(row, &matcher(row), &provenance);
                let is_right = diff_of(&wanted, current) == Diff::None;
                (!is_right).then(|| {
                    let key =
                        InteractionKey::of(row).in_month(month_number(&row.occurred_at.month()));
                    let current = current.map(|current| current.generation);
                    (key, current, fingerprints_of(&wanted))
                })
            },
            |(key, generation, wanted)| {
                planned.comes(key, generation, wanted);
                Ok(())
            },
        )?;
        self.add_going(&mut planned)?;
        planned
            .changes
            .retain(|_, changes| *changes != Changes::default());
        Ok(planned.changes)
    }

    /// Commits a CRM snapshot for the slots of this process that it concerns, then brings the view
    /// there.
    fn rematch_slots(
        &self,
        run: &RunStamp,
        snapshot: &str,
        full: bool,
        which: &Selection<'_>,
        matcher: &(impl Fn(&Interaction) -> Vec<ContactMatch> + Sync),
    ) -> Result<CaughtUp, LakeError> {
        let _lock = self.lock_commits();
        let records = self.slot_records()?.into_iter();
        let own = records.filter(|(slot, _)| self.check_held(*slot).is_ok());
        let changed = own.filter(|(_, record)| full || record.snapshot != snapshot);
        let slots: BTreeSet<u8> = changed.map(|(slot, _)| slot).collect();
        if slots.is_empty() {
            return Ok(CaughtUp::default());
        }
        let batch = CommitBatch {
            run: run.clone(),
            rows: Vec::new(),
            packed: PackedRows::default(),
            cursors: Vec::new(),
            tallies: Vec::new(),
            snapshot_digest: snapshot.into(),
        };
        let plan = self.plan_slots(&slots, run.clone(), snapshot.into())?;
        self.write_cursors(&plan, &batch)?;
        self.interactions.append(&[], &plan.steps)?;
        self.advance_view(run, snapshot, plan.steps, which, matcher)
    }

    /// Counts the current rows that would go.
    fn add_going(&self, planned: &mut Planned) -> Result<(), LakeError> {
        let ids = planned
            .wanted
            .keys()
            .map(|key| key.interaction.interaction_id);
        let ids: HashSet<_> = ids.collect();
        if ids.is_empty() {
            return Ok(());
        }
        let mut columns = diff::columns();
        columns.extend(["contact_id", "account_id"]);
        let wanted = project(TableName::ContactActivity, &columns);
        let all: Vec<u8> = (0..SLOTS).collect();
        let each = |file: &LiveFile, batch: &RecordBatch| {
            let rows = diff::view_rows(batch, month_number(&file.month), &all)?;
            let subjects = subjects(batch)?;
            Ok(rows.into_iter().zip(subjects).collect::<Vec<_>>())
        };
        let files = self.activities.live_files()?;
        let only = OnlyRows::Of(Arc::new(ids));
        for file in files {
            let file = std::slice::from_ref(&file);
            let rows = self.in_parallel(&self.activities, file, &wanted, Some(&only), each)?;
            for (row, subject) in rows.into_iter().flatten() {
                if let Some(subject) = subject {
                    planned.goes(row.key, row.generation, row.hash, subject);
                }
            }
        }
        Ok(())
    }
}

/// Whom rows are about, with what they say.
fn fingerprints_of(rows: &[Activity]) -> Vec<(Whose, u64)> {
    let mut buffer = Vec::new();
    let fingerprints = rows.iter().filter_map(|row| {
        let contact_match = row.contact_match.as_ref()?;
        let contact = contact_match.contact.as_ref();
        let contact = contact.map(|(id, _)| Whose::Contact(Arc::clone(id)));
        let account = contact_match.account.as_ref();
        let account = || account.map(|(id, _)| Whose::Account(Arc::clone(id)));
        Some((contact.or_else(account)?, fingerprint::of(row, &mut buffer)))
    });
    fingerprints.collect()
}

/// Whom the rows of a batch are about; closing rows are about no one.
fn subjects(batch: &RecordBatch) -> Result<Vec<Option<Whose>>, BadCell> {
    let cells = Cells::new(batch);
    let (contacts, accounts) = (cells.texts("contact_id")?, cells.texts("account_id")?);
    let subject = |row| {
        let contact = text(contacts, row).map(|id| Whose::Contact(id.into()));
        contact.or_else(|| text(accounts, row).map(|id| Whose::Account(id.into())))
    };
    Ok((0..batch.num_rows()).map(subject).collect())
}

/// What a plan has found.
#[derive(Default)]
struct Planned {
    changes: BTreeMap<Whose, Changes>,
    /// Of interactions that would get a new generation: the current one, and what the new rows
    /// would say.
    wanted: HashMap<MonthKey, (Option<i64>, Vec<u64>)>,
}

impl Planned {
    fn comes(&mut self, key: MonthKey, current: Option<i64>, wanted: Vec<(Whose, u64)>) {
        let hashes = wanted.iter().map(|(_, hash)| *hash).collect();
        for (subject, _) in wanted {
            self.changes.entry(subject).or_default().come += 1;
        }
        self.wanted.insert(key, (current, hashes));
    }

    /// A row that the view has: it would go, unless the same comes again.
    fn goes(&mut self, key: MonthKey, generation: i64, hash: u64, subject: Whose) {
        let Some((current, hashes)) = self.wanted.get_mut(&key) else {
            return;
        };
        if *current != Some(generation) {
            return;
        }
        let again = hashes.iter().position(|wanted| *wanted == hash);
        let changes = self.changes.entry(subject).or_default();
        match again {
            Some(at) => {
                hashes.swap_remove(at);
                changes.come -= 1;
            }
            None => changes.go += 1,
        }
    }
}
