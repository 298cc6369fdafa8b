//! Time zones by the names that calendars give them: IANA's and Windows's.

use jiff::tz::Offset;
use jiff::tz::TimeZone;

/// The maximum number of digits that calendars append to a name: one has been observed (facts 13).
const DIGITS_BEHIND_MAX: usize = 2;

/// The zone of a name, ignoring case and a trailing digit (facts 13); `None` if it is unknown, as
/// for `tzone://Microsoft/Custom` (facts 2.3), whose rules the service does not return.
pub fn zone(name: &str) -> Option<TimeZone> {
    let mut name = name.trim();
    for _ in 0..=DIGITS_BEHIND_MAX {
        if let Some(zone) = named(name) {
            return Some(zone);
        }
        name = name
            .strip_suffix(|last: char| last.is_ascii_digit())?
            .trim_end();
    }
    None
}

/// The offset in a zone's display form, as in `(UTC-05:00) Eastern Time (US & Canada)`: it is the
/// standard-time offset, and the form does not identify the zone (facts 13).
pub fn display_offset(name: &str) -> Option<TimeZone> {
    let inside = name.trim().strip_prefix('(')?.split_once(')')?.0.trim();
    let letters = inside.get(..3)?;
    let is_utc = letters.eq_ignore_ascii_case("UTC") || letters.eq_ignore_ascii_case("GMT");
    let offset = inside.get(3..).filter(|_| is_utc)?.trim();
    if offset.is_empty() {
        return Some(TimeZone::UTC);
    }
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let seconds =
        i32::from(hours.parse::<u8>().ok()?) * 3600 + i32::from(minutes.parse::<u8>().ok()?) * 60;
    let sign = match offset.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    Some(Offset::from_seconds(sign * seconds).ok()?.to_time_zone())
}

/// The zone of exactly this name.
fn named(name: &str) -> Option<TimeZone> {
    if name.eq_ignore_ascii_case("tzone://Microsoft/Utc") {
        return Some(TimeZone::UTC);
    }
    let place = WINDOWS.binary_search_by(|(windows, _)| {
        let lower = |byte: u8| byte.to_ascii_lowercase();
        windows.bytes().map(lower).cmp(name.bytes().map(lower))
    });
    let place = place.ok().and_then(|at| WINDOWS.get(at));
    TimeZone::get(place.map_or(name, |(_, iana)| iana)).ok()
}

