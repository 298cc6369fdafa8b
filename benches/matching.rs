//! Measures how long it takes to find the contacts of a mail in CRM snapshots of several sizes.

use std::hint::black_box;

use criterion::BenchmarkId;
use criterion::Criterion;
use criterion::Throughput;
use criterion::criterion_group;
use criterion::criterion_main;
use hashbrown::HashSet;
use touchpoint::matching::Matcher;
use touchpoint::model::address::Address;
use touchpoint::model::contact::Account;
use touchpoint::model::contact::Contact;
use touchpoint::model::contact::CrmSnapshot;
use touchpoint::model::interaction::Participant;
use touchpoint::model::interaction::Role;

/// People of one company in the snapshot.
const PEOPLE_OF_A_COMPANY: u64 = 20;
/// Mails in one round: few enough to stay in the CPU cache, as they do in a run.
const MAILS: u64 = 2_000;

fn snapshot(contacts: u64) -> CrmSnapshot {
    let contact = |number: u64| {
        let company = number / PEOPLE_OF_A_COMPANY;
        Contact {
            id: format!("c{number:07}").into(),
            name: format!("Person {number}").into(),
            email: Address::parse(&format!("person{number}@company{company}.com")),
            other_emails: Vec::new(),
            account_id: Some(format!("a{company:07}").into()),
        }
    };
    let account = |number: u64| Account {
        id: format!("a{number:07}").into(),
        name: format!("Company {number}").into(),
        domains: vec![format!("company{number}.com")],
    };
    let accounts = (0..contacts / PEOPLE_OF_A_COMPANY).map(account).collect();
    CrmSnapshot::new((0..contacts).map(contact).collect(), accounts)
}

fn person(role: Role, address: String, internal: bool) -> Participant {
    Participant {
        address,
        is_address: true,
        name: None,
        role,
        response: None,
        internal,
    }
}

/// A contact writes to a colleague; in copy another colleague, an unknown person of a known
/// company, a stranger, or no one.
fn mail(number: u64, contacts: u64) -> Vec<Participant> {
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) % contacts;
    let company = spread / PEOPLE_OF_A_COMPANY;
    let mut people = vec![
        person(
            Role::From,
            format!("person{spread}@company{company}.com"),
            false,
        ),
        person(Role::To, "ann@contoso.com".into(), true),
    ];
    people.extend(match number % 4 {
        0 => Some(person(
            Role::Cc,
            format!("new{number}@company{company}.com"),
            false,
        )),
        1 => Some(person(
            Role::Cc,
            format!("new{number}@mail.other{spread}.co.uk"),
            false,
        )),
        2 => Some(person(Role::Cc, "bob@contoso.com".into(), true)),
        _ => None,
    });
    people
}

fn matching(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("matching/mails");
    group.throughput(Throughput::Elements(MAILS));
    let own: HashSet<String> = ["contoso.com".to_owned()].into_iter().collect();
    for contacts in [1_000, 100_000] {
        let matcher = Matcher::new(&snapshot(contacts), &own);
        let mails: Vec<_> = (0..MAILS).map(|number| mail(number, contacts)).collect();
        group.bench_function(BenchmarkId::from_parameter(contacts), |bencher| {
            bencher.iter(|| {
                let contact_matches = mails
                    .iter()
                    .map(|mail| matcher.contact_matches(black_box(mail)).len());
                contact_matches.sum::<usize>()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, matching);
criterion_main!(benches);
