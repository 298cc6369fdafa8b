//! A source of the tests: a folder of JSON lines, one file for each mailbox, to which mails are
//! appended. It shows how little a source needs.

mod tests;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;

use crate::config::archive::Archive;
use crate::config::error::ConfigError;
use crate::model::coverage::Status;
use crate::model::cursor::MailboxCursor;
use crate::model::interaction::Source;
use crate::model::mailbox::MailboxKind;
use crate::reconcile::earlier_ids::EarlierIds;
use crate::reconcile::mail::items::FolderContext;
use crate::reconcile::mail::items::Item;
use crate::sync::archive::open::OpenError;
use crate::sync::cursors;
use crate::sync::decoding;
use crate::sync::error::SyncError;
use crate::sync::in_flight::Turn;
use crate::sync::job::FileMailbox;
use crate::sync::mailbox::CompletePages;
use crate::sync::mailbox::MailboxSync;
use crate::sync::mailbox_source::MailboxSource;
use crate::sync::mailbox_source::Reading;
use crate::sync::privacy::AsMailsSay;

/// The key of the cursor: the number of lines that were read.
const CURSOR_KEY: &str = "json_lines";
/// Lines of a page.
const LINES_PER_PAGE: usize = 2;

#[derive(Debug)]
struct JsonLines {
    path: PathBuf,
}

/// The mailboxes of a folder: `ann@contoso.com.jsonl` is that of `ann@contoso.com`.
pub(crate) fn open(archive: &Archive) -> Result<Vec<FileMailbox>, OpenError> {
    let mut mailboxes = Vec::new();
    let entries = fs::read_dir(&archive.path).map_err(|source| ConfigError::Read {
        path: archive.path.clone(),
        source,
    })?;
    for entry in entries {
        let path = entry.unwrap().path();
        let address: Arc<str> = path.file_stem().unwrap().to_str().unwrap().into();
        mailboxes.push(FileMailbox {
            id: format!("json:{}/{address}", archive.name).into(),
            address,
            source: Box::new(JsonLines { path }),
        });
    }
    Ok(mailboxes)
}

impl MailboxSource for JsonLines {
    fn read<'a>(&'a mut self, sync: &'a mut MailboxSync<'_>, _: &'a mut Turn) -> Reading<'a> {
        self.all(sync).boxed_local()
    }
}

impl JsonLines {
    async fn all(&self, sync: &mut MailboxSync<'_>) -> Result<Status, SyncError> {
        let known = sync.known()?;
        let cursor = known.mailbox.unwrap_or_else(|| MailboxCursor {
            mail_settings: vec![(sync.started_at, true)],
            ..MailboxCursor::new(MailboxKind::Archive, sync.started_at, None)
        });
        let reconciler = sync.open(Source::Eml, cursor, EarlierIds::default());
        let read = known.others.get(CURSOR_KEY);
        let mut read: usize = read.map_or(0, |lines| lines.parse().unwrap());
        let lines = lines(&self.path).unwrap();
        let folder: Arc<str> = "lines".into();
        for page in lines[read..].chunks(LINES_PER_PAGE) {
            read += page.len();
            let mails = page.iter().map(|line| (line.clone(), folder.clone()));
            let content = sync.context.selection.content;
            let decoded = decoding::mails(&sync.context.cpu, mails.collect(), content).await?;
            let items = decoded.into_iter().map(|decoded| Item {
                decoded,
                folder_context: FolderContext {
                    container: folder.clone(),
                    is_excluded: false,
                    awaits_sent_from: None,
                },
            });
            let pages = CompletePages {
                items: items.collect(),
                received: page.len() as u64,
                cursors: vec![cursors::other_record(
                    &sync.mailbox.id,
                    CURSOR_KEY,
                    read.to_string(),
                )],
                ..CompletePages::default()
            };
            let _ = sync.record(&reconciler, pages, &mut AsMailsSay).await?;
        }
        sync.folder_items = Some(i64::try_from(lines.len()).unwrap());
        Ok(Status::Complete)
    }
}

fn lines(path: &PathBuf) -> io::Result<Vec<Bytes>> {
    let text = fs::read_to_string(path)?;
    Ok(text.lines().map(|line| line.to_owned().into()).collect())
}