/// Windows's names and the place whose zone each is, in order of the name without case: CLDR,
/// `windowsZones`, territory 001.
#[rustfmt::skip]
const WINDOWS: &[(&str, &str)] = &[
    ("Afghanistan Standard Time", "Asia/Kabul"),
    ("Alaskan Standard Time", "America/Anchorage"),
    ("Alberta Standard Time", "America/Edmonton"),
    ("Aleutian Standard Time", "America/Adak"),
    ("Altai Standard Time", "Asia/Barnaul"),
    ("Arab Standard Time", "Asia/Riyadh"),
    ("Arabian Standard Time", "Asia/Dubai"),
    ("Arabic Standard Time", "Asia/Baghdad"),
    ("Argentina Standard Time", "America/Buenos_Aires"),
    ("Astrakhan Standard Time", "Europe/Astrakhan"),
    ("Atlantic Standard Time", "America/Halifax"),
    ("AUS Central Standard Time", "Australia/Darwin"),
    ("Aus Central W. Standard Time", "Australia/Eucla"),
    ("AUS Eastern Standard Time", "Australia/Sydney"),
    ("Azerbaijan Standard Time", "Asia/Baku"),
    ("Azores Standard Time", "Atlantic/Azores"),
    ("Bahia Standard Time", "America/Bahia"),
    ("Bangladesh Standard Time", "Asia/Dhaka"),
    ("Belarus Standard Time", "Europe/Minsk"),
    ("Bougainville Standard Time", "Pacific/Bougainville"),
    ("British Columbia Standard Time", "America/Vancouver"),
    ("Canada Central Standard Time", "America/Regina"),
    ("Cape Verde Standard Time", "Atlantic/Cape_Verde"),
    ("Caucasus Standard Time", "Asia/Yerevan"),
    ("Cen. Australia Standard Time", "Australia/Adelaide"),
    ("Central America Standard Time", "America/Guatemala"),
    ("Central Asia Standard Time", "Asia/Bishkek"),
    ("Central Brazilian Standard Time", "America/Cuiaba"),
    ("Central Europe Standard Time", "Europe/Budapest"),
    ("Central European Standard Time", "Europe/Warsaw"),
    ("Central Pacific Standard Time", "Pacific/Guadalcanal"),
    ("Central Standard Time", "America/Chicago"),
    ("Central Standard Time (Mexico)", "America/Mexico_City"),
    ("Chatham Islands Standard Time", "Pacific/Chatham"),
    ("China Standard Time", "Asia/Shanghai"),
    ("Cuba Standard Time", "America/Havana"),
    ("Dateline Standard Time", "Etc/GMT+12"),
    ("E. Africa Standard Time", "Africa/Nairobi"),
    ("E. Australia Standard Time", "Australia/Brisbane"),
    ("E. Europe Standard Time", "Europe/Chisinau"),
    ("E. South America Standard Time", "America/Sao_Paulo"),
    ("Easter Island Standard Time", "Pacific/Easter"),
    ("Eastern Standard Time", "America/New_York"),
    ("Eastern Standard Time (Mexico)", "America/Cancun"),
    ("Egypt Standard Time", "Africa/Cairo"),
    ("Ekaterinburg Standard Time", "Asia/Yekaterinburg"),
    ("Fiji Standard Time", "Pacific/Fiji"),
    ("FLE Standard Time", "Europe/Kiev"),
    ("Georgian Standard Time", "Asia/Tbilisi"),
    ("GMT Standard Time", "Europe/London"),
    ("Greenland Standard Time", "America/Godthab"),
    ("Greenwich Standard Time", "Atlantic/Reykjavik"),
    ("GTB Standard Time", "Europe/Bucharest"),
    ("Haiti Standard Time", "America/Port-au-Prince"),
    ("Hawaiian Standard Time", "Pacific/Honolulu"),
    ("India Standard Time", "Asia/Calcutta"),
    ("Iran Standard Time", "Asia/Tehran"),
    ("Israel Standard Time", "Asia/Jerusalem"),
    ("Jordan Standard Time", "Asia/Amman"),
    ("Kaliningrad Standard Time", "Europe/Kaliningrad"),
    ("Korea Standard Time", "Asia/Seoul"),
    ("Libya Standard Time", "Africa/Tripoli"),
    ("Line Islands Standard Time", "Pacific/Kiritimati"),
    ("Lord Howe Standard Time", "Australia/Lord_Howe"),
    ("Magadan Standard Time", "Asia/Magadan"),
    ("Magallanes Standard Time", "America/Punta_Arenas"),
    ("Manitoba Standard Time", "America/Winnipeg"),
    ("Marquesas Standard Time", "Pacific/Marquesas"),
    ("Mauritius Standard Time", "Indian/Mauritius"),
    ("Middle East Standard Time", "Asia/Beirut"),
    ("Montevideo Standard Time", "America/Montevideo"),
    ("Morocco Standard Time", "Africa/Casablanca"),
    ("Mountain Standard Time", "America/Denver"),
    ("Mountain Standard Time (Mexico)", "America/Mazatlan"),
    ("Myanmar Standard Time", "Asia/Rangoon"),
    ("N. Central Asia Standard Time", "Asia/Novosibirsk"),
    ("Namibia Standard Time", "Africa/Windhoek"),
    ("Nepal Standard Time", "Asia/Katmandu"),
    ("New Zealand Standard Time", "Pacific/Auckland"),
    ("Newfoundland Standard Time", "America/St_Johns"),
    ("Norfolk Standard Time", "Pacific/Norfolk"),
    ("North Asia East Standard Time", "Asia/Irkutsk"),
    ("North Asia Standard Time", "Asia/Krasnoyarsk"),
    ("North Korea Standard Time", "Asia/Pyongyang"),
    ("Omsk Standard Time", "Asia/Omsk"),
    ("Pacific SA Standard Time", "America/Santiago"),
    ("Pacific Standard Time", "America/Los_Angeles"),
    ("Pacific Standard Time (Mexico)", "America/Tijuana"),
    ("Pakistan Standard Time", "Asia/Karachi"),
    ("Paraguay Standard Time", "America/Asuncion"),
    ("Qyzylorda Standard Time", "Asia/Qyzylorda"),
    ("Romance Standard Time", "Europe/Paris"),
    ("Russia Time Zone 10", "Asia/Srednekolymsk"),
    ("Russia Time Zone 11", "Asia/Kamchatka"),
    ("Russia Time Zone 3", "Europe/Samara"),
    ("Russian Standard Time", "Europe/Moscow"),
    ("SA Eastern Standard Time", "America/Cayenne"),
    ("SA Pacific Standard Time", "America/Bogota"),
    ("SA Western Standard Time", "America/La_Paz"),
    ("Saint Pierre Standard Time", "America/Miquelon"),
    ("Sakhalin Standard Time", "Asia/Sakhalin"),
    ("Samoa Standard Time", "Pacific/Apia"),
    ("Sao Tome Standard Time", "Africa/Sao_Tome"),
    ("Saratov Standard Time", "Europe/Saratov"),
    ("SE Asia Standard Time", "Asia/Bangkok"),
    ("Singapore Standard Time", "Asia/Singapore"),
    ("South Africa Standard Time", "Africa/Johannesburg"),
    ("South Sudan Standard Time", "Africa/Juba"),
    ("Sri Lanka Standard Time", "Asia/Colombo"),
    ("Sudan Standard Time", "Africa/Khartoum"),
    ("Syria Standard Time", "Asia/Damascus"),
    ("Taipei Standard Time", "Asia/Taipei"),
    ("Tasmania Standard Time", "Australia/Hobart"),
    ("Tocantins Standard Time", "America/Araguaina"),
    ("Tokyo Standard Time", "Asia/Tokyo"),
    ("Tomsk Standard Time", "Asia/Tomsk"),
    ("Tonga Standard Time", "Pacific/Tongatapu"),
    ("Transbaikal Standard Time", "Asia/Chita"),
    ("Turkey Standard Time", "Europe/Istanbul"),
    ("Turks And Caicos Standard Time", "America/Grand_Turk"),
    ("Ulaanbaatar Standard Time", "Asia/Ulaanbaatar"),
    ("US Eastern Standard Time", "America/Indianapolis"),
    ("US Mountain Standard Time", "America/Phoenix"),
    ("UTC", "Etc/UTC"),
    ("UTC+12", "Etc/GMT-12"),
    ("UTC+13", "Etc/GMT-13"),
    ("UTC-02", "Etc/GMT+2"),
    ("UTC-08", "Etc/GMT+8"),
    ("UTC-09", "Etc/GMT+9"),
    ("UTC-11", "Etc/GMT+11"),
    ("Venezuela Standard Time", "America/Caracas"),
    ("Vladivostok Standard Time", "Asia/Vladivostok"),
    ("Volgograd Standard Time", "Europe/Volgograd"),
    ("W. Australia Standard Time", "Australia/Perth"),
    ("W. Central Africa Standard Time", "Africa/Lagos"),
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("W. Mongolia Standard Time", "Asia/Hovd"),
    ("West Asia Standard Time", "Asia/Tashkent"),
    ("West Bank Standard Time", "Asia/Hebron"),
    ("West Pacific Standard Time", "Pacific/Port_Moresby"),
    ("Yakutsk Standard Time", "Asia/Yakutsk"),
    ("Yukon Standard Time", "America/Whitehorse"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_names_are_sorted_and_have_zones() {
        let lower = |name: &str| name.to_ascii_lowercase();
        assert!(WINDOWS.is_sorted_by(|a, b| lower(a.0) < lower(b.0)));
        for (windows, iana) in WINDOWS {
            let found = zone(windows).unwrap_or_else(|| panic!("{windows}"));
            assert_eq!(Some(found), TimeZone::get(iana).ok(), "{windows}");
        }
    }

    #[test]
    fn windows_and_iana_names_are_known_and_custom_ones_are_not() {
        for (name, expected) in [
            ("W. Europe Standard Time", Some("Europe/Berlin")),
            ("pacific standard time", Some("America/Los_Angeles")),
            ("Europe/Vienna", Some("Europe/Vienna")),
            ("asia/kolkata", Some("Asia/Kolkata")),
            (" UTC ", Some("UTC")),
            ("UTC-11", Some("Etc/GMT+11")),
            ("tzone://Microsoft/Utc", Some("UTC")),
            ("tzone://Microsoft/Custom", None),
            ("Customized Time Zone", None),
            ("", None),
            ("Eastern Standard Time 1", Some("America/New_York")),
            ("Tokyo Standard Time2", Some("Asia/Tokyo")),
            ("Russia Time Zone 11", Some("Asia/Kamchatka")),
            ("Customized Time Zone 1", None),
            ("12", None),
            ("(UTC-05:00) Eastern Time (US & Canada)", None),
        ] {
            let offset = |zone: TimeZone| {
                let summer = "2026-07-01T12:00:00Z".parse().unwrap();
                zone.to_offset(summer)
            };
            let expected = expected.and_then(|name| TimeZone::get(name).ok());
            assert_eq!(zone(name).map(offset), expected.map(offset), "{name}");
        }
    }
    #[test]
    fn a_display_form_gives_an_offset() {
        for (name, minutes) in [
            ("(UTC-05:00) Eastern Time (US & Canada)", Some(-300)),
            ("(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi", Some(330)),
            ("(GMT+13:00) Nuku'alofa", Some(780)),
            (" (utc) Coordinated Universal Time", Some(0)),
            ("(UTC+1) Berlin", None),
            ("(UTC*01:00) Berlin", None),
            ("(UTC+99:00) Nowhere", None),
            ("(ü", None),
            ("(UTC+01:00 Berlin", None),
            ("Eastern Standard Time", None),
            ("", None),
        ] {
            let summer = "2026-07-01T12:00:00Z".parse().unwrap();
            let offset = display_offset(name).map(|zone| zone.to_offset(summer).seconds());
            let expected = minutes.map(|minutes: i32| minutes * 60);
            assert_eq!(offset, expected, "{name}");
        }
    }
}
