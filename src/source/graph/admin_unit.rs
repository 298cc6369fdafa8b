//! The users directly in an administrative unit (facts 3.5).

use crate::source::graph::client::Client;
use crate::source::graph::directory::DIRECTORY_TOP;
use crate::source::graph::directory::RawObject;
use crate::source::graph::directory::found_or;
use crate::source::graph::error::GraphError;
use crate::source::graph::group::USER_TYPE;
use crate::source::graph::group::is_guid;
use crate::source::graph::links::escaped;
use crate::source::graph::links::quoted;

const GROUP_TYPE: &str = "#microsoft.graph.group";

impl Client {
    /// The ids of the users in an administrative unit, by its name or object id, and how many groups
    /// are in it: those do not bring their members (facts 3.5). A unit that shows no users is an error,
    /// so that no user is taken out of scope by a missing permission.
    pub async fn admin_unit_members(
        &self,
        name_or_id: &str,
    ) -> Result<(Vec<String>, usize), GraphError> {
        let id = if is_guid(name_or_id) {
            name_or_id.to_owned()
        } else {
            self.admin_unit_by_name(name_or_id).await?
        };
        let path = format!(
            "/directory/administrativeUnits/{}/members?$select=id&$top={DIRECTORY_TOP}",
            escaped(&id)
        );
        let listed = self.directory_list("unit members", &path).await;
        let members: Vec<RawObject> = found_or(listed, not_one)?;
        let is = |member: &RawObject, kind| member.odata_type.as_deref() == Some(kind);
        let groups = members.iter().filter(|member| is(member, GROUP_TYPE));
        let groups = groups.count();
        let users = members.into_iter().filter(|member| is(member, USER_TYPE));
        let users: Vec<String> = users.map(|user| user.id).collect();
        if users.is_empty() {
            return Err(GraphError::EmptyAdminUnit);
        }
        Ok((users, groups))
    }

    async fn admin_unit_by_name(&self, name: &str) -> Result<String, GraphError> {
        let path = format!(
            "/directory/administrativeUnits?$select=id,displayName&$filter=displayName%20eq%20{}",
            quoted(name)
        );
        self.only_id("unit by name", &path, not_one).await
    }
}

fn not_one(found: &'static str) -> GraphError {
    GraphError::AdminUnit { found }
}
