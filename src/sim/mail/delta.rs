//! Message delta: rounds of changes in pages, under links that hold a position in the event log
//! (facts 1.1 to 1.8).

use std::sync::Arc;

use crate::model::time::Timestamp;
use crate::sim::mail::position::Position;
use crate::sim::mail::position::UNCUT;
use crate::sim::mail::render;
use crate::sim::mail::render::View;
use crate::sim::mail::round::Change;
use crate::sim::mail::round::Entry;
use crate::sim::permissions::Shown;
use crate::sim::query::filter::Expr;
use crate::sim::query::filter::Literal;
use crate::sim::query::filter::Operator;
use crate::sim::query::parse::parse;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::rng::draw;
use crate::sim::rng::mix;
use crate::sim::spec::DeltaTop;
use crate::sim::world::World;

/// A page without a preference has this many items (facts 1.3).
pub const PAGE_DEFAULT: usize = 10;

/// What the request asks for: the first page of a chain, or what a link holds.
pub fn position(
    world: &World,
    request: &Request,
    mailbox: usize,
    folder: usize,
    chain: u64,
) -> Result<Position, Response> {
    if let Some(token) = token_of(request) {
        let found = Position::decode(world, &token)
            .filter(|found| found.mailbox == mailbox && found.folder == folder);
        return held(found, request, |found| found.immutable);
    }
    first(world, request, mailbox, folder, chain)
}

/// The token of a link, whichever its name (facts 1.4).
pub fn token_of(request: &Request) -> Option<String> {
    request
        .option("$deltatoken")
        .or(request.option("$skiptoken"))
}

/// What a link holds, if this world made it, for the kind of ids that is requested (facts 1.8).
pub fn held<P>(
    found: Option<P>,
    request: &Request,
    immutable: impl Fn(&P) -> bool,
) -> Result<P, Response> {
    match found {
        None => Err(Response::error(
            400,
            "ErrorInvalidUrlQuery",
            "The delta token is not valid.",
        )),
        Some(found) if immutable(&found) != request.prefer().immutable => Err(Response::error(
            410,
            "SyncStateInvalid",
            "The sync state is not valid for this type of id.",
        )),
        Some(found) => Ok(found),
    }
}

fn first(
    world: &World,
    request: &Request,
    mailbox: usize,
    folder: usize,
    chain: u64,
) -> Result<Position, Response> {
    let refuse = |text: &str| Err(Response::error(400, "ErrorInvalidUrlQuery", text));
    if request.option("$search").is_some() {
        return refuse(
            "The query parameter '$search' is not supported with change tracking over the 'Message' resource.",
        );
    }
    if request
        .option("$orderby")
        .is_some_and(|text| text != "receivedDateTime desc")
    {
        return refuse("Only '$orderby=receivedDateTime desc' is supported with change tracking.");
    }
    let filter = request.option("$filter");
    if filter.as_ref().is_some_and(|text| !is_receipt(text)) {
        return refuse(
            "The filter is not supported; use receivedDateTime ge {value} or receivedDateTime gt {value}.",
        );
    }
    let mut cap = usize::from(u16::MAX) * 1000;
    if filter.is_some() {
        // A filtered chain ends after this many, silently (facts 1.2).
        cap = 5000;
    }
    match (request.number("$top"), world.spec.switches.delta_top) {
        (Some(_), DeltaTop::Refused) => {
            return refuse("The query parameter '$top' is not supported with change tracking.");
        }
        (Some(top), DeltaTop::Caps) => cap = top,
        _ => {}
    }
    let kinds = match request.option("changeType").as_deref() {
        Some("created") => 1,
        Some("updated") => 2,
        Some("deleted") => 4,
        _ => 7,
    };
    Ok(Position {
        mailbox,
        folder,
        since: Timestamp(i64::MIN),
        until: Timestamp(i64::MAX),
        offset: 0,
        generation: 0,
        chain,
        immutable: request.prefer().immutable,
        fields: render::fields(request.select().as_deref()),
        kinds,
        cap,
        cut: UNCUT,
    })
}

/// The one filter that is supported (facts 1.2).
fn is_receipt(text: &str) -> bool {
    let Ok(Expr::Compare(path, operator, Literal::Time(_))) = parse(text) else {
        return false;
    };
    path == ["receivedDateTime"] && matches!(operator, Operator::Ge | Operator::Gt)
}

/// The 410 for a link that newer ones have pushed out (facts 1.6).
pub fn too_old(generation: u32, highest: u32) -> Response {
    let (second, third) = (highest.saturating_sub(1), highest.saturating_sub(2));
    let message = format!(
        "The sync state generation is not found; generation={generation};[highest={highest}][{highest}][{second}][{third}]."
    );
    Response::error(410, "SyncStateNotFound", &message)
}

