//! What is wrong with the options of a request, whatever is requested: the gateway reads them
//! before anything else (facts 13).

use crate::sim::description;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::request::pairs;
use crate::sim::world::World;

const KNOWN: [&str; 11] = [
    "$count",
    "$deltatoken",
    "$expand",
    "$filter",
    "$format",
    "$orderby",
    "$search",
    "$select",
    "$skip",
    "$skiptoken",
    "$top",
];

/// The types of which the items of an answer may be; of the first the service speaks.
pub fn kinds(path: &[&str]) -> &'static [&'static str] {
    match path {
        ["organization"] => &["organization"],
        ["users"]
        | ["users", _]
        | ["groups", _, "transitivemembers", _]
        | ["directory", "administrativeunits", _, "members", _] => &["user"],
        ["groups"] | ["groups", _] => &["group"],
        ["groups", _, "transitivemembers"] => {
            &["directoryObject", "user", "group", "device", "orgContact"]
        }
        ["directory", "administrativeunits"] | ["directory", "administrativeunits", _] => {
            &["administrativeUnit"]
        }
        ["directory", "administrativeunits", _, "members"] => {
            &["directoryObject", "user", "group", "device"]
        }
        ["users", _, rest @ ..] => match rest {
            ["mailfolders"] | ["mailfolders", _] | ["mailfolders", _, "childfolders"] => {
                &["mailFolder"]
            }
            ["messages", ..] | ["mailfolders", _, "messages", ..] => &["message"],
            ["calendarview" | "events", ..] => &["event"],
            ["mailboxsettings"] => &["mailboxSettings"],
            _ => &[],
        },
        _ => &[],
    }
}

/// The 400 for options that the service does not know, that come twice, or that name what does not
/// exist.
pub fn check(world: &World, request: &Request, path: &[&str]) -> Result<(), Response> {
    let mut seen: Vec<String> = Vec::new();
    for (name, _) in pairs(&request.query) {
        let name = name.to_lowercase();
        if name.starts_with('$') && !KNOWN.contains(&name.as_str()) {
            let message = format!("The query parameter '{name}' is not supported.");
            return Err(Response::error(400, "BadRequest", &message));
        }
        if name.starts_with('$') && seen.contains(&name) {
            let message = format!(
                "Query option '{name}' was specified more than once, but it must be specified at most once."
            );
            return Err(Response::error(400, "BadRequest", &message));
        }
        seen.push(name);
    }
    let kinds = kinds(path);
    for option in ["$select", "$expand", "$orderby"] {
        let text = request.option(option).unwrap_or_default();
        for name in names(&text) {
            known(kinds, name)?;
        }
    }
    let times = ["createddatetime", "lastmodifieddatetime"];
    let is_view = matches!(path, ["users", _, "calendarview"]);
    if is_view && !world.spec.switches.select_times_of_calendar_view {
        let selected = request.select().unwrap_or_default();
        if let Some(name) = selected.iter().find(|name| times.contains(&name.as_str())) {
            return Err(no_property(name, "event"));
        }
    }
    match request.option("$count").as_deref() {
        None | Some("true" | "false") => Ok(()),
        Some(other) => {
            let message = format!("Invalid value '{other}' for $count query option found.");
            Err(Response::error(400, "BadRequest", &message))
        }
    }
}

/// The names of a list, without what stands in brackets and behind blanks.
fn names(text: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    let parts = text.split(|letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    });
    let parts = parts.map(|part| part.trim().split(['(', ' ']).next().unwrap_or_default());
    parts
        .filter(|name| !name.is_empty() && *name != "*")
        .collect()
}

/// The 400 for a property that none of the types has.
fn known(kinds: &[&str], name: &str) -> Result<(), Response> {
    let Some(first) = kinds.first() else {
        return Ok(());
    };
    let is_known = |kind: &&str| description::unknown_part(kind, name).is_none();
    if kinds.iter().any(is_known) {
        return Ok(());
    }
    let (part, kind) = description::unknown_part(first, name).unwrap_or((name, String::new()));
    Err(no_property(part, &kind))
}

/// The service's words for a property that a type does not have.
pub fn no_property(name: &str, kind: &str) -> Response {
    let message =
        format!("Could not find a property named '{name}' on type 'microsoft.graph.{kind}'.");
    Response::error(400, "RequestBroker--ParseUri", &message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_between_commas_outside_of_brackets() {
        let text = "id, from,attachments($select=id,name),receivedDateTime desc,*";
        assert_eq!(
            names(text),
            ["id", "from", "attachments", "receivedDateTime"]
        );
    }
}
