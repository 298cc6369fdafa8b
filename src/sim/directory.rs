//! The directory: organization, users, groups and their members (facts 3).

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::sim::description;
use crate::sim::paging;
use crate::sim::paging::Page;
use crate::sim::permissions;
use crate::sim::permissions::Users;
use crate::sim::person::Person;
use crate::sim::person::Place;
use crate::sim::query::advanced::Query;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::rng::guid;
use crate::sim::rng::mix;
use crate::sim::spec::HiddenMembership;
use crate::sim::world::World;

/// Properties that come unasked (facts 3.1).
const DEFAULT_USER: [&str; 11] = [
    "businessphones",
    "displayname",
    "givenname",
    "id",
    "jobtitle",
    "mail",
    "mobilephone",
    "officelocation",
    "preferredlanguage",
    "surname",
    "userprincipalname",
];

/// `GET /organization`.
pub fn organization(world: &World, request: &Request) -> Response {
    let (first, second) = (&world.spec.domains[0], &world.spec.domains[1]);
    let domain = |name: String, initial: bool, default: bool| {
        json!({"name": name, "type": "Managed", "isDefault": default, "isInitial": initial,
            "capabilities": "Email, OfficeCommunicationsOnline"})
    };
    let short = first.split('.').next().unwrap_or("contoso");
    let tenant = json!({"id": world.app.tenant_id, "displayName": "Contoso", "verifiedDomains": [
        domain(format!("{short}.onmicrosoft.com"), true, false),
        domain(first.clone(), false, true),
        domain(second.clone(), false, false),
        // Subdomains are listed on their own (facts 3.6).
        domain(format!("eu.{first}"), false, false),
    ]});
    let body = json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#organization",
        "value": [selected(tenant, request)],
    });
    with_units(Response::json(body.to_string(), 1), 1)
}

/// `GET /users`, as far as a permission shows them.
pub fn users(world: &World, request: &Request, host: &str, shown: Users) -> Response {
    let select = request.select();
    let outside = ["mailboxsettings", "aboutme", "skills"];
    if select
        .iter()
        .flatten()
        .any(|name| outside.contains(&name.as_str()))
    {
        return Response::error(
            501,
            "NotImplemented",
            "This operation target is not yet supported.",
        );
    }
    if shown.hide(select.as_deref()) {
        return permissions::insufficient();
    }
    let all = world.people.iter().map(everything);
    let picked = |user| pick_user(user, select.as_deref());
    with_units(filtered(request, host, ("users", "user"), all, picked), 2)
}

/// A page of those objects that the options of the request let pass.
pub(super) fn filtered(
    request: &Request,
    host: &str,
    (context, kind): (&str, &str),
    all: impl Iterator<Item = Value>,
    picked: impl Fn(Value) -> Value,
) -> Response {
    let query = match Query::of(request, kind) {
        Ok(query) => query,
        Err(response) => return response,
    };
    let found: Vec<Value> = all
        .filter(|object| query.passes(object))
        .map(picked)
        .collect();
    page(request, host, context, &found, &query)
}

/// `GET /users/{id}`.
pub fn one_user(world: &World, request: &Request, key: &str, shown: Users) -> Response {
    let select = request.select();
    if shown.hide(select.as_deref()) {
        return permissions::insufficient();
    }
    match world.user(key) {
        Some(number) => {
            let mut user = pick_user(everything(&world.people[number]), select.as_deref());
            user["@odata.context"] =
                json!("https://graph.microsoft.com/v1.0/$metadata#users/$entity");
            with_units(Response::json(user.to_string(), 1), 1)
        }
        None => missing(key),
    }
}

/// The 404 of a directory object that does not exist.
pub fn missing(key: &str) -> Response {
    let message = format!(
        "Resource '{key}' does not exist or one of its queried reference-property objects are not present."
    );
    Response::error(404, "Request_ResourceNotFound", &message)
}

fn proxies(person: &Person) -> Vec<String> {
    let mut all = vec![format!("SMTP:{}", person.mail)];
    all.extend(person.aliases.iter().map(|alias| format!("smtp:{alias}")));
    all.push(format!("X500:{}", person.x500));
    all.push(format!("SIP:{}", person.mail));
    all
}

