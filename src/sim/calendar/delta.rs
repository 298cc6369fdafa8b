//! calendarView delta: rounds of events in pages, under links that hold the window and a position
//! in the event log (facts 2.1, 2.2).

use jiff::tz::TimeZone;

use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::sim::calendar::meeting::Item;
use crate::sim::calendar::position::Position;
use crate::sim::calendar::render::View;
use crate::sim::calendar::round::Block;
use crate::sim::calendar::round::Entry;
use crate::sim::calendar::zones::ZONES;
use crate::sim::mail::delta;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::rng::draw;
use crate::sim::rng::mix;
use crate::sim::spec::CalendarChain;
use crate::sim::world::World;

/// A page without a preference has this many items (facts 1.3).
const PAGE_DEFAULT: usize = 10;
/// Options that calendarView delta refuses (facts 2.1).
const REFUSED: [&str; 6] = [
    "$select", "$expand", "$filter", "$orderby", "$search", "$top",
];

/// The longest window that lists and chains take (facts 13).
const DAYS_MAX: i64 = 1_825;

fn refuse<T>(text: &str) -> Result<T, Response> {
    Err(Response::error(400, "ErrorInvalidUrlQuery", text))
}

/// The window of a request; both ends are required, without offset they are UTC.
pub fn window(request: &Request) -> Result<(Timestamp, Timestamp), Response> {
    let end = |name| {
        let text = request.option(name)?;
        Timestamp::parse_rfc3339(&text).or_else(|| Timestamp::parse_rfc3339(&format!("{text}Z")))
    };
    match (end("startDateTime"), end("endDateTime")) {
        (Some(start), Some(end)) if start > end => {
            refuse("The end of the window lies before its start.")
        }
        (Some(start), Some(end)) if end.0 - start.0 > DAYS_MAX * DAY => Err(Response::error(
            400,
            "ErrorInvalidRequest",
            "The range between the start and end dates is greater than the allowed range. Maximum number of days: 1825",
        )),
        (Some(start), Some(end)) => Ok((start, end)),
        _ => refuse(
            "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.",
        ),
    }
}

/// What the request asks for: the first page of a chain, or what a link holds.
pub fn position(
    world: &World,
    request: &Request,
    mailbox: usize,
    chain: u64,
) -> Result<Position, Response> {
    if let Some(token) = delta::token_of(request) {
        let found = Position::decode(world, &token).filter(|found| found.mailbox == mailbox);
        return delta::held(found, request, |found| found.immutable);
    }
    if let Some(option) = REFUSED.iter().find(|name| request.option(name).is_some()) {
        return refuse(&format!(
            "The query parameter '{option}' is not supported with change tracking over the 'CalendarView' resource."
        ));
    }
    Ok(Position {
        mailbox,
        window: window(request)?,
        since: Timestamp(i64::MIN),
        until: Timestamp(i64::MAX),
        offset: 0,
        generation: 0,
        chain,
        immutable: request.prefer().immutable,
    })
}

/// The zone of `Prefer: outlook.timezone` under the requested name; UTC where there is
/// none, or none of that name.
pub fn zone(request: &Request) -> (String, TimeZone) {
    let parts = request.header("prefer").unwrap_or_default().split(',');
    let wanted = parts
        .filter_map(|part| part.trim().split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("outlook.timezone"))
        .map(|(_, value)| value.trim().trim_matches('"').to_owned());
    let name = wanted.unwrap_or_else(|| "UTC".to_owned());
    let names = ZONES.iter().find(|names| names.windows == name);
    match TimeZone::get(names.map_or(name.as_str(), |names| names.iana)) {
        Ok(zone) => (name, zone),
        Err(_) => ("UTC".to_owned(), TimeZone::UTC),
    }
}

/// How the chains of this calendar go on.
pub fn kind(world: &World, mailbox: usize) -> CalendarChain {
    let only = &world.spec.switches.calendar_chain_for;
    if only.is_empty() || only.contains(&mailbox) {
        world.spec.switches.calendar_chain
    } else {
        CalendarChain::Sound
    }
}

/// What a page holds and how it continues.
struct Cut {
    blocks: usize,
    last: bool,
}

/// One page. `blocks` are those of the whole round, `here` is where the page begins.
pub fn page(
    world: &World,
    request: &Request,
    host: &str,
    here: &Position,
    blocks: &[Block],
) -> Response {
    let view = View {
        world,
        mailbox: here.mailbox,
        at: here.until,
        immutable: here.immutable,
        zone: zone(request),
    };
    let cut = cut(world, request, here, blocks);
    let shown = blocks.iter().skip(here.offset).take(cut.blocks);
    let items: Vec<String> = shown
        .flatten()
        .filter_map(|entry| item(&view, *entry))
        .map(|value| value.to_string())
        .collect();
    let (next, last) = following(world, here, &cut);
    let mut out = String::from(
        "{\"@odata.context\":\"https://graph.microsoft.com/v1.0/$metadata#Collection(event)\",\"value\":[",
    );
    out.push_str(&items.join(","));
    delta::close_page(&mut out, &link(world, host, &next, last), last);
    Response::json(out, items.len()).with("preference-applied", applied(request, &view))
}

