//! What a search finds, as plain values.

use std::time::Duration;

use serde::Serialize;

use crate::index::doc::ShownAccount;
use crate::index::doc::ShownContact;
use crate::index::doc::ShownParticipant;
use crate::index::facets::Facets;
use crate::index::highlight::Marked;
use crate::index::order::Sort;
use crate::model::time::Timestamp;

/// The result of a search.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hits {
    /// How many interactions match, each counted once however many mailboxes hold it.
    pub total: usize,
    /// How many conversations, series and single interactions they belong to.
    pub groups: usize,
    /// How many groups were skipped.
    pub offset: usize,
    /// The order.
    pub sort: Sort,
    /// The requested hits, one of each group.
    pub hits: Vec<Hit>,
    /// Where nothing is found: words that occur, for words that do not.
    pub suggestions: Vec<Suggestion>,
    /// What matches, counted, where that was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facets: Option<Facets>,
    /// How long it took.
    #[serde(skip)]
    pub took: Duration,
}

/// A word that does not occur, and similar ones that do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// The word as it is compared.
    pub word: String,
    /// The nearest ones, the most frequent first.
    pub instead: Vec<String>,
}

/// One interaction, the first one of its group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// 32 hex digits.
    pub interaction_id: String,
    /// Whose copy is shown.
    pub mailbox_id: String,
    /// When it took place, or begins, RFC 3339.
    #[serde(serialize_with = "rfc3339")]
    pub occurred_at: Timestamp,
    /// When a meeting ends, RFC 3339.
    #[serde(serialize_with = "maybe_rfc3339")]
    pub ended_at: Option<Timestamp>,
    /// `email`, `meeting`.
    pub kind: String,
    /// Of a mail `active`; of a meeting `planned` (it begins after the search), `held`,
    /// `cancelled`, `declined` or `removed`.
    pub state: String,
    /// `inbound`, `outbound`, `internal`.
    pub direction: String,
    /// The colleague whose mailbox it is.
    pub user_address: String,
    /// The best role of that colleague.
    pub user_role: Option<String>,
    /// The folder or calendar of that copy.
    pub container: String,
    /// Whether the sensitivity was known when it was read.
    pub sensitivity_known: bool,
    /// Subject, where the lake has it.
    pub subject: Option<Marked>,
    /// Preview, where the lake has it.
    pub preview: Option<Marked>,
    /// Matched contacts.
    pub contacts: Vec<ShownContact<'static>>,
    /// Matched accounts.
    pub accounts: Vec<ShownAccount<'static>>,
    /// The first participants.
    pub participants: Vec<ShownParticipant<'static>>,
    /// The number of participants.
    pub participants_total: usize,
    /// The first mailboxes that hold it.
    pub colleagues: Vec<Colleague>,
    /// The number of mailboxes that hold it.
    pub colleagues_total: usize,
    /// The conversation or series.
    pub group: Option<Group>,
}

/// A mailbox that holds an interaction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Colleague {
    /// The address of the mailbox.
    pub address: String,
    /// The id of the mailbox.
    pub mailbox_id: String,
    /// The best role of its owner: `from`, `to`, …
    pub role: Option<String>,
    /// The folder or calendar.
    pub container: String,
}

/// The conversation or series of a hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// `conversation`, `series`.
    pub kind: &'static str,
    /// Its id, columns `thread_id` and `series_id`.
    pub id: String,
    /// How many further interactions of it match.
    pub more: usize,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde requires a reference"
)]
fn rfc3339<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.rfc3339())
}

#[expect(clippy::ref_option, reason = "serde requires a reference")]
fn maybe_rfc3339<S: serde::Serializer>(
    at: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => rfc3339(at, serializer),
        None => serializer.serialize_none(),
    }
}
