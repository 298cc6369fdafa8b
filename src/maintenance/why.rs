//! Why a message, an address or a day is, or is not, in the lake. Nothing is guessed: each finding is what
//! the lake holds, or what the rules of today's configuration say.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use crate::config::Config;
use crate::config::capture::InternalOnly;
use crate::config::capture::Unmatched;
use crate::insight::directory::Directory;
use crate::insight::lookup;
use crate::insight::lookup::Found;
use crate::insight::lookup::What;
use crate::lake::Lake;
use crate::lake::read::Filter;
use crate::lake::recorded::Recorded;
use crate::maintenance::mailbox_facts;
use crate::maintenance::mailbox_facts::MailboxFacts;
use crate::maintenance::newest::newest;
use crate::maintenance::show;
use crate::maintenance::why_error::WhyError;
use crate::matching::Matcher;
use crate::model::address::Address;
use crate::model::address::is_within;
use crate::model::days::Days;
use crate::model::days::midnight;
use crate::model::freemail::is_freemail;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;
use crate::model::interaction::State;
use crate::model::mailbox::MailboxName;
use crate::model::time::Timestamp;
use crate::model::why::Explanation;
use crate::model::why::Finding;
use crate::model::why::MailboxFindings;
use crate::model::why::Part;
use crate::model::why::RowFinding;
use crate::model::why::RuleFinding;
use crate::model::why::Subject;
use crate::policy::exclusions::Exclusions;
use crate::policy::identity;

/// What a text names.
///
/// # Errors
/// It is no Message-ID, id, address or day.
pub(crate) fn subject(text: &str, days: Option<Days>) -> Result<Subject, WhyError> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('<') {
        let id = rest.split('>').next().unwrap_or_default().trim();
        return (!id.is_empty())
            .then(|| Subject::Message(id.to_owned()))
            .ok_or(WhyError::Unclear);
    }
    if let Some(address) = text.contains('@').then(|| Address::parse(text)).flatten() {
        return Ok(Subject::Address(address.as_str().to_owned()));
    }
    if let Some(days) = days.filter(|days| days.first == days.last) {
        return Ok(Subject::Day(midnight(days.first), days.end()));
    }
    let digits = show::digits(text).ok_or(WhyError::Unclear)?;
    Ok(Subject::Interaction(digits))
}

/// Answers from a lake. Call it from a blocking thread.
///
/// # Errors
/// The lake cannot be read, or has no such mailbox.
pub(crate) fn explain(
    lake: &Lake,
    config: &Config,
    subject: Subject,
    mailbox: Option<&MailboxName>,
    now: Timestamp,
) -> Result<Explanation, WhyError> {
    let mut known = mailbox_facts::read(lake)?;
    if let Some(name) = mailbox {
        known.retain(|facts| {
            let own = Address::parse(&facts.mailbox.address);
            name.is_of(&facts.mailbox.id, &facts.mailbox.address, own.as_slice())
        });
        if known.is_empty() {
            return Err(WhyError::NoMailbox);
        }
    }
    let mut recorded = recorded(lake, &subject, now)?;
    let mut findings = Vec::new();
    if recorded.is_empty() {
        findings.push(Finding::Row(RowFinding::NotRecorded));
    }
    if let Subject::Address(address) = &subject {
        let rules = of_address(lake, config, address)?;
        findings.extend(rules.into_iter().map(Finding::Rule));
    }
    let mailboxes = known.into_iter().map(|facts| MailboxFindings {
        findings: of_mailbox(&facts, recorded.remove(&*facts.mailbox.id), &subject),
        mailbox: facts.mailbox,
    });
    let mailboxes = mailboxes.collect();
    Ok(Explanation {
        subject,
        findings,
        mailboxes,
    })
}

/// What the lake has of the subject, by mailbox.
fn recorded(lake: &Lake, subject: &Subject, now: Timestamp) -> Result<ByMailbox, WhyError> {
    match subject {
        Subject::Message(id) => of_rows(lake, lake.interactions_of(message_ids(id, now))?),
        Subject::Interaction(digits) => of_rows(lake, lake.interactions_beginning(digits)?),
        Subject::Address(address) => Ok(summed(lake.recorded_with(address)?)),
        Subject::Day(first, last) => {
            let filter = Filter {
                from_month: Some(first.month()),
                to_month: Some(last.month()),
                slots: None,
            };
            let rows = lake.recorded(&filter)?.collect::<Result<Vec<_>, _>>()?;
            let rows = rows.into_iter();
            let of_day = rows.filter(|row| (*first..=*last).contains(&row.occurred_at));
            Ok(summed(of_day.collect()))
        }
    }
}

/// What is recorded, or else what could be the reason, of one mailbox.
fn of_mailbox(
    facts: &MailboxFacts,
    recorded: Option<Vec<RowFinding>>,
    subject: &Subject,
) -> Vec<Finding> {
    let day = match subject {
        Subject::Day(first, last) => Some((*first, *last)),
        _ => None,
    };
    let is_one = matches!(subject, Subject::Message(_) | Subject::Interaction(_));
    // Of a single item that is there nothing else has to be said.
    let reasons = if is_one && recorded.is_some() {
        Vec::new()
    } else {
        facts.reasons(day)
    };
    let recorded = recorded.unwrap_or_default().into_iter().map(Finding::Row);
    recorded
        .chain(reasons.into_iter().map(Finding::State))
        .collect()
}

