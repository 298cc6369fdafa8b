//! Every outcome, their order of precedence, and what is kept.

use std::sync::Arc;

use crate::config::capture::Capture;
use crate::config::capture::Content;
use crate::config::capture::InternalOnly;
use crate::config::capture::UnknownSensitivity;
use crate::model::address::Address;
use crate::model::interaction::Direction;
use crate::model::interaction::Interaction;
use crate::model::interaction::Role;
use crate::model::interaction::Source;
use crate::model::mail::Mail;
use crate::model::mail::MailClass;
use crate::model::mail::RawParticipant;
use crate::model::mail::Sensitivity;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::outcome::Outcome;
use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::policy::capture_policy::CapturePolicy;
use crate::policy::capture_policy::Decision;
use crate::policy::capture_policy::Rules;
use crate::policy::capture_policy::fixtures;
use crate::policy::capture_policy::withhold_content;

fn capture() -> Capture {
    let mut capture = Capture::default();
    capture.exclude.addresses = vec![Address::parse("spy@acme.com").unwrap()];
    capture.exclude.domains = vec!["clinic.example".into()];
    capture.exclude.subjects = vec!["private".into()];
    capture
}

fn policy_under(capture: &Capture) -> CapturePolicy {
    let sent = fixtures::mail().sent.unwrap();
    CapturePolicy {
        rules: Arc::new(Rules::new(capture)),
        directory: Arc::new(fixtures::directory()),
        mailbox: fixtures::mailbox("ann"),
        source: Source::Graph,
        history: vec![(sent.plus(-30 * DAY), true), (sent.plus(DAY), false)],
        meetings: Vec::new(),
        window_start: Some(sent.plus(-20 * DAY)),
        meeting_window_start: None,
        captured_at: Timestamp(1),
        run_id: "run".into(),
    }
}

fn skipped(outcome: Outcome, reason: &'static str) -> Decision {
    Decision::Skip { outcome, reason }
}

fn kept(decision: Decision) -> Interaction {
    match decision {
        Decision::Keep(interaction) => *interaction,
        Decision::Skip { outcome, reason } => panic!("{outcome:?} {reason}"),
    }
}

fn add(mail: &mut Mail, role: Role, address: &str) {
    mail.participants.push(RawParticipant {
        role,
        name: None,
        address: address.into(),
    });
}

