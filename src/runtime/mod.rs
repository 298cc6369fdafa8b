//! What time is it, where does CPU work run, when do we stop?
//!
//! The only room that reads a clock or a source of randomness, so that everything else can be
//! replayed.

pub mod clock;
pub mod cpu;
pub mod crash;
pub mod private;
pub mod random;
pub mod shutdown;
