//! What a permission may hide, and how that is distinguished from a mailbox that is denied for a
//! moment.

use serde::Deserialize;

use crate::source::graph::call::Call;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::envelope;
use crate::source::graph::error::GraphError;
use crate::source::graph::probe;
use crate::source::graph::retry::RequestTarget;
use crate::source::service::MailboxPart;

/// Any mail: what every permission to read mail allows.
const ANY_MAIL: &str = "/messages?$select=id&$top=1";

#[derive(Deserialize)]
struct AnyItem {}

impl MailboxClient {
    /// Asks for what a permission that need not be given shows. `None`: it is hidden.
    ///
    /// What is decided upon that stays permanently, and a policy that begins in mid-run refuses
    /// just as a missing permission does (facts 5.1). So a refusal is believed where a list of that
    /// part of the mailbox which is read is allowed, and the same is refused once more.
    pub(super) async fn unless_hidden<T>(
        &self,
        part: MailboxPart,
        ask: impl AsyncFn() -> Result<T, GraphError>,
    ) -> Result<Option<T>, GraphError> {
        if let Some(shown) = unless_refused(ask().await)? {
            return Ok(Some(shown));
        }
        let (name, path) = match part {
            MailboxPart::Mail => ("any mail", ANY_MAIL.to_owned()),
            MailboxPart::Calendar => ("any event", probe::any_event(self.service_time())),
        };
        let call = Call::get(name, RequestTarget::Item, self.url(&path)?).with_immutable_ids();
        self.ask(&call, |body| envelope::list::<AnyItem>(&body))
            .await?;
        unless_refused(ask().await)
    }
}

fn unless_refused<T>(answer: Result<T, GraphError>) -> Result<Option<T>, GraphError> {
    match answer {
        // 400 is a fault of this program, and 501 one of the service: they hide nothing.
        Err(GraphError::Refused {
            status: Some(403), ..
        }) => Ok(None),
        other => other.map(Some),
    }
}
