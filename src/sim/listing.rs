//! Folders and plain lists of messages (facts 1.9, 1.10).

use serde_json::Value;
use serde_json::json;

use crate::model::time::Micros;
use crate::sim::directory::next;
use crate::sim::directory::pick;
use crate::sim::render::View;
use crate::sim::render::fields;
use crate::sim::render::read_id;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::world::Folder;
use crate::sim::world::World;

/// Default and largest `$top` of Outlook lists.
const PAGE: (usize, usize) = (10, 1000);

/// What the counts of folders depend on.
pub struct Count<'a> {
    /// The simulated time.
    pub now: Micros,
    /// Items of a folder that are counted and are no messages.
    pub surplus: &'a dyn Fn(usize) -> usize,
}

/// The number of a folder by id or well-known name.
pub fn find(world: &World, mailbox: usize, key: &str, now: Micros) -> Result<usize, Response> {
    let folders = &world.mailboxes[mailbox].folders;
    let same = |folder: &Folder| {
        folder.id == key || folder.well_known == Some(key.to_lowercase().as_str())
    };
    let found = folders
        .iter()
        .position(same)
        .filter(|number| folders[*number].created <= now);
    found.ok_or_else(|| {
        Response::error(
            404,
            "ErrorFolderNotFound",
            "The specified folder could not be found in the store.",
        )
    })
}

