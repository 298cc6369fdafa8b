//! How far back the first run reads, and a later one that was given a wider window.

use std::fmt;

use jiff::Span;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::Deserializer;
use serde::de;
use serde::de::MapAccess;
use serde::de::Visitor;
use serde::de::value::MapAccessDeserializer;

use crate::config::limits;
use crate::model::time::Timestamp;

/// A first window: `12 months`, `90 days` or `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Window {
    /// Calendar months before the mailbox's first connection.
    Months(u16),
    /// Days of 24 hours before the mailbox's first connection.
    Days(u16),
    /// Everything.
    None,
}

impl TryFrom<String> for Window {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let lower = text.trim().to_lowercase();
        if lower == "none" {
            return Ok(Self::None);
        }
        let (number, unit) = lower.split_once(' ').unwrap_or_default();
        let number: Option<u16> = number.parse().ok().filter(|number| *number > 0);
        let window = match (number, unit.trim()) {
            (Some(days), "day" | "days") => Some(Self::Days(days)),
            (Some(months), "month" | "months") => Some(Self::Months(months)),
            (Some(years), "year" | "years") => years.checked_mul(12).map(Self::Months),
            _ => None,
        };
        window
            .filter(|window| match window {
                Self::Months(months) => *months <= limits::WINDOW_MONTHS_MAX,
                Self::Days(days) => *days <= limits::WINDOW_MONTHS_MAX.saturating_mul(30),
                Self::None => true,
            })
            .ok_or_else(|| {
                format!("`{text}` is no window; write \"12 months\", \"90 days\" or \"none\"")
            })
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Months(months) => write!(f, "{months} months"),
            Self::Days(days) => write!(f, "{days} days"),
            Self::None => f.write_str("none"),
        }
    }
}

impl Window {
    /// Where the first window of a mailbox begins that was first connected at an instant; `None`:
    /// there is no window. A month goes back to the same day and time (UTC), or to the last day
    /// of a shorter month.
    pub fn start(self, connected_at: Timestamp) -> Option<Timestamp> {
        let span = match self {
            Self::Months(months) => Span::new().months(months),
            Self::Days(days) => Span::new().hours(i32::from(days) * 24),
            Self::None => return None,
        };
        let connected = connected_at.timestamp().to_zoned(TimeZone::UTC);
        let start = connected.checked_sub(span).ok()?;
        Some(Timestamp::from(start.timestamp()))
    }
}

/// The first windows of mail and of meetings: one text for both, or a table with one for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// Of mail.
    pub mail: Window,
    /// Of meetings.
    pub meetings: Window,
}

impl Windows {
    /// The same for both.
    pub fn both(window: Window) -> Self {
        Self {
            mail: window,
            meetings: window,
        }
    }
}

impl Default for Windows {
    fn default() -> Self {
        Self::both(Window::Months(12))
    }
}

impl fmt::Display for Windows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mail, meetings } = self;
        if mail == meetings {
            write!(f, "{mail}")
        } else {
            write!(f, "mail {mail}, meetings {meetings}")
        }
    }
}

impl<'de> Deserialize<'de> for Windows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WindowsVisitor)
    }
}

/// The table; a key that is missing has the default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowsShape {
    mail: Option<Window>,
    meetings: Option<Window>,
}

struct WindowsVisitor;

impl<'de> Visitor<'de> for WindowsVisitor {
    type Value = Windows;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text like \"12 months\", or { mail = \"…\", meetings = \"…\" }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Windows, E> {
        let window = Window::try_from(text.to_owned());
        window.map(Windows::both).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Windows, A::Error> {
        let shape = WindowsShape::deserialize(MapAccessDeserializer::new(map))?;
        let standard = Windows::default();
        Ok(Windows {
            mail: shape.mail.unwrap_or(standard.mail),
            meetings: shape.meetings.unwrap_or(standard.meetings),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Window, String> {
        Window::try_from(text.to_owned())
    }

    #[test]
    fn windows_are_months_days_years_or_none() {
        assert_eq!(read("12 months"), Ok(Window::Months(12)));
        assert_eq!(read("1 Month"), Ok(Window::Months(1)));
        assert_eq!(read("2 years"), Ok(Window::Months(24)));
        assert_eq!(read(" 90 days "), Ok(Window::Days(90)));
        assert_eq!(read("none"), Ok(Window::None));
        for wrong in [
            "",
            "12",
            "months",
            "0 days",
            "-1 days",
            "12 weeks",
            "9999 years",
            "1.5 months",
        ] {
            assert!(read(wrong).unwrap_err().contains("12 months"), "{wrong}");
        }
    }

    #[test]
    fn a_window_goes_back_by_calendar_months() {
        let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
        for (window, connected, start) in [
            (
                Window::Months(12),
                "2026-03-02T02:00:00.5Z",
                "2025-03-02T02:00:00.5Z",
            ),
            (
                Window::Months(1),
                "2026-03-31T10:00:00Z",
                "2026-02-28T10:00:00Z",
            ),
            (
                Window::Months(12),
                "2024-02-29T00:00:00Z",
                "2023-02-28T00:00:00Z",
            ),
            (
                Window::Days(90),
                "2026-03-31T10:00:00Z",
                "2025-12-31T10:00:00Z",
            ),
        ] {
            assert_eq!(
                window.start(at(connected)),
                Some(at(start)),
                "{window:?} {connected}"
            );
        }
        assert_eq!(Window::None.start(at("2026-03-31T10:00:00Z")), None);
    }
}
