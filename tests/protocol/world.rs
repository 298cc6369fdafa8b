//! The items of the mailboxes, the decisions on them, and their matches under a CRM snapshot.

/// Mailboxes, each in a slot of its own.
pub(crate) const SLOTS: u8 = 2;
/// Things that a mailbox holds: a mail, and a meeting that may move to another month.
pub(crate) const ITEMS: u8 = 2;
/// The mail.
pub(crate) const MAIL: u8 = 0;
/// The meeting.
pub(crate) const MEETING: u8 = 1;
/// Pages of a chain: two of the first round, then the page of changes, again and again.
pub(crate) const LAST_PAGE: u8 = 2;

/// Sequence number times four, and a random part below four: as in the lake, with fewer bits.
pub(crate) type Version = u8;

/// A row of `interactions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Row {
    pub slot: u8,
    pub item: u8,
    pub month: u8,
    pub revision: u8,
    pub is_superseded: bool,
}

/// What a row of `contact_activity` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Says {
    Contact,
    Withdrawn,
    Superseded,
}

/// A row of `contact_activity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ViewRow {
    pub slot: u8,
    pub item: u8,
    pub month: u8,
    pub generation: Version,
    pub revision: u8,
    pub says: Says,
}

/// Where a chain continues. The service loses a chain by starting another round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Cursor {
    pub round: u8,
    pub page: u8,
}

/// The service, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Server {
    /// The current month of the meetings.
    pub month: u8,
    /// Whether they have moved, so that the page of changes shows them.
    pub has_moved: bool,
    /// How often all chains were forgotten.
    pub round: u8,
}

/// What is known of a mailbox when a page is decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Known {
    pub has_mail: bool,
    /// Revision and month of the meeting.
    pub meeting: Option<(u8, u8)>,
}

/// The two snapshots: the first matches all items, the second no meetings.
pub(crate) fn is_matched(snapshot: u8, item: u8) -> bool {
    snapshot == 0 || item == MAIL
}

impl Server {
    /// The position from which a chain is read: the beginning if the service no longer accepts the
    /// cursor.
    pub(crate) fn place(&self, cursor: Option<Cursor>) -> Cursor {
        let known = cursor.filter(|cursor| cursor.round == self.round);
        known.unwrap_or(Cursor {
            round: self.round,
            page: 0,
        })
    }

    /// The items of a page.
    pub(crate) fn items(&self, page: u8) -> &'static [u8] {
        match page {
            0 => &[MAIL],
            _ if page < LAST_PAGE || self.has_moved => &[MEETING],
            _ => &[],
        }
    }
}

impl Known {
    /// Derives the state from the rows of a slot.
    pub(crate) fn of(rows: &[Row], slot: u8) -> Self {
        let mut known = Self::default();
        let rows = rows.iter().filter(|row| row.slot == slot);
        for row in rows.filter(|row| !row.is_superseded) {
            match row.item {
                MAIL => known.has_mail = true,
                _ if known.meeting.is_none_or(|(r, _)| r < row.revision) => {
                    known.meeting = Some((row.revision, row.month));
                }
                _ => {}
            }
        }
        known
    }

    /// The rows that an item of a page gives, and what is known afterwards. A meeting in another
    /// month is a further revision, and closes the old month where `closes`.
    pub(crate) fn decide(&mut self, slot: u8, item: u8, server: &Server, closes: bool) -> Vec<Row> {
        let row = |month, revision, is_superseded| Row {
            slot,
            item,
            month,
            revision,
            is_superseded,
        };
        if item == MAIL {
            let rows = Vec::from_iter((!self.has_mail).then(|| row(0, 1, false)));
            self.has_mail = true;
            return rows;
        }
        let (rows, revision) = match self.meeting {
            None => (vec![row(server.month, 1, false)], 1),
            Some((_, month)) if month == server.month => return Vec::new(),
            Some((revision, month)) => {
                let mut rows = vec![row(server.month, revision + 1, false)];
                rows.extend(closes.then(|| row(month, revision + 1, true)));
                (rows, revision + 1)
            }
        };
        self.meeting = Some((revision, server.month));
        rows
    }
}

/// The view row of a row under a snapshot; `None` for a first revision without a match.
pub(crate) fn derive(row: &Row, snapshot: u8, generation: Version) -> Option<ViewRow> {
    let says = if row.is_superseded {
        Says::Superseded
    } else if is_matched(snapshot, row.item) {
        Says::Contact
    } else if row.revision > 1 {
        Says::Withdrawn
    } else {
        return None;
    };
    Some(view_row(row, says, generation))
}

/// A row of the view.
pub(crate) fn view_row(row: &Row, says: Says, generation: Version) -> ViewRow {
    ViewRow {
        slot: row.slot,
        item: row.item,
        month: row.month,
        generation,
        revision: row.revision,
        says,
    }
}

/// The rows of the highest revision of each interaction in each month.
pub(crate) fn highest_in_month(rows: &[Row]) -> Vec<Row> {
    let is_highest = |row: &&Row| {
        !rows.iter().any(|other| {
            (other.slot, other.item, other.month) == (row.slot, row.item, row.month)
                && other.revision > row.revision
        })
    };
    rows.iter().filter(is_highest).copied().collect()
}

/// What an analyst counts: of each interaction the highest revision, where it is not superseded.
pub(crate) fn current(rows: &[Row]) -> Vec<Row> {
    let is_current = |row: &&Row| {
        !row.is_superseded
            && !rows.iter().any(|other| {
                (other.slot, other.item) == (row.slot, row.item) && other.revision > row.revision
            })
    };
    rows.iter().filter(is_current).copied().collect()
}

/// The same of the view: of each interaction the highest generation, where it names a contact.
pub(crate) fn current_view(rows: &[ViewRow]) -> Vec<ViewRow> {
    let is_current = |row: &&ViewRow| {
        row.says == Says::Contact
            && !rows.iter().any(|other| {
                (other.slot, other.item) == (row.slot, row.item)
                    && other.generation > row.generation
            })
    };
    rows.iter().filter(is_current).copied().collect()
}

impl Known {
    /// The same with the rows of later commits.
    pub(crate) fn and(mut self, rows: &[Row], slot: u8) -> Self {
        let new = Self::of(rows, slot);
        self.has_mail |= new.has_mail;
        self.meeting = self.meeting.max(new.meeting);
        self
    }
}
