//! What a simulated tenant holds, and where each item lies at a given instant.

use std::collections::HashMap;

use crate::model::time::Micros;
use crate::sim::calendar::invent;
use crate::sim::calendar::meeting::Holding;
use crate::sim::calendar::meeting::Meeting;
use crate::sim::calendar::stories::FirstDay;
use crate::sim::crm_changes;
use crate::sim::dice::Dice;
use crate::sim::faults::fault::Fault;
use crate::sim::mail;
use crate::sim::people;
use crate::sim::spec::Spec;
use crate::sim::spec::SpecError;

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
    /// The same by the part they play in the generator.
    pub cast: Cast,
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
    /// The world that a world file describes.
    pub fn from_toml(text: &str) -> Result<Self, SpecError> {
        let world = Self::build(Spec::from_toml(text)?);
        let is_known =
            |fault: &Fault| fault.mailbox.is_anybody() || fault.mailbox.number(&world).is_some();
        if world.spec.faults.iter().all(is_known) {
            Ok(world)
        } else {
            Err(SpecError::Range("faults: mailbox (nobody has it)"))
        }
    }

    /// A world of this seed and number of users, all else by default.
    pub fn generated(seed: u64, users: usize) -> Self {
        Self::build(Spec {
            seed,
            users,
            ..Spec::default()
        })
    }

    /// The world of a spec.
    pub fn build(spec: Spec) -> Self {
        let mut world = people::tenant(spec);
        mail::fill(&mut world);
        invent::fill(&mut world);
        crm_changes::fill(&mut world);
        world
    }

    /// The first instant of the simulated clock.
    pub fn start(&self) -> Micros {
        self.spec.start()
    }

    /// A stream of random choices of this world.
    pub fn dice(&self, purpose: u64) -> Dice {
        Dice::new(self.spec.seed, purpose)
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

/// What an app-only request to a mailbox gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It is served.
    Open,
    /// There is no cloud mailbox: 404.
    NoMailbox,
    /// The application access policy leaves it out: 403.
    Denied,
}

/// Where a person stands in the scope of the exported configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the scope group itself.
    Direct,
    /// In the group nested in it.
    Nested,
    /// In the group nested in that one.
    NestedTwice,
    /// In none.
    Outside,
}

/// A user of the directory.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Person {
    /// Directory object id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// User principal name.
    pub upn: String,
    /// `mail`, as the directory writes it.
    pub mail: String,
    /// The same as it must be stored.
    pub stored: String,
    /// Further SMTP addresses.
    pub aliases: Vec<String>,
    /// The legacy Exchange name, listed with `X500:`.
    pub x500: String,
    /// `userType`.
    pub user_type: Option<&'static str>,
    /// `accountEnabled`.
    pub enabled: bool,
    /// `userPurpose`: `user`, `shared` or `room`.
    pub purpose: &'static str,
    /// What requests to the mailbox get.
    pub access: Access,
    /// In which group.
    pub place: Place,
    /// The member row says `never`.
    pub never: bool,
    /// The member row says mail `off`.
    pub mail_off: bool,
    /// What the member row says of meetings; blank = as the team or tenant has it.
    pub meetings: &'static str,
    /// The team of the member row.
    pub team: &'static str,
    /// Takes part in ordinary traffic.
    pub active: bool,
}

impl Person {
    /// Whether the exported configuration reads this mailbox, and if not, why.
    pub fn verdict(&self) -> (bool, &'static str, Option<&'static str>) {
        if self.user_type == Some("Guest") {
            (false, "out", Some("guest"))
        } else if self.place == Place::Outside {
            (false, "out", Some("not_in_group"))
        } else if self.never {
            (false, "out", Some("never"))
        } else {
            match self.access {
                Access::Open => (true, "ok", None),
                Access::NoMailbox => (true, "no_mailbox", Some("no cloud mailbox")),
                Access::Denied => (true, "denied", Some("app access policy")),
            }
        }
    }

    /// Whether its mail settings, or those of its team, are off.
    pub fn is_off(&self) -> bool {
        self.mail_off || self.team == people::TEAM_OFF
    }

    /// Which of its meetings are captured: `all`, `recorded` or `none`.
    pub fn captured_meetings(&self) -> &'static str {
        match (self.meetings, self.team) {
            ("off", _) => "none",
            ("recorded", _) | (_, people::TEAM_OFF) => "recorded",
            _ => "all",
        }
    }

    /// Whether items of this mailbox reach the client at all.
    pub fn is_read(&self) -> bool {
        let (in_scope, status, _) = self.verdict();
        in_scope && status == "ok"
    }
}

