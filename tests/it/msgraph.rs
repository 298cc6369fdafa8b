//! Microsoft's own SDK reads the simulated tenant: what it takes for a reply of the service is one.

use std::fs;

use crate::support::python;
use crate::support::tenant::Tenant;

#[test]
fn microsofts_sdk_lists_users_and_folders_and_reads_a_whole_delta_round() {
    let tenant = Tenant::of_fixture("small.toml");
    let config = fs::read_to_string(tenant.config()).unwrap();
    let value = |key: &str| {
        let start = config.find(&format!("{key} = \"")).unwrap() + key.len() + 4;
        config[start..].split('"').next().unwrap().to_owned()
    };
    let mut script = python::script("msgraph_round.py");
    script.args([tenant.address(), &value("tenant_id"), &value("client_id")]);
    // Two mailboxes: the SDK takes seconds for each.
    let read = python::json(script.arg(tenant.folder().join("secret.txt")).arg("2"));
    assert!(read["users"].as_u64().unwrap() >= 16, "{read}");
    assert!(read["folders"].as_u64().unwrap() >= 20, "{read}");
    let messages = read["messages"].as_u64().unwrap();
    assert!(messages > 100, "{read}");
    assert!(
        read["pages"].as_u64().unwrap() > read["folders"].as_u64().unwrap(),
        "{read}"
    );
    assert_eq!(read["mailboxes"], 2);
}
