//! A run that cannot begin since no tenant can be listed: what that means for the mailboxes of earlier
//! runs is noted all the same.

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::access::error::AccessError;
use crate::config::Config;
use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::lake::settings::LakeSettings;
use crate::model::run::RunStamp;
use crate::model::shard::Shard;
use crate::pipeline::error::RunError;
use crate::pipeline::stores;
use crate::runtime::clock;
use crate::runtime::cpu::CpuPool;
use crate::sync::connections;
use crate::sync::connections::LeftOut;

/// Writes a row for each mailbox of a tenant that could not be listed, where that is new. The run ends
/// with its own error, so one of this is only logged.
pub(super) async fn note(
    config: &Config,
    run: &RunStamp,
    (shard, disk): (Shard, &Handle),
    error: &RunError,
) {
    let RunError::Access(AccessError::NoTenant { failed, .. }) = error else {
        return;
    };
    let left_out = LeftOut {
        failed: failed.clone(),
        shard,
        ..LeftOut::default()
    };
    let settings = LakeSettings {
        slots: shard.slots(),
        ..stores::lake_settings(config)
    };
    let Ok(cpu) = stores::cpu(config) else { return };
    let (run, disk) = (run.clone(), disk.clone());
    let writing = tokio::task::spawn_blocking(move || write(&run, &left_out, settings, cpu, disk));
    if let Ok(Err(error)) = writing.await {
        tracing::warn!(%error, "the table mailboxes does not say that no tenant could be listed");
    }
}

fn write(
    run: &RunStamp,
    left_out: &LeftOut,
    settings: LakeSettings,
    cpu: Arc<CpuPool>,
    disk: Handle,
) -> Result<(), LakeError> {
    if Lake::open_if_any(settings.clone(), cpu.clone(), disk.clone())?.is_none() {
        return Ok(());
    }
    let lake = Lake::open_for_write(settings, cpu, disk)?;
    let last = lake.last_connections()?;
    let rows = connections::left_out(run, clock::now(), &[], left_out, &last);
    lake.write_mailboxes(&rows)
}
