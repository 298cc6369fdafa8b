//! The directory: users of every kind, the groups that hold them, and the application that reads.

use std::collections::HashMap;

use crate::sim::crm::generate;
use crate::sim::crm::records::Crm;
use crate::sim::mail::folders;
use crate::sim::mail::mailbox::Mailbox;
use crate::sim::person::Access;
use crate::sim::person::OUTSIDE;
use crate::sim::person::Person;
use crate::sim::person::Place;
use crate::sim::person::TEAM_OFF;
use crate::sim::rng::Rng;
use crate::sim::spec::Spec;
use crate::sim::spec::USERS_MAX;
use crate::sim::spec::USERS_MIN;
use crate::sim::world::App;
use crate::sim::world::PeopleByRole;
use crate::sim::world::World;

const FIRST: [&str; 24] = [
    "Anna", "Ben", "Carla", "David", "Elif", "Felix", "Greta", "Hannah", "Ivan", "Jonas", "Katja",
    "Lena", "Marek", "Nora", "Oskar", "Paula", "Rafael", "Sofia", "Tom", "Ute", "Viktor", "Wanda",
    "Yusuf", "Zoe",
];
const LAST: [&str; 20] = [
    "Albrecht", "Brandt", "Costa", "Dietrich", "Ekici", "Falk", "Grimm", "Hansen", "Ibsen",
    "Jansen", "Keller", "Lorenz", "Moreau", "Nowak", "Olsen", "Peters", "Quint", "Rossi", "Schmid",
    "Thoma",
];

/// A tenant with directory, CRM and empty folders, but without mail.
pub fn tenant(spec: Spec) -> World {
    let mut rng = Rng::new(spec.seed, 1);
    let count = spec.users.clamp(USERS_MIN, USERS_MAX);
    let people: Vec<Person> = (0..count)
        .map(|number| person(&spec, number, &mut rng))
        .collect();
    let mut world = World {
        groups: [rng.guid(), rng.guid(), rng.guid()],
        app: App {
            tenant_id: rng.guid(),
            client_id: rng.guid(),
            secret: format!("sim~{:016x}{:016x}", rng.bits(), rng.bits()),
        },
        crm: Crm::default(),
        addresses: Vec::new(),
        people_by_role: PeopleByRole::default(),
        mails: Vec::new(),
        mailboxes: Vec::new(),
        keys: HashMap::new(),
        active: (0..count).filter(|number| people[*number].active).collect(),
        copies: 0,
        meetings: Vec::new(),
        meetings_held: 0,
        first_day: None,
        newcomer: None,
        people,
        spec,
    };
    for (number, person) in world.people.iter().enumerate() {
        world.keys.insert(person.id.clone(), number);
        world.keys.insert(person.upn.to_lowercase(), number);
    }
    generate::fill(&mut world);
    let refused = &world.spec.switches;
    world.mailboxes = (0..count)
        .map(|number| Mailbox {
            folders: folders::tree(&world.spec, number),
            sensitivity_refused: refused.sensitivity_refused
                || refused.sensitivity_refused_for.contains(&number),
            ..Mailbox::default()
        })
        .collect();
    world
}

/// The kind of a person follows from the number, so that each world has one of each.
fn person(spec: &Spec, number: usize, rng: &mut Rng) -> Person {
    let first = FIRST[number % FIRST.len()];
    let last = LAST[(number * 7 + number / FIRST.len()) % LAST.len()];
    let domain = &spec.domains[usize::from(number % 4 == 3)];
    // The number keeps addresses apart in large worlds.
    let local = if number < FIRST.len() {
        format!("{first}.{last}")
    } else {
        format!("{first}.{last}{number}")
    };
    let mut person = Person {
        id: rng.guid(),
        name: format!("{first} {last}"),
        upn: format!("{local}@{domain}"),
        mail: format!("{local}@{domain}"),
        stored: format!("{}@{domain}", local.to_lowercase()),
        aliases: vec![format!("{}{number}@{domain}", first.to_lowercase())],
        x500: format!(
            "/o=Contoso/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn={last}{number}"
        ),
        user_type: Some("Member"),
        enabled: true,
        is_synced: false,
        purpose: "user",
        access: Access::Open,
        place: Place::Direct,
        never: false,
        mail_off: false,
        meetings: "",
        team: ["Sales", "Service", "Projects"][number % 3],
        active: true,
    };
    special(spec, number, &mut person);
    person
}

fn special(spec: &Spec, number: usize, person: &mut Person) {
    match number {
        2 => person.place = Place::Nested,
        3 => rename(
            person,
            "Contoso Info",
            &format!("info@{}", spec.domains[0]),
            "shared",
        ),
        4 => rename(
            person,
            "Raum Elbe",
            &format!("raum.elbe@{}", spec.domains[0]),
            spec.switches.resource.purpose(),
        ),
        5 => person.enabled = false,
        6 => {
            person.user_type = None;
            person.place = Place::NestedTwice;
        }
        7 => person.access = Access::Denied,
        8 => {
            person.access = Access::NoMailbox;
            person.is_synced = spec.switches.on_premises;
        }
        9 => person.never = true,
        10 => (person.mail_off, person.meetings) = (true, "off"),
        11 => person.team = TEAM_OFF,
        OUTSIDE => person.place = Place::Outside,
        13 => {
            person.user_type = Some("Guest");
            "guest@partner-network.com".clone_into(&mut person.mail);
            person.stored.clone_from(&person.mail);
            person.upn = format!("guest_partner-network.com#EXT#@{}", spec.domains[0]);
            person.aliases.clear();
            person.access = Access::NoMailbox;
        }
        14 => person.meetings = "recorded",
        _ if number > 13 && number.is_multiple_of(3) => person.place = Place::Nested,
        _ => {}
    }
    if matches!(number, 3 | 4 | 7..=13) {
        person.active = false;
    }
}

fn rename(person: &mut Person, name: &str, address: &str, purpose: &'static str) {
    name.clone_into(&mut person.name);
    address.clone_into(&mut person.mail);
    address.clone_into(&mut person.upn);
    address.clone_into(&mut person.stored);
    person.purpose = purpose;
    // Mailboxes without a person belong to disabled accounts (facts 3.3).
    person.enabled = false;
    person.aliases.clear();
}
