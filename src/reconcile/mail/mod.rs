//! What becomes of the items of some pages of one mailbox.
//!
//! What an item says by itself is decided by `policy` and `matching`, in parallel ([`Desk::sift`]).
//! What needs memory of what was read before (unchanged items, further copies) is decided here, in
//! the order in which the items were read ([`Desk::settle`]).

mod traced;

use std::sync::Arc;

use hashbrown::HashMap;
use hashbrown::HashSet;
use rayon::iter::IntoParallelIterator;
use rayon::iter::ParallelIterator;

use crate::config::capture::Unmatched;
use crate::matching::Matcher;
use crate::model::activity::Matched;
use crate::model::activity::Touch;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::mail::Decoded;
use crate::model::mail::Mail;
use crate::model::mail::Sensitivity;
use crate::model::mailbox::Mailbox;
use crate::model::outcome::Outcome;
use crate::model::outcome::Tally;
use crate::model::sensitivity::Sensitivities;
use crate::model::time::Micros;
use crate::policy::judge;
use crate::policy::judge::Judge;
use crate::policy::judge::Judged;
use crate::reconcile::earlier_ids::EarlierIds;
use crate::reconcile::earlier_ids::Trace;
use crate::reconcile::mail::traced::TracedMail;
use crate::reconcile::unread::AWAITS_SENT;
use crate::reconcile::unread::NOT_SERVED;
use crate::reconcile::unread::Unread;
use crate::reconcile::withheld::WithheldMails;
use crate::state::error::StateError;
use crate::state::key::RecordedMail;
use crate::state::key::Seen;
use crate::state::pending::Pending;
use crate::state::store::State;
use crate::state::uncommitted::Uncommitted;
use crate::state::view::View;

/// Everything that decisions about one mailbox need.
#[derive(Debug)]
pub struct Desk {
    /// Whose items they are.
    pub mailbox: Arc<Mailbox>,
    /// The policy, as it is for this mailbox tonight.
    pub judge: Judge,
    /// The contact book.
    pub matcher: Arc<Matcher>,
    /// What was seen before.
    pub state: Arc<State>,
    /// What becomes of a mail in which the book knows nobody.
    pub unmatched: Unmatched,
    /// Whether all that is not recorded is decided again, even if it says nothing new.
    pub again: bool,
    /// Mails that are recorded and of which the content is wanted now.
    pub withheld: Arc<WithheldMails>,
    /// Mails that may be recorded under an earlier id.
    pub earlier: EarlierIds,
}

/// An item and where it lay.
#[derive(Debug)]
pub struct Item {
    /// What the page said.
    pub decoded: Decoded,
    /// In which folder.
    pub place: Place,
}

/// A folder, as far as decisions depend on it.
#[derive(Debug, Clone)]
pub struct Place {
    /// Graph folder id, archive folder name.
    pub container: Arc<str>,
    /// A junk folder, or one that the exclusions name.
    pub is_excluded: bool,
    /// Mails of the mailbox's owner wait here if they were received at this time or later: their
    /// copies in Sent Items, which come first, may not have been read yet.
    pub awaits_sent_from: Option<Micros>,
}

/// Items that were compared with what was seen before and judged, but not counted yet.
#[derive(Debug, Default)]
pub struct Sifted {
    entries: Vec<Entry>,
    /// Items of which a page told too little: to be fetched singly (facts 1.5).
    pub to_fetch: Vec<(String, Place)>,
}

#[derive(Debug)]
enum Entry {
    Removed,
    Unreadable(Unread),
    Unchanged,
    Mail(Box<JudgedMail>),
    /// A mail that may be recorded under an earlier id.
    Traced(Box<TracedMail>),
}

#[derive(Debug)]
struct JudgedMail {
    judged: Judged,
    about: About,
}

/// What is known of a mail besides the row that it may become.
#[derive(Debug)]
struct About {
    source_id: String,
    fingerprint: i64,
    sensitivity: Sensitivity,
    /// When it was received, or sent.
    came_at: Option<Micros>,
    touches: Vec<Touch>,
    /// See [`Place::awaits_sent_from`].
    awaits_sent: bool,
    /// It says more than is kept.
    is_shortened: bool,
    /// Earlier rules made several of it.
    was_split: bool,
    /// What became of it when it was last read.
    was: Option<Outcome>,
}

/// A mail that does not say itself whether it is private.
#[derive(Debug, Clone, Copy)]
pub struct UnknownPrivacy<'a> {
    /// The provider's id.
    pub source_id: &'a str,
    /// When it was received, or sent; `None`: it does not say.
    pub came_at: Option<Micros>,
}

