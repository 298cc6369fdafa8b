//! Rules by which a mail is bulk: newsletters, automatic answers, notifications.

mod subjects;

use crate::decode::bulk::subjects::ABSENCE_WORDS;
use crate::decode::bulk::subjects::AUTO_REPLY_SUBJECTS;
use crate::decode::bulk::subjects::DELIVERY_REPORT_SUBJECTS;
use crate::model::unicode;

/// The header fields of a mail as names and unfolded values, in their order.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a>(&'a [(&'a str, &'a str)]);

impl<'a> Headers<'a> {
    /// A borrowed view of header fields. Names are compared case-insensitively.
    pub fn new(fields: &'a [(&'a str, &'a str)]) -> Self {
        Self(fields)
    }

    /// The value of the first field of that name, without white space around it.
    fn first(self, name: &str) -> Option<&'a str> {
        self.0
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }
}

/// The fields that rules use; others need not be passed to [`Headers::new`].
pub const FIELDS: &[&str] = &[
    "auto-submitted",
    "content-type",
    "list-id",
    "list-post",
    "list-unsubscribe",
    "precedence",
    "return-path",
    "x-auto-response-suppress",
    "x-autoreply",
    "x-autorespond",
    "x-failed-recipients",
];

/// One rule, as TABLES.md prints it.
pub struct Rule {
    /// The value of the column `bulk_reason`.
    pub id: &'static str,
    /// Its description.
    pub sentence: &'static str,
    /// Skipped if headers were not returned.
    pub needs_headers: bool,
    applies: fn(&Facts<'_>) -> bool,
}

/// The properties of a mail that rules use.
struct Facts<'a> {
    /// Local part of the author's address, in lower case.
    local: String,
    /// Beginning of the subject, in lower case.
    subject: String,
    headers: Headers<'a>,
}

