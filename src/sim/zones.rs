//! `Prefer: outlook.timezone` with an unknown zone: the documents do not say what becomes of
//! it (facts 11.17), so a world does.

use crate::sim::calendar::delta;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::spec::UnknownZone;
use crate::sim::world::World;

/// The 400 for a request whose zone is unknown, where the world refuses it.
pub fn refused(world: &World, request: &Request) -> Option<Response> {
    let prefer = request.header("prefer").unwrap_or_default();
    let mut named = prefer
        .split(',')
        .filter_map(|part| part.trim().split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("outlook.timezone"))
        .map(|(_, value)| value.trim().trim_matches('"'));
    let wanted = named.next()?;
    let is_known = delta::zone(request).0 == wanted;
    if is_known || world.spec.switches.unknown_zone == UnknownZone::Ignored {
        return None;
    }
    let message = format!(
        "A valid TimeZone value must be specified. The following TimeZone value is not supported: '{wanted}'."
    );
    Some(Response::error(
        400,
        "TimeZoneNotSupportedException",
        &message,
    ))
}
