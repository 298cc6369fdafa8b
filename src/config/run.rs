//! `[run]`: how much of the machine and of the service a run may use.

use std::time::Duration;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error;

use crate::config::limits;

/// How much a run may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Run {
    /// Memory for buffers and the index writer, in bytes.
    #[serde(deserialize_with = "memory")]
    pub memory: u64,
    /// CPU threads; 0: one per core.
    #[serde(deserialize_with = "threads")]
    pub threads: u16,
    /// Items requested per page.
    #[serde(deserialize_with = "page_size")]
    pub page_size: u16,
    /// Mailboxes that are read at the same time.
    #[serde(deserialize_with = "mailboxes_at_once")]
    pub mailboxes_at_once: u16,
    /// Requests in flight over all mailboxes.
    #[serde(deserialize_with = "requests_at_once")]
    pub requests_at_once: u16,
    /// Seconds from sending a request until its answer must be there.
    #[serde(deserialize_with = "answer_seconds")]
    pub answer_seconds: u16,
    /// The first wait before a request is repeated, where the service names none. In the file:
    /// seconds.
    #[serde(rename = "retry_seconds", deserialize_with = "retry_wait")]
    pub retry_wait: Duration,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            memory: limits::MEMORY_DEFAULT,
            threads: 0,
            page_size: limits::PAGE_SIZE_DEFAULT,
            mailboxes_at_once: limits::MAILBOXES_AT_ONCE_DEFAULT,
            requests_at_once: limits::REQUESTS_AT_ONCE_DEFAULT,
            answer_seconds: limits::ANSWER_SECONDS_DEFAULT,
            retry_wait: Duration::from_secs(limits::RETRY_SECONDS_DEFAULT),
        }
    }
}

fn threads<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    within(deserializer, 0, limits::THREADS_MAX)
}

fn page_size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    within(deserializer, 1, limits::PAGE_SIZE_MAX)
}

fn mailboxes_at_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    within(deserializer, 1, limits::MAILBOXES_AT_ONCE_MAX)
}

fn requests_at_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    within(deserializer, 1, limits::REQUESTS_AT_ONCE_MAX)
}

fn answer_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    within(deserializer, 1, limits::ANSWER_SECONDS_MAX)
}

fn retry_wait<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    Some(seconds)
        .filter(|seconds| (0.01..=limits::RETRY_SECONDS_MAX).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| D::Error::custom(format!("{seconds} is out of range; use 0.01 to 60")))
}

fn within<'de, D: Deserializer<'de>>(deserializer: D, min: u16, max: u16) -> Result<u16, D::Error> {
    let number = i64::deserialize(deserializer)?;
    u16::try_from(number)
        .ok()
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| D::Error::custom(format!("{number} is out of range; use {min} to {max}")))
}

fn memory<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    bytes(&text)
        .filter(|bytes| (limits::MEMORY_MIN..=limits::MEMORY_MAX).contains(bytes))
        .ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is no amount of memory from 128 MB to 64 GB; write \"512 MB\""
            ))
        })
}

/// `512 MB`, `2GB`, `1 GiB`.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let factor = match unit.trim().to_lowercase().as_str() {
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_has_a_unit() {
        assert_eq!(bytes("512 MB"), Some(512_000_000));
        assert_eq!(bytes("2GB"), Some(2_000_000_000));
        assert_eq!(bytes(" 1 GiB "), Some(1 << 30));
        for wrong in [
            "",
            "512",
            "MB",
            "-1 MB",
            "1.5 GB",
            "1 TB",
            "99999999999999999999 GB",
        ] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }
}
