//! Versions of slots: they rise with every commit, and no two attempts share one.

use crate::runtime::random;

/// A version is a sequence number, shifted by this many bits, and as many random bits: it rises,
/// and no two attempts share one.
const RANDOM_BITS: u32 = 24;

/// The version after the newest one that a slot has.
pub(super) fn next_version(newest: Option<i64>) -> i64 {
    let sequence = newest.map_or(0, |version| version >> RANDOM_BITS) + 1;
    let random = random::below(1 << RANDOM_BITS);
    (sequence << RANDOM_BITS) | i64::try_from(random).unwrap_or(0)
}
