//! The CRM and everyone outside: each address is made together with what a lookup must find.

use crate::sim::crm::records::Account;
use crate::sim::crm::records::Contact;
use crate::sim::crm::records::ContactMatch;
use crate::sim::rng::Rng;
use crate::sim::world::Address;
use crate::sim::world::World;

/// Addresses that the exported policy leaves out.
pub const BLOCKED_ADDRESS: &str = "notices@leasing-portal.com";
/// Domain that the exported policy leaves out, with what lies below it.
pub const BLOCKED_DOMAIN: &str = "doctor-weiss.de";

// Name, listed domain, a host below it. Each account's people get addresses there.
const COMPANIES: [(&str, &str, &str); 14] = [
    (
        "Nordwind Logistik",
        "nordwind-logistik.de",
        "mail.hamburg.nordwind-logistik.de",
    ),
    ("Fabrikam", "fabrikam.co.uk", "sales.fabrikam.co.uk"),
    ("Adatum", "adatum.com", "emea.adatum.com"),
    ("Litware", "litware.io", "eu.litware.io"),
    ("Proseware", "proseware.com.au", "crm.proseware.com.au"),
    (
        "Wide World Importers",
        "wideworldimporters.com",
        "nl.wideworldimporters.com",
    ),
    (
        "Bücher Krone",
        "xn--bcher-krone-thb.de",
        "post.xn--bcher-krone-thb.de",
    ),
    ("Tailspin Toys", "tailspintoys.fr", "paris.tailspintoys.fr"),
    (
        "Alpine Ski House",
        "alpineskihouse.ch",
        "team.alpineskihouse.ch",
    ),
    (
        "Lucerne Publishing",
        "lucernepublishing.ch",
        "redaktion.lucernepublishing.ch",
    ),
    (
        "Woodgrove Bank",
        "woodgrovebank.com",
        "treasury.woodgrovebank.com",
    ),
    (
        "Humongous Insurance",
        "humongousinsurance.co.jp",
        "claims.humongousinsurance.co.jp",
    ),
    ("Trey Research", "treyresearch.net", "lab.treyresearch.net"),
    (
        "Margie's Travel",
        "margiestravel.com",
        "booking.margiestravel.com",
    ),
];
const FIRST: [&str; 12] = [
    "Maria", "Peter", "Ines", "Johan", "Claire", "Dmitri", "Aiko", "Lukas", "Emma", "Carlos",
    "Freja", "Omar",
];
const LAST: [&str; 11] = [
    "Winter", "Baker", "Sommer", "de Vries", "Dupont", "Orlov", "Tanaka", "Berg", "Clark", "Ruiz",
    "Lund",
];
const STRANGERS: [&str; 10] = [
    "coho-winery.com",
    "graphicdesigninstitute.org",
    "southridgevideo.com",
    "blueyonderairlines.com",
    "cityofgoldcrest.gov",
    "vanarsdel.net",
    "consolidatedmessenger.com",
    "fourthcoffee.com",
    "schulamt-nord.de",
    "thephone-company.se",
];

/// Fills the CRM and the addresses of a world that has its people.
pub fn fill(world: &mut World) {
    insiders(world);
    let mut rng = world.rng(2);
    accounts(world, &mut rng);
    contacts(world, &mut rng);
    oddities(world);
    outsiders(world, &mut rng);
}

fn add(world: &mut World, address: Address) -> u32 {
    world.addresses.push(address);
    u32::try_from(world.addresses.len() - 1).unwrap_or(u32::MAX)
}

fn outside(raw: &str, name: &str, stored: &str, contact_match: Option<ContactMatch>) -> Address {
    Address {
        raw: raw.to_owned(),
        name: name.to_owned(),
        stored: stored.to_owned(),
        internal: false,
        counted: true,
        person: None,
        contact_match,
        later: Vec::new(),
    }
}

