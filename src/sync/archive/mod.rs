//! One mailbox of an archive: its messages in order, some at a time.

pub(crate) mod readdress;
mod recorded;

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::config::archive::Identity;
use crate::config::window::Window;
use crate::decode::mime;
use crate::lake::Lake;
use crate::model::coverage::Cost;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::cursor::MailboxCursor;
use crate::model::folder_names;
use crate::model::folder_names::FolderUse;
use crate::model::interaction::Source;
use crate::model::mail::ContentLevel;
use crate::model::mail::Decoded;
use crate::model::mailbox::MailboxKind;
use crate::model::page::ArchiveMessage;
use crate::model::sensitivity::Sensitivities;
use crate::model::time::Timestamp;
use crate::policy::capture_policy::Rules;
use crate::reconcile::earlier_ids;
use crate::reconcile::earlier_ids::EarlierIds;
use crate::reconcile::mail::MailReconciler;
use crate::reconcile::mail::items::FolderContext;
use crate::reconcile::mail::items::Item;
use crate::runtime::cpu::TaskPanicked;
use crate::runtime::memory::Memory;
use crate::runtime::memory::Taken;
use crate::source::archive::error::ArchiveError;
use crate::source::archive::mailbox::ArchiveMailbox;
use crate::sync::context::Context;
use crate::sync::decoding::TOO_COSTLY;
use crate::sync::in_flight::Turn;
use crate::sync::in_flight::WriterStopped;
use crate::sync::job::ArchiveJob;
use crate::sync::mailbox::MailboxSync;
use crate::sync::mailbox::Pages;
use crate::sync::mailbox::SyncError;

/// Messages of a mailbox batch.
const PORTION_MESSAGES: usize = 4_000;
/// Bytes of a mailbox batch: enough to occupy all cores, little enough that several mailboxes have
/// some at a time.
const PORTION_BYTES: usize = 4 << 20;
/// Memory is reserved in steps of this many bytes.
const STEP_BYTES: usize = 1 << 20;
/// The bytes to wait for when memory is scarce: a smaller mailbox batch is not worth its effort.
const BEGIN_BYTES: usize = 2 << 20;
/// Mailbox batches that are read ahead of the one that is decided.
const READ_AHEAD: usize = 1;

/// Messages that become one mailbox batch.
#[derive(Debug, Default)]
struct ReadChunk {
    messages: Vec<ArchiveMessage>,
    bytes: usize,
    is_last: bool,
    error: Option<ArchiveError>,
    /// Memory for the messages, until they are decided.
    taken: Taken,
}

/// Reads a mailbox; an error in it becomes its status.
pub(crate) async fn read(
    context: &Context,
    lake: &Arc<Lake>,
    job: ArchiveJob,
    _turn: Turn,
) -> Result<Coverage, WriterStopped> {
    let mut import = ArchiveImport {
        sync: MailboxSync::new(context, job.mailbox),
        format: job.format,
        identity: job.identity,
        window: job.window,
        cost: Cost::default(),
        lake: Arc::clone(lake),
    };
    import.sync.note_derived(job.readdressed);
    let result = import.all(job.source).await;
    import.sync.coverage(result, import.cost)
}

struct ArchiveImport<'a> {
    sync: MailboxSync<'a>,
    format: Source,
    identity: Identity,
    window: Window,
    cost: Cost,
    lake: Arc<Lake>,
}