/// A modification of a mail, and the resulting outcome.
type Modification = (fn(&mut Mail), Outcome, &'static str);

/// In order of precedence.
const MODIFIED: &[Modification] = &[
    (
        |mail| (mail.sent, mail.received) = (None, None),
        Outcome::Unreadable,
        "no_date",
    ),
    (|mail| mail.is_draft = true, Outcome::Draft, ""),
    (
        |mail| mail.sent = mail.sent.map(|sent| sent.plus(-20 * DAY - 1)),
        Outcome::OutsideWindow,
        "",
    ),
    (
        |mail| {
            mail.sent = mail.sent.map(|sent| sent.plus(DAY));
            mail.received = mail.sent;
        },
        Outcome::NotCaptured,
        "",
    ),
    (
        |mail| mail.sensitivity = Sensitivity::Private,
        Outcome::Private,
        "",
    ),
    (
        |mail| add(mail, Role::Cc, "Spy@acme.com"),
        Outcome::Excluded,
        "address",
    ),
    (
        |mail| add(mail, Role::Bcc, "x@eu.clinic.example"),
        Outcome::Excluded,
        "domain",
    ),
    (
        |mail| mail.subject = Some("Re: PRIVATE".into()),
        Outcome::Excluded,
        "subject",
    ),
    (
        |mail| mail.class = MailClass::Meeting,
        Outcome::Excluded,
        "meeting_mail",
    ),
    (
        |mail| {
            mail.participants
                .retain(|participant| participant.role == Role::To);
        },
        Outcome::InternalOnly,
        "",
    ),
];

#[test]
fn each_outcome_has_its_rule() {
    let policy = policy_under(&capture());
    for (modify, outcome, reason) in MODIFIED {
        let mut mail = fixtures::mail();
        modify(&mut mail);
        assert_eq!(policy.evaluate(mail, false), skipped(*outcome, reason));
    }
    let in_folder = policy.evaluate(fixtures::mail(), true);
    assert_eq!(in_folder, skipped(Outcome::Excluded, "folder"));
}

#[test]
fn of_several_outcomes_the_first_is_taken() {
    let policy = policy_under(&capture());
    for (position, (first, outcome, reason)) in MODIFIED.iter().enumerate() {
        for (later, later_outcome, _) in MODIFIED.iter().skip(position + 1) {
            // Both set the time of sending, to different values.
            let times = [
                Outcome::Unreadable,
                Outcome::OutsideWindow,
                Outcome::NotCaptured,
            ];
            if times.contains(outcome) && times.contains(later_outcome) {
                continue;
            }
            let mut mail = fixtures::mail();
            later(&mut mail);
            first(&mut mail);
            assert_eq!(
                policy.evaluate(mail, false),
                skipped(*outcome, reason),
                "{later_outcome:?}"
            );
        }
    }
}

#[test]
fn what_is_kept_has_every_column() {
    let policy = policy_under(&capture());
    let mut mail = fixtures::mail();
    mail.bulk_reason = Some("list");
    let interaction = kept(policy.evaluate(mail, false));
    assert_eq!(interaction.occurred_at, fixtures::mail().sent.unwrap());
    assert_eq!(interaction.direction, Direction::Inbound);
    assert_eq!(interaction.user_role, Some(Role::To));
    assert_eq!(interaction.bulk_reason.as_deref(), Some("list"));
    assert!(interaction.is_bulk && interaction.sensitivity_known);
    assert_eq!((interaction.revision, interaction.fingerprint), (1, 7));
    assert_eq!(&*interaction.run_id, "run");
    assert_eq!(interaction.thread_id.as_deref(), Some("thread"));
}

#[test]
fn shared_mailboxes_and_rooms_have_no_user_role() {
    let mut policy = policy_under(&capture());
    for kind in [MailboxKind::Shared, MailboxKind::Room] {
        let mailbox = Mailbox {
            kind,
            ..(*policy.mailbox).clone()
        };
        policy.mailbox = Arc::new(mailbox);
        assert_eq!(
            kept(policy.evaluate(fixtures::mail(), false)).user_role,
            None
        );
    }
}

#[test]
fn the_content_level_trims_text() {
    for (content, subject, preview, body) in [
        (Content::Envelope, true, false, false),
        (Content::Preview, true, true, false),
        (Content::Full, true, true, true),
    ] {
        let policy = policy_under(&Capture {
            content,
            ..capture()
        });
        let row = kept(policy.evaluate(fixtures::mail(), false));
        let found = (
            row.subject.is_some(),
            row.preview.is_some(),
            row.body_text.is_some(),
        );
        assert_eq!(found, (subject, preview, body), "{content:?}");
    }
}

#[test]
fn the_policy_can_keep_internal_mail() {
    let policy = policy_under(&Capture {
        internal_only: InternalOnly::Record,
        ..capture()
    });
    let mut mail = fixtures::mail();
    mail.participants
        .retain(|participant| participant.role == Role::To);
    assert_eq!(
        kept(policy.evaluate(mail, false)).direction,
        Direction::Internal
    );
}

#[test]
fn mail_whose_participants_have_no_address_is_not_internal_only() {
    let mut mail = fixtures::mail();
    mail.participants.clear();
    add(&mut mail, Role::From, "/o=contoso/cn=gone");
    let interaction = kept(policy_under(&capture()).evaluate(mail, false));
    assert_eq!(interaction.direction, Direction::Inbound);
}

#[test]
fn privacy_found_late_overrides_later_rules_only() {
    let policy = policy_under(&capture());
    for (outcome, becomes_private) in [
        (Outcome::Unreadable, false),
        (Outcome::Draft, false),
        (Outcome::OutsideWindow, false),
        (Outcome::NotCaptured, false),
        (Outcome::Private, true),
        (Outcome::Excluded, true),
        (Outcome::InternalOnly, true),
    ] {
        let decision = policy.with_sensitivity(skipped(outcome, ""), true, true);
        let expected = if becomes_private {
            Outcome::Private
        } else {
            outcome
        };
        assert_eq!(decision, skipped(expected, ""));
        assert_eq!(
            policy.with_sensitivity(skipped(outcome, "x"), true, false),
            skipped(outcome, "x")
        );
    }
    let decision = policy.evaluate(fixtures::mail(), false);
    let private = policy.with_sensitivity(decision, true, true);
    assert_eq!(private, skipped(Outcome::Private, ""));
}

#[test]
fn content_of_unknown_sensitivity_is_withheld_by_default() {
    for (policy, known, has_text) in [
        (UnknownSensitivity::Hide, true, true),
        (UnknownSensitivity::Hide, false, false),
        (UnknownSensitivity::Record, false, true),
    ] {
        let unknown_sensitivity = policy;
        let policy = policy_under(&Capture {
            unknown_sensitivity,
            content: Content::Full,
            ..capture()
        });
        let mut mail = fixtures::mail();
        mail.sensitivity = Sensitivity::Unknown;
        let decision = policy.evaluate(mail, false);
        let row = kept(policy.with_sensitivity(decision, known, false));
        assert_eq!(row.sensitivity_known, known);
        let found = [&row.subject, &row.preview, &row.body_text].map(Option::is_some);
        assert_eq!(found, [has_text; 3], "{policy:?}");
    }
    // An archive's mail contains its own sensitivity.
    let policy = policy_under(&capture());
    let decision = policy.evaluate(fixtures::mail(), false);
    assert!(
        kept(policy.with_sensitivity(decision, false, false))
            .subject
            .is_some()
    );
}

#[test]
fn withholding_leaves_who_and_when() {
    let policy = policy_under(&Capture {
        content: Content::Full,
        ..capture()
    });
    let whole = kept(policy.evaluate(fixtures::mail(), false));
    let mut withheld = whole.clone();
    withhold_content(&mut withheld);
    let expected = Interaction {
        subject: None,
        preview: None,
        body_text: None,
        ..whole
    };
    assert_eq!(withheld, expected);
}
