//! Further requests that a plain list needs, because it does not show on which days the occurrences
//! of a series were to be: it names no series (facts 2.2), and ids of other systems have no date.

use std::collections::BTreeSet;

use hashbrown::HashSet;

use crate::model::event::DecodedEvent;
use crate::model::event::Event;
use crate::model::event::EventType;
use crate::policy::global_object_id::date_of_uid;
use crate::reconcile::calendar::input::Fetched;
use crate::reconcile::calendar::input::Round;
use crate::source::service::MailboxService;
use crate::sync::calendar::error::RoundError;
use crate::sync::calendar::round::Fetching;

/// Series that are requested in a round: fifty batches. The occurrences of further ones have the
/// day that follows from their zone's name.
const SERIES_MAX: usize = 1_000;

/// Fetches the series of plain lists whose occurrences do not show their days by themselves, if the
/// round did not name them. An unavailable one does no harm: its occurrences are read in full.
pub(super) async fn fetch_undated<S: MailboxService>(
    fetching: &Fetching<'_, S>,
    round: &Round,
    fetched: &mut Fetched,
) -> Result<(), RoundError> {
    let undated: BTreeSet<&String> = round.events.iter().filter_map(undated_series).collect();
    if undated.is_empty() {
        return Ok(());
    }
    let named: HashSet<&str> = round.named().collect();
    let ids = undated.into_iter().filter(|id| {
        !named.contains(id.as_str())
            && !fetched.masters.contains_key(*id)
            && !fetched.unavailable.contains(id)
    });
    let ids: Vec<String> = ids.take(SERIES_MAX).cloned().collect();
    let singles = fetching.singles(&ids).await?;
    for master in events_of(fetching.decode_singles(singles).await?) {
        if master.event_type == EventType::Master {
            fetched.masters.insert(master.source_id.clone(), master);
        }
    }
    Ok(())
}

/// Those of the items that are events.
pub(super) fn events_of(items: Vec<DecodedEvent>) -> Vec<Event> {
    let event = |item| match item {
        DecodedEvent::Event(event) => Some(*event),
        DecodedEvent::Removed { .. } | DecodedEvent::Unreadable { .. } => None,
    };
    items.into_iter().filter_map(event).collect()
}

fn undated_series(item: &DecodedEvent) -> Option<&String> {
    let DecodedEvent::Event(event) = item else {
        return None;
    };
    let is_told = date_of_uid(event).is_some()
        || event.event_type == EventType::Occurrence && event.is_all_day == Some(true);
    event.master_id.as_ref().filter(|_| !is_told)
}