/// A user with all properties that the directory has of one here.
fn everything(person: &Person) -> Value {
    let has_mail = person.user_type != Some("Guest");
    json!({
        "businessPhones": [], "displayName": person.name,
        "givenName": person.name.split(' ').next(), "id": person.id,
        "jobTitle": null, "mail": person.mail, "mobilePhone": null, "officeLocation": null,
        "preferredLanguage": null, "surname": person.name.split(' ').nth(1),
        "userPrincipalName": person.upn, "accountEnabled": person.enabled,
        "proxyAddresses": if has_mail { proxies(person) } else { Vec::new() },
        "userType": person.user_type, "companyName": null, "otherMails": [],
        "onPremisesSyncEnabled": person.is_synced.then_some(true), "department": person.team, "assignedLicenses": [],
    })
}

fn pick_user(all: Value, select: Option<&[String]>) -> Value {
    let defaults: Vec<String> = DEFAULT_USER.iter().map(|name| (*name).to_owned()).collect();
    pick(all, select.unwrap_or(&defaults))
}

/// Only what was selected, under its own spelling.
pub fn pick(all: Value, select: &[String]) -> Value {
    let Value::Object(all) = all else { return all };
    let mut picked = Map::new();
    for (name, value) in all {
        if name.starts_with('@') || select.iter().any(|one| name.eq_ignore_ascii_case(one)) {
            picked.insert(name, value);
        }
    }
    Value::Object(picked)
}

/// Address of the scope group.
pub fn group_address(world: &World) -> String {
    format!("touchpoint@{}", world.spec.domains[0])
}

fn group(world: &World, number: usize) -> Value {
    let names = ["Touchpoint", "Touchpoint field sales", "Touchpoint north"];
    let mail = if number == 0 {
        group_address(world)
    } else {
        format!("touchpoint-{number}@{}", world.spec.domains[0])
    };
    json!({"id": world.groups[number], "displayName": names[number], "mail": mail,
        "mailEnabled": true, "securityEnabled": true, "groupTypes": [],
        "proxyAddresses": [format!("SMTP:{mail}")]})
}

/// `GET /groups`.
pub fn groups(world: &World, request: &Request, host: &str) -> Response {
    let all = (0..world.groups.len()).map(|number| group(world, number));
    let picked = |group| selected(group, request);
    with_units(filtered(request, host, ("groups", "group"), all, picked), 1)
}

pub(super) fn selected(value: Value, request: &Request) -> Value {
    match request.select() {
        Some(select) => pick(value, &select),
        None => value,
    }
}

/// `GET /groups/{id}`.
pub fn one_group(world: &World, request: &Request, key: &str) -> Response {
    match world.groups.iter().position(|id| id == key) {
        Some(number) => Response::json(selected(group(world, number), request).to_string(), 1),
        None => missing(key),
    }
}

/// `GET /groups/{id}/transitiveMembers`: flat, of mixed types, nested groups among them. A cast
/// leaves users only, without saying so.
pub fn members(
    world: &World,
    request: &Request,
    host: &str,
    (key, cast): (&str, bool),
    (shown, roles): (Users, &[String]),
) -> Response {
    let Some(number) = world.groups.iter().position(|id| id == key) else {
        return missing(key);
    };
    let query = match Query::of(request, if cast { "user" } else { "directoryObject" }) {
        Ok(query) => query,
        Err(response) => return response,
    };
    if cast && !query.counts {
        return Response::error(
            400,
            "Request_UnsupportedQuery",
            "Cast requires the header ConsistencyLevel: eventual and $count=true.",
        );
    }
    let places = [Place::Direct, Place::Nested, Place::NestedTwice];
    let mut found = match unless_hidden(world, roles) {
        Ok(true) => people_at(world, &places[number..], request, shown),
        Ok(false) => return page(request, host, "directoryObjects", &[], &query),
        Err(response) => return response,
    };
    if !cast {
        for entry in &mut found {
            entry["@odata.type"] = json!("#microsoft.graph.user");
        }
        add_others(world, number, request, &mut found);
    }
    let page = page(request, host, "directoryObjects", &found, &query);
    with_units(page, 5)
}

