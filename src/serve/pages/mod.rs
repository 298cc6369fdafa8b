//! Pages, as markup in which every value is escaped. None needs a script.

pub(super) mod about;
mod chart;
pub(super) mod coverage;
pub(super) mod failure;
mod hits;
pub(super) mod interaction;
mod layout;
mod network;
pub(super) mod search;
pub(super) mod words;