/// The events that a page shows.
pub fn shown(world: &World, request: &Request, here: &Position, blocks: &[Block]) -> Vec<Item> {
    let cut = cut(world, request, here, blocks);
    let shown = blocks.iter().skip(here.offset).take(cut.blocks).flatten();
    let there = shown.filter(|entry| !entry.removed);
    there.map(|entry| entry.item).collect()
}

/// The preferences that were honoured.
pub fn applied(request: &Request, view: &View<'_>) -> String {
    let zone = format!("outlook.timezone=\"{}\"", view.zone.0);
    if request.prefer().immutable {
        format!("{zone}, IdType=ImmutableId")
    } else {
        zone
    }
}

fn item(view: &View<'_>, entry: Entry) -> Option<serde_json::Value> {
    if entry.removed {
        return Some(view.removed(entry.item));
    }
    let (copy, meeting) = view.held(entry.item.copy)?;
    let unreported = view.world.spec.switches.unreported_cancellations;
    let day = match entry.item.day {
        Some(day) => crate::sim::calendar::meeting::day_of(day)?,
        None if meeting.is_series() && copy.guest.is_none() => {
            return Some(view.master(entry.item, copy, meeting));
        }
        None => single_day(view, entry.item)?,
    };
    let one = copy.instance(meeting, day, view.at, unreported)?;
    Some(match (entry.item.day, one.exception) {
        (None, _) => view.whole(entry.item, copy, &one),
        (Some(_), None) => view.slim(entry.item, copy, &one),
        (Some(_), Some(_)) => view.exception(entry.item, copy, &one),
    })
}

/// The day of a single event, or of the one occurrence that a guest has.
pub fn single_day(view: &View<'_>, item: Item) -> Option<jiff::civil::Date> {
    let (copy, meeting) = view.held(item.copy)?;
    copy.guest.or_else(|| {
        let days = meeting.days(meeting.state(view.at), jiff::civil::Date::MAX);
        days.first().copied()
    })
}

/// How many blocks the page takes: as many as needed for the wanted number of items is reached,
/// since no series is split (facts 2.2); at times fewer, at times none.
fn cut(world: &World, request: &Request, here: &Position, blocks: &[Block]) -> Cut {
    let wish = request.prefer().page.unwrap_or(PAGE_DEFAULT).max(1);
    let lot = [
        world.spec.seed,
        here.mailbox as u64,
        here.offset as u64,
        u64::from(here.generation),
        61,
    ];
    let wish = match draw(&lot, 12) {
        0 if world.spec.switches.short_pages => 0,
        1..4 if world.spec.switches.short_pages => 1 + draw(&[mix(&lot), 1], wish),
        _ => wish,
    };
    let (mut count, mut items) = (0, 0);
    for block in blocks.iter().skip(here.offset) {
        if items >= wish {
            break;
        }
        items += block.len();
        count += 1;
    }
    Cut {
        blocks: count,
        last: here.offset + count >= blocks.len(),
    }
}

fn following(world: &World, here: &Position, cut: &Cut) -> (Position, bool) {
    let mut next = *here;
    next.generation += 1;
    match kind(world, here.mailbox) {
        CalendarChain::Endless if cut.last => next.offset = 0,
        CalendarChain::Duplicates => next.offset = 0,
        CalendarChain::CutShort if is_first_of_later_night(world, here) => return end(world, here),
        _ if !cut.last => next.offset += cut.blocks,
        _ => return end(world, here),
    }
    (next, false)
}

/// A first round that is not that of the first night: something is known of the calendar then.
fn is_first_of_later_night(world: &World, here: &Position) -> bool {
    here.since.0 == i64::MIN && here.until >= world.start().plus(DAY / 2)
}

/// The end of a round: the link that begins the next one.
fn end(world: &World, here: &Position) -> (Position, bool) {
    let mut next = Position {
        until: Timestamp(i64::MAX),
        offset: 0,
        since: here.until,
        generation: here.generation + 1,
        ..*here
    };
    let is_one_page = here.offset == 0;
    if is_one_page && delta::repeats_link(world, here.chain, here.since, here.until) {
        next.since = here.since;
        next.generation = here.generation;
    }
    (next, true)
}

fn link(world: &World, host: &str, next: &Position, last: bool) -> String {
    let user = &world.people[next.mailbox].id;
    let name = if last { "$deltatoken" } else { "$skiptoken" };
    let token = next.encode(world);
    format!("http://{host}/v1.0/users('{user}')/calendarView/delta?{name}={token}")
}
