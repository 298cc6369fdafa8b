//! One mailbox of an archive: its messages in order, some at a time.

use std::sync::Arc;

use rayon::iter::IntoParallelIterator;
use rayon::iter::ParallelIterator;
use tokio::sync::mpsc;

use crate::config::archive::Identity;
use crate::config::window::Window;
use crate::decode::mime;
use crate::model::coverage::Cost;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::cursor::MailboxCursor;
use crate::model::interaction::Source;
use crate::model::mail::ContentLevel;
use crate::model::mail::Decoded;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::page::ArchiveMessage;
use crate::pipeline::context::Context;
use crate::pipeline::context::WriterGone;
use crate::pipeline::decide::Desk;
use crate::pipeline::decide::Item;
use crate::pipeline::decide::Place;
use crate::pipeline::walk::Pages;
use crate::pipeline::walk::Walk;
use crate::pipeline::walk::WalkError;
use crate::runtime::cpu::ComputationLost;
use crate::source::archive::ArchiveMailbox;
use crate::source::archive::error::ArchiveError;
use crate::source::graph::sensitivity::Sensitivities;

/// Messages of a portion: a commit of its own for less costs more than it saves.
const PORTION_MESSAGES: usize = 4_000;
/// Bytes of a portion: what a mailbox holds in memory, besides one message beyond.
const PORTION_BYTES: usize = 16 << 20;
/// Portions that are read ahead of the one that is decided.
const READ_AHEAD: usize = 1;

/// A mailbox to read.
#[derive(Debug)]
pub struct ArchiveJob {
    /// Where its messages are.
    pub source: ArchiveMailbox,
    /// Whose it is.
    pub mailbox: Mailbox,
    /// How its files are made.
    pub format: Source,
    /// By what copies of a mail are told to be the same.
    pub identity: Identity,
    /// How far back it is read.
    pub window: Window,
}

/// Messages that become one portion.
#[derive(Debug, Default)]
struct Block {
    messages: Vec<ArchiveMessage>,
    bytes: usize,
    is_last: bool,
    error: Option<ArchiveError>,
}

/// Reads a mailbox; whatever goes wrong in it becomes its status.
pub async fn read(context: &Context, job: ArchiveJob) -> Result<Coverage, WriterGone> {
    let mut walk = ArchiveWalk {
        walk: Walk::new(context, job.mailbox),
        format: job.format,
        identity: job.identity,
        window: job.window,
        cost: Cost::default(),
    };
    let result = walk.all(job.source).await;
    walk.walk.coverage(result, walk.cost)
}

struct ArchiveWalk<'a> {
    walk: Walk<'a>,
    format: Source,
    identity: Identity,
    window: Window,
    cost: Cost,
}

impl ArchiveWalk<'_> {
    async fn all(&mut self, source: ArchiveMailbox) -> Result<Status, WalkError> {
        if self.walk.is_stopped() {
            return Ok(Status::Stopped);
        }
        let cursor = self.walk.known()?.mailbox;
        let cursor = cursor.unwrap_or_else(|| self.connect());
        let desk = Arc::new(
            self.walk
                .context
                .desk(&self.walk.mailbox, self.format, &cursor),
        );
        self.walk.cursor = Some(cursor);
        let (sender, mut blocks) = mpsc::channel(READ_AHEAD);
        let reader = tokio::task::spawn_blocking(move || read_blocks(&source, &sender));
        let mut status = Status::Complete;
        let mut failure = None;
        while let Some(block) = blocks.recv().await {
            if self.walk.is_stopped() {
                status = Status::Stopped;
                break;
            }
            failure = self.decide(&desk, block).await?.or(failure);
        }
        // The reader ends by itself once nobody takes its blocks.
        drop(blocks);
        reader.await.map_err(|_| ComputationLost)?;
        failure.map_or(Ok(status), |error| Err(error.into()))
    }

    fn connect(&self) -> MailboxCursor {
        MailboxCursor {
            connected_at: self.walk.started_at,
            window_start: self.window.start(self.walk.started_at),
            kind: MailboxKind::Archive.as_str().to_owned(),
            well_known: std::collections::BTreeMap::new(),
            // Archives have no members' settings: what lies in them is captured.
            mail_settings: vec![(self.walk.started_at, true)],
            meeting_settings: Vec::new(),
            recorded: 0,
        }
    }

    /// Decides the messages of a block and hands them to the writer.
    async fn decide(
        &mut self,
        desk: &Arc<Desk>,
        block: Block,
    ) -> Result<Option<ArchiveError>, WalkError> {
        let received = block.messages.len() as u64;
        self.cost.bytes += block.bytes as u64;
        let working = desk.clone();
        let options = mime::Options {
            body_text: self.walk.context.content == ContentLevel::Full,
            content_key: self.identity == Identity::Content,
        };
        let rules = self.walk.context.rules.clone();
        let messages = block.messages;
        let settled = self.walk.context.cpu.run(move || {
            let (unchanged, fresh) = working.part_known(messages, |message| &message.source_id)?;
            let decode = |message: ArchiveMessage| {
                let is_excluded = message.is_junk || rules.excludes_folder(&message.container);
                let decoded = mime::mail(&message, options);
                let is_unreadable = matches!(decoded, Decoded::Unreadable { .. });
                Item {
                    decoded,
                    place: Place {
                        // Of what cannot be read, people want to know where it lies.
                        container: if is_unreadable {
                            message.place
                        } else {
                            message.container
                        },
                        is_excluded,
                        awaits_sent_from: None,
                    },
                }
            };
            let items: Vec<Item> = fresh.into_par_iter().map(decode).collect();
            let mut sifted = working.sift(items)?;
            sifted.note_unchanged(unchanged);
            working.settle(sifted, &Sensitivities::Hidden)
        });
        let settled = settled.await??;
        let pages = Pages {
            received,
            total_cost: self.cost,
            is_last: block.is_last,
        };
        self.walk.hand_over(settled, Vec::new(), pages).await?;
        Ok(block.error)
    }
}

/// Reads the archive block by block until it ends or nobody wants more.
fn read_blocks(source: &ArchiveMailbox, sender: &mpsc::Sender<Block>) {
    let mut block = Block::default();
    for message in source.messages() {
        match message {
            Ok(message) => {
                block.bytes += message.bytes.len();
                block.messages.push(message);
            }
            // The other files are read all the same.
            Err(error) => block.error = Some(error),
        }
        if block.messages.len() >= PORTION_MESSAGES || block.bytes >= PORTION_BYTES {
            let full = std::mem::take(&mut block);
            if sender.blocking_send(full).is_err() {
                return;
            }
        }
    }
    block.is_last = true;
    // Nobody waits for the last block of a run that was stopped.
    let _ = sender.blocking_send(block);
}
