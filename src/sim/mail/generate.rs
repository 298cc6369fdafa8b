//! Fills the mailboxes: first picks what must become of a mail, then makes one of that variant.

use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::sim::mail::changes;
use crate::sim::mail::compose;
use crate::sim::mail::variants::MAIL_VARIANTS;
use crate::sim::mail::variants::MIN_PER_VARIANT;
use crate::sim::mail::variants::MailVariant;
use crate::sim::rng::Rng;
use crate::sim::world::World;

/// Fills all mailboxes of a world.
pub fn fill(world: &mut World) {
    let mut rng = world.rng(3);
    let start = world.start();
    let (old, new) = (start.plus(-350 * DAY), start.plus(-DAY / 24));
    for (variant, _) in MAIL_VARIANTS {
        for _ in 0..MIN_PER_VARIANT {
            let at = Timestamp(rng.between(old.0, new.0));
            compose::one(world, &mut rng, variant, at);
        }
    }
    let readers = world.active.len();
    let wanted = readers * world.spec.mails_per_user;
    while world.copies < wanted {
        let variant = weighted(&mut rng);
        let at = Timestamp(rng.between(old.0, new.0));
        compose::one(world, &mut rng, variant, at);
    }
    let days = i64::from(world.spec.days_ahead);
    let daily = (world.spec.mails_per_user / 350).max(1);
    let ahead = world.copies + readers * daily * usize::try_from(days).unwrap_or(0);
    while days > 0 && world.copies < ahead {
        let variant = weighted(&mut rng);
        let at = Timestamp(rng.between(start.0 + DAY / 24, start.0 + days * DAY));
        compose::one(world, &mut rng, variant, at);
    }
    changes::plan(world);
}

fn weighted(rng: &mut Rng) -> MailVariant {
    let total: usize = MAIL_VARIANTS.iter().map(|(_, weight)| weight).sum();
    let mut left = rng.below(total);
    for (variant, weight) in MAIL_VARIANTS {
        if left < weight {
            return variant;
        }
        left -= weight;
    }
    MailVariant::Inbound
}
