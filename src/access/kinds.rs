//! What kind of mailbox each user in scope has, before any of them is read.

use std::collections::HashMap;

use futures_util::future::join_all;

use crate::model::access::ProbeAnswer;
use crate::model::mailbox::MailboxKind;
use crate::model::run::FoundKind;
use crate::source::tenant::Tenant;

/// Mailboxes that are tried at a time. Where the first of them all refuse, the permission to see the
/// kind is missing, and the others are not tried.
const AT_ONCE: usize = 32;

/// What the service says of the mailboxes of some users, by object id. Of whom it says nothing there is
/// no entry. Nothing of what lies in a mailbox is requested.
pub(crate) async fn of(tenant: &Tenant, user_ids: &[String]) -> HashMap<String, FoundKind> {
    let mut found = HashMap::new();
    for ids in user_ids.chunks(AT_ONCE) {
        let answers = join_all(ids.iter().map(|id| tenant.mailbox_kind(id))).await;
        let are_refused = answers
            .iter()
            .all(|answer| matches!(answer, Err(ProbeAnswer::Denied { .. })));
        let kinds = ids.iter().zip(answers);
        found.extend(kinds.filter_map(|(id, answer)| Some((id.clone(), known(answer)?))));
        if found.is_empty() && are_refused {
            break;
        }
    }
    found
}

fn known(answer: Result<MailboxKind, ProbeAnswer>) -> Option<FoundKind> {
    match answer {
        Ok(kind) => Some(FoundKind::Mailbox(kind)),
        Err(ProbeAnswer::NoMailbox { code }) => Some(FoundKind::None { code }),
        Err(_) => None,
    }
}
