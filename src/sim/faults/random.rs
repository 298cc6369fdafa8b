//! Faults at random: a schedule that a seed decides, for runs in several minutes of several days.

use std::fmt::Write as _;

use crate::model::time::DAY;
use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::sim::rng::Rng;

/// Minutes of a day in which the service fails, from the time of day of the start on. The minute
/// after them is quiet.
pub const MINUTES: u32 = 3;

/// What may go wrong in a mailbox, and how often in a row. (A mailbox that is said not to be there
/// is requested again only a day later: a test of its own has it.)
#[rustfmt::skip]
static OF_MAILBOXES: &[(&str, usize)] = &[
    ("kind='status' status=503 body='empty'", 12),
    ("kind='status' status=503 body='html' request='delta'", 12),
    ("kind='status' status=503 code='MailboxInfoStale'", 10),
    ("kind='status' status=504 code='UnknownError' message=''", 6),
    ("kind='status' status=500 code='ErrorInternalServerError' request='item'", 6),
    ("kind='status' status=500 code=''", 6),
    ("kind='status' status=502 body='html'", 6),
    ("kind='status' status=429 code='ApplicationThrottled' retry_after='0.01'", 12),
    ("kind='status' status=429 body='empty'", 4),
    ("kind='status' status=403 code='ErrorAccessDenied'", 9),
    ("kind='status' status=503 code='ServiceUnavailable'", 9),
    ("kind='status' status=401 code='InvalidAuthenticationToken'", 2),
    ("kind='status' status=410 code='SyncStateNotFound' request='delta'", 3),
    ("kind='status' status=410 code='resyncRequired' request='calendar'", 3),
    ("kind='status' status=400 code='ErrorInvalidUrlQuery' request='delta'", 3),
    ("kind='status' status=404 code='ErrorFolderNotFound' request='delta'", 2),
    ("kind='forgotten'", 4),
    ("kind='large_page' at=10", 99),
    ("kind='cut_before'", 6),
    ("kind='cut_in_head'", 6),
    ("kind='cut_in_body'", 6),
    ("kind='cut_after'", 20),
    ("kind='long_length'", 4),
    ("kind='short_length'", 4),
    ("kind='bad_gzip'", 6),
    ("kind='bad_json'", 6),
    ("kind='bad_utf8' request='delta'", 99),
    ("kind='deep_json' bytes=5000 request='delta'", 99),
    ("kind='self_link'", 3),
    ("kind='endless'", 60),
    ("kind='only_duplicates'", 60),
    ("kind='foreign_link' to='http://127.0.0.1:9'", 3),
    ("kind='drip' seconds=20.0", 3),
    ("kind='slow' seconds=40.0", 3),
    ("kind='never_ends'", 3),
    ("kind='status' status=429 code='ApplicationThrottled' retry_after='90'", 3),
    ("kind='status' status=503 code='ErrorMailboxMoveInProgress'", 99),
    ("kind='cut_round' at=3", 2),
    ("kind='quota_full'", 99),
    ("kind='poisoned_item' items=2", 99),
    ("kind='private_poison' folder='any'", 99),
    ("kind='unreadable_item' items=2", 20),
];

/// What may go wrong for everybody.
#[rustfmt::skip]
static OF_ALL: &[(&str, usize)] = &[
    ("kind='status' request='token' status=503 body='html'", 3),
    ("kind='status' request='users' status=500 body='empty'", 5),
    ("kind='status' request='directory' status=429 body='empty'", 3),
    ("kind='bad_json' request='members'", 5),
    ("kind='status' request='batch' status=503 body='empty'", 3),
    ("kind='status' request='mailbox' status=401 code='NoPermissionsInAccessToken'", 60),
    ("kind='cut_in_body' request='mailbox'", 60),
];

/// Mailboxes in which something goes wrong in a minute.
const AT_ONCE: usize = 9;

/// Rows of `[[faults]]` for this many days.
pub fn rows(seed: u64, users: usize, start: Timestamp, days: u32) -> String {
    let mut rng = Rng::new(seed, 97);
    let mut rows = String::new();
    for day in 0..days {
        for minute in 0..MINUTES {
            let from = start
                .plus(i64::from(day) * DAY)
                .plus(i64::from(minute) * 60 * SECOND);
            for _ in 0..AT_ONCE {
                let mailbox = rng.below(users);
                row(&mut rows, &mut rng, OF_MAILBOXES, Some(mailbox), from);
            }
            if rng.chance(30) {
                row(&mut rows, &mut rng, OF_ALL, None, from);
            }
        }
    }
    rows
}

fn row(
    rows: &mut String,
    rng: &mut Rng,
    of: &[(&str, usize)],
    mailbox: Option<usize>,
    from: Timestamp,
) {
    let (words, most) = rng.pick(of);
    let mailbox = mailbox.map_or_else(|| "\"any\"".to_owned(), |number| number.to_string());
    let until = from.plus(60 * SECOND);
    let (after, times) = (rng.below(8), 1 + rng.below(*most));
    // Writing to a text cannot fail.
    let _ = write!(
        rows,
        "[[faults]]\n{}\nmailbox = {mailbox}\nafter = {after}\ntimes = {times}\n\
         from = \"{}\"\nuntil = \"{}\"\n",
        words.replace(' ', "\n"),
        from.rfc3339(),
        until.rfc3339()
    );
}

#[cfg(test)]
mod tests {
    use crate::sim::spec::Spec;

    #[test]
    fn a_seed_decides_the_faults_and_each_of_them_is_one() {
        let faults = |seed: u64| {
            let text = format!("users = 16\nfaults_seed = {seed}\nfaults_days = 2");
            Spec::from_toml(&text).unwrap().faults
        };
        assert!(faults(1).len() >= 54);
        assert_eq!(format!("{:?}", faults(1)), format!("{:?}", faults(1)));
        assert_ne!(format!("{:?}", faults(1)), format!("{:?}", faults(2)));
        for seed in 2..60 {
            faults(seed);
        }
    }
}
