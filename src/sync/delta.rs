//! One round of a chain, page by page: the service may lose the chain, or never end it, and then
//! what it is of may be read in another way.

use crate::model::page::FetchedPage;
use crate::source::error::ServiceError;
use crate::source::retry_action::RetryAction;
use crate::source::service::Chain;
use crate::source::service::MailboxService;
use crate::sync::loop_detector::LoopDetector;

/// A chain that the service invalidates is restarted at most this often in one run.
const RESTARTS_MAX: u32 = 2;
/// Pages of one chain in one run: 5 million items at the default page size. A longer chain does not
/// end (facts 2.2).
const PAGES_MAX: u64 = 10_000;

/// The round of a chain in this run.
#[derive(Debug, Default)]
pub(crate) struct DeltaRound {
    pages: u64,
    restarts: u32,
    repeats: LoopDetector,
}

/// What the next step of a round came to.
#[derive(Debug)]
pub(crate) enum Step {
    /// A page, with the link at which the chain continues.
    Page(FetchedPage),
    /// The service lost the chain: the next page is its first.
    Restarted,
    /// What the chain is of is gone.
    Gone(ServiceError),
    /// The chain does not work in this run, and plain lists may: a full mailbox, a malformed page, a
    /// chain without an end, or one that the service loses each time it is begun (facts 13).
    ListInstead(ChainError),
    /// The service refused.
    Failed(ServiceError),
}

/// Why a chain cannot continue in this run.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The service refused.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// It does not end.
    #[error("the chain of a folder does not end; the next run continues")]
    Endless,
}

impl DeltaRound {
    /// The page at a link; without one, the first.
    pub(crate) async fn step(
        &mut self,
        service: &impl MailboxService,
        chain: &Chain,
        link: Option<&str>,
    ) -> Step {
        self.pages += 1;
        if self.pages > PAGES_MAX {
            return Step::ListInstead(ChainError::Endless);
        }
        match service.page(chain, link).await {
            Ok(fetched) if self.repeats.is_endless(&fetched.page) => {
                Step::ListInstead(ChainError::Endless)
            }
            Ok(fetched) => {
                let page = &fetched.page;
                tracing::debug!(
                    items = page.items.len(),
                    bytes = page.body.len(),
                    "a page was read"
                );
                Step::Page(fetched)
            }
            Err(refused) => self.refused(refused),
        }
    }

    fn refused(&mut self, refused: ServiceError) -> Step {
        match refused.action() {
            RetryAction::RestartChain if self.restarts < RESTARTS_MAX => {
                self.restarts += 1;
                self.repeats = LoopDetector::default();
                Step::Restarted
            }
            RetryAction::RestartChain => Step::ListInstead(refused.into()),
            RetryAction::FolderGone => Step::Gone(refused),
            _ if may_be_listed(&refused) => Step::ListInstead(refused.into()),
            _ => Step::Failed(refused),
        }
    }

    /// Whether the chain was restarted just now, at the link with which this run began.
    pub(crate) fn is_first_restart(&self) -> bool {
        self.pages <= 1 && self.restarts == 1
    }
}

/// Whether pages of one kind do not work in this run, and others may.
pub(crate) fn may_be_listed(refused: &ServiceError) -> bool {
    matches!(refused, ServiceError::Endless { .. }) || refused.action() == RetryAction::PlainList
}

impl ChainError {
    /// Whether an expired link is the reason: such a link is not worth keeping.
    pub(crate) fn is_of_link(&self) -> bool {
        matches!(self, Self::Service(refused) if refused.action() == RetryAction::RestartChain)
    }
}