impl ArchiveImport<'_> {
    async fn all(&mut self, source: ArchiveMailbox) -> Result<Status, SyncError> {
        if self.sync.is_stopped() {
            return Ok(Status::Stopped);
        }
        let cursor = self.sync.known()?.mailbox;
        let mut cursor = cursor.unwrap_or_else(|| self.connect());
        // What was recorded under another one has been revised.
        cursor.address = Some(self.sync.mailbox.address.to_string());
        let (context, mailbox) = (self.sync.context, &self.sync.mailbox);
        let mut reconciler = context.reconciler(mailbox, self.format, &cursor);
        if cursor.id_rules < earlier_ids::RULES {
            reconciler.earlier = self.earlier_ids().await?;
        }
        let reconciler = Arc::new(reconciler);
        self.sync.cursor = Some(cursor);
        let (sender, mut blocks) = mpsc::channel(READ_AHEAD);
        let blocks_to_fill = Blocks {
            sender,
            memory: self.sync.context.memory.messages.clone(),
            block: ReadChunk::default(),
        };
        let reader = tokio::task::spawn_blocking(move || blocks_to_fill.fill(&source));
        let mut status = Status::Complete;
        let mut failure = None;
        while let Some(block) = blocks.recv().await {
            if self.sync.is_stopped() {
                status = Status::Stopped;
                break;
            }
            if block.is_last && block.error.is_none() && failure.is_none() {
                self.note_rules();
            }
            failure = self.decide(&reconciler, block).await?.or(failure);
        }
        // The reader ends by itself once its receiver is dropped.
        drop(blocks);
        reader.await.map_err(|_| TaskPanicked::Panicked)?;
        failure.map_or(Ok(status), |error| Err(error.into()))
    }

    /// The rows that may have earlier ids.
    async fn earlier_ids(&self) -> Result<EarlierIds, SyncError> {
        let (lake, id) = (Arc::clone(&self.lake), Arc::clone(&self.sync.mailbox.id));
        let identity = self.identity;
        let reading =
            tokio::task::spawn_blocking(move || recorded::earlier_ids(&lake, &id, identity));
        Ok(reading.await.map_err(|_| TaskPanicked::Panicked)??)
    }

    /// Notes that all of the mailbox was read under the rules of today.
    fn note_rules(&mut self) {
        if let Some(cursor) = &mut self.sync.cursor {
            cursor.id_rules = earlier_ids::RULES;
        }
    }

    fn connect(&self) -> MailboxCursor {
        MailboxCursor {
            connected_at: self.sync.started_at,
            window_start: self.window.start(self.sync.started_at),
            kind: MailboxKind::Archive.as_str().to_owned(),
            kind_told_at: Timestamp(0),
            kind_delays: 0,
            forgotten_runs: 0,
            well_known: std::collections::BTreeMap::new(),
            // Archives have no members' settings: all their mail is captured.
            mail_settings: vec![(self.sync.started_at, true)],
            meeting_settings: Vec::new(),
            recorded: 0,
            address: None,
            id_rules: earlier_ids::RULES,
        }
    }

    /// Decides the messages of a block and hands them to the writer.
    async fn decide(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        block: ReadChunk,
    ) -> Result<Option<ArchiveError>, SyncError> {
        let received = block.messages.len() as u64;
        self.cost.bytes += block.bytes as u64;
        let options = mime::Options {
            body_text: self.sync.context.selection.content == ContentLevel::Full,
            content_key: self.identity == Identity::Content,
        };
        let rules = self.sync.context.rules.clone();
        let cpu = &self.sync.context.cpu;
        let (knowing, messages) = (reconciler.clone(), block.messages);
        let uncommitted = self.sync.uncommitted();
        let before = uncommitted.clone();
        let parted =
            cpu.run(move || knowing.part_known(before, messages, |message| &message.source_id));
        let (unchanged, fresh) = parted.await??;
        let names = fresh
            .iter()
            .map(|one| (one.source_id.clone(), one.place.clone()));
        let names: Vec<_> = names.collect();
        let decoded = cpu.each(fresh, move |message| decoded(message, &rules, options));
        let items = decoded.await?.into_iter().zip(names);
        let items = items.map(|(item, name)| item.unwrap_or_else(|| too_costly(name)));
        let (settling, items) = (reconciler.clone(), items.collect());
        let outcomes = cpu.run(move || {
            let mut classified = settling.classify(uncommitted.clone(), items)?;
            classified.note_unchanged(unchanged);
            settling.finalize(uncommitted, classified, &Sensitivities::Hidden)
        });
        let outcomes = outcomes.await??;
        let mut cursors = self.sync.note_unread_of_archive(&outcomes);
        if block.is_last && !self.sync.is_stopped() {
            cursors.extend(self.sync.resolve_of_archive());
        }
        let pages = Pages {
            received,
            total_cost: self.cost,
        };
        // An archive stays as it is: it is read on whatever is committed yet.
        let _ = self.sync.hand_over(outcomes, cursors, pages).await?;
        drop(block.taken);
        Ok(block.error)
    }
}

