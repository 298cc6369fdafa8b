//! The CRM snapshot against all that was captured: without signing in, and without reading mail
//! again.

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::config::Config;
use crate::config::capture::Unmatched;
use crate::config::crm;
use crate::config::crm::LoadedCrm;
use crate::config::crm::Trust;
use crate::config::crm_notes;
use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::matching::Matcher;
use crate::matching::difference::Concerned;
use crate::model::address::is_within;
use crate::model::contact::CrmSnapshot;
use crate::model::interaction::Interaction;
use crate::model::rematch::RematchResult;
use crate::model::rematch::RematchSummary;
use crate::model::rematch::SnapshotChange;
use crate::model::rematch::Whose;
use crate::pipeline::catch_up;
use crate::pipeline::error::RunError;
use crate::pipeline::run_id;
use crate::pipeline::stores;
use crate::pipeline::writer::WriterError;
use crate::reconcile::withheld::lacks_wanted_content;
use crate::runtime::clock;
use crate::runtime::cpu::CpuPool;

/// Matches the CRM files of the configuration against all that was captured, and updates the index.
/// Files that cannot be read leave the lake as it is.
pub(crate) async fn rematch(
    config: &Config,
    full: bool,
    crm: Trust,
) -> Result<RematchSummary, RunError> {
    let run = run_id::stamp(clock::now());
    in_lake(config, move |config, read, cpu, handle| {
        let settings = stores::lake_settings(config);
        let lake = Lake::open_existing_for_write(settings, cpu, handle)?;
        let read = ready(&lake, read)?;
        if crm == Trust::Checked {
            stores::check_crm(config, &read.snapshot, &lake)?;
        }
        let mut caught_up = Vec::new();
        if !lake.slots_behind()?.is_empty() {
            let snapshots = catch_up::Snapshots::of(&lake)?;
            caught_up.extend(catch_up::activities(&lake, &snapshots, &run)?);
        }
        lake.store_snapshot(&read.snapshot)?;
        // Before anything is committed: a later version would hide that the index is ahead.
        let mut indexer = stores::open_index(config, &lake)?;
        let matcher = catch_up::matcher(&read.snapshot);
        let done = catch_up::append(&lake, &read.snapshot, &matcher, &run, full)?;
        lake.publish_crm(&read.snapshot, &run)?;
        let snapshots = catch_up::Snapshots::of(&lake)?;
        caught_up.extend(catch_up::index(&lake, &snapshots, &mut indexer)?);
        indexer.close().map_err(WriterError::from)?;
        let result = RematchResult::Appended {
            run_id: run.run_id.clone(),
            rows: done.activities as u64,
            caught_up,
        };
        let mut summary = summary(&read, result);
        summary.without_content = without_content(config, &lake, &matcher)?;
        Ok(summary)
    })
    .await
}

/// Mails in which the CRM snapshot matches a contact and whose content was withheld: looked for
/// where the configuration withholds it.
fn without_content(config: &Config, lake: &Lake, matcher: &Matcher) -> Result<u64, LakeError> {
    match config.capture.unmatched {
        Unmatched::Envelope => {
            let slots: Vec<u8> = lake.interaction_versions()?.into_keys().collect();
            lake.count_mails(&slots, |row| lacks_wanted_content(matcher, row))
        }
        Unmatched::Keep | Unmatched::Skip => Ok(0),
    }
}

/// What [`rematch`] would do to the current rows, contact by contact. Writes nothing.
pub(crate) async fn plan(config: &Config, full: bool) -> Result<RematchSummary, RunError> {
    in_lake(config, move |config, read, cpu, handle| {
        let lake = Lake::open(stores::lake_settings(config), cpu, handle)?;
        let read = ready(&lake, read)?;
        let changes = changes(&lake, &read.snapshot, full)?;
        let mut summary = summary(&read, RematchResult::Planned { changes });
        summary.without_content =
            without_content(config, &lake, &catch_up::matcher(&read.snapshot))?;
        let warning = stores::check_crm(config, &read.snapshot, &lake).err();
        summary
            .notes
            .extend(warning.map(|warning| warning.to_string()));
        Ok(summary)
    })
    .await
}

/// Reads the CRM files, then does what blocks on the disk where it may.
async fn in_lake<W>(config: &Config, work: W) -> Result<RematchSummary, RunError>
where
    W: FnOnce(
        &Config,
        LoadedCrm,
        Arc<CpuPool>,
        tokio::runtime::Handle,
    ) -> Result<RematchSummary, RunError>,
    W: Send + 'static,
{
    let read = crm::load(&config.crm)?;
    let cpu = stores::cpu(config)?;
    let config = config.clone();
    let handle = tokio::runtime::Handle::current();
    let working = tokio::task::spawn_blocking(move || work(&config, read, cpu, handle));
    working.await.map_err(|_| WriterError::Lost)?
}

/// The CRM snapshot as a run would ask it: without the domains that the last run knew to be the
/// company's own, so that both name it by one digest.
pub(super) fn ready(lake: &Lake, read: LoadedCrm) -> Result<LoadedCrm, LakeError> {
    let own_domains = lake.own_domains()?.unwrap_or_default();
    let is_own = |domain: &str| is_within(domain, &own_domains);
    Ok(crm::without_own_domains(read, is_own))
}

fn summary(read: &LoadedCrm, result: RematchResult) -> RematchSummary {
    RematchSummary {
        snapshot: read.snapshot.digest.clone(),
        result,
        without_content: 0,
        notes: crm_notes::lines(&read.notes),
    }
}

/// The rows that are added and removed, for each contact and account whose rows change.
fn changes(
    lake: &Lake,
    snapshot: &CrmSnapshot,
    full: bool,
) -> Result<Vec<SnapshotChange>, LakeError> {
    let matcher = catch_up::matcher(snapshot);
    let contact_matches =
        |interaction: &Interaction| matcher.contact_matches(&interaction.participants);
    let changes = if full {
        lake.plan_rematch(&snapshot.digest, None, contact_matches)?
    } else {
        let others = lake.other_snapshots(&snapshot.digest)?;
        let concerned = Concerned::by(others, snapshot);
        lake.plan_rematch(
            &snapshot.digest,
            Some(&|one| concerned.has(one)),
            contact_matches,
        )?
    };
    let mut names = Names::default();
    // The new CRM snapshot's names take precedence over those of removed rows.
    names.add(snapshot);
    for digest in lake
        .current_snapshots()?
        .into_values()
        .collect::<BTreeSet<_>>()
    {
        if let Ok(old) = lake.load_snapshot(&digest) {
            names.add(&old);
        }
    }
    let changes = changes.into_iter().map(|(whose, changes)| SnapshotChange {
        name: names.0.get(&whose).cloned(),
        whose,
        come: changes.come,
        go: changes.go,
    });
    Ok(changes.collect())
}

/// The names of contacts and accounts, by the first CRM snapshot that has them.
#[derive(Default)]
struct Names(HashMap<Whose, Arc<str>>);

impl Names {
    fn add(&mut self, snapshot: &CrmSnapshot) {
        let contacts = snapshot.contacts.iter();
        let contacts = contacts.map(|one| (Whose::Contact(one.id.clone()), &one.name));
        let accounts = snapshot.accounts.iter();
        let accounts = accounts.map(|one| (Whose::Account(one.id.clone()), &one.name));
        for (whose, name) in contacts.chain(accounts) {
            self.0.entry(whose).or_insert_with(|| name.clone());
        }
    }
}
