//! Administrative units and their members (facts 3.5). There is one: it holds those who are in the
//! scope group themselves, the group nested in it, and a device.

use serde_json::Value;
use serde_json::json;

use crate::sim::directory;
use crate::sim::permissions::Users;
use crate::sim::person::Place;
use crate::sim::query::advanced::Query;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::rng::guid;
use crate::sim::rng::mix;
use crate::sim::world::World;

/// The name of the unit.
pub const NAME: &str = "Touchpoint unit";

/// The object id of the unit.
pub fn id(world: &World) -> String {
    guid(mix(&[world.spec.seed, 51]), mix(&[world.spec.seed, 52]))
}

fn unit(world: &World) -> Value {
    let is_hidden = world.spec.switches.hidden_membership.is_hidden();
    json!({"id": id(world), "displayName": NAME, "description": null,
        "isMemberManagementRestricted": false, "membershipRule": null,
        "membershipRuleProcessingState": null, "membershipType": null,
        "visibility": is_hidden.then_some("HiddenMembership")})
}

/// `GET /directory/administrativeUnits`.
pub fn units(world: &World, request: &Request, host: &str) -> Response {
    let all = std::iter::once(unit(world));
    let picked = |unit| directory::selected(unit, request);
    let kind = ("directory/administrativeUnits", "administrativeUnit");
    directory::filtered(request, host, kind, all, picked)
}

/// `GET /directory/administrativeUnits/{id}`.
pub fn one_unit(world: &World, request: &Request, key: &str) -> Response {
    if key == id(world) {
        Response::json(directory::selected(unit(world), request).to_string(), 1)
    } else {
        directory::missing(key)
    }
}

/// `GET /directory/administrativeUnits/{id}/members`: users, groups and devices directly in it. A
/// cast leaves users only, without saying so.
pub fn members(
    world: &World,
    request: &Request,
    host: &str,
    (key, cast): (&str, bool),
    (shown, roles): (Users, &[String]),
) -> Response {
    if key != id(world) {
        return directory::missing(key);
    }
    let level = request.header("consistencylevel").unwrap_or_default();
    let is_advanced = level.eq_ignore_ascii_case("eventual") && request.option("$count").is_some();
    if request.option("$filter").is_some() && !is_advanced {
        return Response::error(400, "Request_UnsupportedQuery", "Unsupported Query.");
    }
    let query = match Query::of(request, if cast { "user" } else { "directoryObject" }) {
        Ok(query) => query,
        Err(response) => return response,
    };
    let mut found = match directory::unless_hidden(world, roles) {
        Ok(true) => directory::people_at(world, &[Place::Direct], request, shown),
        Ok(false) => return directory::page(request, host, "directoryObjects", &[], &query),
        Err(response) => return response,
    };
    if !cast {
        for entry in &mut found {
            entry["@odata.type"] = json!("#microsoft.graph.user");
        }
        found.insert(found.len() / 2, directory::nested_group(world, 1, request));
        found.insert(
            found.len() / 3,
            directory::unknown(world, "device", request),
        );
    }
    directory::page(request, host, "directoryObjects", &found, &query)
}
