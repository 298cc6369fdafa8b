//! What happens to copies after the start: reads, moves, deletions, and edits of the subject.

use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::sim::mail::folders;
use crate::sim::mail::mailbox::Copy;
use crate::sim::mail::mailbox::Event;
use crate::sim::mail::mailbox::Mail;
use crate::sim::mail::variants::MailVariant;
use crate::sim::outcome::Outcome;
use crate::sim::person::Access;
use crate::sim::rng::Rng;
use crate::sim::world::World;

/// Of a hundred copies, how many something happens to.
const EVENTFUL_PER_CENT: usize = 12;

/// Sorts the copies of each mailbox by arrival and plans what happens to them.
pub fn plan(world: &mut World) {
    let mut rng = world.rng(4);
    let start = world.start();
    let end = start.plus(i64::from(world.spec.days_ahead) * DAY);
    for (number, mailbox) in world.mailboxes.iter_mut().enumerate() {
        if world.people[number].access != Access::Open {
            continue;
        }
        let late = mailbox.folders[usize::from(folders::LATE)].created;
        mailbox.copies.sort_by_key(|copy| copy.arrives);
        for (position, copy) in mailbox.copies.iter_mut().enumerate() {
            let mail = &world.mails[copy.mail as usize];
            // Junk that turns out to be none must occur often enough.
            let rescued = mail.variant == MailVariant::Unread && copy.folder == folders::JUNK;
            let per_cent = if rescued { 50 } else { EVENTFUL_PER_CENT };
            if rng.chance(per_cent) {
                let from = copy.arrives.max(start).plus(DAY / 48);
                copy.events = events(&mut rng, mail, copy, (from, end), late).into();
            }
            if !copy.events.is_empty() {
                mailbox
                    .eventful
                    .push(u32::try_from(position).unwrap_or(u32::MAX));
            }
        }
    }
}

fn events(
    rng: &mut Rng,
    mail: &Mail,
    copy: &Copy,
    (from, end): (Timestamp, Timestamp),
    late: Timestamp,
) -> Vec<(Timestamp, Event)> {
    if from >= end {
        return Vec::new();
    }
    let when = Timestamp(rng.between(from.0, end.0));
    let later = Timestamp(rng.between(when.0, end.0));
    match mail.variant {
        MailVariant::Unread if copy.folder == folders::JUNK => {
            return vec![(when, Event::Move(folders::INBOX))];
        }
        // Where copies can change places, or a folder decides, moves would decide too.
        MailVariant::Unread
        | MailVariant::BlockedFolder
        | MailVariant::Draft
        | MailVariant::Twice
        | MailVariant::IdTwiceADay
        | MailVariant::SentAndReceived => return vec![(when, Event::Read)],
        _ => {}
    }
    let away = *rng.pick(&[folders::ARCHIVE, 13, 14, 15, 16, folders::DELETED]);
    // A folder that has only just come into being.
    let away = if when > late && rng.chance(20) {
        folders::LATE
    } else if away == copy.folder {
        folders::DELETED
    } else {
        away
    };
    match rng.below(100) {
        0..20 => vec![(when, Event::Read)],
        20..24 => vec![(when, Event::Read), (later, Event::Read)],
        24..60 => vec![(when, Event::Move(away))],
        60..70 => vec![(when, Event::Move(away)), (later, Event::Move(copy.folder))],
        70..76 => vec![(when, Event::Move(folders::JUNK))],
        76..84 => vec![
            (when, Event::Move(folders::DELETED)),
            (later, Event::Delete),
        ],
        84..90 => vec![(when, Event::Delete)],
        // Only where no subject is stored: what the first run sees must not depend on its hour.
        _ if copy.outcome != Outcome::Recorded => vec![(when, Event::Subject)],
        _ => vec![(when, Event::Read), (later, Event::Move(away))],
    }
}
