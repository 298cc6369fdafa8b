//! Rules by which a mail is bulk: newsletters, automatic answers, notifications.

/// The headers that rules look at, where headers were returned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// `List-Id`.
    pub list_id: Option<String>,
}

/// The id of the first rule that applies. Rules that need headers are passed over without them.
pub fn reason(
    from: Option<&str>,
    _subject: Option<&str>,
    headers: Option<&Headers>,
) -> Option<&'static str> {
    if headers.is_some_and(|headers| headers.list_id.is_some()) {
        return Some("list_id");
    }
    let (local, _) = from?.split_once('@')?;
    let local = local.to_lowercase().replace(['-', '_', '.'], "");
    matches!(local.as_str(), "noreply" | "donotreply").then_some("no_reply_sender")
}
