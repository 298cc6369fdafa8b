//! Tests of the simulated tenant as a caller sees it, and of what every world holds.

mod access_facts;
mod calendar_facts;
mod distorted_answers;
mod expected_mail;
mod expected_meetings;
mod faults;
mod mail_facts;
mod refusals;
mod test_client;
mod zone_facts;
