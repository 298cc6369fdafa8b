//! Random choices that a seed decides: a stream for the generator, and single draws for requests.

use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A stream of random choices.
#[derive(Debug)]
pub struct Rng(ChaCha8Rng);

impl Rng {
    /// The stream of this seed and purpose.
    pub fn new(seed: u64, purpose: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(mix(&[seed, purpose])))
    }

    /// A number from 0 (inclusive) to `bound` (exclusive); 0 where `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound == 0 {
            0
        } else {
            self.0.random_range(0..bound)
        }
    }

    /// A number of microseconds or anything else, from `low` (inclusive) to `high` (exclusive).
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        if high <= low {
            low
        } else {
            self.0.random_range(low..high)
        }
    }

    /// True in `per_cent` of cases.
    pub fn chance(&mut self, per_cent: usize) -> bool {
        self.below(100) < per_cent
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.random_range(0..=u64::MAX)
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// A directory object id.
    pub fn guid(&mut self) -> String {
        guid(self.bits(), self.bits())
    }
}

/// A GUID of 128 bits.
pub fn guid(high: u64, low: u64) -> String {
    let hex = format!("{high:016x}{low:016x}");
    let mut text = String::with_capacity(36);
    for (position, digit) in hex.chars().enumerate() {
        if matches!(position, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

/// One draw that depends on nothing but these numbers.
pub fn mix(parts: &[u64]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for part in parts {
        state = state
            .wrapping_add(*part)
            .wrapping_add(0x9e37_79b9_7f4a_7c15);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^= state >> 31;
    }
    state
}

/// A draw from 0 (inclusive) to `bound` (exclusive).
pub fn draw(parts: &[u64], bound: usize) -> usize {
    let bound = bound.max(1) as u64;
    usize::try_from(mix(parts) % bound).unwrap_or(0)
}