/// One page. `entries` are those of the whole round, `here` is where the page begins.
pub fn page(
    world: &World,
    request: &Request,
    host: &str,
    here: &Position,
    entries: &Arc<Vec<Entry>>,
    permission: Shown,
) -> Response {
    let (shown, last) = shown(world, request, here, entries);
    let size = shown.len();
    let fields = here.fields & render::shown(permission);
    let view = View {
        world,
        mailbox: here.mailbox,
        at: here.until,
        immutable: here.immutable,
        string_booleans: world.spec.switches.string_booleans && here.since.0 != i64::MIN,
        is_delta: true,
    };
    let mut out = String::with_capacity(200 + size * 900);
    out.push_str("{\"@odata.context\":\"https://graph.microsoft.com/v1.0/$metadata#Collection(message)\",\"value\":[");
    for (number, entry) in shown.iter().enumerate() {
        if number > 0 {
            out.push(',');
        }
        write(&view, &mut out, entry, fields);
    }
    let next = following(world, here, size, last);
    close_page(&mut out, &link(world, host, &next, last), last);
    let mut response = Response::json(out, size);
    if here.immutable {
        response = response.with("preference-applied", "IdType=ImmutableId".to_owned());
    }
    response
}

/// The entries that the page shows, and whether the round ends with it.
pub fn shown<'a>(
    world: &World,
    request: &Request,
    here: &Position,
    entries: &'a [Entry],
) -> (&'a [Entry], bool) {
    let count = entries.len().min(here.cap).min(here.cut);
    let rest = &entries[here.offset.min(count)..count];
    let size = size(world, request, here).min(rest.len());
    (&rest[..size], size == rest.len())
}

/// The end of a page: its items are written, its link is not.
pub fn close_page(out: &mut String, link: &str, last: bool) {
    out.push_str("],\"@odata.");
    out.push_str(if last { "delta" } else { "next" });
    out.push_str("Link\":");
    render::string(out, link);
    out.push('}');
}

fn write(view: &View<'_>, out: &mut String, entry: &Entry, fields: u32) {
    match entry.change {
        Change::Full => {
            let headers = if view.world.spec.switches.headers_in_lists {
                u32::MAX
            } else {
                render::fields(None)
            };
            view.message(out, entry.copy, fields & headers);
        }
        Change::Partial(bits) => view.message(out, entry.copy, bits & (fields | render::FOLDER)),
        Change::Removed(moves) => view.removed(out, entry.copy, moves),
    }
}

/// How many items this page shall have at most: at times fewer than requested, at times none.
fn size(world: &World, request: &Request, here: &Position) -> usize {
    let wish = request.prefer().page.unwrap_or(PAGE_DEFAULT);
    let wish = wish.clamp(1, world.spec.switches.page_items_max.max(1));
    if !world.spec.switches.short_pages {
        return wish;
    }
    let lot = [
        world.spec.seed,
        here.mailbox as u64,
        here.folder as u64,
        here.offset as u64,
        u64::from(here.generation),
    ];
    match draw(&lot, 16) {
        0 => 0,
        1..4 => 1 + draw(&[mix(&lot), 1], wish),
        _ => wish,
    }
}

fn following(world: &World, here: &Position, size: usize, last: bool) -> Position {
    let mut next = *here;
    if !last {
        next.offset += size;
        next.generation += 1;
        return next;
    }
    next.until = Timestamp(i64::MAX);
    next.offset = 0;
    next.cut = UNCUT;
    let is_one_page = here.offset == 0;
    if !(is_one_page && repeats_link(world, here.chain, here.since, here.until)) {
        next.since = here.until;
        next.generation += 1;
    }
    next
}

/// Whether a later round ends with the link that it was called with (facts 1.4).
pub fn repeats_link(world: &World, chain: u64, since: Timestamp, until: Timestamp) -> bool {
    let lot = [world.spec.seed, chain, until.0.cast_unsigned(), 6];
    world.spec.switches.same_delta_link && since.0 != i64::MIN && draw(&lot, 8) == 0
}

fn link(world: &World, host: &str, next: &Position, last: bool) -> String {
    let user = &world.people[next.mailbox].id;
    let folder = &world.mailboxes[next.mailbox].folders[next.folder].id;
    let folder = percent_encoding::utf8_percent_encode(folder, percent_encoding::NON_ALPHANUMERIC);
    // A published deltaLink carries `$skiptoken`: the name says nothing (facts 1.4).
    let odd = draw(&[next.chain, 3], 5) == 0;
    let name = if last && !odd {
        "$deltatoken"
    } else {
        "$skiptoken"
    };
    let token = next.encode(world);
    format!(
        "http://{host}/v1.0/users('{user}')/mailfolders('{folder}')/messages/delta?{name}={token}"
    )
}
