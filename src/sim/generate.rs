//! Makes a world from what its world file says: people, then mails, then meetings, then what
//! changes in the CRM.

use crate::sim::calendar;
use crate::sim::crm;
use crate::sim::faults::fault::Fault;
use crate::sim::mail;
use crate::sim::people;
use crate::sim::spec::Spec;
use crate::sim::spec::SpecError;
use crate::sim::world::World;

impl World {
    /// The world that a world file describes.
    pub fn from_toml(text: &str) -> Result<Self, SpecError> {
        let world = Self::build(Spec::from_toml(text)?);
        let is_known =
            |fault: &Fault| fault.mailbox.is_anybody() || world.person(&fault.mailbox).is_some();
        if world.spec.faults.iter().all(is_known) {
            Ok(world)
        } else {
            Err(SpecError::Range("faults: mailbox (no user has it)"))
        }
    }

    /// A world of this seed and number of users, all else by default.
    pub fn generated(seed: u64, users: usize) -> Self {
        Self::build(Spec {
            seed,
            users,
            ..Spec::default()
        })
    }

    /// The world of a spec.
    pub fn build(spec: Spec) -> Self {
        let mut world = people::tenant(spec);
        mail::generate::fill(&mut world);
        calendar::generate::fill(&mut world);
        crm::changes::fill(&mut world);
        world
    }
}
