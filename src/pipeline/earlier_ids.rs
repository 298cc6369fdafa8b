//! Mails of archives that are recorded under another id than the rules give them now.
//!
//! Until rules of [`RULES`], a mail without a Message-ID went by the name of its file or the hash of
//! its bytes, and reading or moving it made another mail of it; and what is read of a mail's text
//! and author, by which archives with `identity = "content"` go, was read differently. So a mailbox
//! that was read under earlier rules is gone through once: each of its mails gets the id that it has
//! now, and its earlier row is withdrawn in the same commit.

use hashbrown::HashMap;

use crate::config::archive::Identity;
use crate::lake::error::LakeError;
use crate::lake::narrow::Recorded;
use crate::lake::open::Lake;
use crate::lake::read::Filter;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::State;
use crate::model::mailbox::slot;
use crate::model::time::Micros;
use crate::policy::identity::item_id;
use crate::policy::meeting::withdrawn;
use crate::source::archive::steady_source_id;

/// The rules by which mails of archives get their ids; raised when they change.
pub const RULES: u32 = 1;

/// A row that is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarlierRow {
    interaction_id: Id128,
    revision: i32,
    occurred_at: Micros,
}

/// The rows of a mailbox whose ids may be earlier ones. Some 150 bytes for each.
#[derive(Debug, Default)]
pub struct EarlierIds {
    by_source: HashMap<String, EarlierRow>,
    /// For those whose file has another name or other bytes since.
    by_fingerprint: HashMap<i64, EarlierRow>,
}

impl EarlierIds {
    /// Reads the rows of a mailbox from the lake. Blocking.
    ///
    /// # Errors
    ///
    /// The lake cannot be read.
    pub fn of(lake: &Lake, mailbox_id: &str, identity: Identity) -> Result<Self, LakeError> {
        let mut newest: HashMap<Id128, Recorded> = HashMap::new();
        for row in lake.recorded(&Filter::of_slots(&[slot(mailbox_id)]))? {
            let row = row?;
            let may_differ = || {
                identity == Identity::Content
                    || row.interaction_id == item_id(mailbox_id, &row.source_id)
            };
            if *row.mailbox_id != *mailbox_id || row.kind != Kind::Email || !may_differ() {
                continue;
            }
            let known = newest.get(&row.interaction_id);
            if known.is_none_or(|known| known.revision < row.revision) {
                newest.insert(row.interaction_id, row);
            }
        }
        let mut earlier = Self::default();
        for row in newest.into_values() {
            if row.state == State::Active {
                earlier.add(&row);
            }
        }
        Ok(earlier)
    }

    fn add(&mut self, row: &Recorded) {
        let known = EarlierRow {
            interaction_id: row.interaction_id,
            revision: row.revision,
            occurred_at: row.occurred_at,
        };
        self.by_source
            .insert(steady_source_id(&row.source_id), known);
        self.by_fingerprint.insert(row.fingerprint, known);
    }

    /// Whether the row of a message may stand under an earlier id, so that it has to be read.
    pub fn has_source(&self, source_id: &str) -> bool {
        self.by_source.contains_key(source_id)
    }

    /// The row of a mail.
    pub fn row_of(&self, source_id: &str, fingerprint: i64) -> Option<EarlierRow> {
        let by_source = self.by_source.get(source_id);
        by_source
            .or_else(|| self.by_fingerprint.get(&fingerprint))
            .copied()
    }
}

impl EarlierRow {
    /// The id under which it stands.
    pub fn interaction_id(self) -> Id128 {
        self.interaction_id
    }

    /// Whether it stands under another id.
    pub fn is_of_another_id(self, interaction: &Interaction) -> bool {
        self.interaction_id != interaction.interaction_id
    }

    /// What takes the row back, of the mail as it is read now.
    pub fn closing(self, interaction: &Interaction) -> Interaction {
        Interaction {
            interaction_id: self.interaction_id,
            revision: self.revision.saturating_add(1),
            occurred_at: self.occurred_at,
            ..withdrawn(interaction)
        }
    }
}
