//! What Microsoft publishes of Graph v1.0: types with their properties, and which permissions allow
//! which requests. `description.json` names its sources; `scripts/reduce-description` makes it.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

const TEXT: &str = include_str!("description.json");

static DESCRIPTION: LazyLock<Description> =
    LazyLock::new(|| serde_json::from_str(TEXT).unwrap_or_default());

#[derive(Debug, Default, Deserialize)]
struct Description {
    types: HashMap<String, Type>,
    permissions: HashMap<String, Permissions>,
}

#[derive(Debug, Deserialize)]
struct Type {
    base: Option<String>,
    #[serde(default)]
    props: HashMap<String, String>,
    #[serde(default)]
    nav: HashMap<String, String>,
}

/// The application permissions that allow a request.
#[derive(Debug, Deserialize)]
pub struct Permissions {
    /// The least of them.
    least: Vec<String>,
    /// Those that allow more.
    other: Vec<String>,
}

impl Permissions {
    /// Whether a permission allows the request: one that is published for it, or one that allows
    /// to write where reading is enough.
    pub fn accept(&self, permission: &str) -> bool {
        let reading = permission.replace("ReadWrite", "Read");
        let mut all = self.least.iter().chain(&self.other);
        all.any(|one| *one == permission || *one == reading)
    }
}

/// The permissions for a request by its path without the version, in lower case, casts to types
/// left out; `None` where the description does not have it.
pub fn permissions(path: &[&str]) -> Option<&'static Permissions> {
    let path: Vec<&str> = path
        .iter()
        .filter(|piece| !piece.starts_with("microsoft.graph.") && **piece != "graph.user")
        .copied()
        .collect();
    let fits = |template: &str| {
        let mut wanted = template.split('/').skip(1);
        let mut given = path.iter();
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return true,
                (Some("{id}"), Some(_)) => {}
                (Some(name), Some(piece)) if name == *piece => {}
                _ => return false,
            }
        }
    };
    let mut found = DESCRIPTION
        .permissions
        .iter()
        .filter(|(template, _)| fits(template))
        .collect::<Vec<_>>();
    // The template that leaves the least open: `…/messages/delta` and not `…/messages/{id}`.
    found.sort_by_key(|(template, _)| template.matches("{id}").count());
    found.first().map(|(_, permissions)| *permissions)
}

/// Whether any request needs this permission.
pub fn is_permission(name: &str) -> bool {
    let mut all = DESCRIPTION.permissions.values();
    all.any(|permissions| permissions.accept(name))
}

/// The type and its bases.
fn line(kind: &str) -> impl Iterator<Item = &'static Type> {
    let find = |name: &str| DESCRIPTION.types.get(&format!("microsoft.graph.{name}"));
    let above = |one: &&'static Type| {
        let base = one.base.as_deref()?.strip_prefix("microsoft.graph.")?;
        DESCRIPTION.types.get(&format!("microsoft.graph.{base}"))
    };
    std::iter::successors(find(kind), above)
}

/// What the description calls the type of a property, without the marks of lists; names are
/// compared without case.
pub fn property(kind: &str, name: &str) -> Option<&'static str> {
    let named = |of: &'static HashMap<String, String>| {
        let found = of.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, text)| text.trim_matches(['[', ']', '!']))
    };
    line(kind).find_map(|one| named(&one.props).or_else(|| named(&one.nav)))
}

/// Whether a property is a list.
pub fn is_list(kind: &str, name: &str) -> bool {
    line(kind).any(|one| {
        let mut all = one.props.iter();
        all.any(|(key, text)| key.eq_ignore_ascii_case(name) && text.starts_with('['))
    })
}

/// The first part of a path of properties that does not exist, and the type that lacks it.
pub fn unknown_part<'a>(kind: &str, path: &'a str) -> Option<(&'a str, String)> {
    let mut kind = kind.to_owned();
    for part in path.split('/') {
        if let Some(cast) = part.strip_prefix("microsoft.graph.") {
            cast.clone_into(&mut kind);
            continue;
        }
        let Some(found) = property(&kind, part) else {
            return Some((part, kind));
        };
        kind = found
            .strip_prefix("microsoft.graph.")
            .unwrap_or(found)
            .to_owned();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_knows_properties_by_type_base_and_path() {
        assert_eq!(property("message", "SUBJECT"), Some("Edm.String"));
        assert_eq!(property("message", "changeKey"), Some("Edm.String"));
        assert_eq!(property("message", "sensitivity"), None);
        assert_eq!(
            property("event", "sensitivity"),
            Some("microsoft.graph.sensitivity")
        );
        assert!(is_list("user", "proxyAddresses") && !is_list("user", "mail"));
        assert_eq!(unknown_part("message", "from/emailAddress/address"), None);
        assert_eq!(
            unknown_part("message", "from/emailAdress"),
            Some(("emailAdress", "recipient".to_owned()))
        );
        let cast = "microsoft.graph.eventMessage/meetingMessageType";
        assert_eq!(unknown_part("message", cast), None);
    }

    #[test]
    fn the_description_knows_which_permission_allows_what() {
        let accepts = |path: &str, permission: &str| {
            let pieces: Vec<&str> = path.split('/').collect();
            permissions(&pieces).unwrap().accept(permission)
        };
        assert!(accepts(
            "users/x/mailfolders/y/messages/delta",
            "Mail.ReadBasic.All"
        ));
        assert!(accepts("users/x/messages/y", "Mail.ReadWrite"));
        assert!(!accepts("users/x/messages/y", "Calendars.Read"));
        assert!(accepts("organization", "Organization.Read.All"));
        let cast = "groups/x/transitivemembers/microsoft.graph.user";
        assert!(accepts(cast, "GroupMember.Read.All"));
        assert!(permissions(&["users", "x", "nonsense"]).is_none());
        assert!(is_permission("Mail.Read") && !is_permission("Mail.Raed"));
    }
}