fn insiders(world: &mut World) {
    for number in 0..world.people.len() {
        let person = &world.people[number];
        let internal = person.user_type != Some("Guest");
        let inside = |raw: &str, stored: &str| Address {
            raw: raw.to_owned(),
            name: person.name.clone(),
            stored: stored.to_owned(),
            internal,
            counted: true,
            person: Some(number),
            contact_match: None,
            later: Vec::new(),
        };
        let primary = inside(&person.mail, &person.stored);
        let legacy = inside(&person.x500, &person.stored);
        let alias = person.aliases.first().map(|alias| inside(alias, alias));
        let primary = add(world, primary);
        world.people_by_role.people.push(primary);
        let legacy = add(world, legacy);
        world.people_by_role.legacy.push(legacy);
        let alias = alias.map_or(primary, |alias| add(world, alias));
        world.people_by_role.aliases.push(alias);
    }
    let domain = world.spec.domains[0].clone();
    for (local, name, host) in [
        ("all-hands", "All hands", domain.clone()),
        ("sales-team", "Sales team", domain.clone()),
        ("scanner", "", format!("print.{domain}")),
    ] {
        let text = format!("{local}@{host}");
        let mut address = outside(&text, name, &text, None);
        address.internal = true;
        let number = add(world, address);
        world.people_by_role.lists.push(number);
    }
    for gone in ["rsommer", "kvogel"] {
        let raw = format!(
            "/O=CONTOSO/OU=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn={gone}"
        );
        let mut address = outside(&raw, gone, &raw.to_lowercase(), None);
        address.internal = true;
        address.counted = false;
        let number = add(world, address);
        world.people_by_role.gone.push(number);
    }
    let mut address = outside(
        "undisclosed-recipients:;",
        "",
        "undisclosed-recipients:;",
        None,
    );
    address.counted = false;
    let number = add(world, address);
    world.people_by_role.unparsable.push(number);
}

fn accounts(world: &mut World, rng: &mut Rng) {
    for (number, (name, domain, host)) in COMPANIES.iter().enumerate() {
        let id = format!("A-{:03}", number + 1);
        let name = (*name).to_owned();
        let domain_touch = |variant| {
            Some(ContactMatch {
                contact: None,
                account_id: Some(id.clone()),
                rule: "account_domain",
                variant,
            })
        };
        for local in ["office", "einkauf", "projects"] {
            let stored = format!("{local}@{domain}");
            let raw = if rng.chance(30) {
                stored.to_uppercase()
            } else {
                stored.clone()
            };
            let address = outside(&raw, local, &stored, domain_touch("account_exact"));
            let number = add(world, address);
            world.people_by_role.exact.push(number);
        }
        for local in ["dispatch", "invoice"] {
            let stored = format!("{local}@{host}");
            let address = outside(&stored, "", &stored, domain_touch("account_registrable"));
            let number = add(world, address);
            world.people_by_role.registrable.push(number);
        }
        let mut domains = vec![(*domain).to_owned()];
        if number == 6 {
            "bücher-krone.de".clone_into(&mut domains[0]);
        }
        if number % 3 == 0 {
            domains.push(format!(
                "{}-group.com",
                name.to_lowercase().replace([' ', '\'', 'ü'], "")
            ));
        }
        world.crm.accounts.push(Account { id, name, domains });
    }
    // A second account with a domain of the first: the smaller id has it.
    world.crm.accounts.push(Account {
        id: "A-900".to_owned(),
        name: "Nordwind Alt".to_owned(),
        domains: vec!["nordwind-logistik.de".to_owned()],
    });
}

fn contacts(world: &mut World, rng: &mut Rng) {
    for number in 0..56 {
        let first = FIRST[number % FIRST.len()];
        let last = LAST[(number * 5 + number / 12) % LAST.len()];
        let name = format!("{first} {last}");
        let (_, domain, _) = COMPANIES[number % COMPANIES.len()];
        let account = &world.crm.accounts[number % COMPANIES.len()];
        let mut local = format!("{first}.{}{number}", last.replace(' ', "")).to_lowercase();
        let mut host = domain;
        let mut account_id = Some(account.id.clone());
        match number % 9 {
            3 => account_id = None,
            5 => account_id = Some("A-9999".to_owned()),
            6 => host = ["gmail.com", "gmx.de", "outlook.com"][number % 3],
            // A tag in the CRM snapshot belongs to the address.
            7 => local.push_str("+desk"),
            _ => {}
        }
        let email = format!("{local}@{host}");
        let alias = format!("{}.private{number}@gmail.com", first.to_lowercase());
        let position = world.crm.contacts.len();
        world.crm.contacts.push(Contact {
            id: format!("C-{}", 5 + number * 7),
            name: name.clone(),
            email: if number % 4 == 1 {
                email.to_uppercase()
            } else {
                email.clone()
            },
            other_emails: vec![alias.clone(), format!("old.{local}@{host}")],
            account_id: account_id.clone(),
        });
        let known = Known {
            number,
            email,
            alias,
            contact_match: ContactMatch {
                contact: Some(position),
                account_id,
                rule: "",
                variant: "",
            },
        };
        ways_of_writing(world, rng, &known);
    }
}

/// A contact of whom the addresses are to be written in several ways.
struct Known {
    number: usize,
    email: String,
    alias: String,
    contact_match: ContactMatch,
}

