//! The page on which an administrator gives consent (facts 4.4). No one has to click here: opening it
//! is the decision that the world file names.

use crate::sim::grants::Consent;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::world::World;

/// `GET /{tenant}/v2.0/adminconsent`: the redirect, and whether consent was given.
pub fn decide(world: &World, tenant: &str, request: &Request) -> (Response, bool) {
    let option = |name: &str| request.option(name).unwrap_or_default();
    let is_named = |name: &String| name.eq_ignore_ascii_case(tenant);
    let is_tenant = is_named(&world.app.tenant_id) || world.spec.domains.iter().any(is_named);
    let redirect = option("redirect_uri");
    let is_registered = redirect.starts_with("http://localhost:")
        || redirect.ends_with("/common/oauth2/nativeclient");
    let defect = if !is_tenant {
        Some("AADSTS90002: Tenant not found.")
    } else if option("client_id") != world.app.client_id {
        Some("AADSTS700016: Application was not found in the directory.")
    } else if !option("scope").ends_with("/.default") {
        Some("AADSTS900144: The request must contain the parameter 'scope'.")
    } else if !is_registered {
        Some("AADSTS50011: The redirect URI does not match those of the application.")
    } else {
        None
    };
    if let Some(text) = defect {
        // A page for people: there is nowhere to redirect to.
        return (Response::error(400, "invalid_request", text), false);
    }
    let is_given = world.spec.permissions.consent != Consent::Declined;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if !is_given {
        query.append_pair("error", "access_denied");
        query.append_pair(
            "error_description",
            "AADSTS65004: User declined to consent.",
        );
    }
    // It stands in refusals as well.
    query.append_pair("admin_consent", "True");
    query.append_pair("tenant", &world.app.tenant_id);
    query.append_pair("scope", &option("scope"));
    query.append_pair("state", &option("state"));
    let mut response =
        Response::default().with("location", format!("{redirect}?{}", query.finish()));
    response.status = 302;
    (response, is_given)
}
