//! Plain lists of messages, and single ones (facts 1.9, 1.10).

use crate::model::time::Timestamp;
use crate::sim::mail::render;
use crate::sim::mail::render::View;
use crate::sim::mail::render::fields;
use crate::sim::mail::render::read_id;
use crate::sim::paging;
use crate::sim::paging::Listed;
use crate::sim::paging::Page;
use crate::sim::permissions;
use crate::sim::permissions::Shown;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::world::World;

/// Whether the oldest come first; by default the newest do.
fn oldest_first(request: &Request) -> Result<bool, Response> {
    let order = request.option("$orderby").unwrap_or_default();
    match order.to_lowercase().as_str() {
        "" | "receiveddatetime desc" => Ok(false),
        "receiveddatetime" | "receiveddatetime asc" => Ok(true),
        _ => Err(Response::error(
            400,
            "ErrorInvalidUrlQuery",
            "The $orderby is not supported here.",
        )),
    }
}

/// A plain list of messages that is requested.
#[derive(Clone, Copy)]
pub struct List<'a> {
    /// The world.
    pub world: &'a World,
    /// Number of the mailbox.
    pub mailbox: usize,
    /// The folder; `None`: the whole mailbox.
    pub folder: Option<usize>,
    /// How much is shown of each.
    pub shown: Shown,
    /// Items of the folder that are walked over and are no messages.
    pub surplus: usize,
    /// The simulated time.
    pub now: Timestamp,
}

impl List<'_> {
    /// The copies that the list holds, in order of arrival.
    fn wanted(&self, filter: &Filter) -> Vec<u32> {
        let copies = &self.world.mailboxes[self.mailbox].copies;
        let (low, high) = filter.window;
        (0..u32::try_from(copies.len()).unwrap_or(u32::MAX))
            .filter(|number| {
                let copy = &copies[*number as usize];
                let mail = &self.world.mails[copy.mail as usize];
                let received = mail.received.unwrap_or(copy.arrives);
                let is_wanted = |place| self.folder.is_none_or(|folder| folder == place);
                let here = copy
                    .place(self.now)
                    .is_some_and(|(place, _)| is_wanted(usize::from(place)));
                let has_property = filter
                    .property
                    .as_ref()
                    .is_none_or(|wanted| wanted(mail.sensitivity));
                here && has_property && received >= low && received < high
            })
            .collect()
    }

    /// Whether a page of a list that is filtered by an extended property takes too long: all items
    /// up to its last one are looked at, or up to the end of the list (facts 13).
    fn walks_too_far(&self, page: Page) -> bool {
        let everything = Filter {
            window: (Timestamp(i64::MIN), Timestamp(i64::MAX)),
            property: None,
            is_none: true,
        };
        let items = self.wanted(&everything).len();
        let walked = if page.end == page.count {
            items
        } else {
            items * page.end / page.count
        };
        walked > self.world.spec.switches.filter_walk_max
    }

    /// The same, sorted as requested; what is no message stands between them as nothing.
    fn walked(&self, filter: &Filter, oldest_first: bool) -> Vec<Option<u32>> {
        let copies = &self.world.mailboxes[self.mailbox].copies;
        let mut found = self.wanted(filter);
        found.sort_by_key(|number| {
            let copy = &copies[*number as usize];
            let mail = &self.world.mails[copy.mail as usize];
            mail.received.unwrap_or(copy.arrives)
        });
        if !oldest_first {
            found.reverse();
        }
        let mut walked: Vec<Option<u32>> = found.into_iter().map(Some).collect();
        if filter.is_none {
            let step = walked.len() / (self.surplus + 1) + 1;
            for number in 0..self.surplus {
                walked.insert((number * step).min(walked.len()), None);
            }
        }
        walked
    }
}

/// What a list of messages is filtered by.
struct Filter {
    window: (Timestamp, Timestamp),
    property: Option<Box<dyn Fn(u8) -> bool>>,
    is_none: bool,
}

