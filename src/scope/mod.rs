//! Which mailboxes are read, and who belongs to the company? Pure: listings go in, a plan comes out.

pub mod company;
pub mod own_addresses;
pub mod plan;

#[cfg(test)]
mod tests;
