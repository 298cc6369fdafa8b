//! Who is excluded whatever other entries say.

use hashbrown::HashMap;

use crate::scope::plan::OutReason;
use crate::scope::plan::PlanEntry;
use crate::scope::plan::Verdict;

/// The users whom some entry excludes for good, by object id: an entry of another tenant section, or
/// a second one of the same user, must not include them.
#[derive(Debug, Default)]
pub(crate) struct Excluded(HashMap<String, OutReason>);

impl Excluded {
    /// What some entries say, of whatever tenants.
    pub(crate) fn of<'a>(entries: impl IntoIterator<Item = &'a PlanEntry>) -> Self {
        let excluded = entries.into_iter().filter_map(|entry| match entry.verdict {
            Verdict::Out { reason } => {
                let is_final = matches!(reason, OutReason::DenyList | OutReason::Never);
                let has_id = !entry.user_id.is_empty();
                (is_final && has_id).then(|| (entry.user_id.clone(), reason))
            }
            Verdict::In => None,
        });
        Self(excluded.collect())
    }

    /// Why a user is excluded, if they are.
    pub(crate) fn reason(&self, user_id: &str) -> Option<OutReason> {
        self.0.get(user_id).copied()
    }
}
