//! What time is it, where does CPU work run, how much memory is free, when do we stop?
//!
//! The only room that reads a clock or a source of randomness, so that everything else is
//! reproducible.

pub mod clock;
pub mod cpu;
pub mod failpoint;
pub mod memo;
pub mod memory;
pub mod private;
pub mod random;
pub mod shares;
pub mod shutdown;
