//! Time zones in which people plan, and how copies of a meeting name them (facts 2.3 and 13).

use jiff::tz::TimeZone;

use crate::sim::rng::mix;

/// The names of a zone.
#[derive(Debug, Clone, Copy)]
pub struct ZoneNames {
    /// In Windows.
    pub windows: &'static str,
    /// In the IANA database.
    pub iana: &'static str,
    /// As Windows shows it to people.
    pub display: &'static str,
}

const fn names(windows: &'static str, iana: &'static str, display: &'static str) -> ZoneNames {
    ZoneNames {
        windows,
        iana,
        display,
    }
}

/// All zones. Working hours of the first three lie on the same day as in UTC.
pub const ZONES: [ZoneNames; 13] = [
    names(
        "W. Europe Standard Time",
        "Europe/Berlin",
        "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
    ),
    names(
        "GMT Standard Time",
        "Europe/London",
        "(UTC+00:00) Dublin, Edinburgh, Lisbon, London",
    ),
    names(
        "Romance Standard Time",
        "Europe/Paris",
        "(UTC+01:00) Brussels, Copenhagen, Madrid, Paris",
    ),
    names(
        "Eastern Standard Time",
        "America/New_York",
        "(UTC-05:00) Eastern Time (US & Canada)",
    ),
    names(
        "Pacific Standard Time",
        "America/Los_Angeles",
        "(UTC-08:00) Pacific Time (US & Canada)",
    ),
    names(
        "Tokyo Standard Time",
        "Asia/Tokyo",
        "(UTC+09:00) Osaka, Sapporo, Tokyo",
    ),
    names(
        "India Standard Time",
        "Asia/Kolkata",
        "(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi",
    ),
    names(
        "AUS Eastern Standard Time",
        "Australia/Sydney",
        "(UTC+10:00) Canberra, Melbourne, Sydney",
    ),
    names(
        "E. South America Standard Time",
        "America/Sao_Paulo",
        "(UTC-03:00) Brasilia",
    ),
    names(
        "New Zealand Standard Time",
        "Pacific/Auckland",
        "(UTC+12:00) Auckland, Wellington",
    ),
    names(
        "Hawaiian Standard Time",
        "Pacific/Honolulu",
        "(UTC-10:00) Hawaii",
    ),
    names("Samoa Standard Time", "Pacific/Apia", "(UTC+13:00) Samoa"),
    names(
        "Line Islands Standard Time",
        "Pacific/Kiritimati",
        "(UTC+14:00) Kiritimati Island",
    ),
];
/// How many of these are European.
pub const EUROPEAN: usize = 3;
/// In how many of these ordinary meetings are planned.
pub const ORDINARY: usize = 9;

/// What stands for a zone whose rules are not given.
pub const CUSTOM: &str = "tzone://Microsoft/Custom";

/// A zone by its number in [`ZONES`].
pub fn zone(number: usize) -> TimeZone {
    TimeZone::get(ZONES[number].iana).unwrap_or(TimeZone::UTC)
}

/// The name of a zone where it is named properly: `lot` decides which.
pub fn proper(number: usize, lot: u64) -> String {
    let names = ZONES[number];
    let name = if lot.is_multiple_of(3) {
        names.iana
    } else {
        names.windows
    };
    name.to_owned()
}

/// What a guest's copy says instead: its lot decides.
pub fn in_guests_copy(number: usize, lot: u64) -> String {
    let names = ZONES[number];
    match mix(&[lot, 0x7a]) % 10 {
        0..5 => proper(number, lot),
        5 => String::new(),
        6 => "Customized Time Zone".to_owned(),
        7 => CUSTOM.to_owned(),
        8 => names.display.to_owned(),
        _ => format!("{} 1", names.windows),
    }
}
