//! Generated mail for benches of the index.

use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use touchpoint::model::activity::ContactMatch;
use touchpoint::model::activity::MatchRule;
use touchpoint::model::activity::MatchedInteraction;
use touchpoint::model::id::Id128;
use touchpoint::model::interaction::Direction;
use touchpoint::model::interaction::Interaction;
use touchpoint::model::interaction::Kind;
use touchpoint::model::interaction::Participant;
use touchpoint::model::interaction::Role;
use touchpoint::model::interaction::Source;
use touchpoint::model::interaction::State;
use touchpoint::model::mailbox::Mailbox;
use touchpoint::model::mailbox::MailboxKind;
use touchpoint::model::time::DAY;
use touchpoint::model::time::Timestamp;

/// Words that texts consist of.
const VOCABULARY: u32 = 30_000;
/// Contacts, each with mails from and to them.
const CONTACTS: usize = 20_000;
/// Accounts, which share the contacts.
const ACCOUNTS: usize = 2_000;

/// Few words are common and most are rare: squaring a uniform number gives such a distribution.
pub(crate) fn words(random: &mut ChaCha8Rng, count: usize) -> String {
    let word = |random: &mut ChaCha8Rng| {
        let place: f64 = random.random();
        let number = (place * place * f64::from(VOCABULARY)).floor();
        format!("word{number}")
    };
    let words: Vec<_> = (0..count).map(|_| word(random)).collect();
    words.join(" ")
}

fn participant(number: usize, role: Role, internal: bool) -> Participant {
    let domain = if internal { "contoso" } else { "fabrikam" };
    Participant {
        address: format!("person{number}@{domain}.example"),
        is_address: true,
        name: Some(format!("First{number} Last{number}")),
        role,
        response: None,
        internal,
    }
}

/// The mailbox of a colleague.
pub(crate) fn mailbox(colleague: usize) -> Arc<Mailbox> {
    Arc::new(Mailbox {
        id: format!("mailbox-{colleague}").into(),
        address: format!("person{colleague}@contoso.example").into(),
        kind: MailboxKind::User,
        tenant: "contoso".into(),
        own_addresses: Vec::new(),
    })
}

/// A mail, or each fifth time a meeting, in the mailbox of a colleague; three in a row are one
/// conversation.
pub(crate) fn interaction(
    random: &mut ChaCha8Rng,
    number: usize,
    colleague: usize,
    body_words: usize,
) -> MatchedInteraction {
    let person: usize = random.random_range(0..CONTACTS);
    let outside = participant(person, Role::From, false);
    let account = person % ACCOUNTS;
    let contact_match = ContactMatch {
        contact: Some((format!("C{person}").into(), "First Last".into())),
        account: Some((format!("A{account}").into(), Some("Fabrikam".into()))),
        address: outside.address.clone(),
        role: Role::From,
        response: None,
        rule: MatchRule::ContactEmail,
    };
    let interaction = Interaction {
        interaction_id: Id128::of(&[&number.to_le_bytes()]),
        mailbox: mailbox(colleague),
        source: Source::Graph,
        source_id: number.to_string(),
        container: "inbox".into(),
        kind: if number.is_multiple_of(5) {
            Kind::Meeting
        } else {
            Kind::Email
        },
        revision: 1,
        state: State::Active,
        occurred_at: Timestamp(random.random_range(18_000 * DAY..20_000 * DAY)),
        ended_at: None,
        direction: Direction::Inbound,
        subject: Some(words(random, 6)),
        preview: Some(words(random, 30)),
        body_text: (body_words > 0).then(|| words(random, body_words)),
        sensitivity_known: true,
        thread_id: Some(format!("thread{}", number / 3)),
        series_id: None,
        participants: vec![outside, participant(colleague, Role::To, true)],
        is_bulk: number.is_multiple_of(7),
        bulk_reason: None,
        is_online_meeting: None,
        online_provider: None,
        is_recurring: None,
        is_all_day: None,
        fingerprint: 0,
        captured_at: Timestamp(0),
        run_id: "bench".into(),
        user_role: Some(Role::To),
    };
    MatchedInteraction {
        interaction,
        contact_matches: vec![contact_match],
    }
}