/// Whether members are shown, or the 403 where the membership is hidden.
pub(super) fn unless_hidden(world: &World, roles: &[String]) -> Result<bool, Response> {
    let may_see = roles.iter().any(|role| role == "Member.Read.Hidden");
    match world.spec.switches.hidden_membership {
        HiddenMembership::Empty if !may_see => Ok(false),
        HiddenMembership::Refused if !may_see => Err(permissions::insufficient()),
        _ => Ok(true),
    }
}

/// The users at these places.
pub(super) fn people_at(
    world: &World,
    places: &[Place],
    request: &Request,
    shown: Users,
) -> Vec<Value> {
    let select = request.select();
    let is_limited = shown == Users::Limited || shown.hide(select.as_deref());
    let people = world.people.iter();
    let people = people.filter(|person| places.contains(&person.place));
    let entry = |person: &Person| {
        if is_limited {
            limited("user", &person.id, select.as_deref())
        } else {
            pick_user(everything(person), select.as_deref())
        }
    };
    people.map(entry).collect()
}

/// Nested groups, which are in the list beside their members, and what no permission shows.
fn add_others(world: &World, number: usize, request: &Request, found: &mut Vec<Value>) {
    for nested in number + 1..world.groups.len() {
        found.insert(found.len() / 2, nested_group(world, nested, request));
    }
    for kind in ["device", "orgContact", "user"] {
        found.insert(found.len() / 3, unknown(world, kind, request));
    }
}

/// A group among members.
pub(super) fn nested_group(world: &World, number: usize, request: &Request) -> Value {
    let mut entry = selected(group(world, number), request);
    entry["id"] = json!(world.groups[number]);
    entry["@odata.type"] = json!("#microsoft.graph.group");
    entry
}

/// A member of which no permission shows more than its id.
pub(super) fn unknown(world: &World, kind: &str, request: &Request) -> Value {
    let at = match kind {
        "device" => 1,
        "orgContact" => 2,
        _ => 3,
    };
    let id = guid(mix(&[world.spec.seed, at]), mix(&[world.spec.seed, at, 1]));
    let mut entry = limited(kind, &id, request.select().as_deref());
    entry["@odata.type"] = json!(format!("#microsoft.graph.{kind}"));
    entry
}

/// Limited information: the id, all else that the type has null (facts 3.4).
fn limited(kind: &str, id: &str, select: Option<&[String]>) -> Value {
    let mut entry = json!({"id": id});
    let names = select.into_iter().flatten();
    for name in names.filter(|name| description::property(kind, name).is_some()) {
        if name != "id" {
            entry[spelled(name)] = Value::Null;
        }
    }
    entry
}

fn spelled(name: &str) -> &str {
    match name {
        "displayname" => "displayName",
        "userprincipalname" => "userPrincipalName",
        "proxyaddresses" => "proxyAddresses",
        "usertype" => "userType",
        "accountenabled" => "accountEnabled",
        "onpremisessyncenabled" => "onPremisesSyncEnabled",
        other => other,
    }
}

/// One page of a list, by `$top` and `$skiptoken`; the first says how many there are, if asked.
pub(super) fn page(
    request: &Request,
    host: &str,
    context: &str,
    all: &[Value],
    query: &Query,
) -> Response {
    let page = match Page::of_directory(request, all.len()) {
        Ok(page) => page,
        Err(response) => return response,
    };
    let mut body = json!({
        "@odata.context": format!("https://graph.microsoft.com/v1.0/$metadata#{context}"),
        "value": all[page.begin..page.end],
    });
    if query.counts && page.begin == 0 {
        body["@odata.count"] = json!(page.count);
    }
    if let Some(link) = page.next(request, host, "$skiptoken") {
        body["@odata.nextLink"] = json!(link);
    }
    Response::json(body.to_string(), page.end - page.begin)
}

/// The link to the next page: the same options and where to go on.
pub fn next(request: &Request, host: &str, skip: usize) -> String {
    paging::link(request, host, "$skiptoken", skip)
}

/// Resource units of the directory (facts 7.2).
fn with_units(response: Response, units: u32) -> Response {
    response.with("x-ms-resource-unit", units.to_string())
}