fn decoded(message: ArchiveMessage, rules: &Rules, options: mime::Options) -> Item {
    let decoded = mime::mail(&message, options);
    let is_excluded = message.is_junk
        || rules.excludes_folder(&message.container)
        || labels(&decoded)
            .iter()
            .any(|label| is_left_out(label, rules));
    let is_unreadable = matches!(decoded, Decoded::Unreadable { .. });
    Item {
        decoded,
        folder_context: FolderContext {
            // Of an unreadable message the report shows the place.
            container: if is_unreadable {
                message.place
            } else {
                message.container
            },
            is_excluded,
            awaits_sent_from: None,
        },
    }
}

/// The labels of a mail, which act as folders.
fn labels(decoded: &Decoded) -> &[String] {
    match decoded {
        Decoded::Mail(mail) => &mail.labels,
        _ => &[],
    }
}

fn is_left_out(label: &str, rules: &Rules) -> bool {
    folder_names::used_for(label) == Some(FolderUse::Junk) || rules.excludes_folder(label)
}

/// A message that was given up, by its id and place.
fn too_costly((source_id, container): (String, Arc<str>)) -> Item {
    Item {
        decoded: Decoded::Unreadable {
            source_id: Some(source_id),
            code: TOO_COSTLY,
        },
        folder_context: FolderContext {
            container,
            is_excluded: false,
            awaits_sent_from: None,
        },
    }
}

/// The reader's side: the block that is being filled.
struct Blocks {
    sender: mpsc::Sender<ReadChunk>,
    memory: Memory,
    block: ReadChunk,
}

/// The walk has ended: no further block is taken.
struct NotWanted;

impl Blocks {
    /// Reads the archive block by block until it ends or the receiver is dropped.
    fn fill(mut self, source: &ArchiveMailbox) {
        let mut messages = source.messages();
        while let Some(message) = messages.next_with(&mut |bytes| self.take(bytes)) {
            if self.push(message).is_err() {
                return;
            }
        }
        self.block.is_last = true;
        // In a run that was stopped, the last block has no receiver.
        let _ = self.hand_over();
    }

    fn push(&mut self, message: Result<ArchiveMessage, ArchiveError>) -> Result<(), NotWanted> {
        match message {
            Ok(message) => {
                let bytes = self.block.bytes + message.bytes.len();
                // Small messages are read before their memory is taken: each reader holds one.
                if self.block.taken.bytes() < bytes {
                    self.take(message.bytes.len().max(STEP_BYTES));
                }
                self.block.bytes += message.bytes.len();
                self.block.messages.push(message);
            }
            // The other files are read all the same.
            Err(error) => self.block.error = Some(error),
        }
        let block = &mut self.block;
        block.taken.shrink_to(block.bytes + STEP_BYTES);
        if block.messages.len() >= PORTION_MESSAGES || block.bytes >= PORTION_BYTES {
            return self.hand_over();
        }
        Ok(())
    }

    /// Reserves memory. If it is scarce, the block that was read is sent first, so that a waiting
    /// reader holds nothing; then it waits for enough to make a mailbox batch worth its commit.
    fn take(&mut self, bytes: usize) {
        let taken = self.memory.try_take(bytes).unwrap_or_else(|| {
            // If the receiver is dropped, the next message notices.
            let _ = self.hand_over();
            self.memory.take_blocking(bytes.max(BEGIN_BYTES))
        });
        self.block.taken.add(taken);
    }

    fn hand_over(&mut self) -> Result<(), NotWanted> {
        let mut block = std::mem::take(&mut self.block);
        block.taken.shrink_to(block.bytes);
        if block.messages.is_empty() && block.error.is_none() && !block.is_last {
            return Ok(());
        }
        self.sender.blocking_send(block).map_err(|_| NotWanted)
    }
}
