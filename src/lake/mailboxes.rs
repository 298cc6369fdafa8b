//! The table `mailboxes`: how far every mailbox was read, in every run, died ones included.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use arrow_array::Array as _;

use crate::lake::Lake;
use crate::lake::cursors::chain::add_counts;
use crate::lake::cursors::record::Counts;
use crate::lake::error::LakeError;
use crate::lake::read::Filter;
use crate::lake::read::Rows;
use crate::lake::read::batches;
use crate::lake::read::paths;
use crate::lake::read::read;
use crate::lake::reported::Reported;
use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::instant;
use crate::lake::rows::cells::owned;
use crate::lake::rows::cells::text;
use crate::lake::rows::coverage::COVERAGE;
use crate::lake::rows::schema::TableName;
use crate::lake::rows::schema::project;
use crate::model::connection::Connection;
use crate::model::connection::LastConnection;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::mailbox::slot;
use crate::model::time::DAY;

/// A run's rows in `mailboxes` are dated after its start, unless the clock was set back meanwhile:
/// they are looked for so much earlier.
const CLOCK_BACK: i64 = 31 * DAY;

impl Lake {
    /// Appends rows to `mailboxes`, at the end of a run.
    pub fn write_mailboxes(&self, rows: &[Coverage]) -> Result<(), LakeError> {
        let Some(first) = rows.first() else {
            return Ok(());
        };
        self.append_by_month(&self.mailboxes, &COVERAGE, rows, &first.run_id, |row| {
            row.started_at
        })?;
        if let Some(reported) = &mut *self.known_reported() {
            for row in rows {
                reported.note(&row.run_id, slot(&row.mailbox.id));
            }
        }
        Ok(())
    }

    /// The rows of `mailboxes`, in no particular order.
    pub fn mailboxes(&self) -> Result<Rows<Coverage>, LakeError> {
        let rows = read(
            paths(&self.mailboxes, &Filter::default())?,
            TableName::Mailboxes,
            |batch| COVERAGE.read_all(batch),
        );
        Ok(Box::new(rows))
    }

    /// How each mailbox was connected after the last run that wrote a row of it, by its id.
    pub fn last_connections(&self) -> Result<HashMap<Arc<str>, LastConnection>, LakeError> {
        let mut last: HashMap<Arc<str>, LastConnection> = HashMap::new();
        let wanted = project(
            TableName::Mailboxes,
            &[
                "tenant",
                "mailbox_id",
                "mailbox_address",
                "mailbox_kind",
                "started_at",
                "status",
                "connection",
                "connection_since",
                "code",
                "recorded_total",
            ],
        );
        for batch in batches(paths(&self.mailboxes, &Filter::default())?, wanted) {
            let (path, batch) = batch?;
            let fail = LakeError::bad_file(&path);
            last_rows(&Cells::new(&batch), &mut last).map_err(|why| fail(&why))?;
        }
        Ok(last)
    }

    fn known_reported(&self) -> MutexGuard<'_, Option<Reported>> {
        self.reported.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The runs that `mailboxes` reports: all of them, or at least those that cursor files count.
    /// What other processes reported since the first look may be missing.
    pub(super) fn reported(&self) -> Result<Reported, LakeError> {
        let mut known = self.known_reported();
        let reported = match known.take() {
            Some(reported) => reported,
            None => self.reported_runs(&Filter::default())?,
        };
        Ok(known.insert(reported).clone())
    }

    /// The runs that `mailboxes` reports in the wanted months.
    fn reported_runs(&self, months: &Filter) -> Result<Reported, LakeError> {
        let mut runs = Reported::default();
        for batch in batches(
            paths(&self.mailboxes, months)?,
            project(TableName::Mailboxes, &["run_id", "mailbox_id"]),
        ) {
            let (path, batch) = batch?;
            let cells = Cells::new(&batch);
            let fail = LakeError::bad_file(&path);
            let ids = cells.texts("run_id").map_err(|why| fail(&why))?;
            let mailboxes = cells.texts("mailbox_id").map_err(|why| fail(&why))?;
            for (id, mailbox_id) in ids.iter().flatten().zip(mailboxes.iter().flatten()) {
                runs.note(id, slot(mailbox_id));
            }
        }
        Ok(runs)
    }