fn filter_of(list: &List<'_>, request: &Request) -> Result<Filter, Response> {
    let text = request.option("$filter").unwrap_or_default();
    let always = (Timestamp(i64::MIN), Timestamp(i64::MAX));
    let property = property_filter(&text);
    if property.is_some() {
        let mailbox = &list.world.mailboxes[list.mailbox];
        if mailbox.sensitivity_refused || list.shown == Shown::Basic {
            return Err(denied());
        }
        // What is sorted by must come first in the filter (facts 1.9).
        if request.option("$orderby").is_some() {
            return Err(Response::error(
                400,
                "InefficientFilter",
                "The restriction or sort order is too complex for this operation.",
            ));
        }
        return Ok(Filter {
            window: always,
            property,
            is_none: false,
        });
    }
    let window = if text.is_empty() {
        Some(always)
    } else {
        window(&text)
    };
    let window = window.ok_or_else(|| {
        Response::error(
            400,
            "ErrorInvalidUrlQuery",
            "The $filter is not supported here.",
        )
    })?;
    Ok(Filter {
        window,
        property: None,
        is_none: text.is_empty(),
    })
}

fn denied() -> Response {
    permissions::denied("Access is denied. Check credentials and try again.")
}

/// `GET .../messages`: newest first; the list of sensitivities is one of its filters.
pub fn messages(list: &List<'_>, request: &Request, host: &str) -> Listed<u32> {
    match try_messages(list, request, host) {
        Ok(listed) => listed,
        Err(response) => response.into(),
    }
}

fn try_messages(list: &List<'_>, request: &Request, host: &str) -> Result<Listed<u32>, Response> {
    let filter = filter_of(list, request)?;
    let walked = list.walked(&filter, oldest_first(request)?);
    let page = Page::of_mailbox(request, walked.len())?;
    if filter.property.is_some() && list.walks_too_far(page) {
        return Err(paging::timeout());
    }
    if let Some(response) = paging::too_long(&list.world.spec.switches, request) {
        return Err(response);
    }
    let view = View {
        world: list.world,
        mailbox: list.mailbox,
        at: list.now,
        immutable: request.prefer().immutable,
        string_booleans: false,
        is_delta: false,
    };
    let fields = fields(request.select().as_deref()) & render::shown(list.shown);
    let expand = Expand::of(list.world, list.mailbox, list.shown, request)?;
    let mut out = String::from(
        "{\"@odata.context\":\"https://graph.microsoft.com/v1.0/$metadata#Collection(message)\",",
    );
    if request.option("$count").as_deref() == Some("true") {
        out.push_str("\"@odata.count\":");
        out.push_str(&page.count.to_string());
        out.push(',');
    }
    out.push_str("\"value\":[");
    let items: Vec<u32> = walked[page.begin..page.end]
        .iter()
        .flatten()
        .copied()
        .collect();
    for (position, copy) in items.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        view.message(&mut out, *copy, fields);
        expand.write(&view, &mut out, *copy);
    }
    out.push(']');
    if let Some(link) = page.next(request, host, "$skip") {
        out.push_str(",\"@odata.nextLink\":");
        render::string(&mut out, &link);
    }
    out.push('}');
    Ok(Listed {
        response: Response::json(out, items.len()),
        items,
    })
}

/// A predicate of sensitivities for a filter on that extended property; `None` where the
/// filter is none, or not written as it has to be (facts 1.9). Normal mails have no such property.
fn property_filter(filter: &str) -> Option<Box<dyn Fn(u8) -> bool>> {
    let inner = filter.strip_prefix("singleValueExtendedProperties/any(")?;
    let (name, conditions) = inner.strip_suffix(')')?.split_once(':')?;
    let mut conditions = conditions.trim().split(" and ");
    if name.is_empty() || conditions.next()? != format!("{name}/id eq 'Integer 0x36'") {
        return None;
    }
    let Some(value) = conditions.next() else {
        return Some(Box::new(|sensitivity| sensitivity > 0));
    };
    let compared = value.strip_prefix(&format!("cast({name}/value, Edm.Int32) "))?;
    let (operator, number) = compared.split_once(' ')?;
    let number: u8 = number.parse().ok()?;
    let compare: fn(&u8, &u8) -> bool = match operator {
        "eq" => |a, b| a == b,
        "ne" => |a, b| a != b,
        "gt" => |a, b| a > b,
        "ge" => |a, b| a >= b,
        "lt" => |a, b| a < b,
        "le" => |a, b| a <= b,
        _ => return None,
    };
    let passes = move |sensitivity: u8| sensitivity > 0 && compare(&sensitivity, &number);
    conditions.next().is_none().then(|| Box::new(passes) as _)
}

