//! Which mailboxes are read, and who belongs to the company? Pure: listings go in, a plan comes out.

pub(crate) mod company;
pub(crate) mod deny;
pub(crate) mod digest;
pub(crate) mod excluded;
pub(crate) mod own_addresses;
pub(crate) mod plan;

#[cfg(test)]
mod tests;
