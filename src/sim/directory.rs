//! The directory: organization, users, groups and their members (facts 3).

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::sim::dice::guid;
use crate::sim::dice::mix;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::world::Person;
use crate::sim::world::Place;
use crate::sim::world::World;

/// Default and largest page of directory lists (facts 3.1).
const PAGE: (usize, usize) = (100, 999);
/// Properties that come unasked.
const DEFAULT_USER: [&str; 5] = [
    "id",
    "displayname",
    "mail",
    "userprincipalname",
    "givenname",
];

/// `GET /organization`.
pub fn organization(world: &World) -> Response {
    let (first, second) = (&world.spec.domains[0], &world.spec.domains[1]);
    let domain = |name: String, initial: bool, default: bool| {
        json!({"name": name, "type": "Managed", "isDefault": default, "isInitial": initial,
            "capabilities": "Email, OfficeCommunicationsOnline"})
    };
    let short = first.split('.').next().unwrap_or("contoso");
    let body = json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#organization",
        "value": [{"id": world.app.tenant_id, "displayName": "Contoso", "verifiedDomains": [
            domain(format!("{short}.onmicrosoft.com"), true, false),
            domain(first.clone(), false, true),
            domain(second.clone(), false, false),
            // Subdomains are listed on their own (facts 3.6).
            domain(format!("eu.{first}"), false, false),
        ]}],
    });
    with_units(Response::json(body.to_string(), 1), 1)
}

/// `GET /users`.
pub fn users(world: &World, request: &Request, host: &str) -> Response {
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
    if request.option("$skip").is_some() {
        return Response::error(
            400,
            "Request_UnsupportedQuery",
            "'$skip' is not supported by the service.",
        );
    }
    let filter = request.option("$filter");
    let found: Vec<Value> = world
        .people
        .iter()
        .filter(|person| {
            filter
                .as_deref()
                .is_none_or(|filter| user_fits(person, filter))
        })
        .map(|person| user(world, person, select.as_deref()))
        .collect();
    with_units(page(request, host, "users", &found), 2)
}

/// The few filters that clients of mailboxes use.
fn user_fits(person: &Person, filter: &str) -> bool {
    let wanted = quoted(filter).unwrap_or_default();
    let same = |text: &str| text.eq_ignore_ascii_case(&wanted);
    (filter.starts_with("mail eq") && same(&person.mail))
        || (filter.starts_with("userPrincipalName eq") && same(&person.upn))
        || (filter.starts_with("accountEnabled eq true") && person.enabled)
        || (filter.starts_with("proxyAddresses/any")
            && proxies(person).iter().any(|proxy| same(proxy)))
        || (filter.starts_with("userType eq") && person.user_type.is_some_and(same))
}

/// The text between the first two apostrophes.
fn quoted(filter: &str) -> Option<String> {
    let (_, rest) = filter.split_once('\'')?;
    Some(rest.split_once('\'')?.0.to_owned())
}

/// The number of a person by object id or user principal name.
pub fn find(world: &World, key: &str) -> Option<usize> {
    let same = |person: &Person| person.id == key || person.upn.eq_ignore_ascii_case(key);
    world.people.iter().position(same)
}