/// All rules in order of precedence: the first that applies gives the reason.
pub const RULES: &[Rule] = &[
    Rule {
        id: "auto_submitted",
        sentence: "`Auto-Submitted` is there and is not `no`.",
        needs_headers: true,
        applies: |facts| {
            let value = facts.headers.first("auto-submitted");
            value.is_some_and(|value| first_word(value) != "no")
        },
    },
    Rule {
        id: "null_return_path",
        sentence: "`Return-Path` is `<>`: delivery reports and automatic answers.",
        needs_headers: true,
        applies: |facts| facts.headers.first("return-path") == Some("<>"),
    },
    Rule {
        id: "report",
        sentence: "`Content-Type` is `multipart/report` (RFC 6522), or the part of one that machines \
                   read: a delivery report, a read receipt or another report.",
        needs_headers: true,
        applies: |facts| {
            let value = facts.headers.first("content-type");
            let kind = first_word(value.unwrap_or_default());
            REPORTS.contains(&kind.as_str())
        },
    },
    Rule {
        id: "auto_reply_field",
        sentence: "`X-Autoreply`, `X-Autorespond` or `X-Failed-Recipients` is there.",
        needs_headers: true,
        applies: |facts| {
            let mut names = ["x-autoreply", "x-autorespond", "x-failed-recipients"].into_iter();
            names.any(|name| facts.headers.first(name).is_some())
        },
    },
    Rule {
        id: "auto_response_suppress",
        sentence: "`X-Auto-Response-Suppress` holds `All`, `OOF` or `AutoReply`: the sender is a \
                   machine that wants no answer from one (receipts alone say nothing).",
        needs_headers: true,
        applies: |facts| {
            let value = facts.headers.first("x-auto-response-suppress");
            let mut words = value.unwrap_or_default().split(',').map(str::trim);
            words.any(|word| {
                ["all", "oof", "autoreply"]
                    .iter()
                    .any(|known| word.eq_ignore_ascii_case(known))
            })
        },
    },
    Rule {
        id: "precedence",
        sentence: "`Precedence` is `bulk`, `junk` or `auto_reply`, or is `list` and the list takes no \
                   posts (see `newsletter`).",
        needs_headers: true,
        applies: |facts| {
            let word = first_word(facts.headers.first("precedence").unwrap_or_default());
            matches!(word.as_str(), "bulk" | "junk" | "auto_reply")
                || (word == "list" && !is_discussion(facts.headers))
        },
    },
    Rule {
        id: "newsletter",
        sentence: "`List-Id` or `List-Unsubscribe` is there and `List-Post` names no address. A \
                   list that takes posts carries what people write, a customer's mail to a team's \
                   group address among it, so mail of such lists is not bulk.",
        needs_headers: true,
        applies: |facts| {
            let is_list = ["list-id", "list-unsubscribe"]
                .iter()
                .any(|name| facts.headers.first(name).is_some());
            is_list && !is_discussion(facts.headers)
        },
    },
    Rule {
        id: "no_reply_sender",
        sentence: "The author's local part holds `noreply` or `donotreply`, with any separators.",
        needs_headers: false,
        applies: |facts| {
            let squashed = facts.local.replace(['-', '_', '.'], "");
            squashed.contains("noreply") || squashed.contains("donotreply")
        },
    },
    Rule {
        id: "bounce_sender",
        sentence: "The author's local part is `mailer-daemon` or `postmaster`, or begins with the \
                   word `bounce` or `bounces`.",
        needs_headers: false,
        applies: |facts| {
            matches!(
                facts.local.as_str(),
                "mailer-daemon" | "mailerdaemon" | "postmaster"
            ) || words(&facts.local)
                .next()
                .is_some_and(|word| matches!(word, "bounce" | "bounces"))
        },
    },
    Rule {
        id: "newsletter_sender",
        sentence: "The author's local part holds the word `newsletter` or `newsletters`.",
        needs_headers: false,
        applies: |facts| {
            words(&facts.local).any(|word| matches!(word, "newsletter" | "newsletters"))
        },
    },
    Rule {
        id: "notification_sender",
        sentence: "The author's local part holds the word `notification`, `notifications` or \
                   `notify`.",
        needs_headers: false,
        applies: |facts| {
            words(&facts.local)
                .any(|word| matches!(word, "notification" | "notifications" | "notify"))
        },
    },
    Rule {
        id: "auto_reply_subject",
        sentence: "The subject begins as mail programs begin that of an automatic answer \
                   (`Automatic reply:`, `Out of office:`, `Abwesenheitsnotiz`, …).",
        needs_headers: false,
        applies: |facts| {
            begins_with_one(&facts.subject, AUTO_REPLY_SUBJECTS)
                || stands_before_colon(&facts.subject, ABSENCE_WORDS)
                || facts.subject == "out of office"
                || facts.subject.contains(NOTES_ABSENCE)
        },
    },
    Rule {
        id: "delivery_report_subject",
        sentence: "The subject begins as mail systems begin that of a delivery report \
                   (`Undeliverable:`, `Delivery Status Notification`, …).",
        needs_headers: false,
        applies: |facts| begins_with_one(&facts.subject, DELIVERY_REPORT_SUBJECTS),
    },
];

/// Types of reports (RFC 6522, 3464, 8098).
const REPORTS: [&str; 3] = [
    "multipart/report",
    "message/delivery-status",
    "message/disposition-notification",
];

/// Characters of the subject that rules examine: more than any listed phrase has.
const SUBJECT_CHARS: usize = 64;

/// The id of the first rule that applies. `from` is the author's address as written.
pub fn reason(
    from: Option<&str>,
    subject: Option<&str>,
    headers: Option<&Headers<'_>>,
) -> Option<&'static str> {
    let bare = from.unwrap_or_default().trim_start_matches(['<', ' ']);
    let (local, _) = bare.rsplit_once('@').unwrap_or_default();
    let subject = subject.unwrap_or_default().trim_start();
    let facts = Facts {
        local: local.to_lowercase(),
        subject: lower_beginning(subject),
        headers: headers.copied().unwrap_or(Headers(&[])),
    };
    RULES
        .iter()
        .filter(|rule| headers.is_some() || !rule.needs_headers)
        .find(|rule| (rule.applies)(&facts))
        .map(|rule| rule.id)
}

