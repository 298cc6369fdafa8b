//! The plan: whether each user of a directory is read, and why not.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::config::capture::Meetings;
use crate::config::members::MemberTwice;
use crate::config::members::Members;
use crate::config::members::Settings;
use crate::model::address::Address;
use crate::model::connection::Connection;
use crate::model::directory::Account;
use crate::model::directory::DirectoryUser;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::scope::deny::DenyList;
use crate::scope::own_addresses;

/// The requested users.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// All users.
    All,
    /// These people, by mail, principal name or proxy address.
    People(&'a [Address]),
    /// The users among a group's members, nested ones too, by object id.
    Members(&'a [String]),
}

/// Why a mailbox is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OutReason {
    /// Neither in the group nor on the list.
    NotInScope,
    /// On the list or in the group, but not in the directory's listing.
    NotInDirectory,
    /// The directory shows only the id (facts 3.4).
    LimitedInformation,
    /// A guest's mailbox is elsewhere.
    Guest,
    /// Neither mail nor a proxy address.
    NoAddress,
    /// The members file names it as a further address of somebody who has another mailbox.
    FurtherMailbox,
    /// On the deny list.
    DenyList,
    /// The user is marked `never`.
    Never,
}

impl OutReason {
    /// The text in reports.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotInScope => "not in the group or list",
            Self::NotInDirectory => "not in the directory",
            Self::LimitedInformation => "the directory shows the id only",
            Self::Guest => "guest",
            Self::NoAddress => "no mail address",
            Self::FurtherMailbox => "a further mailbox of a person in the members file",
            Self::DenyList => "on the deny list",
            Self::Never => "never is set",
        }
    }

    /// How the mailbox counts as connected.
    pub(crate) fn connection(self) -> Connection {
        match self {
            Self::NotInScope | Self::NotInDirectory | Self::FurtherMailbox => {
                Connection::OutOfScope
            }
            Self::LimitedInformation => Connection::Unauthorized,
            Self::Guest | Self::NoAddress => Connection::NoMailbox,
            Self::DenyList | Self::Never => Connection::Never,
        }
    }
}

/// Whether a mailbox is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is read.
    In,
    /// It is not read.
    Out {
        /// Why.
        reason: OutReason,
    },
}

/// One person of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlanEntry {
    /// Object id; empty where only an address is known.
    pub user_id: String,
    /// Primary address; without one the principal name or what the list has.
    pub address: String,
    /// Own addresses, further ones of `members.csv` among them.
    pub own_addresses: Vec<Address>,
    /// Whether mail is captured by the current settings.
    pub captures_mail: bool,
    /// Which meetings are captured by the current settings.
    pub captures_meetings: Meetings,
    /// Whether the mailbox is elsewhere.
    pub is_guest: bool,
    /// What else the directory says of the account.
    pub account: Account,
    /// In or out.
    pub verdict: Verdict,
}

impl PlanEntry {
    /// The mailbox, once its kind is known.
    pub(crate) fn mailbox(&self, kind: MailboxKind, tenant: &Arc<str>) -> Mailbox {
        Mailbox {
            id: self.user_id.as_str().into(),
            address: self.address.as_str().into(),
            kind,
            tenant: tenant.clone(),
            own_addresses: self.own_addresses.clone(),
        }
    }
}

/// An empty scope: reading nothing would look like a run without new mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// The directory listed no user.
    #[error("the directory lists no users; grant User.Read.All and consent again")]
    EmptyDirectory,
    /// The group listed no user (facts 3.4).
    #[error(
        "the scope group shows no members; check the group, and grant Member.Read.Hidden if its \
         membership is hidden"
    )]
    EmptyGroup,
    /// The members file names a person twice, whether or not they are in scope.
    #[error(transparent)]
    MemberTwice(#[from] MemberTwice),
    /// All users are excluded.
    #[error("no user is left in scope: {reasons}; correct scope, deny or the members file")]
    NobodyLeft {
        /// The number of excluded users by reason.
        reasons: String,
    },
}

