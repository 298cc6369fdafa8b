//! What the application is granted, as `[permissions]` of a world file says.

use serde::Deserialize;

use crate::model::time::Timestamp;
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
    /// The instant (RFC 3339, of the simulated clock) from which these act; none: always (facts 5.2).
    pub exchange_from: Option<String>,
    /// The application access policy, which binds what is granted in Entra.
    pub policy: Policy,
    /// The instant from which it acts; none: always (facts 5.1).
    pub policy_from: Option<String>,
    /// Whether an administrator has given consent.
    pub consent: Consent,
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
    /// Those of the scope group's members, nested ones included, as a filter by an attribute has them.
    Members,
    /// Those of the scope group's direct members: a scope does not see nested ones (facts 5.2).
    DirectMembers,
}

/// An application access policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// None restricts the application to some mailboxes.
    None,
    /// It may read the members of the scope group, nested ones included (facts 5.1).
    Members,
}

/// What administrators decide about the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Consent was given.
    Given,
    /// No one was asked; who is asked gives it.
    Needed,
    /// No one was asked; who is asked declines.
    Declined,
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
            scope: Scope::Named(ScopeName::Members),
            exchange_from: None,
            policy: Policy::Members,
            policy_from: None,
            consent: Consent::Given,
            user_read_covers_organization: false,
        }
    }
}

impl Grants {
    /// What is wrong with them.
    pub fn defect(&self) -> Option<&'static str> {
        // These allow no request that is served here.
        let is_known = |name: &String| {
            ["Mail.Send", "Member.Read.Hidden"].contains(&name.as_str())
                || description::is_permission(name)
        };
        // There is no such role (facts 5.2).
        let is_role = |name: &String| {
            description::is_permission(published(name)) && !name.starts_with("Calendars.ReadBasic")
        };
        let instants = [&self.exchange_from, &self.policy_from];
        let is_instant = |text: &&String| Timestamp::parse_rfc3339(text).is_some();
        if !instants.into_iter().flatten().all(|text| is_instant(&text)) {
            return Some("permissions.exchange_from, permissions.policy_from (RFC 3339)");
        }
        if !self.entra.iter().all(is_known) {
            return Some("permissions.entra (a permission that allows nothing here)");
        }
        (!self.exchange.iter().all(is_role))
            .then_some("permissions.exchange (there is no such role)")
    }

    /// Whether the roles of Exchange act.
    pub fn exchange_acts(&self, now: Timestamp) -> bool {
        has_begun(self.exchange_from.as_deref(), now)
    }

    /// Whether the policy leaves out whoever is not in the scope group.
    pub fn policy_acts(&self, now: Timestamp) -> bool {
        self.policy == Policy::Members && has_begun(self.policy_from.as_deref(), now)
    }

    /// Whether nothing is granted at all: then tokens are of no use (facts 4.5).
    pub fn are_none(&self, roles: &[String]) -> bool {
        roles.is_empty() && self.exchange.is_empty()
    }
}

fn has_begun(from: Option<&str>, now: Timestamp) -> bool {
    let from = from.and_then(Timestamp::parse_rfc3339);
    from.is_none_or(|from| from <= now)
}

/// The permission that a role of Exchange is: the least one is called otherwise there.
pub fn published(role: &str) -> &str {
    match role {
        "Mail.ReadBasic" => "Mail.ReadBasic.All",
        other => other,
    }
}
