//! Names of Maildir files: what identifies a message, and its flags.

/// What parts a Maildir file name from its flags: `:2,`; systems whose names hold no colon have
/// another character in its place.
const INFO: [&str; 7] = [
    "!2,",
    ";2,",
    "_2,",
    "%3A2,",
    "%3a2,",
    "\u{f022}2,",
    "\u{f03a}2,",
];

/// A Maildir file name without its flags, and the flags.
fn parted(name: &str) -> (&str, &str) {
    if let Some(parted) = name.split_once(":2,") {
        return parted;
    }
    let are_flags = |flags: &str| flags.bytes().all(|flag| flag.is_ascii_alphabetic());
    let found = INFO.iter().filter_map(|info| name.rsplit_once(info));
    let mut found = found.filter(|(base, flags)| !base.is_empty() && are_flags(flags));
    found.next().unwrap_or((name, ""))
}

/// A Maildir file name without its flags.
pub fn base_name(name: &str) -> &str {
    parted(name).0
}

/// Whether a Maildir file name has the flag `D`.
pub fn is_flagged_draft(name: &str) -> bool {
    parted(name).1.contains('D')
}

/// The id of a message by what parts a file name from its flags today: earlier versions knew `:2,`
/// alone.
pub fn steady_source_id(source_id: &str) -> String {
    match source_id.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/{}", base_name(name)),
        None => base_name(source_id).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_parted_from_names_behind_any_sign() {
        for name in [
            "1.a:2,DS",
            "1.a!2,DS",
            "1.a;2,DS",
            "1.a_2,DS",
            "1.a%3A2,DS",
            "1.a\u{f03a}2,DS",
        ] {
            assert_eq!(parted(name), ("1.a", "DS"), "{name}");
        }
        assert_eq!(base_name("1.a,S=12,W=13:2,"), "1.a,S=12,W=13");
        assert_eq!(base_name("1.a!2,"), "1.a");
        for plain in ["1.a", "1_2,3.a", ";2,S", "1.a-2,S"] {
            assert_eq!(base_name(plain), plain);
        }
        assert!(!is_flagged_draft("D"));
    }
}