/// Rows, outcomes and marks of some pages.
#[derive(Debug, Default)]
pub struct Settled {
    /// Rows of `interactions` and what the book says of each.
    pub rows: Vec<Matched>,
    /// Outcomes, without the number received.
    pub tally: Tally,
    /// What the state cache shall know once the rows are committed.
    pub seen: Pending,
    /// Items that could not be read.
    pub unread: Vec<Unread>,
    /// What became of the items that were decided anew, by the provider's id.
    pub decided: HashMap<String, Seen>,
}

impl Desk {
    /// Judges items, in parallel; runs on the pool of `runtime::cpu`.
    pub fn sift(&self, before: Uncommitted, items: Vec<Item>) -> Result<Sifted, StateError> {
        let view = self.state.view(before)?;
        let whole: HashSet<String> = items.iter().filter_map(id_of_whole).collect();
        let sifted: Vec<Sift> = items
            .into_par_iter()
            .map(|item| self.sift_one(&view, &whole, item))
            .collect::<Result<_, _>>()?;
        let mut result = Sifted::default();
        for one in sifted {
            match one {
                Sift::Entry(entry) => result.entries.push(entry),
                Sift::Fetch(source_id, place) => result.to_fetch.push((source_id, place)),
            }
        }
        Ok(result)
    }

    fn sift_one(
        &self,
        view: &View,
        whole: &HashSet<String>,
        item: Item,
    ) -> Result<Sift, StateError> {
        let seen = |id: &str| view.item(&self.mailbox.id, id);
        Ok(match item.decoded {
            Decoded::Removed { .. } => Sift::Entry(Entry::Removed),
            Decoded::Unreadable { source_id, code } => Sift::Entry(Entry::Unreadable(Unread {
                source_id,
                container: item.place.container,
                code,
            })),
            Decoded::Partial {
                source_id,
                has_news,
            } => {
                let says_nothing_new = whole.contains(&source_id)
                    || seen(&source_id)?
                        .is_some_and(|seen| !has_news || seen.outcome == Outcome::Recorded);
                if says_nothing_new {
                    Sift::Entry(Entry::Unchanged)
                } else {
                    Sift::Fetch(source_id, item.place)
                }
            }
            Decoded::Mail(mail) => {
                let known = seen(&mail.source_id)?;
                let fingerprint = fingerprint_in(&mail, &item.place);
                let is_known = known.is_some_and(|seen| self.is_known(seen, fingerprint));
                let trace = (!self.earlier.is_empty()).then(|| Trace::of(&mail));
                if is_known && trace.is_none() {
                    return Ok(Sift::Entry(Entry::Unchanged));
                }
                let mail = self.judge_mail(*mail, fingerprint, &item.place, known);
                Sift::Entry(match trace {
                    None => Entry::Mail(Box::new(mail)),
                    Some(trace) => Entry::Traced(Box::new(TracedMail {
                        mail,
                        trace,
                        is_known,
                    })),
                })
            }
        })
    }

    fn is_known(&self, seen: Seen, fingerprint: i64) -> bool {
        if is_recorded(seen) {
            return self.withheld.is_empty();
        }
        !self.again && is_repetition(seen, fingerprint)
    }

    /// Parts items into those that were read before (how many) and those that were not, where the
    /// id alone tells: in an archive, where an id stands for the bytes of a message.
    pub fn part_known<T>(
        &self,
        before: Uncommitted,
        items: Vec<T>,
        id: impl Fn(&T) -> &str,
    ) -> Result<(u64, Vec<T>), StateError> {
        let view = self.state.view(before)?;
        let mut known = 0;
        let mut fresh = Vec::new();
        for item in items {
            let seen = view.item(&self.mailbox.id, id(&item))?;
            // What could not be read is read, and counted, until it is gone.
            let is_settled = |seen: Seen| match seen.outcome {
                Outcome::Unreadable => false,
                Outcome::Recorded => self.withheld.is_empty(),
                _ => !self.again,
            };
            // Any mail may be recorded under an earlier id.
            if self.earlier.is_empty() && seen.is_some_and(is_settled) {
                known += 1;
            } else {
                fresh.push(item);
            }
        }
        Ok((known, fresh))
    }

    fn judge_mail(
        &self,
        mail: Mail,
        fingerprint: i64,
        place: &Place,
        known: Option<Seen>,
    ) -> JudgedMail {
        let source_id = mail.source_id.clone();
        let (sensitivity, is_shortened) = (mail.sensitivity, mail.is_shortened);
        let was_split = !mail.former_ids.is_empty();
        let came_at = mail.received.or(mail.sent);
        let is_late = |from| came_at.is_none_or(|at| at >= from);
        let judged = self.judge.judge(mail, place.is_excluded);
        let (touches, awaits_sent) = match &judged {
            Judged::Keep(interaction) => {
                let people = &interaction.participants;
                let awaits_sent =
                    place.awaits_sent_from.is_some_and(is_late) && self.judge.is_from_owner(people);
                (self.matcher.touches(people), awaits_sent)
            }
            Judged::Drop { .. } => (Vec::new(), false),
        };
        let about = About {
            source_id,
            fingerprint,
            sensitivity,
            came_at,
            touches,
            awaits_sent,
            is_shortened,
            was_split,
            was: known.map(|seen| seen.outcome),
        };
        JudgedMail { judged, about }
    }

