//! Flags and labels that mail programs store in a mail: drafts, and the labels of a mail.

use crate::decode::mime::fields::Fields;
use crate::decode::mime::fields::unfolded;
use crate::decode::mime::words;
use crate::model::folder_names;
use crate::model::folder_names::FolderUse;

/// `X-Mozilla-Status`: it waits to be sent (Mozilla, `nsMsgMessageFlags::Queued`).
const MOZILLA_QUEUED: u16 = 0x0800;

/// The maximum number of labels that are read.
const LABELS_MAX: usize = 200;

/// The labels of a mail: by `X-Gmail-Labels` (Google Takeout) names in the user's language,
/// separated by commas, quoted if they contain one; by `X-GM-LABELS` names separated by spaces
/// (`\Draft "A b"`); and `Junk` and `Draft` among the keywords of mail programs.
pub(super) fn labels(fields: &Fields<'_>) -> Vec<String> {
    let values = |name| fields.all(name).map(unfolded);
    let decoded = values("x-gmail-labels").map(|value| words::decoded(value.trim()));
    let takeout = decoded.flat_map(|value| parted(&value, |c| c == ','));
    let gmail = values("x-gm-labels").flat_map(|value| parted(&value, char::is_whitespace));
    let keywords = ["x-keywords", "x-mozilla-keys"]
        .into_iter()
        .flat_map(values);
    let keywords = keywords.flat_map(|value| parted(&value, char::is_whitespace));
    let keywords =
        keywords.filter(|word| KEYWORDS.iter().any(|key| word.eq_ignore_ascii_case(key)));
    takeout
        .chain(gmail)
        .chain(keywords)
        .take(LABELS_MAX)
        .collect()
}

/// Keywords that are equivalent to folders.
const KEYWORDS: [&str; 2] = ["junk", "draft"];

fn parted(value: &str, is_separator: impl Fn(char) -> bool) -> Vec<String> {
    let mut is_quoted = false;
    let labels = value.split(|c| {
        is_quoted ^= c == '"';
        !is_quoted && is_separator(c)
    });
    let labels = labels.map(|label| label.trim().trim_matches('"').trim());
    // System labels have a prefix character.
    let labels = labels.map(|label| label.trim_start_matches(['\\', '$']));
    let labels = labels.filter(|label| !label.is_empty());
    labels.map(str::to_owned).collect()
}

/// Letters of a status field: read, old, answered, deleted, flagged, draft, new, unread.
const STATUS_LETTERS: &[u8] = b"ROADFTNU";

/// Whether a mail is a draft: by a field, or by one of its labels.
pub(super) fn is_unsent(fields: &Fields<'_>, labels: &[String]) -> bool {
    let value = |name| fields.first(name).unwrap_or_default();
    let is_marked = ["1", "true", "yes"].contains(&value("x-unsent").to_lowercase().as_str());
    // Other programs use `Status` differently: only status letters count.
    let is_draft = |name| {
        let letters = value(name);
        let mut bytes = letters.bytes();
        letters.contains('T') && bytes.all(|letter| STATUS_LETTERS.contains(&letter))
    };
    let mozilla = u16::from_str_radix(value("x-mozilla-status").trim(), 16).unwrap_or_default();
    is_marked
        || is_draft("x-status")
        || is_draft("status")
        || mozilla & MOZILLA_QUEUED != 0
        || fields.first("x-mozilla-draft-info").is_some()
        || is_labelled_draft(labels)
}

/// Users choose label names freely: a sent mail is not a draft, whatever its other labels.
fn is_labelled_draft(labels: &[String]) -> bool {
    let uses = || {
        labels
            .iter()
            .filter_map(|label| folder_names::used_for(label))
    };
    uses().any(|used_for| used_for == FolderUse::Drafts)
        && !uses().any(|used_for| used_for == FolderUse::Sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(header: &str) -> (bool, Vec<String>) {
        let fields = Fields::read(header.as_bytes());
        let labels = labels(&fields);
        (is_unsent(&fields, &labels), labels)
    }

    #[test]
    fn drafts_are_recognised_by_their_flags() {
        for header in [
            "X-Unsent: 1\n",
            "X-Status: FT\n",
            "Status: RT\n",
            "X-Mozilla-Status: 0801\n",
            "X-Mozilla-Draft-Info: internal/draft; vcard=0\n",
            "X-Gmail-Labels: Important,Drafts\n",
            "X-GM-LABELS: \"\\\\Draft\" Other\n",
            "X-Keywords: \\Draft NonJunk\n",
            "X-Gmail-Labels: Important\nX-Gmail-Labels: Drafts\n",
            "X-Gmail-Labels: =?UTF-8?Q?Entw=C3=BCrfe,Wichtig?=\n",
            "X-Gmail-Labels: =?UTF-8?B?5LiL5pu444GN?=\n",
        ] {
            assert!(marks(header).0, "{header}");
        }
        for header in [
            "X-Unsent: 0\n",
            "Status: RO\nX-Status: AFD\n",
            "X-Mozilla-Status: 0009\n",
            "X-Mozilla-Status: none\n",
            "X-Gmail-Labels: Inbox,Drafts of contracts,Clients/Drafts\n",
            "X-Gmail-Labels: Sent,Drafts\n",
            "X-Gmail-Labels: Inbox,Templates,Scheduled,Concept,Outbox\n",
            "Status: Ticket closed\n",
            "Status: To Do\n",
            "X-Mozilla-Draft-Info:\n",
            "Subject: T\n",
        ] {
            assert!(!marks(header).0, "{header}");
        }
    }

    #[test]
    fn labels_are_separated_by_commas_outside_quotes() {
        let header = "X-Gmail-Labels: Inbox, \"A, B\",\n =?UTF-8?Q?P=C3=A8re?=,,Clients/C\n";
        assert_eq!(marks(header).1, ["Inbox", "A, B", "Père", "Clients/C"]);
    }
}
