//! What are the things called? The nouns of every other room: no I/O, no threads, no clock.

pub mod time;
