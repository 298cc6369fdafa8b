//! What a simulated tenant holds, and where each item lies at a given instant.

use std::collections::HashMap;

use crate::model::time::Timestamp;
use crate::sim::calendar::meeting::Meeting;
use crate::sim::crm::records::Contact;
use crate::sim::crm::records::ContactMatch;
use crate::sim::crm::records::Crm;
use crate::sim::faults::fault::Target;
use crate::sim::mail::mailbox::Mail;
use crate::sim::mail::mailbox::Mailbox;
use crate::sim::person::Person;
use crate::sim::rng::Rng;
use crate::sim::spec::Spec;

/// A whole tenant: a pure function of its [`Spec`].
#[derive(Debug)]
pub struct World {
    /// What it was made from.
    pub spec: Spec,
    /// Users of the directory.
    pub people: Vec<Person>,
    /// Object ids of the scope group, the group nested in it, and the one nested in that.
    pub groups: [String; 3],
    /// Tenant and application ids, and the application's secret.
    pub app: App,
    /// The CRM as the export writes it.
    pub crm: Crm,
    /// Everyone that takes part in a mail, in every way of writing.
    pub addresses: Vec<Address>,
    /// The same by the role that the generator gives them.
    pub people_by_role: PeopleByRole,
    /// Mails, each stored once however many copies there are.
    pub mails: Vec<Mail>,
    /// The mailbox of each person, by the same number; empty where there is none.
    pub mailboxes: Vec<Mailbox>,
    /// Numbers of people by object id and by user principal name in lower case.
    pub keys: HashMap<String, usize>,
    /// Numbers of the people who take part in ordinary traffic.
    pub active: Vec<usize>,
    /// Copies in all mailboxes.
    pub copies: usize,
    /// Meetings, each stored once however many copies there are.
    pub meetings: Vec<Meeting>,
    /// Copies of them in all calendars.
    pub meetings_held: usize,
    /// Meetings that the first simulated day shows; nothing where the world has none.
    pub first_day: Option<FirstDay>,
    /// Number and person of the first contact that is added to the CRM.
    pub newcomer: Option<(usize, Contact)>,
}

impl World {
    /// The number of the one whom a fault concerns.
    pub fn person(&self, target: &Target) -> Option<usize> {
        let name = match target {
            Target::Number(number) => return (*number < self.people.len()).then_some(*number),
            Target::Name(name) => name,
        };
        let same = |text: &str| text.eq_ignore_ascii_case(name);
        self.people.iter().position(|person| {
            same(&person.id) || same(&person.upn) || same(&person.mail) || same(&person.stored)
        })
    }

    /// The number of the user with this object id or principal name.
    pub fn user(&self, key: &str) -> Option<usize> {
        self.keys.get(&key.to_lowercase()).copied()
    }

    /// The first instant of the simulated clock.
    pub fn start(&self) -> Timestamp {
        self.spec.start()
    }

    /// A stream of random choices of this world.
    pub fn rng(&self, purpose: u64) -> Rng {
        Rng::new(self.spec.seed, purpose)
    }
}

/// Identifiers of the application that reads.
#[derive(Debug)]
pub struct App {
    /// Directory (tenant) id.
    pub tenant_id: String,
    /// Application id.
    pub client_id: String,
    /// The one valid secret.
    pub secret: String,
}

/// Numbers of addresses by what the CRM must make of them.
#[derive(Debug, Default)]
pub struct PeopleByRole {
    /// A contact's primary address.
    pub email: Vec<u32>,
    /// A contact's further address.
    pub alias: Vec<u32>,
    /// A contact's primary address with a plus-tag.
    pub email_tagged: Vec<u32>,
    /// A contact's further address with a plus-tag.
    pub alias_tagged: Vec<u32>,
    /// Someone else at an account's domain.
    pub exact: Vec<u32>,
    /// Someone at a host below an account's domain.
    pub registrable: Vec<u32>,
    /// Not known to the CRM.
    pub unknown: Vec<u32>,
    /// Senders of newsletters and notifications.
    pub bulk: Vec<u32>,
    /// Excluded by address.
    pub blocked_address: Vec<u32>,
    /// Excluded by domain.
    pub blocked_domain: Vec<u32>,
    /// Internal addresses without a mailbox.
    pub lists: Vec<u32>,
    /// Legacy names of the own organisation that the directory does not know.
    pub gone: Vec<u32>,
    /// Text that is no address.
    pub unparsable: Vec<u32>,
    /// By person: primary address.
    pub people: Vec<u32>,
    /// By person: legacy name.
    pub legacy: Vec<u32>,
    /// By person: an alias.
    pub aliases: Vec<u32>,
}

/// Someone who takes part in a mail, in one way of writing.
#[derive(Debug)]
pub struct Address {
    /// As mails have it.
    pub raw: String,
    /// Display name; empty = none.
    pub name: String,
    /// As it must be stored.
    pub stored: String,
    /// Of the own company.
    pub internal: bool,
    /// Whether it is an address at all.
    pub counted: bool,
    /// The person whose mailbox it is.
    pub person: Option<usize>,
    /// What the CRM must find at the start.
    pub contact_match: Option<ContactMatch>,
    /// What it must find from an instant on, in order.
    pub later: Vec<(Timestamp, Option<ContactMatch>)>,
}

impl Address {
    /// What the CRM must find at an instant.
    pub fn contact_match_at(&self, at: Timestamp) -> Option<&ContactMatch> {
        let count = self.later.partition_point(|(when, _)| *when <= at);
        match count.checked_sub(1) {
            Some(last) => self.later[last].1.as_ref(),
            None => self.contact_match.as_ref(),
        }
    }
}

/// The meetings of the first simulated day that a demonstration can name.
#[derive(Debug, Clone, Copy)]
pub struct FirstDay {
    /// Number of a series that is moved by an hour.
    pub moved_series: usize,
    /// Number of a single meeting that is cancelled.
    pub cancelled: usize,
}
