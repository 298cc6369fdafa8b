//! What a reader may see of interactions, applied to questions and answers alike: who may not see a
//! text must not learn by searching what is in it.

use std::collections::HashSet;

use crate::config::serve::Visibility;
use crate::index::hit::Hits;
use crate::index::order::Sort;
use crate::index::query::Query;
use crate::index::query::Suggesting;
use crate::index::query::WordsIn;
use crate::model::address::Address;
use crate::model::opened::Opened;
use crate::serve::current::Current;
use crate::serve::readers::Reader;

/// A value of a mailbox filter that no mailbox has.
const NO_MAILBOX: &str = "-";

/// What a reader may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Visible {
    /// Everything.
    All,
    /// Interactions without subject, preview and text.
    Metadata,
    /// The interactions of some mailboxes, by their ids.
    Of(HashSet<String>),
}

/// Whether a reader sees subjects and texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contents {
    /// As far as the lake has them.
    Shown,
    /// They are not shown.
    Hidden,
}

/// What is said in the place of a subject or text that is not shown.
pub(super) const NOT_SHOWN: &str = "subjects and texts are not shown here";

impl Visible {
    /// Whether subjects and texts are shown.
    pub(super) fn contents(&self) -> Contents {
        match self {
            Self::All | Self::Of(_) => Contents::Shown,
            Self::Metadata => Contents::Hidden,
        }
    }

    /// What the configuration lets a reader see.
    pub(super) fn to(reader: &Reader, visibility: Visibility, current: &Current) -> Self {
        match visibility {
            Visibility::All => Self::All,
            Visibility::Metadata => Self::Metadata,
            Visibility::Own => Self::Of(own_mailboxes(reader, current)),
        }
    }

    /// Restricts a search to what may be seen. Of the mails of others nothing must show: neither by
    /// words that are suggested nor by an order that depends on how frequent a word is in all mails.
    pub(super) fn restrict(&self, query: &mut Query) {
        match self {
            Self::All => {}
            Self::Metadata => query.words_in = WordsIn::People,
            Self::Of(ids) => {
                let none = ids.is_empty().then(|| NO_MAILBOX.to_owned());
                query.within = ids.iter().cloned().chain(none).collect();
                query.suggesting = Suggesting::Nothing;
                query.sort = Some(Sort::Date);
            }
        }
    }

    /// Takes out of hits what may not be seen.
    pub(super) fn hide_in_hits(&self, hits: &mut Hits) {
        for hit in &mut hits.hits {
            match self {
                Self::All => {}
                Self::Metadata => {
                    hit.subject = None;
                    hit.preview = None;
                }
                Self::Of(ids) => {
                    hit.colleagues.retain(|one| ids.contains(&one.mailbox_id));
                    hit.colleagues_total = hit.colleagues.len();
                }
            }
        }
    }

    /// The mailboxes whose interactions may be read; `None`: all of them.
    pub(super) fn mailboxes(&self) -> Option<&HashSet<String>> {
        match self {
            Self::All | Self::Metadata => None,
            Self::Of(ids) => Some(ids),
        }
    }

    /// Takes out of an interaction what may not be seen.
    pub(super) fn hide_in_opened(&self, opened: &mut Opened) {
        if self.contents() == Contents::Hidden {
            for row in &mut opened.rows {
                row.subject = None;
                row.preview = None;
                row.body_text = None;
            }
            for related in &mut opened.related {
                related.subject = None;
            }
        }
    }

    /// Whether a mailbox may be seen with all that is known of it.
    pub(super) fn has_mailbox(&self, id: &str) -> bool {
        self.mailboxes().is_none_or(|ids| ids.contains(id))
    }
}

/// The mailboxes of a reader: those with their address, or with another one of their row in the
/// members files.
fn own_mailboxes(reader: &Reader, current: &Current) -> HashSet<String> {
    let (Some(address), Some(directory)) = (&reader.address, &current.directory) else {
        return HashSet::new();
    };
    let one = std::slice::from_ref(address);
    let rows = current
        .members
        .iter()
        .flat_map(|members| members.rows_of(one));
    let further: Vec<Address> = rows.flat_map(|row| row.addresses.clone()).collect();
    let all = further.iter().chain(one);
    all.flat_map(|address| directory.mailboxes_of(address.as_str()))
        .collect()
}