fn ways_of_writing(world: &mut World, rng: &mut Rng, known: &Known) {
    let (number, email, alias) = (known.number, &known.email, &known.alias);
    let position = known.contact_match.contact.unwrap_or_default();
    let name = world.crm.contacts[position].name.clone();
    let contact_match = |rule, variant| {
        Some(ContactMatch {
            rule,
            variant,
            ..known.contact_match.clone()
        })
    };
    let raw = if rng.chance(25) {
        email.to_uppercase()
    } else {
        email.clone()
    };
    let unicode = raw.replace("xn--bcher-krone-thb.de", "bücher-krone.de");
    let entry = outside(
        &unicode,
        &name,
        email,
        contact_match("contact_email", "contact_email"),
    );
    let entry = add(world, entry);
    world.people_by_role.email.push(entry);
    let entry = outside(
        alias,
        &name,
        alias,
        contact_match("contact_alias", "contact_alias"),
    );
    let entry = add(world, entry);
    world.people_by_role.alias.push(entry);
    let with_tag = |address: &str, tag: &str| address.replacen('@', tag, 1);
    if number % 9 != 7 {
        let tagged = with_tag(email, &format!("+offers{number}@"));
        let entry = outside(
            &tagged,
            &name,
            &tagged,
            contact_match("contact_email", "contact_email_tagged"),
        );
        let entry = add(world, entry);
        world.people_by_role.email_tagged.push(entry);
    }
    let tagged = with_tag(alias, "+x@");
    let entry = outside(
        &tagged,
        "",
        &tagged,
        contact_match("contact_alias", "contact_alias_tagged"),
    );
    let entry = add(world, entry);
    world.people_by_role.alias_tagged.push(entry);
}

/// An address that two contacts share, ways of writing, and tags that only the CRM snapshot has.
fn oddities(world: &mut World) {
    let account = world.crm.accounts[2].id.clone();
    let shared = "reception@adatum.com";
    // By bytes C-10000 comes before C-9000, so it has the address.
    for (id, email) in [("C-9000", "Reception@Adatum.com"), ("C-10000", shared)] {
        world.crm.contacts.push(Contact {
            id: id.to_owned(),
            name: format!("Reception {id}"),
            email: email.to_owned(),
            other_emails: Vec::new(),
            account_id: Some(account.clone()),
        });
    }
    let contact_match = |contact| {
        Some(ContactMatch {
            contact: Some(contact),
            account_id: Some(account.clone()),
            rule: "contact_email",
            variant: "contact_email_shared",
        })
    };
    let position = world.crm.contacts.len() - 1;
    for raw in [
        shared,
        "SMTP:Reception@adatum.com",
        "<reception@ADATUM.com>",
        "'reception@adatum.com'",
    ] {
        let address = outside(raw, "Reception", shared, contact_match(position));
        let number = add(world, address);
        world.people_by_role.email.push(number);
    }
}

fn outsiders(world: &mut World, rng: &mut Rng) {
    for number in 0..40 {
        let domain = STRANGERS[number % STRANGERS.len()];
        let first = rng.pick(&FIRST).to_lowercase();
        let stored = if number % 8 == 7 {
            format!("{first}{number}@web.de")
        } else {
            format!("{first}{number}@{domain}")
        };
        let address = outside(&stored, "", &stored, None);
        let entry = add(world, address);
        world.people_by_role.unknown.push(entry);
    }
    // Known by its header fields alone, where the service gives them.
    let has_headers = world.spec.switches.headers_in_lists;
    let told_by_headers = has_headers.then_some(("hello@industry-weekly.com", "Industry Weekly"));
    for (stored, name) in [
        ("newsletter@industry-weekly.com", "Industry Weekly"),
        ("noreply@ticket-desk.net", "Ticket desk"),
        ("no-reply@parcel-service.de", "Paketdienst"),
    ]
    .into_iter()
    .chain(told_by_headers)
    {
        let address = outside(stored, name, stored, None);
        let entry = add(world, address);
        world.people_by_role.bulk.push(entry);
    }
    for raw in [BLOCKED_ADDRESS, "Notices@Leasing-Portal.com"] {
        let address = outside(raw, "Leasing portal", BLOCKED_ADDRESS, None);
        let entry = add(world, address);
        world.people_by_role.blocked_address.push(entry);
    }
    for stored in ["praxis@doctor-weiss.de", "termine@post.doctor-weiss.de"] {
        let address = outside(stored, "Praxis", stored, None);
        let entry = add(world, address);
        world.people_by_role.blocked_domain.push(entry);
    }
}
