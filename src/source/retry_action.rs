//! What is done about a refusal of a service.

/// What is done about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAction {
    /// Sent again after the wait that the service names, else after a growing one.
    RetryAfter,
    /// Sent again with a new token, once.
    RenewToken,
    /// Sent again after a wait, asking for fewer items.
    SmallerPage,
    /// The folder is read from its beginning.
    RestartChain,
    /// The mailbox is outside of what the application may read; its data stays.
    MailboxDenied,
    /// There is no mailbox to read; asked again on the next run.
    NoMailbox,
    /// The folder is gone: its chain ends.
    FolderGone,
    /// The item is gone.
    ItemGone,
    /// The folder is read by plain lists and single items instead of its chain, in this run.
    PlainList,
    /// The item is there but unavailable: it goes to the ledger, and the others are read.
    ItemUnreadable,
    /// The mailbox is left for the next run.
    GiveUpMailbox,
    /// Nothing of this tenant can be read.
    StopTenant,
}

impl RetryAction {
    /// What a person can do next, after an answer of that status, or none.
    pub fn advice(self, status: Option<u16>) -> &'static str {
        match self {
            Self::StopTenant if !status.is_some_and(|status| (400..429).contains(&status)) => {
                "the service did not answer properly; check graph_url and the network, or run \
                 again later"
            }
            Self::RetryAfter
            | Self::SmallerPage
            | Self::PlainList
            | Self::ItemUnreadable
            | Self::GiveUpMailbox => {
                "the service did not answer properly; the next run continues from here"
            }
            Self::RestartChain => {
                "the service forgot where reading stood; the folder is read again"
            }
            Self::MailboxDenied => {
                "the application may not read this mailbox: an access policy or the scope of a role \
                 leaves it out, or a permission is missing; touchpoint check tells which"
            }
            Self::NoMailbox => {
                "there is no mailbox in the cloud (no licence, on premises, or deleted); it is \
                 tried again on the next run"
            }
            Self::FolderGone | Self::ItemGone => "it was deleted meanwhile",
            Self::RenewToken | Self::StopTenant => {
                "run touchpoint check: it names the permissions that are missing, and where each is \
                 granted; also look whether the application is enabled in the tenant"
            }
        }
    }
}
