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

/// A number from 0 (inclusive) to `bound` (exclusive); 0 where `bound` is 0.
pub fn below(bound: u64) -> u64 {
    if bound == 0 { 0 } else { bits() % bound }
}