/// Direct children of a folder: no hidden ones unless asked for, ten to a page.
pub fn folders(
    world: &World,
    mailbox: usize,
    parent: usize,
    request: &Request,
    host: &str,
    count: &Count<'_>,
) -> Response {
    let now = count.now;
    let hidden = request
        .option("includeHiddenFolders")
        .is_some_and(|text| text == "true");
    let all = &world.mailboxes[mailbox].folders;
    let children: Vec<usize> = (0..all.len())
        .filter(|number| all[*number].parent.map(usize::from) == Some(parent))
        .filter(|number| (hidden || !all[*number].hidden) && all[*number].created <= now)
        .collect();
    let (skip, end, link) = match bounds(request, host, children.len()) {
        Ok(found) => found,
        Err(response) => return response,
    };
    let shown: Vec<Value> = children[skip..end]
        .iter()
        .map(|number| select(folder(world, mailbox, *number, count), request))
        .collect();
    let mut body = json!({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users('id')/mailFolders", "value": shown});
    if let Some(link) = link {
        body["@odata.nextLink"] = json!(link);
    }
    Response::json(body.to_string(), end - skip)
}

/// One folder.
pub fn one_folder(
    world: &World,
    mailbox: usize,
    number: usize,
    request: &Request,
    count: &Count<'_>,
) -> Response {
    Response::json(
        select(folder(world, mailbox, number, count), request).to_string(),
        1,
    )
}

fn select(value: Value, request: &Request) -> Value {
    let Some(mut names) = request.select() else {
        return value;
    };
    names.push("id".to_owned());
    pick(value, &names)
}

fn folder(world: &World, mailbox: usize, number: usize, count: &Count<'_>) -> Value {
    let now = count.now;
    let held = &world.mailboxes[mailbox];
    let folder = &held.folders[number];
    let children = held
        .folders
        .iter()
        .filter(|child| child.parent.map(usize::from) == Some(number))
        .filter(|child| !child.hidden && child.created <= now)
        .count();
    let items = held
        .copies
        .iter()
        .filter(|copy| {
            copy.place(now)
                .is_some_and(|(place, _)| usize::from(place) == number)
        })
        .count()
        + (count.surplus)(number);
    let parent = folder
        .parent
        .map(|parent| held.folders[usize::from(parent)].id.clone());
    let mut value = json!({"id": folder.id, "displayName": folder.name, "parentFolderId": parent,
        "childFolderCount": children, "unreadItemCount": items / 3, "totalItemCount": items,
        "sizeInBytes": items * 9000, "isHidden": folder.hidden});
    if folder.search {
        value["@odata.type"] = json!("#microsoft.graph.mailSearchFolder");
    }
    value
}

type Bounds = (usize, usize, Option<String>);

fn bounds(request: &Request, host: &str, count: usize) -> Result<Bounds, Response> {
    let top = request.number("$top").unwrap_or(PAGE.0);
    if top == 0 || top > PAGE.1 {
        return Err(Response::error(
            400,
            "ErrorInvalidUrlQueryOption",
            "The value for the $top query option is not valid. It must be from 1 to 1000.",
        ));
    }
    // The link's `$skiptoken` goes on; a `$skip` of the client counts from the start.
    let skip = request
        .number("$skiptoken")
        .or(request.number("$skip"))
        .unwrap_or(0)
        .min(count);
    let end = (skip + top).min(count);
    let link = (end < count).then(|| next(request, host, end));
    Ok((skip, end, link))
}

/// A page of a plain list.
pub struct Listed<T> {
    /// The response.
    pub response: Response,
    /// What is on it.
    pub items: Vec<T>,
}

impl<T> From<Response> for Listed<T> {
    fn from(response: Response) -> Self {
        Self {
            response,
            items: Vec::new(),
        }
    }
}

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

/// The copies that a plain list holds, in order of arrival.
fn wanted(
    world: &World,
    mailbox: usize,
    folder: Option<usize>,
    request: &Request,
    now: Micros,
) -> Result<Vec<u32>, Response> {
    let filter = request.option("$filter").unwrap_or_default();
    let property = property_filter(&filter);
    if property.is_some() && world.mailboxes[mailbox].sensitivity_refused {
        return Err(Response::error(
            403,
            "ErrorAccessDenied",
            "Access is denied. Check credentials and try again.",
        ));
    }
    let (low, high) = match window(&filter) {
        Some(found) => found,
        None if filter.is_empty() || property.is_some() => (Micros(i64::MIN), Micros(i64::MAX)),
        None => {
            return Err(Response::error(
                400,
                "ErrorInvalidUrlQuery",
                "The $filter is not supported here.",
            ));
        }
    };
    let copies = &world.mailboxes[mailbox].copies;
    let found = (0..u32::try_from(copies.len()).unwrap_or(u32::MAX))
        .filter(|number| {
            let copy = &copies[*number as usize];
            let mail = &world.mails[copy.mail as usize];
            let received = mail.received.unwrap_or(copy.arrives);
            let here = copy
                .place(now)
                .is_some_and(|(place, _)| folder.is_none_or(|folder| folder == usize::from(place)));
            let has_property = property
                .as_ref()
                .is_none_or(|wanted| wanted(mail.sensitivity));
            here && has_property && received >= low && received < high
        })
        .collect();
    Ok(found)
}

/// `GET .../messages`: newest first; the list of sensitivities is one of its filters.
pub fn messages(
    world: &World,
    mailbox: usize,
    folder: Option<usize>,
    request: &Request,
    host: &str,
    now: Micros,
) -> Listed<u32> {
    let mut found = match wanted(world, mailbox, folder, request, now) {
        Ok(found) => found,
        Err(response) => return response.into(),
    };
    let copies = &world.mailboxes[mailbox].copies;
    let oldest_first = match oldest_first(request) {
        Ok(found) => found,
        Err(response) => return response.into(),
    };
    found.sort_by_key(|number| {
        let copy = &copies[*number as usize];
        let mail = &world.mails[copy.mail as usize];
        mail.received.unwrap_or(copy.arrives)
    });
    if !oldest_first {
        found.reverse();
    }
    let (skip, end, link) = match bounds(request, host, found.len()) {
        Ok(found) => found,
        Err(response) => return response.into(),
    };
    let immutable = request.prefer().immutable;
    let view = View {
        world,
        mailbox,
        at: now,
        immutable,
        string_booleans: false,
    };
    let fields = fields(request.select().as_deref());
    let mut out = String::from(
        "{\"@odata.context\":\"https://graph.microsoft.com/v1.0/$metadata#Collection(message)\",\"value\":[",
    );
    for (position, copy) in found[skip..end].iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        view.message(&mut out, *copy, fields);
    }
    out.push(']');
    if let Some(link) = link {
        out.push_str(",\"@odata.nextLink\":");
        crate::sim::render::string(&mut out, &link);
    }
    out.push('}');
    Listed {
        response: Response::json(out, end - skip),
        items: found[skip..end].to_vec(),
    }
}

/// Tells of a sensitivity whether a filter on that extended property lets it pass; `None` where the
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

/// What of a message is expanded; an error where it is written otherwise than it has to be.
fn expands_sensitivity(request: &Request) -> Result<bool, Response> {
    match request.option("$expand").as_deref() {
        None | Some("") => Ok(false),
        Some("singleValueExtendedProperties($filter=id eq 'Integer 0x36')") => Ok(true),
        Some(_) => Err(Response::error(
            400,
            "BadRequest",
            "Parsing OData Select and Expand failed.",
        )),
    }
}

/// The bounds of `receivedDateTime ge a and receivedDateTime lt b`, either of which may be missing.
fn window(filter: &str) -> Option<(Micros, Micros)> {
    let (mut low, mut high) = (Micros(i64::MIN), Micros(i64::MAX));
    let mut found = false;
    for part in filter.split(" and ") {
        let words: Vec<&str> = part.trim().split(' ').collect();
        let ["receivedDateTime", operator, time] = words[..] else {
            return None;
        };
        let time = Micros::parse_rfc3339(time)?;
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
pub fn one_message(
    world: &World,
    mailbox: usize,
    id: &str,
    request: &Request,
    now: Micros,
) -> Response {
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
    let view = View {
        world,
        mailbox,
        at: now,
        immutable: request.prefer().immutable,
        string_booleans: false,
    };
    let mut out = String::new();
    view.message(&mut out, copy, fields(request.select().as_deref()));
    let sensitivity = world.mails[copies[copy as usize].mail as usize].sensitivity;
    let is_expanded = match expands_sensitivity(request) {
        Ok(is_expanded) => is_expanded,
        Err(response) => return response,
    };
    if is_expanded && sensitivity > 0 && !world.mailboxes[mailbox].sensitivity_refused {
        out.pop();
        out.push_str(",\"singleValueExtendedProperties\":[{\"id\":\"Integer 0x36\",\"value\":\"");
        out.push_str(&sensitivity.to_string());
        out.push_str("\"}]}");
    }
    Response::json(out, 1)
}