/// Decides for each user whether the mailbox is read, in order of address and id.
///
/// Disabled accounts stay in: shared and room mailboxes are disabled, and leavers' mailboxes can be
/// read (facts 3.3). `tenant` holds the settings for all of them. Users for whom nothing is
/// captured stay in as well: items are evaluated by the settings at their time.
pub(crate) fn plan(
    users: &[DirectoryUser],
    wanted: Wanted<'_>,
    deny: &DenyList,
    members: &Members,
    tenant: Settings,
) -> Result<Vec<PlanEntry>, ScopeError> {
    if users.is_empty() {
        return Err(ScopeError::EmptyDirectory);
    }
    if matches!(wanted, Wanted::Members([])) {
        return Err(ScopeError::EmptyGroup);
    }
    let selected = Selected::new(users, wanted);
    let mut entries = missing(users, wanted);
    let firsts = first_mailboxes(users, members);
    for (position, user) in users.iter().enumerate() {
        let mut entry = entry(user, selected.has(position), members, tenant)?;
        if entry.verdict == Verdict::In && is_further(position, &entry, members, &firsts, &selected)
        {
            let reason = OutReason::FurtherMailbox;
            entry.verdict = Verdict::Out { reason };
        }
        if deny.has(user, &entry.own_addresses) {
            let reason = OutReason::DenyList;
            entry.verdict = Verdict::Out { reason };
        }
        entries.push(entry);
    }
    entries.sort_by(|a, b| (&a.address, &a.user_id).cmp(&(&b.address, &b.user_id)));
    if entries.iter().any(|entry| entry.verdict == Verdict::In) {
        Ok(entries)
    } else {
        Err(ScopeError::NobodyLeft {
            reasons: count_reasons(&entries),
        })
    }
}

/// All addresses and principal names under which the directory knows somebody.
pub(crate) fn known_addresses(entries: &[PlanEntry], users: &[DirectoryUser]) -> HashSet<Address> {
    let own = entries.iter().flat_map(|entry| &entry.own_addresses);
    let principals = users.iter().filter_map(own_addresses::principal);
    own.cloned().chain(principals).collect()
}

/// The users whom rows of the members file name in their first column, by that address.
fn first_mailboxes<'a>(
    users: &[DirectoryUser],
    members: &'a Members,
) -> HashMap<&'a Address, usize> {
    let rows = members.rows().iter();
    let firsts: HashSet<&Address> = rows.filter_map(|row| row.addresses.first()).collect();
    let mut found = HashMap::new();
    for (position, user) in users.iter().enumerate() {
        for address in own_addresses::all(user) {
            if let Some(first) = firsts.get(&address) {
                found.insert(*first, position);
            }
        }
    }
    found
}

/// Whether the person has another mailbox in scope, which is named first in their row: one is read for
/// each person.
fn is_further(
    position: usize,
    entry: &PlanEntry,
    members: &Members,
    firsts: &HashMap<&Address, usize>,
    selected: &Selected,
) -> bool {
    let mut rows = members.rows_of(&entry.own_addresses);
    rows.any(|row| {
        let first = row.addresses.first().and_then(|first| firsts.get(first));
        first.is_some_and(|first| *first != position && selected.has(*first))
    })
}