/// Numbers of addresses by what the CRM must make of them.
#[derive(Debug, Default)]
pub struct Cast {
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
    /// Nobody that the CRM knows.
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

/// The customer relationship system.
#[derive(Debug, Default)]
pub struct Crm {
    /// People.
    pub contacts: Vec<Contact>,
    /// Companies.
    pub accounts: Vec<Account>,
    /// What changes along the clock, in order. Numbers of contacts beyond those above are of
    /// contacts that are added.
    pub changes: Vec<(Micros, CrmChange)>,
}

impl Crm {
    /// Who is in it at an instant.
    pub fn at(&self, at: Micros) -> Book {
        let mut book = Book {
            contacts: self.contacts.iter().cloned().map(Some).collect(),
            accounts: self.accounts.clone(),
        };
        for (_, change) in self.changes.iter().take_while(|(when, _)| *when <= at) {
            match change {
                CrmChange::Contact(number, contact) => {
                    if book.contacts.len() <= *number {
                        book.contacts.resize(number + 1, None);
                    }
                    book.contacts[*number].clone_from(contact);
                }
                CrmChange::Account(number, account) => book.accounts[*number].clone_from(account),
            }
        }
        book
    }
}

/// One change of the CRM.
#[derive(Debug, Clone)]
pub enum CrmChange {
    /// From now on the contact of this number looks so, or is gone.
    Contact(usize, Option<Contact>),
    /// From now on the account of this number looks so.
    Account(usize, Account),
}

/// The CRM at an instant.
#[derive(Debug)]
pub struct Book {
    /// Contacts by number; who is gone, or has not come yet, is none.
    pub contacts: Vec<Option<Contact>>,
    /// Accounts.
    pub accounts: Vec<Account>,
}

impl Book {
    /// The name of an account; one that does not exist has none.
    pub fn account_name(&self, id: &str) -> Option<&str> {
        let found = self.accounts.iter().find(|account| account.id == id);
        found.map(|account| account.name.as_str())
    }
}

/// A person in the CRM.
#[derive(Debug, Clone)]
pub struct Contact {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Primary address, as typed in.
    pub email: String,
    /// Further addresses.
    pub other_emails: Vec<String>,
    /// The account's id, which need not exist.
    pub account_id: Option<String>,
}

/// A company in the CRM.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its domains.
    pub domains: Vec<String>,
}

/// What a CRM lookup of an address must find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// Number of the contact.
    pub contact: Option<usize>,
    /// Id of the account, which need not exist.
    pub account_id: Option<String>,
    /// `contact_email`, `contact_alias` or `account_domain`.
    pub rule: &'static str,
    /// Which variant of the rule this is, for the count of what is planted.
    pub variant: &'static str,
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
    pub touch: Option<Touch>,
    /// What it must find from an instant on, in order.
    pub later: Vec<(Micros, Option<Touch>)>,
}

impl Address {
    /// What the CRM must find at an instant.
    pub fn touch_at(&self, at: Micros) -> Option<&Touch> {
        let count = self.later.partition_point(|(when, _)| *when <= at);
        match count.checked_sub(1) {
            Some(last) => self.later[last].1.as_ref(),
            None => self.touch.as_ref(),
        }
    }
}

/// The part that someone plays in a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Author.
    From,
    /// Who sent it for the author.
    Sender,
    /// Recipient.
    To,
    /// In copy.
    Cc,
    /// In blind copy.
    Bcc,
    /// Who invited.
    Organizer,
    /// Invited, and needed.
    Required,
    /// Invited, and welcome.
    Optional,
    /// A room.
    Resource,
}

impl Role {
    /// As the tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::Sender => "sender",
            Self::To => "to",
            Self::Cc => "cc",
            Self::Bcc => "bcc",
            Self::Organizer => "organizer",
            Self::Required => "required",
            Self::Optional => "optional",
            Self::Resource => "resource",
        }
    }
}

/// What must become of an item, in the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of the design")]
pub enum Outcome {
    Unreadable,
    Draft,
    OutsideWindow,
    NotCaptured,
    Private,
    Excluded,
    InternalOnly,
    Duplicate,
    Unmatched,
    Recorded,
}