/// What of a message is expanded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expand {
    Nothing,
    Sensitivity,
}

impl Expand {
    /// An error where it is written otherwise than it has to be.
    fn of(
        world: &World,
        mailbox: usize,
        shown: Shown,
        request: &Request,
    ) -> Result<Self, Response> {
        let is_withheld = world.mailboxes[mailbox].sensitivity_refused || shown == Shown::Basic;
        match request.option("$expand").as_deref() {
            None | Some("") => Ok(Self::Nothing),
            Some("singleValueExtendedProperties($filter=id eq 'Integer 0x36')") if is_withheld => {
                Ok(Self::Nothing)
            }
            Some("singleValueExtendedProperties($filter=id eq 'Integer 0x36')") => {
                Ok(Self::Sensitivity)
            }
            Some(_) => Err(Response::error(
                400,
                "BadRequest",
                "Parsing OData Select and Expand failed.",
            )),
        }
    }

    /// Adds it to the message that was just written, where it has it: normal ones do not.
    fn write(self, view: &View<'_>, out: &mut String, copy: u32) {
        let held = &view.world.mailboxes[view.mailbox].copies[copy as usize];
        let sensitivity = view.world.mails[held.mail as usize].sensitivity;
        if self == Self::Sensitivity && sensitivity > 0 {
            out.pop();
            out.push_str(",\"singleValueExtendedProperties\":[{\"id\":\"Integer 0x36\",");
            out.push_str("\"value\":\"");
            out.push_str(&sensitivity.to_string());
            out.push_str("\"}]}");
        }
    }
}

/// The bounds of `receivedDateTime ge a and receivedDateTime lt b`, either of which may be missing.
fn window(filter: &str) -> Option<(Timestamp, Timestamp)> {
    let (mut low, mut high) = (Timestamp(i64::MIN), Timestamp(i64::MAX));
    let mut found = false;
    for part in filter.split(" and ") {
        let words: Vec<&str> = part.trim().split(' ').collect();
        let ["receivedDateTime", operator, time] = words[..] else {
            return None;
        };
        let time = Timestamp::parse_rfc3339(time)?;
        match operator {
            "ge" => low = time,
            "gt" => low = time.plus(1),
            "lt" => high = time,
            "le" => high = time.plus(1),
            _ => return None,
        }
        found = true;
    }
    found.then_some((low, high))
}

/// `GET .../messages/{id}`.
pub fn one_message(list: &List<'_>, id: &str, request: &Request) -> Response {
    let (world, mailbox, now) = (list.world, list.mailbox, list.now);
    let Some((copy, moves)) = read_id(world, mailbox, id) else {
        return Response::error(400, "ErrorInvalidIdMalformed", "Id is malformed.");
    };
    let copies = &world.mailboxes[mailbox].copies;
    let place = copies.get(copy as usize).and_then(|copy| copy.place(now));
    let found = place.filter(|(_, now)| moves.is_none_or(|moves| moves == *now));
    if found.is_none() {
        return Response::error(
            404,
            "ErrorItemNotFound",
            "The specified object was not found in the store.",
        );
    }
    let expand = match Expand::of(world, mailbox, list.shown, request) {
        Ok(expand) => expand,
        Err(response) => return response,
    };
    let view = View {
        world,
        mailbox,
        at: now,
        immutable: request.prefer().immutable,
        string_booleans: false,
        is_delta: false,
    };
    let mut out = String::from(
        "{\"@odata.context\":\"https://graph.microsoft.com/v1.0/$metadata#users('id')/messages/$entity\",",
    );
    let mut item = String::new();
    let fields = fields(request.select().as_deref()) & render::shown(list.shown);
    view.message(&mut item, copy, fields);
    expand.write(&view, &mut item, copy);
    out.push_str(item.trim_start_matches('{'));
    Response::json(out, 1)
}