    /// A row with what the book says of it, and with as much content as is kept where the book
    /// knows nobody. `None`: then nothing is kept at all.
    pub fn matched(&self, mut interaction: Interaction, touches: Vec<Touch>) -> Option<Matched> {
        if touches.is_empty() {
            match self.unmatched {
                Unmatched::Keep => {}
                Unmatched::Envelope => judge::withhold_content(&mut interaction),
                Unmatched::Skip => return None,
            }
        }
        Some(Matched {
            interaction,
            touches,
        })
    }

    /// Gives every item its outcome, in order; runs on the pool of `runtime::cpu`.
    pub fn settle(
        &self,
        before: Uncommitted,
        sifted: Sifted,
        private: &Sensitivities,
    ) -> Result<Settled, StateError> {
        let mut counter = Counter {
            desk: self,
            view: self.state.view(before)?,
            settled: Settled::default(),
            decided: HashMap::new(),
        };
        for entry in sifted.entries {
            counter.settle(entry, private)?;
        }
        counter.settled.decided = counter.decided;
        Ok(counter.settled)
    }
}

impl Sifted {
    /// The mails of which only the service can tell whether they are private.
    pub fn of_unknown_privacy(&self) -> impl Iterator<Item = UnknownPrivacy<'_>> {
        let mails = self.entries.iter().filter_map(|entry| match entry {
            Entry::Mail(mail) => Some(&mail.about),
            _ => None,
        });
        let unknown = mails.filter(|mail| mail.sensitivity == Sensitivity::Unknown);
        unknown.map(|mail| UnknownPrivacy {
            source_id: &mail.source_id,
            came_at: mail.came_at,
        })
    }

    /// Adds the items that were fetched singly.
    pub fn append(&mut self, fetched: Self) {
        self.entries.extend(fetched.entries);
        // An item that comes back in parts even when it is fetched whole cannot be read.
        self.entries
            .extend(fetched.to_fetch.into_iter().map(|(source_id, place)| {
                Entry::Unreadable(Unread {
                    source_id: Some(source_id),
                    container: place.container,
                    code: "incomplete",
                })
            }));
    }

    /// Counts items that are known by their id alone.
    pub fn note_unchanged(&mut self, count: u64) {
        self.entries.extend((0..count).map(|_| Entry::Unchanged));
    }

    /// Counts an item that the service does not hand out.
    pub fn note_refused(&mut self, source_id: String, container: Arc<str>) {
        self.entries.push(Entry::Unreadable(Unread {
            source_id: Some(source_id),
            container,
            code: NOT_SERVED,
        }));
    }

    /// Counts an item that was gone when it was fetched singly.
    pub fn note_gone(&mut self) {
        self.entries.push(Entry::Removed);
    }
}

enum Sift {
    Entry(Entry),
    Fetch(String, Place),
}

fn id_of_whole(item: &Item) -> Option<String> {
    match &item.decoded {
        Decoded::Mail(mail) => Some(mail.source_id.clone()),
        _ => None,
    }
}

/// A mail's fingerprint; in a folder that the exclusions name, the folder is part of it, so that a
/// mail which is moved out of it is news.
fn fingerprint_in(mail: &Mail, place: &Place) -> i64 {
    if !place.is_excluded {
        return mail.fingerprint;
    }
    let hash = Id128::of(&[b"excluded folder", place.container.as_bytes()]).0;
    let bits = i64::from_le_bytes([
        hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7],
    ]);
    mail.fingerprint ^ bits
}

fn is_recorded(seen: Seen) -> bool {
    seen.outcome == Outcome::Recorded
}

/// What a mail says never changes: once recorded, nothing that is said of it is news.
fn is_repetition(seen: Seen, fingerprint: i64) -> bool {
    is_recorded(seen) || seen.fingerprint == fingerprint
}

/// Goes through the items of some pages and remembers what it decided.
struct Counter<'a> {
    desk: &'a Desk,
    view: View,
    settled: Settled,
    decided: HashMap<String, Seen>,
}

