//! Which mailboxes belong to one colleague: those with the same address now.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use crate::model::mailbox::Mailbox;

/// The colleagues, by their mailboxes. One may have several: of a tenant, and of archives.
#[derive(Debug, Clone, Default)]
pub struct Colleagues(HashMap<Arc<str>, Arc<str>>);

impl Colleagues {
    /// The colleagues of mailboxes with their present addresses.
    pub fn new<'a>(mailboxes: impl IntoIterator<Item = &'a Mailbox>) -> Self {
        let addresses = mailboxes
            .into_iter()
            .map(|mailbox| (mailbox.id.clone(), mailbox.address.clone()));
        Self(addresses.collect())
    }

    /// The colleague to whom a mailbox belongs: their address, or the id of a mailbox of which no
    /// address is known.
    pub fn of(&self, mailbox_id: &Arc<str>) -> Arc<str> {
        let address = self.0.get(mailbox_id).unwrap_or(mailbox_id);
        Arc::clone(address)
    }

    /// Divides mailboxes into parts of at most `rows_max` rows, or of one colleague with more. All
    /// mailboxes of a colleague are in one part. `rows`: the rows of each mailbox.
    pub fn parts(&self, rows: &BTreeMap<Arc<str>, u64>, rows_max: u64) -> Vec<Vec<Arc<str>>> {
        let mut by_colleague: BTreeMap<Arc<str>, (u64, Vec<Arc<str>>)> = BTreeMap::new();
        for (mailbox_id, count) in rows {
            let (sum, mailboxes) = by_colleague.entry(self.of(mailbox_id)).or_default();
            *sum += count;
            mailboxes.push(Arc::clone(mailbox_id));
        }
        let mut parts: Vec<Vec<Arc<str>>> = Vec::new();
        let mut room = 0;
        for (count, mailboxes) in by_colleague.into_values() {
            match parts.last_mut() {
                Some(part) if count <= room => {
                    room -= count;
                    part.extend(mailboxes);
                }
                _ => {
                    room = rows_max.saturating_sub(count);
                    parts.push(mailboxes);
                }
            }
        }
        parts
    }
}