/// The suffix that Lotus Notes appends to a name.
const NOTES_ABSENCE: &str = " is out of the office (returning";

/// Whether a subject starts with one of some phrases and continues the way programs do: with a
/// colon, a bracket or nothing. People continue with words.
fn begins_with_one(subject: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| {
        let rest = subject.strip_prefix(phrase).map(str::trim_start);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '\u{ff1a}', '(', '[']))
    })
}

fn stands_before_colon(subject: &str, words: &[&str]) -> bool {
    words.iter().any(|word| {
        let rest = subject.strip_prefix(word).map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with([':', '\u{ff1a}']))
    })
}

fn lower_beginning(subject: &str) -> String {
    let beginning = subject.chars().take(SUBJECT_CHARS);
    let lower = beginning.flat_map(char::to_lowercase);
    // The dotted and the dotless Turkish letter are often confused.
    let plain = lower.filter(|c| *c != '\u{307}');
    let plain: String = plain.map(|c| if c == 'ı' { 'i' } else { c }).collect();
    unicode::composed(&plain).into_owned()
}

/// A list that people can write to: `List-Post: NO` and its absence mean that they cannot
/// (RFC 2369 section 3.4).
fn is_discussion(headers: Headers<'_>) -> bool {
    headers
        .first("list-post")
        .is_some_and(|value| value.to_ascii_lowercase().contains("mailto:"))
}

/// The first word in lower case: parameters or comments may follow.
fn first_word(value: &str) -> String {
    let end = |c: char| c.is_whitespace() || matches!(c, ';' | '(' | ',');
    value
        .split(end)
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}

