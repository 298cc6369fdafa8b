//! Items of the service, decoded: one that takes too long is unreadable, and costs itself alone.

use std::sync::Arc;

use bytes::Bytes;

use crate::decode::event;
use crate::decode::graph;
use crate::model::event::DecodedEvent;
use crate::model::mail::ContentLevel;
use crate::model::mail::Decoded;
use crate::runtime::cpu::ComputationLost;
use crate::runtime::cpu::CpuPool;

/// The code of an item that takes too long to be read.
pub const TOO_COSTLY: &str = "too_costly";

/// Mails, each with the folder that brought it, in their order.
pub async fn mails(
    cpu: &CpuPool,
    mails: Vec<(Bytes, Arc<str>)>,
    content: ContentLevel,
) -> Result<Vec<Decoded>, ComputationLost> {
    let listed = mails.clone();
    let read = move |(json, folder): (Bytes, Arc<str>)| graph::item(&json, &folder, content);
    let decoded = cpu.each(mails, read).await?.into_iter().zip(listed);
    let decoded = decoded.map(|(mail, (json, _))| {
        mail.unwrap_or_else(|| Decoded::Unreadable {
            source_id: graph::id(&json),
            code: TOO_COSTLY,
        })
    });
    Ok(decoded.collect())
}

/// Events, in their order.
pub async fn events(
    cpu: &CpuPool,
    events: Vec<Bytes>,
    content: ContentLevel,
) -> Result<Vec<DecodedEvent>, ComputationLost> {
    let listed = events.clone();
    let decoded = cpu.each(events, move |json| event::item(&json, content));
    let decoded = decoded.await?.into_iter().zip(listed);
    let decoded = decoded.map(|(event, json)| {
        event.unwrap_or_else(|| DecodedEvent::Unreadable {
            source_id: graph::id(&json),
            code: TOO_COSTLY,
        })
    });
    Ok(decoded.collect())
}
