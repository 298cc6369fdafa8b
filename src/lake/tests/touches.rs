//! Current rows of a contact, an account or some mailboxes are those that a plain reading of all rows
//! gives, whatever became of an interaction later.

use std::collections::BTreeMap;
use std::collections::HashSet;

use crate::lake::Lake;
use crate::lake::read::Filter;
use crate::lake::tests::fixture::TestLake;
use crate::lake::tests::fixture::batch_of;
use crate::lake::tests::fixture::mail;
use crate::lake::tests::fixture::match_carla;
use crate::lake::tests::fixture::meeting;
use crate::lake::tests::fixture::revised;
use crate::lake::tests::fixture::run;
use crate::lake::touches::TouchesOf;
use crate::model::activity::Activity;
use crate::model::activity::ContactMatch;
use crate::model::interaction::Interaction;
use crate::model::interaction::Role;
use crate::model::interaction::State;
use crate::model::time::Timestamp;
use crate::model::touch::Touch;

/// Interaction, mailbox, contact, account, time and roles of a row.
type Row = (
    String,
    String,
    Option<String>,
    Option<String>,
    Timestamp,
    Option<Role>,
    Role,
);

fn of_touch(touch: &Touch) -> Row {
    (
        touch.interaction_id.to_string(),
        touch.mailbox_id.to_string(),
        touch.contact_id.as_ref().map(ToString::to_string),
        touch.account_id.as_ref().map(ToString::to_string),
        touch.occurred_at,
        touch.user_role,
        touch.contact_role,
    )
}

fn of_activity(row: &Activity) -> Option<Row> {
    let found = row.contact_match.as_ref()?;
    Some((
        row.interaction_id.to_string(),
        row.mailbox.id.to_string(),
        found.contact.as_ref().map(|(id, _)| id.to_string()),
        found.account.as_ref().map(|(id, _)| id.to_string()),
        row.occurred_at,
        row.user_role,
        found.role,
    ))
}

/// The current rows, from all rows of the table.
fn plain(lake: &Lake) -> Vec<Row> {
    let rows = lake.activities(&Filter::default()).unwrap();
    let rows: Vec<Activity> = rows.map(Result::unwrap).collect();
    let key = |row: &Activity| (row.interaction_id, row.mailbox.id.clone());
    let mut newest = BTreeMap::new();
    for row in &rows {
        let highest = newest.entry(key(row)).or_insert(row.generation);
        *highest = row.generation.max(*highest);
    }
    let current = rows
        .iter()
        .filter(|row| newest[&key(row)] == row.generation);
    let active = current.filter(|row| row.state == State::Active);
    let mut found: Vec<Row> = active.filter_map(of_activity).collect();
    found.sort();
    found
}

fn touches(lake: &Lake, of: &TouchesOf) -> Vec<Row> {
    let touches = lake.touches(of).unwrap();
    let mut found: Vec<Row> = touches.iter().map(of_touch).collect();
    found.sort();
    found
}

/// The CRM snapshot `empty` here: it does not know Carla in the first mails, and only her account
/// in meetings.
fn match_less(row: &Interaction) -> Vec<ContactMatch> {
    let mut matches = match_carla(row);
    if row.interaction_id == mail("ann", 0).interaction_id {
        matches.clear();
    }
    if row.interaction_id == meeting("ann", 2, 6).interaction_id {
        for found in &mut matches {
            found.contact = None;
        }
    }
    matches
}

#[test]
fn current_rows_are_found_by_contact_account_and_mailbox() {
    let test_lake = TestLake::new();
    let lake = test_lake.write();
    let (moved, kept) = (meeting("ann", 1, 5), meeting("ann", 2, 6));
    let ann = vec![mail("ann", 0), mail("ann", 31), moved.clone(), kept];
    lake.commit(&batch_of(ann)).unwrap();
    lake.commit(&batch_of(vec![mail("bob", 0), mail("bob", 2)]))
        .unwrap();
    // It comes into another month, and another one is cancelled.
    lake.commit(&batch_of(revised(&moved, meeting("ann", 1, 40))))
        .unwrap();
    let cancelled = Interaction {
        state: State::Cancelled,
        ..meeting("ann", 3, 8)
    };
    lake.commit(&batch_of(vec![meeting("ann", 3, 8)])).unwrap();
    lake.commit(&batch_of(revised(&meeting("ann", 3, 8), cancelled)))
        .unwrap();
    check(&lake, [6, 6, 4]);
    lake.rematch(&run("run2"), "empty", true, match_less)
        .unwrap();
    check(&lake, [3, 4, 3]);
    let rows = lake.activity_rows().unwrap();
    assert!(rows["ann"] > 6, "rows of all generations: {rows:?}");
}

/// How many rows there are of the contact, of the account, and of Ann's mailbox.
fn check(lake: &Lake, counts: [usize; 3]) {
    let all = plain(lake);
    let contact = touches(lake, &TouchesOf::Contact("C1".to_owned()));
    let account = touches(lake, &TouchesOf::Account("A1".to_owned()));
    let mailbox = TouchesOf::Mailboxes(HashSet::from(["ann".to_owned()]));
    let mailbox = touches(lake, &mailbox);
    let of = |keep: fn(&Row) -> bool| -> Vec<Row> {
        all.iter().filter(|row| keep(row)).cloned().collect()
    };
    assert_eq!(contact, of(|row| row.2.as_deref() == Some("C1")));
    assert_eq!(account, of(|row| row.3.as_deref() == Some("A1")));
    assert_eq!(mailbox, of(|row| row.1 == "ann"));
    assert_eq!([contact.len(), account.len(), mailbox.len()], counts);
    let none = HashSet::new();
    assert_eq!(touches(lake, &TouchesOf::Mailboxes(none)), []);
}
