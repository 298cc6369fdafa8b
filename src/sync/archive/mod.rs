//! One mailbox of an archive: its messages in order, some at a time.

pub(crate) mod open;
pub(crate) mod readdress;
mod recorded;

use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::mpsc;

use crate::config::archive::Identity;
use crate::config::window::Window;
use crate::decode::mime;
use crate::model::coverage::Status;
use crate::model::cursor::MailboxCursor;
use crate::model::folder_names;
use crate::model::folder_names::FolderUse;
use crate::model::interaction::Source;
use crate::model::mail::ContentLevel;
use crate::model::mail::Decoded;
use crate::model::mailbox::MailboxKind;
use crate::model::page::ArchiveMessage;
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
use crate::sync::decoding::TOO_COSTLY;
use crate::sync::error::SyncError;
use crate::sync::in_flight::Turn;
use crate::sync::mailbox::CompletePages;
use crate::sync::mailbox::MailboxSync;
use crate::sync::mailbox_source::MailboxSource;
use crate::sync::mailbox_source::Reading;
use crate::sync::privacy::AsMailsSay;

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

/// A mailbox of an archive. It is read as a whole in every run: it is complete when its files were
/// read to their ends.
#[derive(Debug)]
pub(crate) struct ArchiveSource {
    /// Where its messages are.
    pub messages: ArchiveMailbox,
    /// How its files are made.
    pub format: Source,
    /// By what copies of a mail are recognised.
    pub identity: Identity,
    /// How far back it is read.
    pub window: Window,
}

impl MailboxSource for ArchiveSource {
    fn read<'a>(&'a mut self, sync: &'a mut MailboxSync<'_>, _: &'a mut Turn) -> Reading<'a> {
        let mut import = ArchiveImport { sync, source: self };
        async move { import.all().await }.boxed_local()
    }
}

struct ArchiveImport<'s, 'c> {
    sync: &'s mut MailboxSync<'c>,
    source: &'s ArchiveSource,
}

impl ArchiveImport<'_, '_> {
    async fn all(&mut self) -> Result<Status, SyncError> {
        if self.sync.is_stopped() {
            return Ok(Status::Stopped);
        }
        let cursor = self.sync.known()?.mailbox;
        let mut cursor = cursor.unwrap_or_else(|| self.connect());
        // What was recorded under another one has been revised.
        cursor.address = Some(self.sync.mailbox.address.to_string());
        let earlier = if cursor.id_rules < earlier_ids::RULES {
            self.earlier_ids().await?
        } else {
            EarlierIds::default()
        };
        let reconciler = self.sync.open(self.source.format, cursor, earlier);
        let (sender, mut blocks) = mpsc::channel(READ_AHEAD);
        let blocks_to_fill = Blocks {
            sender,
            memory: self.sync.context.memory.messages.clone(),
            block: ReadChunk::default(),
        };
        let messages = self.source.messages.clone();
        let reader = tokio::task::spawn_blocking(move || blocks_to_fill.fill(&messages));
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
        let (lake, id) = (
            Arc::clone(&self.sync.context.lake),
            Arc::clone(&self.sync.mailbox.id),
        );
        let identity = self.source.identity;
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
        let now = self.sync.started_at;
        MailboxCursor {
            // Archives have no members' settings: all their mail is captured.
            mail_settings: vec![(now, true)],
            id_rules: earlier_ids::RULES,
            ..MailboxCursor::new(MailboxKind::Archive, now, self.source.window.start(now))
        }
    }

    /// Decides the messages of a block and hands them to the writer.
    async fn decide(
        &mut self,
        reconciler: &Arc<MailReconciler>,
        block: ReadChunk,
    ) -> Result<Option<ArchiveError>, SyncError> {
        let received = block.messages.len() as u64;
        self.sync.total_cost.bytes += block.bytes as u64;
        let options = mime::Options {
            body_text: self.sync.context.selection.content == ContentLevel::Full,
            content_key: self.source.identity == Identity::Content,
        };
        let rules = self.sync.context.rules.clone();
        let cpu = &self.sync.context.cpu;
        let (knowing, messages) = (reconciler.clone(), block.messages);
        let before = self.sync.uncommitted();
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
        let pages = CompletePages {
            items: items.collect(),
            unchanged,
            received,
            ..CompletePages::default()
        };
        // An archive stays as it is: it is read on whatever is committed yet.
        let _ = self.sync.record(reconciler, pages, &mut AsMailsSay).await?;
        if block.is_last && !self.sync.is_stopped() {
            let resolved = self.sync.ledger.resolve_others();
            self.sync.record_cursors(resolved).await?;
        }
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
            reason: TOO_COSTLY,
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
