//! What a service offers of one mailbox, whichever it is: what `sync` reads is read through this.

use std::fmt::Debug;
use std::sync::Arc;

use crate::model::coverage::Cost;
use crate::model::cursor::WellKnown;
use crate::model::interaction::Source;
use crate::model::mailbox::MailboxKind;
use crate::model::page::FetchedItem;
use crate::model::page::FetchedPage;
use crate::model::page::ListedPage;
use crate::model::page::Page;
use crate::model::selection::Selection;
use crate::model::sensitivity::PrivateList;
use crate::model::sensitivity::Sensitivities;
use crate::model::span::Window;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::source::error::ServiceError;
use crate::source::folder::Folder;
use crate::source::listing::Listing;

/// The longest window of a calendar that is requested. Graph refuses more than 1,825 days, of lists
/// and presumably of chains as well (facts 13).
pub(crate) const SPAN_MAX: i64 = 1_800 * DAY;

/// A chain of pages: what it is of.
#[derive(Debug, Clone)]
pub(crate) enum Chain {
    /// The mails of a folder.
    Folder {
        /// Its id.
        folder: Arc<str>,
        /// What is requested of each mail.
        selection: Selection,
    },
    /// The events in a window of the calendar.
    Calendar(Window),
}

/// What an item is that is requested by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemKind {
    /// A mail, and what is requested of it.
    Mail(Selection),
    /// An event.
    Event,
}

/// A part of a mailbox, each with permissions and settings of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailboxPart {
    /// Its mail.
    Mail,
    /// Its calendar.
    Calendar,
}

/// One mailbox of a service. Every call keeps the service's limits, repeats what may be repeated,
/// and fails with what its caller does next ([`ServiceError::action`]).
pub(crate) trait MailboxService: Debug {
    /// The word of the column `source` for what is read from it.
    const SOURCE: Source;

    /// What time it is for the service; before its first answer, for this machine.
    fn service_time(&self) -> Timestamp;

    /// What the mailbox has cost so far.
    fn total_cost(&self) -> Cost;

    /// What kind of mailbox it is; `None`: the permission does not show it. Where that has to
    /// be distinguished from a mailbox that is denied, nothing but this part of it is requested.
    async fn kind(&self, part: MailboxPart) -> Result<Option<MailboxKind>, ServiceError>;

    /// All folders, parents before their children.
    async fn folders(&self) -> Result<Vec<Folder>, ServiceError>;

    /// The well-known folders, of which `known` are known from earlier runs.
    async fn well_known(
        &self,
        known: &WellKnown,
        listed: &[Folder],
    ) -> Result<WellKnown, ServiceError>;

    /// The folders whose mail is read, Sent Items first.
    fn readable(listed: &[Folder], well_known: &WellKnown) -> Vec<Folder>;

    /// The number of items of every kind that a folder says it holds now; `None`: it does not say.
    async fn item_count(&self, folder: &str) -> Result<Option<u64>, ServiceError>;

    /// 32 hexadecimal digits, others wherever anything else is requested of a mail.
    fn selection_digest(selection: Selection) -> String;

    /// The first page of a chain, or the one behind a link that an earlier page gave.
    async fn page(&self, chain: &Chain, link: Option<&str>) -> Result<FetchedPage, ServiceError>;

    /// The next page of a list of mails: their ids.
    async fn listed_ids(&self, listing: &mut Listing) -> Result<Vec<String>, ServiceError>;

    /// The next page of a list of mails: the mails.
    async fn listed_mails(
        &self,
        listing: &mut Listing,
        selection: Selection,
    ) -> Result<Page, ServiceError>;

    /// A page of the list of a window's events: the first, or the one behind a link. The events are
    /// whole, occurrences too.
    async fn listed_events(
        &self,
        window: Window,
        link: Option<&str>,
    ) -> Result<ListedPage<Page>, ServiceError>;

    /// The same of their ids.
    async fn listed_event_ids(
        &self,
        window: Window,
        link: Option<&str>,
    ) -> Result<ListedPage<Vec<String>>, ServiceError>;

    /// Items by their ids, in the order of the ids. An unavailable one does not cost the others.
    async fn items_by_id(
        &self,
        kind: ItemKind,
        ids: &[String],
    ) -> Result<Vec<FetchedItem>, ServiceError>;

    /// The mails of the mailbox that are not marked normal.
    async fn private_list(&self) -> Result<PrivateList, ServiceError>;

    /// Of these mails, one by one, which are not marked normal.
    async fn private_among(&self, ids: &[String]) -> Result<Sensitivities, ServiceError>;
}
