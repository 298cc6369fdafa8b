//! The `touchpoint` program: see `cli`.

fn main() {}