impl Outcome {
    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Draft => "draft",
            Self::OutsideWindow => "outside_window",
            Self::NotCaptured => "not_captured",
            Self::Private => "private",
            Self::Excluded => "excluded",
            Self::InternalOnly => "internal_only",
            Self::Duplicate => "duplicate",
            Self::Unmatched => "unmatched",
            Self::Recorded => "recorded",
        }
    }
}

/// A mail, however many copies there are.
#[derive(Debug)]
pub struct Mail {
    /// The interaction: the same number where the id says that it is the same mail.
    pub label: u32,
    /// Decides the text.
    pub text: u64,
    /// Subject.
    pub subject: Box<str>,
    /// With its angle brackets.
    pub message_id: Option<Box<str>>,
    /// `sentDateTime`.
    pub sent: Option<Micros>,
    /// `receivedDateTime`.
    pub received: Option<Micros>,
    /// The instant that must be stored.
    pub occurred: Micros,
    /// Who takes part: numbers of addresses, in the stored order.
    pub parts: Box<[(Role, u32)]>,
    /// The conversation.
    pub thread: u32,
    /// `@odata.type` of meeting mail.
    pub meeting: Option<&'static str>,
    /// A draft.
    pub draft: bool,
    /// Newsletter, notification or automatic reply.
    pub bulk: bool,
    /// `PidTagSensitivity`.
    pub sensitivity: u8,
    /// Someone in it is known to the CRM.
    pub matched: bool,
    /// `outbound`, `inbound` or `internal`.
    pub direction: &'static str,
    /// The class that the generator had in mind.
    pub class: mail::Class,
}

/// A folder of a mailbox.
#[derive(Debug)]
pub struct Folder {
    /// Constant id.
    pub id: String,
    /// Localised name.
    pub name: String,
    /// Number of the parent.
    pub parent: Option<u16>,
    /// Well-known name.
    pub well_known: Option<&'static str>,
    /// Listed only on demand.
    pub hidden: bool,
    /// A search folder.
    pub search: bool,
    /// Whether touchpoint reads it.
    pub read: bool,
    /// When it came into being.
    pub created: Micros,
}

/// What happens to a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Into another folder.
    Move(u16),
    /// Read, or marked unread again.
    Read,
    /// Another subject.
    Subject,
    /// Gone for good.
    Delete,
}

/// A copy of a mail in a mailbox.
#[derive(Debug)]
pub struct Copy {
    /// Number of the mail.
    pub mail: u32,
    /// Folder in which it arrives.
    pub folder: u16,
    /// When it arrives.
    pub arrives: Micros,
    /// What must become of it.
    pub outcome: Outcome,
    /// Which rule, where the outcome has several.
    pub reason: Option<&'static str>,
    /// Copies with the same number may change places.
    pub group: Option<u32>,
    /// Blind copies are visible in it.
    pub bcc: bool,
    /// Its interaction is its own, because nothing links it to other copies.
    pub lonely: bool,
    /// What happens to it later, in order.
    pub events: Box<[(Micros, Event)]>,
}

impl Copy {
    /// The folder it lies in at an instant, and the number of moves so far.
    pub fn place(&self, at: Micros) -> Option<(u16, u32)> {
        if self.arrives > at {
            return None;
        }
        let mut place = (self.folder, 0);
        for (_, event) in self.events.iter().take_while(|(when, _)| *when <= at) {
            match event {
                Event::Move(to) => place = (*to, place.1 + 1),
                Event::Delete => return None,
                Event::Read | Event::Subject => {}
            }
        }
        Some(place)
    }

    /// Whether something of this kind has happened an odd number of times.
    pub fn flipped(&self, at: Micros, kind: Event) -> bool {
        let seen = self.events.iter().take_while(|(when, _)| *when <= at);
        seen.filter(|(_, event)| *event == kind).count() % 2 == 1
    }

    /// When it last changed.
    pub fn changed(&self, at: Micros) -> Micros {
        let seen = self.events.iter().take_while(|(when, _)| *when <= at);
        seen.last().map_or(self.arrives, |(when, _)| *when)
    }
}

/// A mailbox.
#[derive(Debug, Default)]
pub struct Mailbox {
    /// Its folders; the first is the root.
    pub folders: Vec<Folder>,
    /// Copies in order of arrival.
    pub copies: Vec<Copy>,
    /// Numbers of the copies that something happens to.
    pub eventful: Vec<u32>,
    /// The list of sensitivities is refused.
    pub sensitivity_refused: bool,
    /// Copies of meetings.
    pub calendar: Vec<Holding>,
}
