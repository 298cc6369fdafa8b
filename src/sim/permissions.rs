//! What the application may do: permissions granted in Entra, which its tokens name, and roles
//! assigned in Exchange for some mailboxes, which never show there. Rights add up (facts 4.5, 5.2).

use serde_json::Value;

use crate::model::time::Timestamp;
use crate::sim::description;
use crate::sim::grants;
use crate::sim::grants::Grants;
use crate::sim::grants::Scope;
use crate::sim::grants::ScopeName;
use crate::sim::person::Access;
use crate::sim::person::Place;
use crate::sim::request::Response;
use crate::sim::world::World;

/// What `User.ReadBasic.All` shows (facts 3.1).
pub const BASIC_USER: [&str; 6] = [
    "displayname",
    "givenname",
    "id",
    "mail",
    "surname",
    "userprincipalname",
];

/// How much of a mailbox's items is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// All of them.
    Whole,
    /// Neither bodies nor previews nor extended properties (facts 1.1).
    Basic,
}

impl Shown {
    /// A page of events, or one, as far as it is shown.
    pub fn of_events(self, mut response: Response) -> Response {
        let withheld = ["body", "bodyPreview"];
        if self == Self::Basic
            && let Ok(mut body) = serde_json::from_slice::<Value>(&response.body)
        {
            let without = |event: &mut Value| {
                if let Some(event) = event.as_object_mut() {
                    event.retain(|name, _| !withheld.contains(&name.as_str()));
                }
            };
            match body["value"].as_array_mut() {
                Some(events) => events.iter_mut().for_each(without),
                None => without(&mut body),
            }
            response.body = body.to_string().into_bytes();
        }
        response
    }
}

/// The 401 of a token that allows nothing.
pub fn no_permissions() -> Response {
    Response::error(
        401,
        "NoPermissionsInAccessToken",
        "The token contains no permissions, or permissions can not be understood.",
    )
}

/// Whether a request to the directory is allowed by these roles of a token; `path` is without the
/// version, in lower case.
pub fn directory(world: &World, roles: &[String], path: &[&str]) -> Result<(), Response> {
    let grants = &world.spec.permissions;
    let is_organization = path.first() == Some(&"organization");
    let counts = |role: &&String| {
        let is_disputed = is_organization && role.as_str() == "User.Read.All";
        !is_disputed || grants.user_read_covers_organization
    };
    // What the description does not have is no request at all, which is said elsewhere.
    let Some(permissions) = description::permissions(path) else {
        return Ok(());
    };
    let mut roles = roles.iter().filter(counts);
    if roles.any(|role| permissions.accept(role)) {
        Ok(())
    } else {
        Err(insufficient())
    }
}

/// The directory's 403.
pub fn insufficient() -> Response {
    Response::error(
        403,
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
    )
}

/// Whether these roles show users with more than their names and addresses (facts 3.1), and whether
/// they show them at all (facts 3.4).
pub fn of_users(roles: &[String]) -> Users {
    let permissions = description::permissions(&["users"]);
    let accepted = |role: &&String| permissions.is_some_and(|all| all.accept(role));
    let mut found = Users::Limited;
    for role in roles.iter().filter(accepted) {
        if !role.starts_with("User.ReadBasic") {
            return Users::Whole;
        }
        found = Users::Basic;
    }
    found
}

/// What is shown of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Users {
    /// Everything.
    Whole,
    /// Names and addresses.
    Basic,
    /// Nothing but the id.
    Limited,
}

impl Users {
    /// Whether a selection asks for more than is shown.
    pub fn hide(self, select: Option<&[String]>) -> bool {
        let basic = BASIC_USER;
        let is_more = |name: &String| !basic.contains(&name.as_str());
        self != Self::Whole && select.is_some_and(|names| names.iter().any(is_more))
    }
}

/// Whether a request to a mailbox is allowed, by these roles of a token or by those that are
/// assigned in Exchange, and how much it shows.
pub fn mailbox(
    world: &World,
    roles: &[String],
    path: &[&str],
    (mailbox, now): (usize, Timestamp),
) -> Result<Shown, Response> {
    let Some(permissions) = description::permissions(path) else {
        return Ok(Shown::Whole);
    };
    let accepts = |role: &&String| permissions.accept(grants::published(role));
    let grants = &world.spec.permissions;
    // The policy binds what was granted in Entra alone (facts 5.2).
    let person = &world.people[mailbox];
    let is_outside = person.place == Place::Outside && grants.policy_acts(now);
    let is_left_out = person.access == Access::Denied || is_outside;
    let granted: Vec<&String> = roles.iter().filter(accepts).collect();
    let is_covered = grants.exchange_acts(now) && covers(grants, world, mailbox);
    let assigned = grants.exchange.iter().filter(|_| is_covered);
    let mut in_force: Vec<&String> = assigned.filter(accepts).collect();
    if !is_left_out {
        in_force.extend(&granted);
    }
    if in_force.iter().any(|role| !role.contains("ReadBasic")) {
        Ok(Shown::Whole)
    } else if !in_force.is_empty() {
        Ok(Shown::Basic)
    } else if is_left_out && !granted.is_empty() {
        Err(denied(
            "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings.",
        ))
    } else {
        Err(denied("Access is denied. Check credentials and try again."))
    }
}

/// Whether the roles of Exchange are assigned for a mailbox.
fn covers(grants: &Grants, world: &World, mailbox: usize) -> bool {
    let person = &world.people[mailbox];
    match &grants.scope {
        Scope::Named(ScopeName::Open) => person.access != Access::Denied,
        Scope::Named(ScopeName::Members) => {
            person.access != Access::Denied && person.place != Place::Outside
        }
        Scope::Named(ScopeName::DirectMembers) => {
            person.access != Access::Denied && person.place == Place::Direct
        }
        Scope::Numbers(numbers) => numbers.contains(&mailbox),
    }
}

/// Outlook's 403.
pub fn denied(message: &str) -> Response {
    Response::error(403, "ErrorAccessDenied", message)
}
