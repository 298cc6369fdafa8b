//! Tests of a whole lake, and what they stand on.

pub(super) mod fixture;
pub(super) mod simulated_disk;

mod added_columns;
mod commits;
mod crash;
mod crm_changes;
mod damage;
mod disk_faults;
mod interop;
mod power_loss;
mod revisions;
mod roundtrip;
mod touches;
