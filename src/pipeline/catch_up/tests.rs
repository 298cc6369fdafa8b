//! State and index of a lake whose meetings change: kept night by night, caught up from the middle,
//! made again from nothing.

use proptest::prelude::*;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::*;
use crate::index::order::Grouping;
use crate::index::query::Query;
use crate::index::search::DocumentId;
use crate::index::search::Searcher;
use crate::index::writer;
use crate::lake::batch::CommitBatch;
use crate::lake::batch::MailboxTally;
use crate::lake::packed::PackedRows;
use crate::lake::settings::ActivityContent;
use crate::lake::settings::LakeSettings;
use crate::model::coverage::Cost;
use crate::model::interaction::Direction;
use crate::model::interaction::Kind;
use crate::model::interaction::Source;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::outcome::Tally;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::runtime::cpu::CpuPool;
use crate::state::packed::PackedDecisions;
use crate::state::pending::Pending;
use crate::state::records::MeetingRecord;
use crate::state::store;

const MAILBOXES: [&str; 2] = ["ann", "bob"];

/// A lake, and the caches that follow it.
struct Site {
    folder: TempDir,
    _runtime: Runtime,
    lake: Lake,
    snapshots: Snapshots,
    snapshot: Arc<str>,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let settings = LakeSettings::new(folder.path().join("lake"), ActivityContent::Subject);
        let cpu = Arc::new(CpuPool::new(1).unwrap());
        let lake = Lake::open_for_write(settings, cpu, runtime.handle().clone()).unwrap();
        let snapshot = CrmSnapshot::new(Vec::new(), Vec::new());
        lake.store_snapshot(&snapshot).unwrap();
        Self {
            folder,
            _runtime: runtime,
            snapshots: Snapshots::of(&lake).unwrap(),
            snapshot: snapshot.digest,
            lake,
        }
    }

    fn state(&self, name: &str) -> Opened {
        let settings = store::Settings {
            folder: self.folder.path().join(name),
            memory_bytes: 1 << 20,
        };
        store::State::open(settings, self.lake.id()).unwrap()
    }

    fn indexer(&self, name: &str) -> Indexer {
        let settings = writer::Settings {
            folder: self.folder.path().join(name),
            memory_bytes: 0,
            waiting_bytes: 0,
            threads: 1,
        };
        Indexer::open(&settings, self.lake.id()).unwrap().0
    }

    /// Commits some rows to the lake and notes them in a state and an index, as the writer does.
    fn night(&self, rows: &[Interaction], state: &Opened, indexer: &mut Indexer) {
        let matched = rows.iter().map(|row| MatchedInteraction {
            interaction: row.clone(),
            contact_matches: Vec::new(),
        });
        let tallies = MAILBOXES.map(|id| MailboxTally {
            mailbox: mailbox(id),
            tally: Tally::default(),
            cost: Cost {
                requests: 1,
                bytes: 1,
                waited_seconds: 0.0,
            },
        });
        let batch = CommitBatch {
            run: RunStamp {
                run_id: "run".into(),
                started_at: Timestamp(0),
            },
            rows: matched.collect(),
            packed: PackedRows::default(),
            cursors: Vec::new(),
            tallies: tallies.into(),
            snapshot_digest: self.snapshot.clone(),
        };
        let committed = self.lake.commit(&batch).unwrap();
        let slots = committed.slots.iter();
        let versions = slots.map(|slot| (*slot, committed.version)).collect();
        let mut pending = Pending::default();
        for row in rows.iter().filter(|row| row.state != State::Superseded) {
            let record = MeetingRecord::of(row);
            pending.note_meeting(&row.mailbox.id, row.interaction_id, record);
        }
        let decided = [Arc::new(PackedDecisions::of(pending).unwrap())];
        state.state.commit(&decided, &[], &versions).unwrap();
        let docs = batch.rows.iter().filter_map(IndexDoc::of).collect();
        indexer.add(docs, Keys::New).unwrap();
        indexer.commit(&versions).unwrap();
    }

    /// What an index holds: each document with what a hit of it shows.
    fn documents(&self, name: &str) -> Vec<(DocumentId, String)> {
        let searcher = Searcher::open(&self.folder.path().join(name)).unwrap();
        let mut ids: Vec<_> = searcher.ids().map(Result::unwrap).collect();
        ids.sort();
        let shown = |id: &DocumentId| {
            let query = Query {
                kind: Some(Kind::Meeting),
                user: vec![id.mailbox_id.clone()],
                grouping: Grouping::Interactions,
                limit: 100,
                ..Query::default()
            };
            let hits = searcher.search_at(&query, Timestamp(0)).unwrap().hits;
            let mut hits = hits.iter();
            let found = hits.find(|hit| hit.interaction_id == id.interaction_id.to_string());
            serde_json::to_string(found.unwrap()).unwrap()
        };
        ids.into_iter().map(|id| (id.clone(), shown(&id))).collect()
    }
}

fn mailbox(id: &str) -> Arc<Mailbox> {
    Arc::new(Mailbox {
        id: id.into(),
        address: format!("{id}@contoso.com").into(),
        kind: MailboxKind::User,
        tenant: "contoso".into(),
        own_addresses: Vec::new(),
    })
}

