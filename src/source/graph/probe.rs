//! Whether the application may read a mailbox, tried by requests that change nothing and ask for as
//! little as there is (facts 3.1, 4.5, 5).

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::access::NO_CONTENT;
use crate::model::access::ProbeAnswer;
use crate::model::access::ProbeKind;
use crate::model::mailbox::MailboxKind;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::source::graph::call::Call;
use crate::source::graph::client::MailboxClient;
use crate::source::graph::directory;
use crate::source::graph::directory::PURPOSE;
use crate::source::graph::envelope;
use crate::source::graph::error::GraphError;
use crate::source::graph::retry::RequestTarget;

/// A probe says something where it is answered at once: what is throttled or fails says nothing.
const DEADLINE: Duration = Duration::from_mins(2);

/// A message, or anything else: what of it is shown.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    #[serde(default)]
    body_preview: Option<Box<RawValue>>,
}

impl MailboxClient {
    /// Tries one kind of request.
    pub(crate) async fn probe(&self, kind: ProbeKind) -> ProbeAnswer {
        let answer = tokio::time::timeout(DEADLINE, self.answer(kind)).await;
        answer.unwrap_or_else(|_| ProbeAnswer::Unknown {
            message: "no answer in two minutes".to_owned(),
        })
    }

    /// What kind of mailbox it is (facts 3.3).
    pub(crate) async fn probe_purpose(&self) -> Result<MailboxKind, ProbeAnswer> {
        let asked = async {
            let call = Call::get("probe", RequestTarget::Item, self.url(PURPOSE)?);
            self.ask(&call, |body| directory::purpose(&body)).await
        };
        asked.await.map_err(|error| refused(&error))
    }

    async fn answer(&self, kind: ProbeKind) -> ProbeAnswer {
        let answer = match kind {
            ProbeKind::Mail => self.is_answered("/mailFolders/inbox?$select=id").await,
            ProbeKind::MailContent => return self.probe_content().await,
            ProbeKind::Calendar => self.is_answered(&any_event(self.service_time())).await,
            ProbeKind::MailboxKind => self.is_answered(PURPOSE).await,
        };
        answer.map_or_else(|error| refused(&error), |()| ProbeAnswer::Granted)
    }

    async fn is_answered(&self, path: &str) -> Result<(), GraphError> {
        let call = Call::get("probe", RequestTarget::Item, self.url(path)?);
        self.ask(&call, |_body| Some(())).await
    }

    /// Without a permission for content the property does not come (facts 1.1).
    async fn probe_content(&self) -> ProbeAnswer {
        let listed = async {
            let url = self.url("/messages?$select=id,bodyPreview&$top=1")?;
            let call = Call::get("probe", RequestTarget::Item, url);
            self.ask(&call, |body| envelope::list::<Shown>(&body)).await
        };
        match listed.await {
            Err(error) => refused(&error),
            Ok(list) => match list.value.first() {
                Some(message) if message.body_preview.is_some() => ProbeAnswer::Granted,
                Some(_) => ProbeAnswer::Denied {
                    code: NO_CONTENT.to_owned(),
                },
                None => ProbeAnswer::Unknown {
                    message: "the mailbox is empty".to_owned(),
                },
            },
        }
    }
}

/// Any event of a day: what every permission to read calendars allows.
pub(super) fn any_event(from: Timestamp) -> String {
    format!(
        "/calendarView?startDateTime={}&endDateTime={}&$select=id&$top=1",
        from.rfc3339(),
        from.plus(DAY).rfc3339()
    )
}

/// 403 is a policy, a scope or a missing permission; 401 a token without any; 404 no mailbox (facts
/// 6.2). Anything else says nothing of what is allowed.
fn refused(error: &GraphError) -> ProbeAnswer {
    let code = error.code().to_owned();
    match error.status() {
        Some(401 | 403) => ProbeAnswer::Denied { code },
        Some(404) => ProbeAnswer::NoMailbox { code },
        _ => ProbeAnswer::Unknown {
            message: error.to_string(),
        },
    }
}
