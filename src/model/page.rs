//! Pages: the units that a source returns, split into items but not decoded.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::model::time::Timestamp;

/// Where a chain continues (facts 1.4: decided by the name of the JSON member alone).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// More pages of this round: `@odata.nextLink`.
    Next(String),
    /// The round is complete: `@odata.deltaLink`.
    Delta(String),
}

impl Link {
    /// The link itself.
    pub fn text(&self) -> &str {
        let (Self::Next(text) | Self::Delta(text)) = self;
        text
    }
}

/// A page of items of a service: the decompressed body and the position of each item of `value[]` in it.
#[derive(Debug, Clone)]
pub struct Page {
    /// The folder that it belongs to.
    pub container: Arc<str>,
    /// The body, gunzipped.
    pub body: Bytes,
    /// Byte ranges of the items in `body`, in order.
    pub items: Vec<Range<usize>>,
}

/// A page of a chain, and where the chain continues.
#[derive(Debug, Clone)]
pub struct FetchedPage {
    /// The items, split but not read.
    pub page: Page,
    /// The link to keep once the page is committed; the one before it dies then (facts 1.6).
    pub link: Link,
    /// When it was received.
    pub fetched_at: Timestamp,
}

/// A page of a plain list.
#[derive(Debug, Clone)]
pub struct ListedPage<T> {
    /// What is listed.
    pub items: T,
    /// The link to the next page, if there is one.
    pub next: Option<String>,
}

/// An item that was requested by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedItem {
    /// The requested id.
    pub id: String,
    /// What the service returned.
    pub answer: ItemAnswer,
}

/// What the service returns for an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemAnswer {
    /// The item, as it stands on a page.
    Item(Bytes),
    /// There is no such item any more.
    Gone,
    /// There is one, and the service does not return it.
    Refused,
}

/// A message of an archive, as stored there.
#[derive(Debug, Clone)]
pub struct ArchiveMessage {
    /// Design section 4.1: file name, or hash of the bytes and the number of its repetition.
    pub source_id: String,
    /// The ids of the messages that earlier versions made of it.
    pub former_ids: Vec<String>,
    /// Name of the folder that contains it.
    pub container: Arc<str>,
    /// Where it is found, for reports: the file below the mailbox, and in an mbox its number.
    pub place: Arc<str>,
    /// The message in RFC 5322 form (mbox quoting removed).
    pub bytes: Bytes,
    /// Receipt by the mbox line, where there is one that parses.
    pub received: Option<Timestamp>,
    /// A draft by its folder or by Maildir flag `D`.
    pub is_draft: bool,
    /// In a junk folder, which is not read.
    pub is_junk: bool,
    /// A file that as a whole is no mail, or is too large, and why.
    pub unreadable: Option<&'static str>,
}