fn meeting(mailbox_id: &str, number: u8, day: i64) -> Interaction {
    Interaction {
        interaction_id: Id128([number; 16]),
        mailbox: mailbox(mailbox_id),
        source: Source::Graph,
        source_id: format!("event-{number}"),
        container: "calendar".into(),
        kind: Kind::Meeting,
        revision: 1,
        state: State::Active,
        occurred_at: Timestamp(day * DAY),
        ended_at: Some(Timestamp(day * DAY + DAY / 24)),
        direction: Direction::Inbound,
        subject: Some(format!("Day {day}")),
        preview: None,
        body_text: None,
        sensitivity_known: true,
        thread_id: None,
        series_id: None,
        participants: Vec::new(),
        is_bulk: false,
        bulk_reason: None,
        is_online_meeting: Some(false),
        online_provider: None,
        is_recurring: Some(false),
        is_all_day: Some(false),
        fingerprint: 0,
        captured_at: Timestamp(0),
        run_id: "run".into(),
        user_role: None,
    }
}

/// What a night does to a meeting: to which of them, in which mailbox, on which day it is now, and
/// what becomes of it.
type Change = (u8, usize, i64, State);

fn nights() -> impl Strategy<Value = Vec<Vec<Change>>> {
    let state = prop::sample::select(&[
        State::Active,
        State::Active,
        State::Cancelled,
        State::Declined,
        State::Removed,
        State::Withdrawn,
    ]);
    let change = (0_u8..4, 0..MAILBOXES.len(), 1_i64..80, state);
    prop::collection::vec(prop::collection::vec(change, 1..5), 1..5)
}

/// The rows of each night: revisions, and a closing row where the month changes.
fn rows_of(nights: &[Vec<Change>]) -> Vec<Vec<Interaction>> {
    let mut known: BTreeMap<(u8, usize), Interaction> = BTreeMap::new();
    let mut all = Vec::new();
    for (night, changes) in (0_i64..).zip(nights) {
        let mut rows = Vec::new();
        let once: BTreeMap<_, _> = changes
            .iter()
            .map(|(number, index, day, state)| ((*number, *index), (*day, *state)))
            .collect();
        for ((number, index), (day, state)) in once {
            let before = known.get(&(number, index));
            let row = Interaction {
                revision: before.map_or(1, |before| before.revision + 1),
                state,
                captured_at: Timestamp(night),
                ..meeting(MAILBOXES[index], number, day)
            };
            let moved = before.filter(|b| b.occurred_at.month() != row.occurred_at.month());
            rows.extend(moved.map(|before| Interaction {
                revision: row.revision,
                state: State::Superseded,
                ..before.clone()
            }));
            known.insert((number, index), row.clone());
            rows.push(row);
        }
        all.push(rows);
    }
    all
}

#[test]
fn whatever_comes_first_no_row_is_indexed_after_a_newer_one() {
    let row = |revision, state| Interaction {
        revision,
        state,
        ..meeting("ann", 1, 1)
    };
    let mut indexed = Indexed::default();
    let rows = [
        (row(1, State::Active), true),
        (row(3, State::Superseded), false),
        (row(3, State::Withdrawn), true),
        (row(2, State::Active), false),
        (row(1, State::Active), false),
        (row(4, State::Active), true),
    ];
    for (row, expected) in rows {
        assert_eq!(indexed.is_newest(&row), expected, "{}", row.revision);
    }
    assert!(indexed.is_newest(&meeting("bob", 1, 1)));
    assert_eq!(indexed.rows, 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5))]

    #[test]
    fn rebuilt_or_caught_up_caches_equal_continuous_ones(
        nights in nights(),
        stopped in any::<prop::sample::Index>(),
    ) {
        let site = Site::new();
        let (live, behind) = (site.state("live"), site.state("behind"));
        let mut live_index = site.indexer("live-index");
        let mut behind_index = site.indexer("behind-index");
        let nights = rows_of(&nights);
        let stopped = stopped.index(nights.len());
        for (number, rows) in nights.iter().enumerate() {
            if number == stopped {
                state(&site.lake, &behind).unwrap();
                index(&site.lake, &site.snapshots, &mut behind_index).unwrap();
            }
            site.night(rows, &live, &mut live_index);
        }
        state(&site.lake, &behind).unwrap();
        index(&site.lake, &site.snapshots, &mut behind_index).unwrap();
        let fresh = site.state("fresh");
        state(&site.lake, &fresh).unwrap();
        index(&site.lake, &site.snapshots, &mut site.indexer("fresh-index")).unwrap();

        for id in MAILBOXES {
            let expected = live.state.meetings(id).unwrap();
            prop_assert_eq!(&behind.state.meetings(id).unwrap(), &expected);
            prop_assert_eq!(&fresh.state.meetings(id).unwrap(), &expected);
        }
        let expected = site.documents("live-index");
        prop_assert_eq!(&site.documents("behind-index"), &expected);
        prop_assert_eq!(&site.documents("fresh-index"), &expected);
        let mut newest: BTreeMap<(Id128, Arc<str>), (i32, State)> = BTreeMap::new();
        for row in nights.concat().iter().filter(|row| row.state != State::Superseded) {
            newest.insert(key(row), (row.revision, row.state));
        }
        newest.retain(|_, (_, state)| *state != State::Withdrawn);
        let found: Vec<_> = expected
            .iter()
            .map(|(id, _)| (id.interaction_id, &*id.mailbox_id, id.revision))
            .collect();
        let newest: Vec<_> = newest
            .iter()
            .map(|((id, mailbox), (revision, _))| (*id, &**mailbox, *revision))
            .collect();
        prop_assert_eq!(found, newest);
    }
}
