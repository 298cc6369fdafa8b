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
use crate::model::time::Micros;
use crate::policy::judge::Judge;
use crate::policy::judge::Judged;
use crate::policy::judge::Rules;
use crate::policy::judge::fixtures;
use crate::policy::judge::withhold_content;

fn capture() -> Capture {
    let mut capture = Capture::default();
    capture.exclude.addresses = vec![Address::parse("spy@acme.com").unwrap()];
    capture.exclude.domains = vec!["clinic.example".into()];
    capture.exclude.subjects = vec!["private".into()];
    capture
}

fn judge_under(capture: &Capture) -> Judge {
    let sent = fixtures::mail().sent.unwrap();
    Judge {
        rules: Arc::new(Rules::new(capture)),
        directory: Arc::new(fixtures::directory()),
        mailbox: fixtures::mailbox("ann"),
        source: Source::Graph,
        history: vec![(sent.plus(-30 * DAY), true), (sent.plus(DAY), false)],
        meetings: Vec::new(),
        window_start: Some(sent.plus(-20 * DAY)),
        captured_at: Micros(1),
        run_id: "run".into(),
    }
}

fn dropped(outcome: Outcome, reason: &'static str) -> Judged {
    Judged::Drop { outcome, reason }
}

fn kept(judged: Judged) -> Interaction {
    match judged {
        Judged::Keep(interaction) => *interaction,
        Judged::Drop { outcome, reason } => panic!("{outcome:?} {reason}"),
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
    let judge = judge_under(&capture());
    for (modify, outcome, reason) in MODIFIED {
        let mut mail = fixtures::mail();
        modify(&mut mail);
        assert_eq!(judge.judge(mail, false), dropped(*outcome, reason));
    }
    let in_folder = judge.judge(fixtures::mail(), true);
    assert_eq!(in_folder, dropped(Outcome::Excluded, "folder"));
}

#[test]
fn of_several_outcomes_the_first_is_taken() {
    let judge = judge_under(&capture());
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
                judge.judge(mail, false),
                dropped(*outcome, reason),
                "{later_outcome:?}"
            );
        }
    }
}

#[test]
fn what_is_kept_has_every_column() {
    let judge = judge_under(&capture());
    let mut mail = fixtures::mail();
    mail.bulk_reason = Some("list");
    let interaction = kept(judge.judge(mail, false));
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
    let mut judge = judge_under(&capture());
    for kind in [MailboxKind::Shared, MailboxKind::Room] {
        let mailbox = Mailbox {
            kind,
            ..(*judge.mailbox).clone()
        };
        judge.mailbox = Arc::new(mailbox);
        assert_eq!(kept(judge.judge(fixtures::mail(), false)).user_role, None);
    }
}

#[test]
fn the_content_level_trims_text() {
    for (content, subject, preview, body) in [
        (Content::Envelope, true, false, false),
        (Content::Preview, true, true, false),
        (Content::Full, true, true, true),
    ] {
        let judge = judge_under(&Capture {
            content,
            ..capture()
        });
        let row = kept(judge.judge(fixtures::mail(), false));
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
    let judge = judge_under(&Capture {
        internal_only: InternalOnly::Record,
        ..capture()
    });
    let mut mail = fixtures::mail();
    mail.participants
        .retain(|participant| participant.role == Role::To);
    assert_eq!(
        kept(judge.judge(mail, false)).direction,
        Direction::Internal
    );
}

#[test]
fn mail_whose_participants_have_no_address_is_not_internal_only() {
    let mut mail = fixtures::mail();
    mail.participants.clear();
    add(&mut mail, Role::From, "/o=contoso/cn=gone");
    let interaction = kept(judge_under(&capture()).judge(mail, false));
    assert_eq!(interaction.direction, Direction::Inbound);
}

#[test]
fn privacy_found_late_overrides_later_rules_only() {
    let judge = judge_under(&capture());
    for (outcome, becomes_private) in [
        (Outcome::Unreadable, false),
        (Outcome::Draft, false),
        (Outcome::OutsideWindow, false),
        (Outcome::NotCaptured, false),
        (Outcome::Private, true),
        (Outcome::Excluded, true),
        (Outcome::InternalOnly, true),
    ] {
        let judged = judge.with_sensitivity(dropped(outcome, ""), true, true);
        let expected = if becomes_private {
            Outcome::Private
        } else {
            outcome
        };
        assert_eq!(judged, dropped(expected, ""));
        assert_eq!(
            judge.with_sensitivity(dropped(outcome, "x"), true, false),
            dropped(outcome, "x")
        );
    }
    let judged = judge.judge(fixtures::mail(), false);
    let private = judge.with_sensitivity(judged, true, true);
    assert_eq!(private, dropped(Outcome::Private, ""));
}

#[test]
fn content_of_unknown_sensitivity_is_withheld_by_default() {
    for (policy, known, has_text) in [
        (UnknownSensitivity::Hide, true, true),
        (UnknownSensitivity::Hide, false, false),
        (UnknownSensitivity::Record, false, true),
    ] {
        let unknown_sensitivity = policy;
        let judge = judge_under(&Capture {
            unknown_sensitivity,
            content: Content::Full,
            ..capture()
        });
        let mut mail = fixtures::mail();
        mail.sensitivity = Sensitivity::Unknown;
        let judged = judge.judge(mail, false);
        let row = kept(judge.with_sensitivity(judged, known, false));
        assert_eq!(row.sensitivity_known, known);
        let found = [&row.subject, &row.preview, &row.body_text].map(Option::is_some);
        assert_eq!(found, [has_text; 3], "{policy:?}");
    }
    // An archive's mail contains its own sensitivity.
    let judge = judge_under(&capture());
    let judged = judge.judge(fixtures::mail(), false);
    assert!(
        kept(judge.with_sensitivity(judged, false, false))
            .subject
            .is_some()
    );
}

#[test]
fn withholding_leaves_who_and_when() {
    let judge = judge_under(&Capture {
        content: Content::Full,
        ..capture()
    });
    let whole = kept(judge.judge(fixtures::mail(), false));
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
