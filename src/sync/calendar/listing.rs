//! Plain lists of a window: in parts where the service does not manage it as a whole.

use crate::model::span::Window;
use crate::model::time::DAY;
use crate::reconcile::calendar::input::Round;
use crate::reconcile::calendar::input::TooManyEvents;
use crate::source::error::ServiceError;
use crate::source::service::MailboxService;
use crate::source::service::SPAN_MAX;
use crate::sync::calendar::error::RoundError;
use crate::sync::calendar::round::Fetching;
use crate::sync::delta::may_be_listed;

/// Pages of the lists of a window: as many events as a round may have, by pages that became small.
const LIST_PAGES_MAX: usize = 4_000;
/// A list with too many pages is requested in parts down to this length.
const DEEP_MIN: i64 = 7 * DAY;
/// One whose first page takes too long, down to this: each part costs all its retries, and the
/// events of such a list can be fetched one by one.
const SLOW_MIN: i64 = 90 * DAY;

impl<S: MailboxService> Fetching<'_, S> {
    /// Adds all that a window holds, of whatever length.
    pub(crate) async fn list(&self, round: &mut Round, window: Window) -> Result<(), RoundError> {
        let mut pages = 0;
        in_parts(window, async |part| {
            match self.list_part(round, part, &mut pages).await {
                Err(Unlisted::Malformed(refused)) => {
                    Ok(self.listing_fallback(round, part, refused).await?)
                }
                other => other,
            }
        })
        .await
    }

    async fn list_part(
        &self,
        round: &mut Round,
        part: Window,
        pages: &mut usize,
    ) -> Result<(), Unlisted> {
        let mut link: Option<String> = None;
        loop {
            *pages += 1;
            let listed = self.service.listed_events(part, link.as_deref()).await;
            let listed = listed.map_err(|refused| Unlisted::of(refused, part, link.is_some()))?;
            let decoded = self.decoded(listed.items).await.map_err(RoundError::from)?;
            round.add(decoded).map_err(RoundError::from)?;
            match listed.next {
                None => return Ok(()),
                next if next == link || *pages >= LIST_PAGES_MAX => {
                    return Err(RoundError::from(TooManyEvents).into());
                }
                next => link = next,
            }
        }
    }
}

/// Does `work` for a window in parts that may be requested, the earliest first: for halves of a
/// part that takes too long.
pub(super) async fn in_parts(
    window: Window,
    mut work: impl AsyncFnMut(Window) -> Result<(), Unlisted>,
) -> Result<(), RoundError> {
    let mut parts = window.slices(SPAN_MAX);
    parts.reverse();
    while let Some(part) = parts.pop() {
        match work(part).await {
            Ok(()) => {}
            Err(Unlisted::Slow(halves)) => parts.extend(halves.into_iter().rev()),
            Err(Unlisted::Malformed(refused)) => return Err(refused.into()),
            Err(Unlisted::Round(error)) => return Err(error),
        }
    }
    Ok(())
}

/// Why a part of a window was not listed.
pub(super) enum Unlisted {
    /// It takes too long: its halves may not.
    Slow([Window; 2]),
    /// A page is malformed, and would be in any list that contains it.
    Malformed(ServiceError),
    /// For another reason.
    Round(RoundError),
}

impl Unlisted {
    /// A page that was refused. One behind a link is deep in its list, which may be the only cause
    /// (facts 13).
    pub(super) fn of(refused: ServiceError, part: Window, is_behind_link: bool) -> Self {
        if !may_be_listed(&refused) {
            return Self::Round(refused.into());
        }
        let halves = match refused.status() {
            _ if is_behind_link => part.halves(DEEP_MIN),
            Some(502 | 504) => part.halves(SLOW_MIN),
            _ => None,
        };
        match halves {
            Some(halves) => Self::Slow(halves),
            None => Self::Malformed(refused),
        }
    }
}

impl From<RoundError> for Unlisted {
    fn from(error: RoundError) -> Self {
        Self::Round(error)
    }
}
