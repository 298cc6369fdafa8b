//! What a run found of the permissions of each tenant before it read anything.

use std::fmt::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::model::access::Outside;
use crate::model::access::RunAccess;

/// One line for each tenant, and one for each thing to mend.
pub(super) fn write(text: &mut String, access: &RunAccess) {
    let tenant = &access.tenant;
    let outside = match &access.outside {
        Outside::Refused { requests: 1 } => {
            "a request to a mailbox outside the scope was refused".to_owned()
        }
        Outside::Refused { requests } => {
            format!("{requests} requests to mailboxes outside the scope were refused")
        }
        Outside::Accepted { kinds } => {
            format!("a mailbox outside the scope can be read ({kinds}), which was accepted")
        }
        Outside::Unknown => {
            "no mailbox outside the scope has answered, so it is unknown whether the \
             restriction works"
                .to_owned()
        }
        Outside::WholeTenant => "the scope is the whole tenant".to_owned(),
    };
    let _ = writeln!(text, "access, tenant {tenant}: {outside}");
    for (list, what) in [
        (&access.missing, "permissions missing"),
        (&access.too_wide, "permissions wider than needed"),
        (&access.refused, "refused, though named under probe.granted"),
    ] {
        if !list.is_empty() {
            let list = list.join(", ");
            let _ = writeln!(
                text,
                "access, tenant {tenant}: {what}: {list}; see touchpoint check"
            );
        }
    }
}

/// For programs.
pub(super) fn json(access: &RunAccess) -> Value {
    let (outside, requests) = match &access.outside {
        Outside::Refused { requests } => ("refused", *requests),
        Outside::Accepted { .. } => ("accepted", 0),
        Outside::Unknown => ("unknown", 0),
        Outside::WholeTenant => ("none", 0),
    };
    json!({
        "tenant": access.tenant,
        "outside_scope": outside,
        "requests_refused": requests,
        "missing_permissions": access.missing,
        "permissions_too_wide": access.too_wide,
        "granted_probes_refused": access.refused,
    })
}
