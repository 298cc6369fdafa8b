//! `[insight]`: the weights and limits by which relationships are weighed.

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::de::Error;

/// Weights and limits of a score (`insight::score`). All are whole numbers, so that a result does not
/// depend on the order of sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Formula {
    /// Days before the date that are counted.
    #[serde(deserialize_with = "days")]
    pub window_days: u32,
    /// Days after which the recency of the last exchange is one half.
    #[serde(deserialize_with = "days")]
    pub half_life_days: u32,
    /// Exchanges in the window at which the frequency is one half.
    #[serde(deserialize_with = "count")]
    pub frequency_half: u32,
    /// Meetings in the window at which their part is one half.
    #[serde(deserialize_with = "count")]
    pub meetings_half: u32,
    /// With more participants, people were only in the same room.
    #[serde(deserialize_with = "people")]
    pub people_max: u32,
    /// The highest score of traffic in one direction, in points of 100.
    #[serde(deserialize_with = "points")]
    pub weak_max: u32,
    /// The score from which on a relationship is strong, in points of 100.
    #[serde(deserialize_with = "points")]
    pub strong_min: u32,
    /// A strong relationship cools when the silence exceeds this many times the usual interval.
    #[serde(deserialize_with = "factor")]
    pub cooling_factor: u32,
    /// The shortest silence of a cooling relationship, in days.
    #[serde(deserialize_with = "days")]
    pub cooling_days_min: u32,
    /// The least number of days with an exchange from which an interval is computed.
    #[serde(deserialize_with = "exchange_days")]
    pub cooling_exchanges_min: u32,
    /// The weights of the parts.
    #[serde(deserialize_with = "weights")]
    pub weights: Weights,
}

/// The weights of the parts of a score, relative to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Weights {
    /// How recent the last exchange is.
    pub recency: u32,
    /// How many exchanges there were.
    pub frequency: u32,
    /// How equal the two directions are.
    pub balance: u32,
    /// How many meetings were held.
    pub meetings: u32,
    /// How many of the account's people are known.
    pub reach: u32,
}

impl Default for Formula {
    fn default() -> Self {
        Self {
            window_days: 365,
            half_life_days: 60,
            frequency_half: 12,
            meetings_half: 4,
            people_max: 10,
            weak_max: 10,
            strong_min: 40,
            cooling_factor: 3,
            cooling_days_min: 30,
            cooling_exchanges_min: 5,
            weights: Weights::default(),
        }
    }
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            recency: 30,
            frequency: 25,
            balance: 15,
            meetings: 15,
            reach: 15,
        }
    }
}

/// Largest weight: the sums stay far from the end of what can be counted.
const WEIGHT_MAX: u32 = 1_000;

fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, 1, 3_650)
}

fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, 1, 10_000)
}

fn people<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, 2, 1_000)
}

fn points<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, 0, 100)
}

fn factor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, 1, 100)
}

fn exchange_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, 2, 1_000)
}

fn weights<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Weights, D::Error> {
    let weights = Weights::deserialize(deserializer)?;
    let of_each = [
        weights.recency,
        weights.frequency,
        weights.balance,
        weights.meetings,
        weights.reach,
    ];
    if let Some(wrong) = of_each.iter().find(|weight| **weight > WEIGHT_MAX) {
        return Err(D::Error::custom(format!(
            "{wrong} is out of range; use 0 to {WEIGHT_MAX}"
        )));
    }
    // Without an account there is no reach: the others must suffice.
    if of_each.iter().take(4).sum::<u32>() == 0 {
        return Err(D::Error::custom(
            "recency, frequency, balance and meetings are all 0; give one of them a weight",
        ));
    }
    Ok(weights)
}

fn within<'de, D: Deserializer<'de>>(deserializer: D, min: u32, max: u32) -> Result<u32, D::Error> {
    let number = i64::deserialize(deserializer)?;
    u32::try_from(number)
        .ok()
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| D::Error::custom(format!("{number} is out of range; use {min} to {max}")))
}
