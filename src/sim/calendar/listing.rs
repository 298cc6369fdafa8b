//! Plain calendarView, and single events (facts 2.1, 2.2).

use serde_json::Value;
use serde_json::json;

use crate::model::time::Timestamp;
use crate::sim::calendar::delta;
use crate::sim::calendar::meeting;
use crate::sim::calendar::meeting::Item;
use crate::sim::calendar::render;
use crate::sim::calendar::render::View;
use crate::sim::calendar::round;
use crate::sim::directory::next;
use crate::sim::directory::pick;
use crate::sim::paging::Listed;
use crate::sim::query::advanced;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::spec::MissingMasters;
use crate::sim::world::World;

/// Default and largest `$top` (facts 2.1).
const PAGE: (usize, usize) = (10, 1000);

fn view<'a>(world: &'a World, mailbox: usize, request: &Request, now: Timestamp) -> View<'a> {
    View {
        world,
        mailbox,
        at: now,
        immutable: request.prefer().immutable,
        zone: delta::zone(request),
    }
}

/// `GET .../calendarView`: singles first, then exceptions and occurrences, whole; no masters.
pub fn list(
    world: &World,
    mailbox: usize,
    request: &Request,
    host: &str,
    now: Timestamp,
) -> Listed<Item> {
    let window = match delta::window(request) {
        Ok(window) => window,
        Err(response) => return response.into(),
    };
    let top = request.number("$top").or(request.prefer().page);
    let top = top.unwrap_or(PAGE.0);
    if top == 0 || top > PAGE.1 {
        return Response::error(
            400,
            "ErrorInvalidUrlQueryOption",
            "The value for the $top query option is not valid. It must be from 1 to 1000.",
        )
        .into();
    }
    let view = view(world, mailbox, request, now);
    let unreported = world.spec.switches.unreported_cancellations;
    let mut found: Vec<(u8, Timestamp, Item)> = Vec::new();
    for (number, copy) in world.mailboxes[mailbox].calendar.iter().enumerate() {
        let meeting = &world.meetings[copy.meeting as usize];
        let is_series = meeting.is_series() && copy.guest.is_none();
        for one in copy.instances(meeting, now, window, unreported) {
            let kind = match (is_series, one.exception) {
                (false, _) => 0,
                (true, Some(_)) => 1,
                (true, None) => 2,
            };
            let item = Item {
                copy: u32::try_from(number).unwrap_or(u32::MAX),
                day: is_series.then(|| meeting::number_of(one.day)),
            };
            found.push((kind, one.begin, item));
        }
    }
    found.sort_unstable();
    let filter = match advanced::mailbox_filter(request, "event") {
        Ok(filter) => filter,
        Err(response) => return response.into(),
    };
    if let Some(filter) = filter {
        let passes = |item| whole(&view, item).is_some_and(|event| filter.passes(&event));
        found.retain(|(_, _, item)| passes(*item));
    }
    let skip = request
        .number("$skip")
        .or(request.number("$skiptoken"))
        .unwrap_or(0)
        .min(found.len());
    let end = (skip + top).min(found.len());
    let events: Vec<Item> = found[skip..end].iter().map(|(_, _, item)| *item).collect();
    let shown = events.iter().filter_map(|item| whole(&view, *item));
    let shown: Vec<Value> = shown.map(|body| selected(body, request)).collect();
    let count = shown.len();
    let mut body = json!({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users('id')/calendarView", "value": shown});
    if request.option("$count").as_deref() == Some("true") {
        body["@odata.count"] = json!(found.len());
    }
    if end < found.len() {
        body["@odata.nextLink"] = json!(with_skip(request, host, end));
    }
    let response = Response::json(body.to_string(), count);
    Listed {
        response: response.with("preference-applied", delta::applied(request, &view)),
        items: events,
    }
}

/// What was requested of an event.
fn selected(body: Value, request: &Request) -> Value {
    let Some(mut select) = request.select() else {
        return body;
    };
    select.push("id".to_owned());
    pick(body, &select)
}

/// The link to the next page of a plain list counts with `$skip`.
fn with_skip(request: &Request, host: &str, skip: usize) -> String {
    let query = request.query.split('&').filter(|part| {
        let part = part.to_lowercase();
        !part.starts_with("$skip=") && !part.starts_with("%24skip=")
    });
    let plain = Request {
        query: query.collect::<Vec<_>>().join("&"),
        path: request.path.clone(),
        ..Request::default()
    };
    next(&plain, host, skip).replace("%24skiptoken=", "%24skip=")
}

fn whole(view: &View<'_>, item: Item) -> Option<Value> {
    let (copy, meeting) = view.held(item.copy)?;
    let day = match item.day {
        Some(day) => meeting::day_of(day)?,
        None => delta::single_day(view, item)?,
    };
    let unreported = view.world.spec.switches.unreported_cancellations;
    let one = copy.instance(meeting, day, view.at, unreported)?;
    Some(view.whole(item, copy, &one))
}

/// `GET .../events/{id}`: a single event, a master, or an occurrence.
pub fn one_event(
    world: &World,
    mailbox: usize,
    id: &str,
    request: &Request,
    now: Timestamp,
) -> Response {
    let Some(item) = render::read_event_id(world, mailbox, id) else {
        return Response::error(400, "ErrorInvalidIdMalformed", "Id is malformed.");
    };
    let view = view(world, mailbox, request, now);
    let Some(mut body) = event(&view, item) else {
        return Response::error(
            404,
            "ErrorItemNotFound",
            "The specified object was not found in the store.",
        );
    };
    body["@odata.context"] =
        json!("https://graph.microsoft.com/v1.0/$metadata#users('id')/events/$entity");
    let body = selected(body, request);
    Response::json(body.to_string(), 1).with("preference-applied", delta::applied(request, &view))
}

fn event(view: &View<'_>, item: Item) -> Option<Value> {
    let (copy, meeting) = view.held(item.copy)?;
    if !copy.is_there(view.at) {
        return None;
    }
    let is_series = meeting.is_series() && copy.guest.is_none();
    match item.day {
        None if is_series => {
            let lost = view.world.spec.switches.missing_masters == MissingMasters::Lost
                && round::is_master_missing(view.world, view.mailbox, item);
            (!lost).then(|| view.master(item, copy, meeting))
        }
        None => whole(view, item),
        Some(day) if is_series => {
            let day = meeting::day_of(day)?;
            let days = meeting.days(meeting.state(view.at), day);
            days.contains(&day).then(|| whole(view, item)).flatten()
        }
        Some(_) => None,
    }
}
