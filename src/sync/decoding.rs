//! Items of the service, decoded: one that takes too long is unreadable, and costs itself alone.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use crate::decode::event;
use crate::decode::graph;
use crate::model::event::DecodedEvent;
use crate::model::mail::ContentLevel;
use crate::model::mail::Decoded;
use crate::model::reason::Reason;
use crate::runtime::cpu::CpuPool;
use crate::runtime::cpu::TaskPanicked;

/// The reason of an item that takes too long to be read.
pub(crate) const TOO_COSTLY: Reason = Reason::Content(Cow::Borrowed("too_costly"));

/// Mails, each with its folder, in their order.
pub(crate) async fn mails(
    cpu: &CpuPool,
    mails: Vec<(Bytes, Arc<str>)>,
    content: ContentLevel,
) -> Result<Vec<Decoded>, TaskPanicked> {
    let read = move |(json, folder): (Bytes, Arc<str>)| graph::item(&json, &folder, content);
    let too_costly = |(json, _): (Bytes, Arc<str>)| Decoded::Unreadable {
        source_id: graph::id(&json),
        reason: TOO_COSTLY,
    };
    each(cpu, mails, read, too_costly).await
}

/// Events, in their order.
pub(crate) async fn events(
    cpu: &CpuPool,
    events: Vec<Bytes>,
    content: ContentLevel,
) -> Result<Vec<DecodedEvent>, TaskPanicked> {
    let read = move |json: Bytes| event::item(&json, content);
    let too_costly = |json: Bytes| DecodedEvent::Unreadable {
        source_id: graph::id(&json),
        reason: TOO_COSTLY,
    };
    each(cpu, events, read, too_costly).await
}

async fn each<T: Clone + Send + 'static, R: Send + 'static>(
    cpu: &CpuPool,
    items: Vec<T>,
    read: impl Fn(T) -> R + Send + Sync + 'static,
    too_costly: impl Fn(T) -> R,
) -> Result<Vec<R>, TaskPanicked> {
    let listed = items.clone();
    let results = cpu.each(items, read).await?.into_iter().zip(listed);
    let results = results.map(|(result, item)| result.unwrap_or_else(|| too_costly(item)));
    Ok(results.collect())
}