/// `GET /users/{id}`.
pub fn one_user(world: &World, request: &Request, key: &str) -> Response {
    match find(world, key) {
        Some(number) => {
            let user = user(world, &world.people[number], request.select().as_deref());
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

fn user(world: &World, person: &Person, select: Option<&[String]>) -> Value {
    let has_mail = person.user_type != Some("Guest");
    let all = json!({
        "businessPhones": [], "displayName": person.name,
        "givenName": person.name.split(' ').next(), "id": person.id,
        "jobTitle": null, "mail": person.mail, "mobilePhone": null, "officeLocation": null,
        "preferredLanguage": null, "surname": person.name.split(' ').nth(1),
        "userPrincipalName": person.upn, "accountEnabled": person.enabled,
        "proxyAddresses": if has_mail { proxies(person) } else { Vec::new() },
        "userType": person.user_type, "companyName": null, "otherMails": [],
        "onPremisesSyncEnabled": null, "department": person.team, "assignedLicenses": [],
    });
    let defaults: Vec<String> = DEFAULT_USER.iter().map(|name| (*name).to_owned()).collect();
    let _ = world;
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

/// `GET /groups` with a filter on the address.
pub fn groups(world: &World, request: &Request, host: &str) -> Response {
    let wanted = request.option("$filter").as_deref().and_then(quoted);
    let plain = |text: &str| {
        text.trim_start_matches("SMTP:")
            .trim_start_matches("smtp:")
            .to_lowercase()
    };
    let wanted = wanted.map(|text| plain(&text));
    let found: Vec<Value> = (0..world.groups.len())
        .map(|number| group(world, number))
        .filter(|group| {
            let text = |name: &str| group[name].as_str().unwrap_or_default().to_lowercase();
            wanted.as_ref().is_none_or(|wanted| {
                *wanted == text("mail") || *wanted == text("id") || *wanted == text("displayName")
            })
        })
        .map(|group| selected(group, request))
        .collect();
    with_units(page(request, host, "groups", &found), 1)
}

fn selected(value: Value, request: &Request) -> Value {
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

/// `GET /groups/{id}/transitiveMembers`: flat, of mixed types, nested groups among them.
pub fn members(world: &World, request: &Request, host: &str, key: &str, cast: bool) -> Response {
    let Some(number) = world.groups.iter().position(|id| id == key) else {
        return missing(key);
    };
    if cast && (request.header("consistencylevel").is_none() || request.option("$count").is_none())
    {
        return Response::error(
            400,
            "Request_UnsupportedQuery",
            "Cast requires the header ConsistencyLevel: eventual and $count=true.",
        );
    }
    let select = request.select();
    let places = [Place::Direct, Place::Nested, Place::NestedTwice];
    let mut found = Vec::new();
    for person in &world.people {
        if places[number..].contains(&person.place) {
            let mut entry = user(world, person, select.as_deref());
            if !cast {
                entry["@odata.type"] = json!("#microsoft.graph.user");
            }
            found.push(entry);
        }
    }
    if !cast {
        for nested in number + 1..world.groups.len() {
            let mut entry = selected(group(world, nested), request);
            entry["id"] = json!(world.groups[nested]);
            entry["@odata.type"] = json!("#microsoft.graph.group");
            found.insert(found.len() / 2, entry);
        }
        for (kind, at) in [("device", 1), ("orgContact", 2), ("user", 3)] {
            // Limited information: type and id, all else null (facts 3.4).
            let id = guid(mix(&[world.spec.seed, at]), mix(&[world.spec.seed, at, 1]));
            let mut entry = json!({"@odata.type": format!("#microsoft.graph.{kind}"), "id": id});
            for name in select.iter().flatten().filter(|name| *name != "id") {
                entry[spelled(name)] = Value::Null;
            }
            found.insert(found.len() / 3, entry);
        }
    }
    with_units(page(request, host, "directoryObjects", &found), 5)
}

fn spelled(name: &str) -> &str {
    match name {
        "displayname" => "displayName",
        "userprincipalname" => "userPrincipalName",
        "proxyaddresses" => "proxyAddresses",
        "usertype" => "userType",
        "accountenabled" => "accountEnabled",
        other => other,
    }
}

/// One page of a list, by `$top` and `$skiptoken`.
fn page(request: &Request, host: &str, context: &str, all: &[Value]) -> Response {
    let top = request.number("$top").unwrap_or(PAGE.0);
    if top == 0 || top > PAGE.1 {
        return Response::error(
            400,
            "Request_BadRequest",
            "Invalid page size specified. Must be between 1 and 999 inclusive.",
        );
    }
    let skip = request.number("$skiptoken").unwrap_or(0).min(all.len());
    let end = (skip + top).min(all.len());
    let mut body = json!({
        "@odata.context": format!("https://graph.microsoft.com/v1.0/$metadata#{context}"),
        "value": all[skip..end],
    });
    if end < all.len() {
        body["@odata.nextLink"] = json!(next(request, host, end));
    }
    Response::json(body.to_string(), end - skip)
}

/// The link to the next page: the same options and where to go on.
pub fn next(request: &Request, host: &str, skip: usize) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in crate::sim::request::pairs(&request.query) {
        if name != "$skiptoken" {
            query.append_pair(&name, &value);
        }
    }
    query.append_pair("$skiptoken", &skip.to_string());
    format!("http://{host}{}?{}", request.path, query.finish())
}

/// Resource units of the directory (facts 7.2).
fn with_units(response: Response, units: u32) -> Response {
    response.with("x-ms-resource-unit", units.to_string())
}
