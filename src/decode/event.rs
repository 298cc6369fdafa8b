//! Decodes items of calendar pages: single events, series, their occurrences and exceptions, and
//! removal marks (facts 2.2, 2.3).

use jiff::civil;
use jiff::tz::TimeZone;

use crate::decode::event::raw::RawAttendee;
use crate::decode::event::raw::RawEvent;
use crate::decode::event::raw::RawTime;
use crate::decode::kept::Kept;
use crate::decode::lenient;
use crate::decode::lenient::Text;
use crate::decode::lenient::instant;
use crate::decode::lenient::is_instant;
use crate::model::event::Attendee;
use crate::model::event::AttendeeKind;
use crate::model::event::DecodedEvent;
use crate::model::event::Event;
use crate::model::event::EventTime;
use crate::model::event::EventType;
use crate::model::limits;
use crate::model::mail::ContentLevel;
use crate::model::time::Timestamp;
use crate::model::zone;
use crate::model::zone::zone;

mod raw;
mod recurrence;
#[cfg(test)]
mod tests;

/// Reads one item of a calendar page.
pub fn item(json: &[u8], content: ContentLevel) -> DecodedEvent {
    let unreadable = |source_id, code: &'static str| DecodedEvent::Unreadable {
        source_id,
        reason: code.into(),
    };
    let mut mended = Vec::new();
    let Some(raw) = lenient::parse::<RawEvent<'_>>(json, &mut mended) else {
        return unreadable(None, "malformed");
    };
    let Some(id) = raw.id.filled() else {
        return unreadable(None, "no_id");
    };
    let source_id = id.to_owned();
    if raw.is_removed {
        return DecodedEvent::Removed { source_id };
    }
    let event = event(&raw, source_id, content);
    let is_complete = match event.event_type {
        EventType::Master => true,
        EventType::Single => event.start.is_some(),
        EventType::Occurrence | EventType::Exception => {
            event.start.is_some() || event.master_id.is_some()
        }
    };
    if is_complete {
        DecodedEvent::Event(Box::new(event))
    } else {
        unreadable(Some(event.source_id), "no_date")
    }
}

fn event(raw: &RawEvent<'_>, source_id: String, content: ContentLevel) -> Event {
    let mut kept = Kept::default();
    let preview = raw.body_preview.as_ref();
    let preview = preview.filter(|_| content >= ContentLevel::Preview);
    let body = raw.body.0.as_ref();
    let body = body.filter(|_| content >= ContentLevel::Full);
    let status = raw.response_status.0.as_ref();
    let attendees = raw.attendees.as_ref();
    let provider = filled(&raw.online_meeting_provider);
    let organizer = raw.organizer.0.as_ref();
    let organizer = organizer.and_then(|raw| raw.email_address.0.as_ref());
    let organizer = organizer.and_then(|raw| raw.named(&mut kept).into_iter().next());
    let mut event = Event {
        source_id,
        event_type: event_type(raw),
        master_id: filled(&raw.master_id),
        ical_uid: filled(&raw.ical_uid),
        start: raw.start.0.as_ref().and_then(time),
        end: raw.end.0.as_ref().and_then(time),
        original_start: raw.original_start.filled().and_then(instant),
        zone: series_zone(raw),
        recurrence: raw.recurrence.0.as_ref().and_then(recurrence::read),
        series: None,
        original_day: None,
        is_all_day: raw.is_all_day.0,
        subject: raw.subject.as_ref().map(|text| kept.subject(&said(text))),
        preview: preview.map(|text| said(text).chars().take(limits::PREVIEW_CHARS).collect()),
        body_text: body.map(|body| body.text(&mut kept).unwrap_or_default()),
        organizer: organizer.map(|(name, address)| Attendee {
            name,
            address,
            kind: AttendeeKind::Required,
            response: None,
        }),
        attendees: attendees.map(|listed| invited(&listed.0, &mut kept)),
        is_organizer: raw.is_organizer.0,
        is_cancelled: raw.is_cancelled.0,
        is_draft: raw.is_draft.0,
        // An unknown value counts as private.
        is_private: filled(&raw.sensitivity).map(|word| !word.eq_ignore_ascii_case("normal")),
        response: status.and_then(|status| filled(&status.response)),
        is_online: raw.is_online_meeting.0,
        online_provider: provider.filter(|word| !word.eq_ignore_ascii_case("unknown")),
        modified: raw.last_modified.filled().and_then(instant),
        is_shortened: kept.is_shortened,
        fingerprint: 0,
    };
    event.fingerprint = event.content_hash();
    event
}

