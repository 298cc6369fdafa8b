//! Days on the command line.

use crate::model::days::Days;
use crate::model::days::NoDays;
use crate::model::days::day_of;
use crate::runtime::clock;

/// Reads a day or a span of days as people write it, as of now.
pub fn parse(text: &str) -> Result<Days, NoDays> {
    Days::parse(text, day_of(clock::now()))
}
