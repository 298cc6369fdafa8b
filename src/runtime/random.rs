//! The only source of randomness of the client. (The simulated tenant has a seeded generator.)

/// 64 random bits from the operating system.
///
/// If the system provides none, the clock and the process id are used instead: these bits are only
/// used for names that must not collide, never for secrets.
pub fn bits() -> u64 {
    getrandom::u64().unwrap_or_else(|_| {
        let now = crate::runtime::clock::now().0.cast_unsigned();
        now.rotate_left(17) ^ u64::from(std::process::id())
    })
}

/// 128 random bits, by the same rule.
pub fn wide_bits() -> u128 {
    let mut bytes = [0; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u128::from_ne_bytes(bytes),
        Err(_) => (u128::from(bits()) << 64) | u128::from(bits()),
    }
}

/// A random GUID, by the same rule.
pub fn guid() -> String {
    let bits = wide_bits();
    // Version 4, variant 1 (RFC 9562).
    let bits = (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let part = |from: u32, length: u32| (bits >> from) & ((1 << length) - 1);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        part(96, 32),
        part(80, 16),
        part(64, 16),
        part(48, 16),
        part(0, 48)
    )
}

/// A number from 0 (inclusive) to `bound` (exclusive); 0 where `bound` is 0.
pub fn below(bound: u64) -> u64 {
    if bound == 0 { 0 } else { bits() % bound }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_random_and_says_so() {
        let id = guid();
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&id.as_bytes()[19]));
        assert_ne!(id, guid());
    }
}
