//! The items that the first rounds of this run have returned, folder by folder: they are compared
//! with the folder's own count.

use std::sync::Arc;

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::model::id::Id128;
use crate::model::mail::Decoded;
use crate::reconcile::mail::items::Item;

/// Items that are kept for one mailbox: 16 mailboxes at a time take some 50 MB. Larger folders are
/// checked by listing ids, which needs no memory.
const ITEMS_MAX: usize = 200_000;

/// The items of a mailbox's first rounds.
#[derive(Debug, Default)]
pub(super) struct SeenIds {
    folders: HashMap<Arc<str>, HashSet<u64>>,
}

/// That an item is in a folder, or is no longer.
#[derive(Debug)]
pub(super) struct Observation {
    folder: Arc<str>,
    item: u64,
    is_here: bool,
}

impl SeenIds {
    /// A folder is read from its beginning.
    pub(super) fn begin(&mut self, folder: &Arc<str>) {
        self.folders.insert(folder.clone(), HashSet::new());
    }

    /// The folders of which items are observed.
    pub(super) fn tracked_folders(&self) -> HashSet<Arc<str>> {
        self.folders.keys().cloned().collect()
    }

    /// Applies the observations of some pages, in their order.
    pub(super) fn note(&mut self, observations: Vec<Observation>) {
        for observation in observations {
            let Some(items) = self.folders.get_mut(&observation.folder) else {
                continue;
            };
            if observation.is_here {
                items.insert(observation.item);
            } else {
                items.remove(&observation.item);
            }
        }
        while self.folders.values().map(HashSet::len).sum::<usize>() > ITEMS_MAX {
            let sizes = self.folders.iter().map(|(id, items)| (items.len(), id));
            let Some(largest) = sizes.max().map(|(_, id)| id.clone()) else {
                return;
            };
            self.folders.remove(&largest);
        }
    }

    /// How many items a folder's first round returned; `None`: not all of it was observed.
    pub(super) fn count(&self, folder: &str) -> Option<u64> {
        self.folders.get(folder).map(|items| items.len() as u64)
    }
}

/// What items show of the observed folders.
pub(super) fn observations(items: &[Item], wanted: &HashSet<Arc<str>>) -> Vec<Observation> {
    let observation = |item: &Item| {
        let (id, is_here) = match &item.decoded {
            Decoded::Mail(mail) => (&mail.source_id, true),
            Decoded::Partial { source_id, .. } => (source_id, true),
            Decoded::Removed { source_id } => (source_id, false),
            Decoded::Unreadable { source_id, .. } => (source_id.as_ref()?, true),
        };
        let folder = wanted.get(&item.folder_context.container)?.clone();
        Some(Observation {
            folder,
            item: short(id),
            is_here,
        })
    };
    items.iter().filter_map(observation).collect()
}

/// 64 bits of hash: among a million items two are the same once in 37 million folders.
pub(super) fn short(id: &str) -> u64 {
    let hash = Id128::of(&[b"present", id.as_bytes()]).0;
    u64::from_le_bytes([
        hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7],
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(folder: &Arc<str>, item: u64, is_here: bool) -> Observation {
        let folder = folder.clone();
        Observation {
            folder,
            item,
            is_here,
        }
    }

    #[test]
    fn repeated_items_count_once_and_removed_ones_do_not() {
        let (a, other): (Arc<str>, Arc<str>) = ("a".into(), "other".into());
        let mut seen_ids = SeenIds::default();
        seen_ids.begin(&a);
        seen_ids.note(vec![
            seen(&a, 1, true),
            seen(&a, 1, true),
            seen(&a, 2, true),
            seen(&a, 2, false),
            seen(&a, 3, false),
            seen(&other, 4, true),
        ]);
        assert_eq!(seen_ids.count("a"), Some(1));
        assert_eq!(seen_ids.count("other"), None);
    }

    #[test]
    fn too_many_items_drop_the_largest_folder() {
        let (small, large): (Arc<str>, Arc<str>) = ("small".into(), "large".into());
        let mut seen_ids = SeenIds::default();
        seen_ids.begin(&small);
        seen_ids.begin(&large);
        let many = (0..=ITEMS_MAX as u64).map(|item| seen(&large, item, true));
        seen_ids.note(many.chain([seen(&small, 1, true)]).collect());
        assert_eq!(seen_ids.count("small"), Some(1));
        assert_eq!(seen_ids.count("large"), None);
    }
}
