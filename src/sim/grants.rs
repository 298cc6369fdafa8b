//! What the application is granted, as `[permissions]` of a world file says.

use serde::Deserialize;

use crate::sim::description;

/// What is granted, as a world file says under `[permissions]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grants {
    /// Application permissions with admin consent: they stand in tokens as `roles`.
    pub entra: Vec<String>,
    /// Roles of RBAC for Applications, without `Application ` before them.
    pub exchange: Vec<String>,
    /// The mailboxes for which these are assigned.
    pub scope: Scope,
    /// Whether `User.Read.All` allows `/organization`: the documents contradict each other (facts
    /// 13).
    pub user_read_covers_organization: bool,
}

/// Mailboxes of a management scope.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Scope {
    /// A group of them.
    Named(ScopeName),
    /// By their numbers in the directory from 0.
    Numbers(Vec<usize>),
}

/// A group of mailboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeName {
    /// All but those that the tenant's policy leaves out.
    Open,
    /// Those of the scope group's direct members: a scope does not see nested ones (facts 5.2).
    DirectMembers,
}

impl Default for Grants {
    /// What the README asks administrators to grant.
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            entra: owned(&[
                "User.Read.All",
                "Organization.Read.All",
                "GroupMember.Read.All",
                "AdministrativeUnit.Read.All",
                "Member.Read.Hidden",
            ]),
            exchange: owned(&["Mail.Read", "Calendars.Read", "MailboxSettings.Read"]),
            scope: Scope::Named(ScopeName::Open),
            user_read_covers_organization: false,
        }
    }
}

impl Grants {
    /// What is wrong with them.
    pub fn defect(&self) -> Option<&'static str> {
        let is_known =
            |name: &String| name == "Member.Read.Hidden" || description::is_permission(name);
        // There is no such role (facts 5.2).
        let is_role = |name: &String| {
            description::is_permission(published(name)) && !name.starts_with("Calendars.ReadBasic")
        };
        if !self.entra.iter().all(is_known) {
            return Some("permissions.entra (a permission that allows nothing here)");
        }
        (!self.exchange.iter().all(is_role))
            .then_some("permissions.exchange (there is no such role)")
    }

    /// Whether nothing is granted at all: then tokens are of no use (facts 4.5).
    pub fn are_none(&self, roles: &[String]) -> bool {
        roles.is_empty() && self.exchange.is_empty()
    }
}

/// The permission that a role of Exchange is: the least one is called otherwise there.
pub fn published(role: &str) -> &str {
    match role {
        "Mail.ReadBasic" => "Mail.ReadBasic.All",
        other => other,
    }
}