impl Counter<'_> {
    fn settle(&mut self, entry: Entry, private: &Sensitivities) -> Result<(), StateError> {
        match entry {
            Entry::Removed => self.count(Outcome::Removed, ""),
            Entry::Unchanged => self.count(Outcome::Unchanged, ""),
            Entry::Unreadable(unread) => self.leave_unread(unread),
            Entry::Mail(mail) => self.settle_mail(*mail, private)?,
            Entry::Traced(mail) => self.settle_traced(*mail, private)?,
        }
        Ok(())
    }

    fn leave_unread(&mut self, unread: Unread) {
        self.count(Outcome::Unreadable, unread.code);
        if let Some(source_id) = &unread.source_id {
            // No fingerprint: it is read again when it comes again.
            self.note(source_id.clone(), Outcome::Unreadable, 0);
        }
        self.settled.unread.push(unread);
    }

    fn settle_mail(&mut self, mail: JudgedMail, private: &Sensitivities) -> Result<(), StateError> {
        let JudgedMail { judged, about } = mail;
        let decided = self.decided.get(&about.source_id).copied();
        if decided.is_some_and(|seen| is_repetition(seen, about.fingerprint)) {
            self.count(Outcome::Unchanged, "");
            return Ok(());
        }
        let is_private = match about.sensitivity {
            Sensitivity::Private => Some(true),
            Sensitivity::Normal => Some(false),
            Sensitivity::Unknown => private.is_private(&about.source_id),
        };
        let judge = &self.desk.judge;
        match judge.with_sensitivity(judged, is_private.is_some(), is_private == Some(true)) {
            // Whatever the rules say of it today: it is recorded.
            Judged::Drop { .. } if about.was == Some(Outcome::Recorded) => {
                self.count(Outcome::Unchanged, "");
                Ok(())
            }
            Judged::Drop { outcome, reason } => {
                self.count(outcome, reason);
                self.note(about.source_id, outcome, about.fingerprint);
                Ok(())
            }
            Judged::Keep(interaction) => self.keep(about, *interaction),
        }
    }

    /// A further copy of a mail that is recorded; it may be what the row lacks.
    fn settle_copy(&mut self, mail: About, interaction: &Interaction) {
        let row = self.desk.withheld.with_content_of(interaction);
        let outcome = match (&row, mail.was) {
            (Some(_), _) => Outcome::Recorded,
            (None, Some(Outcome::Recorded)) => Outcome::Unchanged,
            (None, _) => Outcome::Duplicate,
        };
        self.count(outcome, "");
        let (mailbox_id, id) = (&self.desk.mailbox.id, interaction.interaction_id);
        if let Some(interaction) = row {
            let this = RecordedMail::of(interaction.subject.as_deref(), interaction.occurred_at);
            self.settled.seen.note_recorded(mailbox_id, id, this);
            let touches = self.desk.matcher.touches(&interaction.participants);
            let tally = &mut self.settled.tally;
            tally.note_recorded(&touches, mail.is_shortened);
            self.settled.rows.push(Matched {
                interaction,
                touches,
            });
        }
        // Which copy the row came from stays known.
        let seen = match mail.was {
            Some(Outcome::Recorded) => Outcome::Recorded,
            _ => Outcome::Duplicate,
        };
        self.note(mail.source_id, seen, mail.fingerprint);
    }

    fn keep(&mut self, mail: About, interaction: Interaction) -> Result<(), StateError> {
        let mailbox_id = &self.desk.mailbox.id;
        let id = interaction.interaction_id;
        let this = RecordedMail::of(interaction.subject.as_deref(), interaction.occurred_at);
        if let Some(other) = self.view.recorded(&self.settled.seen, mailbox_id, id)? {
            if other.is_another_mail(this) {
                self.settled.tally.id_reused += 1;
            }
            self.settle_copy(mail, &interaction);
            return Ok(());
        }
        if mail.awaits_sent {
            self.leave_unread(Unread {
                source_id: Some(mail.source_id),
                container: interaction.container,
                code: AWAITS_SENT,
            });
            return Ok(());
        }
        let Some(matched) = self.desk.matched(interaction, mail.touches) else {
            self.count(Outcome::Unmatched, "");
            self.note(mail.source_id, Outcome::Unmatched, mail.fingerprint);
            return Ok(());
        };
        self.settled.seen.note_recorded(mailbox_id, id, this);
        self.count(Outcome::Recorded, "");
        let tally = &mut self.settled.tally;
        tally.note_recorded(&matched.touches, mail.is_shortened);
        self.note(mail.source_id, Outcome::Recorded, mail.fingerprint);
        self.settled.rows.push(matched);
        Ok(())
    }

    fn count(&mut self, outcome: Outcome, reason: &str) {
        self.settled.tally.count(outcome, reason);
    }

    fn note(&mut self, source_id: String, outcome: Outcome, fingerprint: i64) {
        let seen = Seen {
            outcome,
            fingerprint,
        };
        self.settled
            .seen
            .note_item(&self.desk.mailbox.id, &source_id, seen);
        self.decided.insert(source_id, seen);
    }
}
