//! The deny list: people whose mailboxes are not read although they are in scope.

use hashbrown::HashSet;

use crate::model::address::Address;
use crate::model::directory::DirectoryUser;
use crate::scope::own_addresses;

/// People by any of their addresses, further ones of the members file among them, and by object id.
#[derive(Debug, Clone, Default)]
pub(crate) struct DenyList {
    people: HashSet<Address>,
    members: HashSet<String>,
}

impl DenyList {
    /// The list of some people, and of a group's members by their object ids.
    pub(crate) fn new(people: &[Address], members: Vec<String>) -> Self {
        Self {
            people: people.iter().cloned().collect(),
            members: members.into_iter().collect(),
        }
    }

    /// Whether a user with these addresses is on it.
    pub(crate) fn has(&self, user: &DirectoryUser, own_addresses: &[Address]) -> bool {
        let principal = own_addresses::principal(user);
        let mut names = own_addresses.iter().chain(&principal);
        self.members.contains(&user.id) || names.any(|name| self.people.contains(name))
    }

    /// The number of people on it whose address is none of these, all of a directory: a misspelt entry
    /// denies no one.
    pub(crate) fn unknown_people(&self, known: &HashSet<Address>) -> usize {
        self.people.difference(known).count()
    }
}
