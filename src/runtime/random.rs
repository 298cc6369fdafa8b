//! The only source of randomness of the client. (The simulated tenant draws from its seed.)

/// 64 random bits of the operating system.
///
/// Where the system has none to give, the clock and the process id stand in: every use of these
/// bits is a name that must not collide, none is a secret.
pub fn bits() -> u64 {
    getrandom::u64().unwrap_or_else(|_| {
        let now = crate::runtime::clock::now().0.cast_unsigned();
        now.rotate_left(17) ^ u64::from(std::process::id())
    })
}

/// A number from 0 (inclusive) to `bound` (exclusive); 0 where `bound` is 0.
pub fn below(bound: u64) -> u64 {
    if bound == 0 { 0 } else { bits() % bound }
}
