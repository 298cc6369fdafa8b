//! A number from 0 to 1, exact: sums of floating point numbers would depend on their order.

use std::fmt;

/// The whole, in parts.
const WHOLE: u64 = 10_000;

/// A share in ten-thousandths, from 0 to 10,000. As a score it is shown from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Share(u32);

impl Share {
    /// A part of a whole, rounded down; more than the whole is the whole, and of nothing nothing.
    pub fn of(part: u64, whole: u64) -> Self {
        let parts = u128::from(part) * u128::from(WHOLE);
        let share = parts.checked_div(u128::from(whole)).unwrap_or_default();
        Self(u32::try_from(share.min(u128::from(WHOLE))).unwrap_or_default())
    }

    /// Points of 100.
    pub fn points(points: u32) -> Self {
        Self::of(points.into(), 100)
    }

    /// The ten-thousandths.
    pub fn parts(self) -> u32 {
        self.0
    }

    /// From 0 to 1.
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }

    /// From 0 to 100.
    pub fn percent(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// From 0 to 1 with two digits after the point, rounded down.
    pub fn hundredths(self) -> String {
        let parts = self.0 / 100;
        format!("{}.{:02}", parts / 100, parts % 100)
    }

    /// The mean of shares with weights, rounded down; without any weight it is 0.
    pub fn mean(weighted: impl IntoIterator<Item = (Self, u32)>) -> Self {
        let (mut sum, mut weights) = (0_u64, 0_u64);
        for (share, weight) in weighted {
            sum += u64::from(share.0) * u64::from(weight);
            weights += u64::from(weight);
        }
        Self::of(sum, weights.saturating_mul(WHOLE))
    }
}

/// From 0 to 100 with one digit after the point, rounded down.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}", self.0 / 100, self.0 % 100 / 10))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_down_and_stay_within_the_whole() {
        assert_eq!(Share::of(2, 3).parts(), 6_666);
        assert_eq!(Share::of(5, 3).parts(), 10_000);
        assert_eq!(Share::of(1, 0).parts(), 0);
        assert_eq!(Share::of(u64::MAX, u64::MAX).parts(), 10_000);
        assert_eq!(Share::points(10).to_string(), "10.0");
        assert_eq!(Share::of(2, 3).to_string(), "66.6");
    }

    #[test]
    fn a_mean_counts_by_weight() {
        let mean = Share::mean([(Share::points(100), 3), (Share::points(0), 1)]);
        assert_eq!(mean, Share::points(75));
        assert_eq!(Share::mean([(Share::points(100), 0)]), Share::default());
    }
}
