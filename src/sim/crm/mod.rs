//! The CRM of the simulated tenant: its records, and what a lookup of each address must find.

pub mod changes;
pub mod generate;
pub mod records;