/// The ids that a mail with a Message-ID has in the lake, by the day on which it was sent.
fn message_ids(message_id: &str, now: Timestamp) -> HashSet<Id128> {
    let days = identity::SENT_MIN.day()..=now.day() + 2;
    let by_day = days.map(|day| identity::message_id_on(message_id, Some(day)));
    by_day
        .chain([identity::message_id_on(message_id, None)])
        .collect()
}

/// What is recorded, by the id of the mailbox.
type ByMailbox = HashMap<String, Vec<RowFinding>>;

/// The current rows of each mailbox, with their matches.
fn of_rows(lake: &Lake, rows: Vec<Interaction>) -> Result<ByMailbox, WhyError> {
    let keyed = rows.into_iter().map(|row| {
        let key = (row.mailbox.id.clone(), row.interaction_id);
        (key, (row.revision, row.state), row)
    });
    let mut found = ByMailbox::new();
    for ((mailbox, id), row) in newest(keyed) {
        let mut matches: Vec<RowFinding> = Vec::new();
        let of_mailbox = lake.activities_of(id)?.into_iter();
        let of_mailbox = of_mailbox.filter(|one| one.mailbox.id == mailbox);
        matches.extend(
            of_mailbox
                .filter_map(|one| one.contact_match)
                .map(RowFinding::Matched),
        );
        if matches.is_empty() {
            matches.push(RowFinding::NotMatched);
        }
        let findings = found.entry(mailbox.to_string()).or_default();
        findings.push(RowFinding::Current {
            id,
            at: row.occurred_at,
            revision: row.revision,
            state: row.state,
            run_id: row.run_id,
        });
        findings.extend(matches);
    }
    Ok(found)
}

/// How many current rows each mailbox has of some, by kind.
fn summed(rows: Vec<Recorded>) -> ByMailbox {
    let keyed = rows.into_iter().map(|row| {
        let key = (row.mailbox_id.clone(), row.interaction_id);
        (key, (row.revision, row.state), row)
    });
    let mut sums: BTreeMap<(Arc<str>, Part), (u64, Timestamp, Timestamp)> = BTreeMap::new();
    let active = newest(keyed).into_values();
    for row in active.filter(|row| row.state == State::Active) {
        let part = match row.kind {
            Kind::Email => Part::Mail,
            Kind::Meeting => Part::Meetings,
        };
        let at = row.occurred_at;
        let sum = sums.entry((row.mailbox_id, part)).or_insert((0, at, at));
        *sum = (sum.0 + 1, sum.1.min(at), sum.2.max(at));
    }
    let mut found = ByMailbox::new();
    for ((mailbox, part), (interactions, first, last)) in sums {
        let span = (first, last);
        let findings = found.entry(mailbox.to_string()).or_default();
        findings.push(RowFinding::Recorded {
            part,
            interactions,
            span,
        });
    }
    found
}

/// What today's rules and the CRM snapshot of the last run say of an address.
fn of_address(lake: &Lake, config: &Config, text: &str) -> Result<Vec<RuleFinding>, WhyError> {
    let own_domains = lake.own_domains()?.unwrap_or_default();
    let Some(address) = Address::stored(text) else {
        return Ok(Vec::new());
    };
    let of_colleague = mailbox_facts::addresses(lake)?.contains(text);
    let person = Participant {
        address: text.to_owned(),
        is_address: true,
        name: None,
        role: Role::From,
        response: None,
        internal: of_colleague || is_within(address.domain(), &own_domains),
    };
    let mut findings = Vec::new();
    let exclusions = Exclusions::new(&config.capture.exclude);
    match exclusions.of_item(std::slice::from_ref(&person), None) {
        Some("address") => findings.push(RuleFinding::ExcludedAddress),
        Some(_) => findings.push(RuleFinding::ExcludedDomain),
        None => {}
    }
    if person.internal {
        let is_skipped = config.capture.internal_only == InternalOnly::Skip;
        findings.push(RuleFinding::Internal { is_skipped });
        return Ok(findings);
    }
    if is_freemail(address.domain()) {
        findings.push(RuleFinding::Freemail);
    }
    findings.extend(of_crm(lake, config, person, &own_domains)?);
    Ok(findings)
}

/// Whom the CRM snapshots in force have for an external address.
fn of_crm(
    lake: &Lake,
    config: &Config,
    person: Participant,
    own_domains: &hashbrown::HashSet<String>,
) -> Result<Vec<RuleFinding>, WhyError> {
    let snapshots = lake.snapshots_in_force()?;
    if snapshots.is_empty() {
        return Ok(vec![RuleFinding::NoCrm]);
    }
    let people = [person];
    let matches = snapshots.iter().map(|snapshot| {
        let matcher = Matcher::new(snapshot, own_domains);
        matcher.contact_matches(&people)
    });
    if let Some(matches) = matches.into_iter().find(|matches| !matches.is_empty()) {
        return Ok(matches.into_iter().map(RuleFinding::InCrm).collect());
    }
    let directory = Directory::new(snapshots, Vec::new());
    let entries = directory.entries();
    let near = match lookup::find(&people[0].address, &entries, &[What::Contact]) {
        Found::One(entry) => vec![entry],
        Found::Ambiguous { first, .. } => first,
        Found::Unknown(near) => near,
    };
    let near = near.into_iter().flat_map(|entry| entry.addresses.iter());
    Ok(vec![RuleFinding::NotInCrm {
        near: near.map(|address| (*address).to_owned()).collect(),
        unmatched: match config.capture.unmatched {
            Unmatched::Envelope => "envelope",
            Unmatched::Keep => "keep",
            Unmatched::Skip => "skip",
        },
    }])
}
