//! Asks a tenant who is there, and decides for each user whether the mailbox is in scope.

use hashbrown::HashSet;

use crate::access::error::AccessError;
use crate::access::input::TenantInput;
use crate::access::input::WantedInput;
use crate::config::capture::Capture;
use crate::config::members::Settings;
use crate::model::address::Address;
use crate::model::directory::DirectoryUser;
use crate::scope::deny::DenyList;
use crate::scope::plan;
use crate::scope::plan::OutReason;
use crate::scope::plan::PlanEntry;
use crate::scope::plan::Verdict;
use crate::scope::plan::Wanted;
use crate::source::tenant::Identity;
use crate::source::tenant::UnitMembers;

/// Who is in a tenant.
#[derive(Debug)]
pub(crate) struct Listing {
    /// All users of the directory.
    pub(crate) users: Vec<DirectoryUser>,
    /// Its id and verified domains; `None`: the permission does not show them.
    pub(crate) identity: Option<Identity>,
    /// Every user, in or out and why, in order of address and id.
    pub(crate) entries: Vec<PlanEntry>,
    /// What the user should know of it.
    pub(crate) notes: Vec<String>,
}

impl Listing {
    /// Object ids of the users whom the scope holds, those that are excluded from it included: the service
    /// may well let the application read them.
    pub(crate) fn selected_ids(&self) -> impl Iterator<Item = String> {
        let outside = |entry: &&PlanEntry| {
            let reason = OutReason::NotInScope;
            entry.verdict != Verdict::Out { reason }
        };
        let selected = self.entries.iter().filter(outside);
        selected.map(|entry| entry.user_id.clone())
    }

    /// Verified domains, where the permission shows them.
    pub(crate) fn domains(&self) -> Option<Vec<String>> {
        self.identity
            .as_ref()
            .map(|identity| identity.domains.clone())
    }
}

/// Lists the users of a tenant, and which of their mailboxes are in scope.
///
/// # Errors
/// The tenant cannot be signed in to or listed, or no mailbox is in scope.
pub(crate) async fn list(capture: &Capture, tenant: &TenantInput) -> Result<Listing, AccessError> {
    let failed = |source| AccessError::tenant(&tenant.name, source);
    let identity = tenant.source.identity().await.map_err(failed)?;
    let users = tenant.source.users().await.map_err(failed)?;
    let mut notes = Notes::of(tenant);
    if let Some(note) = tenant.source.note() {
        notes.add(note);
    }
    if identity.is_none() {
        notes.add(
            "its domains may not be seen (permission Organization.Read.All), so they are taken from \
             the addresses of its people",
        );
    }
    let members: Vec<String>;
    let wanted = match &tenant.wanted {
        WantedInput::All => Wanted::All,
        WantedInput::People(people) => Wanted::People(people),
        WantedInput::Group(group) => {
            members = tenant.source.group_members(group).await.map_err(failed)?;
            Wanted::Members(&members)
        }
        WantedInput::AdminUnit(unit) => {
            let found = tenant.source.admin_unit_members(unit).await;
            members = users_of_unit(found.map_err(failed)?, &mut notes);
            Wanted::Members(&members)
        }
    };
    let deny = DenyList::new(&tenant.denied_people, denied_members(tenant).await?);
    let of_tenant = Settings::of_tenant(capture);
    let planned = plan::plan(&users, wanted, &deny, &tenant.members, of_tenant);
    let entries = planned.map_err(|source| AccessError::Scope {
        tenant: tenant.name.clone(),
        source,
    })?;
    let absent = entries.iter().filter(|entry| {
        let reason = OutReason::NotInDirectory;
        entry.verdict == Verdict::Out { reason } && entry.user_id.is_empty()
    });
    let absent = absent.count();
    if absent > 0 {
        notes.add(&format!(
            "{absent} people whom its scope names are not in the directory; are their addresses \
             misspelt?"
        ));
    }
    let known = plan::known_addresses(&entries, &users);
    let lines = unknown_members(tenant, &known);
    if !lines.is_empty() {
        notes.add(&format!(
            "rows of its members file name people who are not in the directory, so what they set holds \
             for no one: {}; are their addresses misspelt?",
            listed_lines(&lines)
        ));
    }
    let unknown = deny.unknown_people(&known);
    if unknown > 0 {
        notes.add(&format!(
            "{unknown} people of its deny list are not in the directory; are their addresses \
             misspelt?"
        ));
    }
    Ok(Listing {
        users,
        identity,
        entries,
        notes: notes.lines,
    })
}

/// Lines of the members file that are named; more are counted.
const LINES_NAMED: usize = 5;

/// The lines of the members file that name no one in the directory.
fn unknown_members(tenant: &TenantInput, known: &HashSet<Address>) -> Vec<usize> {
    let rows = tenant.members.rows().iter();
    let unknown = rows.filter(|row| !row.addresses.iter().any(|one| known.contains(one)));
    unknown.map(|row| row.line).collect()
}

/// `lines 3, 8 and 14 more`.
fn listed_lines(lines: &[usize]) -> String {
    let named = lines.iter().take(LINES_NAMED).map(ToString::to_string);
    let named = named.collect::<Vec<_>>().join(", ");
    match lines.len().saturating_sub(LINES_NAMED) {
        0 => format!("lines {named}"),
        more => format!("lines {named} and {more} more"),
    }
}

/// The ids of the users in a unit. The members of a group in it are not in the unit (facts 3.5).
fn users_of_unit(members: UnitMembers, notes: &mut Notes<'_>) -> Vec<String> {
    if members.groups > 0 {
        notes.add(&format!(
            "{} groups are in its administrative unit; a group does not bring its members into the \
             unit, so add those who shall be read to the unit themselves",
            members.groups
        ));
    }
    members.users
}

async fn denied_members(tenant: &TenantInput) -> Result<Vec<String>, AccessError> {
    let Some(group) = &tenant.config.deny.group else {
        return Ok(Vec::new());
    };
    let members = tenant.source.group_members(group).await;
    members.map_err(|source| AccessError::DenyGroup {
        tenant: tenant.name.clone(),
        source,
    })
}

/// Notes on one tenant.
struct Notes<'a> {
    tenant: &'a str,
    lines: Vec<String>,
}

impl<'a> Notes<'a> {
    fn of(tenant: &'a TenantInput) -> Self {
        Self {
            tenant: &tenant.name,
            lines: Vec::new(),
        }
    }

    fn add(&mut self, text: &str) {
        self.lines.push(format!("tenant {}: {text}", self.tenant));
    }
}