    /// What runs have committed to the slots of this process that `mailboxes` does not report: they
    /// died. (Of other slots it is unknown here whether the run is over.) `current` is the run
    /// that is going on, which reports for itself.
    pub fn unreported_runs(&self, current: &str) -> Result<Vec<Coverage>, LakeError> {
        let mut versions = self.interaction_versions()?;
        versions.retain(|slot, _| self.settings.slots.contains(slot));
        let mut counted = BTreeMap::new();
        for (slot, version) in &versions {
            let mut runs = self.cursors.counted_runs(*version, *slot)?;
            runs.remove(current);
            counted.insert(*slot, runs);
        }
        let Some(oldest) = counted.values().flat_map(BTreeMap::values).min() else {
            return Ok(Vec::new());
        };
        let months = Filter {
            from_month: Some(oldest.plus(-CLOCK_BACK).month()),
            ..Filter::default()
        };
        let reported = self.reported_runs(&months)?;
        let is_reported = |run: &str, slot: u8| run == current || reported.contains(run, slot);
        versions.retain(|slot, _| {
            let runs = counted.get(slot).into_iter().flat_map(BTreeMap::keys);
            runs.into_iter().any(|run| !is_reported(run, *slot))
        });
        let mut died = self.counts(&versions)?;
        died.retain(|(run, mailbox_id), _| !is_reported(run, slot(mailbox_id)));
        *self.known_reported() = Some(reported);
        if died.is_empty() {
            return Ok(Vec::new());
        }
        let totals = self.recorded_totals()?;
        let rows = died.iter().map(|((run, mailbox_id), count)| {
            let mailbox: Mailbox = count.mailbox(mailbox_id);
            Coverage {
                run_id: run.as_str().into(),
                recorded_total: totals.get(mailbox_id).copied().unwrap_or_default(),
                unread: Vec::new(),
                was_absent: false,
                mailbox: Arc::new(mailbox),
                started_at: count.started_at,
                ended_at: count.ended_at,
                status: Status::Interrupted,
                reason: None,
                connection: Some(Connection::Interrupted),
                connection_since: Some(count.ended_at),
                code: None,
                tally: count.tally.clone(),
                cost: count.cost(),
                cursor_age_hours: None,
                folder_items: None,
            }
        });
        Ok(rows.collect())
    }

    /// What the cursor files of some slots count, by run and mailbox, as far back as the last full
    /// ones before a version.
    pub(super) fn counts(&self, versions: &BTreeMap<u8, i64>) -> Result<Counts, LakeError> {
        let mut counts = Counts::new();
        for (slot, version) in versions {
            add_counts(self.cursors.merged(*version, *slot)?, &mut counts)?;
        }
        Ok(counts)
    }

    /// How many interactions each mailbox has: each has one first revision.
    pub fn recorded_totals(&self) -> Result<HashMap<String, i64>, LakeError> {
        let files = self.interactions.live_files()?.into_iter();
        let files = files.map(|file| self.interactions.folder.join(file.path));
        let mut totals = HashMap::new();
        let wanted = project(TableName::Interactions, &["mailbox_id", "revision"]);
        for batch in batches(files.collect(), wanted) {
            let (path, batch) = batch?;
            let cells = Cells::new(&batch);
            let fail = LakeError::bad_file(&path);
            let ids = cells.texts("mailbox_id").map_err(|why| fail(&why))?;
            let revisions = cells.ints("revision").map_err(|why| fail(&why))?;
            let firsts = ids
                .iter()
                .zip(revisions)
                .filter(|(_, revision)| *revision == Some(1));
            for id in firsts.filter_map(|(id, _)| id) {
                match totals.get_mut(id) {
                    Some(total) => *total += 1,
                    None => {
                        totals.insert(id.to_owned(), 1);
                    }
                }
            }
        }
        Ok(totals)
    }
}

/// Keeps the newest row of each mailbox.
fn last_rows(
    cells: &Cells<'_>,
    last: &mut HashMap<Arc<str>, LastConnection>,
) -> Result<(), BadCell> {
    let ids = cells.texts("mailbox_id")?;
    let [tenants, addresses, kinds] =
        ["tenant", "mailbox_address", "mailbox_kind"].map(|name| cells.texts(name));
    let (tenants, addresses, kinds) = (tenants?, addresses?, kinds?);
    let (statuses, connections) = (cells.texts("status")?, cells.texts("connection")?);
    let codes = cells.texts("code")?;
    let totals = cells.longs("recorded_total")?;
    let (starts, since) = (
        cells.instants("started_at")?,
        cells.instants("connection_since")?,
    );
    for row in 0..ids.len() {
        let (Some(id), Some(at)) = (text(ids, row), instant(starts, row)) else {
            continue;
        };
        if last.get(id).is_some_and(|known| known.at >= at) {
            continue;
        }
        // Rows of versions that did not say tell it by how the run ended.
        let of_status = || {
            text(statuses, row)
                .and_then(Status::parse)
                .and_then(Status::connection)
        };
        let named = text(connections, row).and_then(Connection::parse);
        let connection = named.or_else(of_status).unwrap_or(Connection::NotConnected);
        let word = |array, row| text(array, row).unwrap_or_default();
        let mailbox = Mailbox {
            id: id.into(),
            address: word(addresses, row).into(),
            kind: MailboxKind::parse(word(kinds, row)).unwrap_or(MailboxKind::User),
            tenant: word(tenants, row).into(),
            own_addresses: Vec::new(),
        };
        let known = LastConnection {
            mailbox,
            at,
            connection,
            since: instant(since, row).unwrap_or(at),
            code: owned(codes, row),
            recorded_total: if totals.is_valid(row) {
                totals.value(row)
            } else {
                0
            },
        };
        last.insert(id.into(), known);
    }
    Ok(())
}
