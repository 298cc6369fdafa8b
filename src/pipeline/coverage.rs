//! The end of a run: how each mailbox was read, or why it was not, in the table `mailboxes`.

use std::sync::Arc;

use crate::config::actor;
use crate::config::members::Settings;
use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::model::audit::AuditAction;
use crate::model::audit::AuditEntry;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::run::RunStamp;
use crate::pipeline::writer::WriterError;
use crate::runtime::clock;
use crate::sync::connections;
use crate::sync::connections::LeftOut;
use crate::sync::setting_changes::Current;
use crate::sync::setting_changes::changes;

/// Says how each mailbox is connected, and writes the rows of the table `mailboxes`; gives those of the
/// mailboxes that were read.
pub(super) async fn write(
    lake: &Arc<Lake>,
    run: &RunStamp,
    mut coverage: Vec<Coverage>,
    left_out: LeftOut,
) -> Result<(Vec<Coverage>, LeftOut), WriterError> {
    let (lake, run) = (lake.clone(), run.clone());
    let writing = tokio::task::spawn_blocking(move || {
        let last = lake.last_connections()?;
        connections::settle(&mut coverage, &left_out.accounts, &last);
        let now = clock::now();
        let mut rows = coverage.clone();
        // What a run finds again of a mailbox that it does not read is no news.
        rows.retain(|row| {
            let known = last.get(&row.mailbox.id).map(|known| known.connection);
            row.status != Status::LeftOut || known != row.connection
        });
        rows.extend(connections::left_out(
            &run, now, &coverage, &left_out, &last,
        ));
        let actor: Arc<str> = actor::name("run").into();
        let mut changes = connections::scope_changes(&run, &actor, &rows, &last);
        changes.extend(connections::activations(
            &run,
            &actor,
            &coverage,
            &lake.activated()?,
        ));
        lake.write_audit(&changes)?;
        lake.write_mailboxes(&rows)?;
        Ok::<_, LakeError>((coverage, left_out))
    });
    Ok(writing.await.map_err(|_| WriterError::Lost)??)
}

/// What somebody decided for a run: the action, and to what it applies.
pub(super) type Decision = (AuditAction, String);

/// Writes what was decided for a run, and which settings are others than before, to the table
/// `audit`, before anything is read.
pub(super) async fn announce(
    lake: &Arc<Lake>,
    run: &RunStamp,
    decided: Vec<Decision>,
    (current, default): (Current, Settings),
) -> Result<(), WriterError> {
    let actor: Arc<str> = actor::name("run").into();
    let entries = decided.into_iter().map(|(action, subject)| AuditEntry {
        at: run.started_at,
        actor: actor.clone(),
        action,
        subject,
        before: None,
        after: None,
        run_id: Some(run.run_id.clone()),
    });
    let mut entries: Vec<AuditEntry> = entries.collect();
    let (lake, run) = (lake.clone(), run.clone());
    let writing = tokio::task::spawn_blocking(move || {
        let known = lake.last_settings()?;
        entries.extend(changes(&run, &actor, &current, default, &known));
        lake.write_audit(&entries)
    });
    Ok(writing.await.map_err(|_| WriterError::Lost)??)
}