/// The trimmed text, if it is not empty.
fn filled(text: &Text<'_>) -> Option<String> {
    let text = text.filled().map(str::trim);
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The value of a member that is present; null is equivalent to an empty text.
fn said(text: &Text<'_>) -> String {
    text.filled().unwrap_or_default().to_owned()
}

/// The type as named, or else inferred from the members: only a series repeats, and an occurrence
/// with more than its times is an exception.
fn event_type(raw: &RawEvent<'_>) -> EventType {
    let named = raw.event_type.filled().map(str::trim).unwrap_or_default();
    for (name, event_type) in [
        ("singleInstance", EventType::Single),
        ("occurrence", EventType::Occurrence),
        ("exception", EventType::Exception),
        ("seriesMaster", EventType::Master),
    ] {
        if named.eq_ignore_ascii_case(name) {
            return event_type;
        }
    }
    let says_more = raw.subject.is_some() || raw.attendees.is_some();
    match (&raw.recurrence.0, raw.master_id.filled()) {
        (Some(_), _) => EventType::Master,
        (None, Some(_)) if says_more => EventType::Exception,
        (None, Some(_)) => EventType::Occurrence,
        (None, None) => EventType::Single,
    }
}

/// The zone in which a series repeats: the first of its names that is known, else the first that at
/// least contains an offset, else the first.
fn series_zone(raw: &RawEvent<'_>) -> Option<String> {
    let recurrence = raw.recurrence.0.as_ref();
    let range = recurrence.and_then(|recurrence| recurrence.range.0.as_ref());
    let of_range = range.and_then(|range| filled(&range.zone));
    let names = || {
        of_range
            .iter()
            .cloned()
            .chain(filled(&raw.original_start_zone))
    };
    let known = names().find(|name| zone(name).is_some());
    let shown = || names().find(|name| zone::display_offset(name).is_some());
    known.or_else(shown).or_else(|| names().next())
}

/// A time without offset is in the zone given with it; if that is unknown, in UTC.
fn time(raw: &RawTime<'_>) -> Option<EventTime> {
    let text = raw.date_time.filled()?.trim();
    let date = text.split(['T', 't', ' ']).next()?;
    let date: civil::Date = date.parse().ok()?;
    let day = Timestamp::from(date.to_zoned(TimeZone::UTC).ok()?.timestamp()).day();
    let at = Timestamp::parse_rfc3339(text).or_else(|| {
        let local: civil::DateTime = text.parse().ok()?;
        let zone = raw.time_zone.filled().and_then(zone);
        let zone = zone.unwrap_or(TimeZone::UTC);
        let at = zone.to_ambiguous_timestamp(local).compatible().ok()?;
        Some(Timestamp::from(at))
    });
    let at = at.filter(|at| is_instant(*at))?;
    Some(EventTime { at, day })
}

fn invited(listed: &[RawAttendee<'_>], kept: &mut Kept) -> Vec<Attendee> {
    let some = listed.get(..limits::PARTICIPANTS).unwrap_or(listed);
    kept.is_shortened |= some.len() < listed.len();
    let mut invited = Vec::with_capacity(some.len());
    for attendee in some {
        for one in attendees(attendee, kept) {
            if kept.has_room(invited.len()) {
                invited.push(one);
            }
        }
    }
    invited
}

/// The participants of an entry: several if its address contains more than one.
fn attendees(raw: &RawAttendee<'_>, kept: &mut Kept) -> Vec<Attendee> {
    let address = raw.email_address.0.as_ref();
    let named = address.map_or_else(Vec::new, |address| address.named(kept));
    let word = raw.kind.filled().map(str::trim).unwrap_or_default();
    let kind = if word.eq_ignore_ascii_case("resource") {
        AttendeeKind::Resource
    } else if word.eq_ignore_ascii_case("optional") {
        AttendeeKind::Optional
    } else {
        AttendeeKind::Required
    };
    let status = raw.status.0.as_ref();
    let response = status.and_then(|status| filled(&status.response));
    let attendee = |(name, address)| Attendee {
        name,
        address,
        kind,
        response: response.clone(),
    };
    named.into_iter().map(attendee).collect()
}