fn entry(
    user: &DirectoryUser,
    is_wanted: bool,
    members: &Members,
    tenant: Settings,
) -> Result<PlanEntry, MemberTwice> {
    let mut own_addresses = own_addresses::all(user);
    if let Some(twice) = members.named_twice(&own_addresses) {
        return Err(twice);
    }
    let settings = members.settings_for(&own_addresses, tenant);
    let rows = members.rows_of(&own_addresses);
    let further: Vec<Address> = rows.flat_map(|row| row.addresses.clone()).collect();
    for address in further {
        if !own_addresses.contains(&address) {
            own_addresses.push(address);
        }
    }
    let is_guest = own_addresses::is_guest(user);
    let primary = own_addresses::primary(user);
    let is_bare = user.user_principal_name.is_empty() && primary.is_none();
    let reason = if !is_wanted {
        Some(OutReason::NotInScope)
    } else if is_bare {
        Some(OutReason::LimitedInformation)
    } else if is_guest {
        Some(OutReason::Guest)
    } else if primary.is_none() {
        Some(OutReason::NoAddress)
    } else {
        settings.never.then_some(OutReason::Never)
    };
    Ok(PlanEntry {
        user_id: user.id.clone(),
        address: match primary {
            Some(address) => address.as_str().to_owned(),
            None => user.user_principal_name.to_lowercase(),
        },
        own_addresses,
        captures_mail: settings.mail,
        captures_meetings: settings.meetings,
        is_guest,
        account: Account {
            is_disabled: user.account_enabled == Some(false),
            is_synced: user.is_synced,
        },
        verdict: reason.map_or(Verdict::In, |reason| Verdict::Out { reason }),
    })
}

/// `2 guest, 1 no mail address`.
fn count_reasons(entries: &[PlanEntry]) -> String {
    let mut counts: BTreeMap<OutReason, usize> = BTreeMap::new();
    for entry in entries {
        if let Verdict::Out { reason } = entry.verdict {
            *counts.entry(reason).or_default() += 1;
        }
    }
    let parts = counts
        .iter()
        .map(|(reason, count)| format!("{count} {}", reason.as_str()));
    parts.collect::<Vec<_>>().join(", ")
}

/// The requested users among those listed; `None`: all of them.
struct Selected(Option<HashSet<usize>>);

impl Selected {
    fn new(users: &[DirectoryUser], wanted: Wanted<'_>) -> Self {
        let positions = match wanted {
            Wanted::All => return Self(None),
            Wanted::Members(ids) => {
                let ids: HashSet<&str> = ids.iter().map(String::as_str).collect();
                let users = users.iter().enumerate();
                let of_group = users.filter(|(_, user)| ids.contains(user.id.as_str()));
                of_group.map(|(position, _)| position).collect()
            }
            Wanted::People(people) => {
                let known = names(users);
                let found = people.iter().filter_map(|person| known.get(person));
                found.flatten().copied().collect()
            }
        };
        Self(Some(positions))
    }

    fn has(&self, position: usize) -> bool {
        self.0
            .as_ref()
            .is_none_or(|positions| positions.contains(&position))
    }
}

/// Requested users that are not listed.
fn missing(users: &[DirectoryUser], wanted: Wanted<'_>) -> Vec<PlanEntry> {
    let absent = |user_id: &str, address: &str| PlanEntry {
        user_id: user_id.to_owned(),
        address: address.to_owned(),
        own_addresses: Vec::new(),
        captures_mail: false,
        captures_meetings: Meetings::None,
        is_guest: false,
        account: Account::default(),
        verdict: Verdict::Out {
            reason: OutReason::NotInDirectory,
        },
    };
    match wanted {
        Wanted::All => Vec::new(),
        Wanted::Members(ids) => {
            let known: HashSet<&str> = users.iter().map(|user| user.id.as_str()).collect();
            let ids: HashSet<&str> = ids.iter().map(String::as_str).collect();
            let gone = ids.into_iter().filter(|id| !known.contains(id));
            gone.map(|id| absent(id, "")).collect()
        }
        Wanted::People(people) => {
            let known = names(users);
            let people: HashSet<&Address> = people.iter().collect();
            let gone = people
                .into_iter()
                .filter(|person| !known.contains_key(*person));
            gone.map(|person| absent("", person.as_str())).collect()
        }
    }
}

/// All names under which a list may refer to a user: addresses and principal name.
fn names(users: &[DirectoryUser]) -> HashMap<Address, Vec<usize>> {
    let mut names: HashMap<Address, Vec<usize>> = HashMap::new();
    for (position, user) in users.iter().enumerate() {
        let principal = own_addresses::principal(user);
        for name in own_addresses::all(user).into_iter().chain(principal) {
            names.entry(name).or_default().push(position);
        }
    }
    names
}
