//! One interaction, with everything that the lake holds of it and around it.

use crate::model::activity::Activity;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::State;
use crate::model::time::Timestamp;

/// One interaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// All its rows, by mailbox and revision, the current one of a mailbox last.
    pub rows: Vec<Interaction>,
    /// The current matches.
    pub activities: Vec<Activity>,
    /// The other interactions of its conversation or series, by time.
    pub related: Vec<Related>,
}

/// Another interaction of the same conversation or series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Its id.
    pub id: Id128,
    /// When it took place, or begins.
    pub occurred_at: Timestamp,
    /// Its kind.
    pub kind: Kind,
    /// Its state.
    pub state: State,
    /// Its subject, where it is kept.
    pub subject: Option<String>,
}

impl Opened {
    /// Puts rows in order.
    pub fn new(
        mut rows: Vec<Interaction>,
        mut activities: Vec<Activity>,
        related: Vec<Related>,
    ) -> Self {
        rows.sort_by(|a, b| {
            let order = |row: &Interaction| (row.revision, row.state != State::Superseded);
            let mailbox =
                (&a.mailbox.address, &a.mailbox.id).cmp(&(&b.mailbox.address, &b.mailbox.id));
            mailbox.then_with(|| order(a).cmp(&order(b)))
        });
        activities.sort_by_key(|row| row.activity_id);
        Self {
            rows,
            activities,
            related,
        }
    }

    /// The rows of each mailbox, the current one last.
    pub fn mailboxes(&self) -> impl Iterator<Item = &[Interaction]> {
        self.rows.chunk_by(|a, b| a.mailbox.id == b.mailbox.id)
    }

    /// The current row of each mailbox.
    pub fn current(&self) -> impl Iterator<Item = &Interaction> {
        self.mailboxes().filter_map(<[Interaction]>::last)
    }

    /// The copy that is shown: one that counts, of the best role, with the most content.
    pub fn shown(&self) -> Option<&Interaction> {
        self.current().min_by_key(|row| {
            let texts = [&row.body_text, &row.preview, &row.subject];
            let missing = texts.iter().filter(|text| text.is_none()).count();
            let is_gone = matches!(row.state, State::Withdrawn | State::Superseded);
            (is_gone, missing, row.user_role.is_none(), row.user_role)
        })
    }
}
