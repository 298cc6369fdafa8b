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
    /// Notes what an entry says.
    pub(crate) fn note(&mut self, entry: &PlanEntry) {
        if let Verdict::Out { reason } = entry.verdict
            && matches!(reason, OutReason::DenyList | OutReason::Never)
            && !entry.user_id.is_empty()
        {
            self.0.insert(entry.user_id.clone(), reason);
        }
    }

    /// Why a user is excluded, if they are.
    pub(crate) fn reason(&self, user_id: &str) -> Option<OutReason> {
        self.0.get(user_id).copied()
    }
}