fn words(local: &str) -> impl Iterator<Item = &str> {
    local.split(['-', '_', '.', '+', '='])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_headers(fields: &[(&str, &str)]) -> Option<&'static str> {
        reason(
            Some("ann@x.org"),
            Some("Hello"),
            Some(&Headers::new(fields)),
        )
    }

    fn by_sender(from: &str) -> Option<&'static str> {
        reason(Some(from), Some("Hello"), None)
    }

    fn by_subject(subject: &str) -> Option<&'static str> {
        reason(Some("ann@x.org"), Some(subject), None)
    }

    #[test]
    fn a_plain_mail_is_not_bulk() {
        assert_eq!(by_headers(&[("From", "ann@x.org")]), None);
        assert_eq!(reason(None, None, None), None);
    }

    #[test]
    fn machines_say_so_in_headers() {
        let cases = [
            (
                ("Auto-Submitted", "auto-replied (vacation)"),
                "auto_submitted",
            ),
            (("AUTO-SUBMITTED", "auto-generated; x=1"), "auto_submitted"),
            (("Return-Path", " <> "), "null_return_path"),
            (
                ("X-Auto-Response-Suppress", "DR, OOF, AutoReply"),
                "auto_response_suppress",
            ),
            (
                ("Content-Type", "multipart/report; report-type=x"),
                "report",
            ),
            (("Content-Type", "Multipart/Report"), "report"),
            (("Precedence", "Bulk"), "precedence"),
            (("Precedence", "list"), "precedence"),
            (("List-Unsubscribe", "<https://x.org/u>"), "newsletter"),
            (("List-Id", "News <news.x.org>"), "newsletter"),
        ];
        for (field, expected) in cases {
            assert_eq!(by_headers(&[field]), Some(expected), "{field:?}");
        }
    }

    #[test]
    fn headers_that_people_have_too_say_nothing() {
        for field in [
            ("Auto-Submitted", "no"),
            ("Return-Path", "<ann@x.org>"),
            ("X-Auto-Response-Suppress", "DR, RN, NRN"),
            ("Precedence", "first-class"),
            (
                "Content-Type",
                "multipart/related; type=\"multipart/report\"",
            ),
        ] {
            assert_eq!(by_headers(&[field]), None, "{field:?}");
        }
    }

    #[test]
    fn a_list_that_people_write_to_is_not_bulk() {
        let discussion = [
            ("List-Id", "<team.x.org>"),
            ("List-Post", "<mailto:team@x.org>"),
            ("List-Unsubscribe", "<mailto:u@x.org>"),
            ("Precedence", "list"),
        ];
        assert_eq!(by_headers(&discussion), None);
        let closed = [("List-Id", "<team.x.org>"), ("List-Post", "NO")];
        assert_eq!(by_headers(&closed), Some("newsletter"));
    }

    #[test]
    fn machines_are_known_by_their_local_part() {
        for (from, expected) in [
            ("No-Reply@x.org", "no_reply_sender"),
            ("do_not_reply@x.org", "no_reply_sender"),
            ("jira-noreply+1@x.org", "no_reply_sender"),
            ("MAILER-DAEMON@x.org", "bounce_sender"),
            ("postmaster@x.org", "bounce_sender"),
            ("bounces+ann=x.org@y.org", "bounce_sender"),
            ("weekly.newsletter@x.org", "newsletter_sender"),
            ("notifications@x.org", "notification_sender"),
        ] {
            assert_eq!(by_sender(from), Some(expected), "{from}");
        }
        for from in [
            "ann.noble@x.org",
            "trebounce@x.org",
            "noreply",
            "ann@noreply.x.org",
        ] {
            assert_eq!(by_sender(from), None, "{from}");
        }
    }

    #[test]
    fn subjects_of_machines_and_people_are_distinguished() {
        for (subject, expected) in [
            ("Automatic reply: offer", "auto_reply_subject"),
            ("Out of Office AutoReply: offer", "auto_reply_subject"),
            ("ABWESENHEITSNOTIZ: Angebot", "auto_reply_subject"),
            ("Réponse automatique : offre", "auto_reply_subject"),
            ("Re\u{301}ponse automatique: offre", "auto_reply_subject"),
            ("Out of office", "auto_reply_subject"),
            ("OTOMAT\u{130}K YANIT: teklif", "auto_reply_subject"),
            (
                "Ann Lee is out of the office (returning 12/01/2026)",
                "auto_reply_subject",
            ),
            ("Autosvar: tilbud", "auto_reply_subject"),
            ("Automaattinen vastaus: tarjous", "auto_reply_subject"),
            ("Odpowiedź automatyczna: oferta", "auto_reply_subject"),
            ("Automatická odpověď: nabídka", "auto_reply_subject"),
            ("Автоматический ответ: предложение", "auto_reply_subject"),
            ("Otomatik Yanıt: teklif", "auto_reply_subject"),
            ("自动答复: 报价", "auto_reply_subject"),
            ("자동 회신: 제안", "auto_reply_subject"),
            ("Undeliverable: offer", "delivery_report_subject"),
            (
                "Delivery Status Notification (Failure)",
                "delivery_report_subject",
            ),
        ] {
            assert_eq!(by_subject(subject), Some(expected), "{subject}");
        }
        for subject in [
            "Out of office next week",
            "Out of office (next week)",
            "Auto: Angebot für Ihr Fahrzeug",
            "Abwesenheit",
            "Absent du bureau [vendredi]",
            "Automatische Antwort gewünscht? Nein",
            "Abwesenheitsnotiz einrichten",
            "自動応答装置の見積",
            "Delivery failure on pallet 7",
            "Failure notice period",
        ] {
            assert_eq!(by_subject(subject), None, "{subject}");
        }
        assert_eq!(by_subject("Re: Undeliverable: offer"), None);
    }

    #[test]
    fn rules_have_ids_of_their_own() {
        let ids: std::collections::BTreeSet<_> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), RULES.len());
    }
}
