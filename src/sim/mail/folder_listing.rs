//! Folders, listed and single (facts 1.10).

use serde_json::Value;
use serde_json::json;

use crate::model::time::Timestamp;
use crate::sim::directory::pick;
use crate::sim::mail::mailbox::Folder;
use crate::sim::paging::Page;
use crate::sim::query::advanced;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::world::World;

/// What the counts of folders depend on.
pub struct Count<'a> {
    /// The simulated time.
    pub now: Timestamp,
    /// Items of a folder that are counted and are no messages.
    pub surplus: &'a dyn Fn(usize) -> usize,
}

/// The number of a folder by id or well-known name.
pub fn find(world: &World, mailbox: usize, key: &str, now: Timestamp) -> Result<usize, Response> {
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

/// Direct children of a folder: no hidden ones unless requested, ten to a page.
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
    let filter = match advanced::mailbox_filter(request, "mailFolder") {
        Ok(filter) => filter,
        Err(response) => return response,
    };
    let all = children
        .iter()
        .map(|number| folder(world, mailbox, *number, count));
    let wanted: Vec<Value> = all
        .filter(|folder| filter.as_ref().is_none_or(|filter| filter.passes(folder)))
        .collect();
    let page = match Page::of_mailbox(request, wanted.len()) {
        Ok(page) => page,
        Err(response) => return response,
    };
    let shown: Vec<Value> = wanted[page.begin..page.end]
        .iter()
        .map(|folder| select(folder.clone(), request))
        .collect();
    let mut body = json!({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users('id')/mailFolders", "value": shown});
    page.annotate(&mut body, request, host);
    Response::json(body.to_string(), page.end - page.begin)
}

/// One folder.
pub fn one_folder(
    world: &World,
    mailbox: usize,
    number: usize,
    request: &Request,
    count: &Count<'_>,
) -> Response {
    let mut value = select(folder(world, mailbox, number, count), request);
    value["@odata.context"] =
        json!("https://graph.microsoft.com/v1.0/$metadata#users('id')/mailFolders/$entity");
    Response::json(value.to_string(), 1)
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
        "isHidden": folder.hidden});
    if folder.search {
        value["@odata.type"] = json!("#microsoft.graph.mailSearchFolder");
    }
    value
}
