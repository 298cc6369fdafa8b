//! The members of a group, nested groups opened (facts 3.4).

use crate::model::directory::DirectoryUser;
use crate::source::graph::client::Client;
use crate::source::graph::directory::DIRECTORY_TOP;
use crate::source::graph::directory::RawUser;
use crate::source::graph::directory::USER_SELECT;
use crate::source::graph::directory::found_or;
use crate::source::graph::error::GraphError;
use crate::source::graph::links::escaped;
use crate::source::graph::links::quoted;

/// Who is in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMembers {
    /// Users with what the directory shows of them.
    pub users: Vec<DirectoryUser>,
    /// Ids of users of whom it shows nothing else, for want of User.Read.All (facts 3.4).
    pub limited: Vec<String>,
}

pub(super) const USER_TYPE: &str = "#microsoft.graph.user";

impl Client {
    /// The users of a group, by its object id or one of its addresses. A group that shows no users
    /// is an error, so that no user is taken out of scope by a missing permission.
    pub async fn group_members(&self, address_or_id: &str) -> Result<GroupMembers, GraphError> {
        let id = if is_guid(address_or_id) {
            address_or_id.to_owned()
        } else {
            self.group_by_address(address_or_id).await?
        };
        let path = format!(
            "/groups/{}/transitiveMembers?$select={USER_SELECT}&$top={DIRECTORY_TOP}",
            escaped(&id)
        );
        let listed = self.directory_list("group members", &path).await;
        let members: Vec<RawUser> = found_or(listed, not_one)?;
        // Nested groups are in the list beside their members; devices and the like are no people.
        let (limited, full): (Vec<RawUser>, Vec<RawUser>) = members
            .into_iter()
            .filter(|member| member.odata_type.as_deref() == Some(USER_TYPE))
            .partition(RawUser::is_limited);
        if full.is_empty() {
            return Err(GraphError::EmptyGroup);
        }
        Ok(GroupMembers {
            users: full.into_iter().map(RawUser::into_user).collect(),
            limited: limited.into_iter().map(|user| user.id).collect(),
        })
    }

    async fn group_by_address(&self, address: &str) -> Result<String, GraphError> {
        // Without regard to the prefix's case: SMTP: is the primary address, smtp: a further one.
        let path = format!(
            "/groups?$select=id,displayName&$filter=mail%20eq%20{}%20or%20proxyAddresses/any(p:p%20eq%20{})",
            quoted(address),
            quoted(&format!("smtp:{address}"))
        );
        self.only_id("group by address", &path, not_one).await
    }
}

fn not_one(found: &'static str) -> GraphError {
    GraphError::Group { found }
}

pub(super) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
