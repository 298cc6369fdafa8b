//! Microsoft's own SDK reads the simulated tenant, which validates its responses.

use std::fs;

use serde_json::Value;

use crate::support::python;
use crate::support::tenant::Tenant;

#[test]
fn microsofts_sdk_reads_users_folders_mail_and_calendars() {
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
    let calendar = |name: &str| read["calendar"][name].as_u64().unwrap_or_default();
    for kind in ["singleInstance", "occurrence", "seriesMaster", "removed"] {
        assert!(calendar(kind) > 0, "{kind}: {read}");
    }
    assert!(calendar("occurrence") > calendar("seriesMaster"), "{read}");
    // The SDK found in the pages what the tenant put into them.
    let log = tenant.log(0);
    let is_calendar = |request: &&Value| {
        let path = request["path"].as_str().unwrap().to_lowercase();
        path.contains("calendarview")
    };
    let requests: Vec<&Value> = log.iter().filter(is_calendar).collect();
    assert!(requests.iter().all(|request| request["status"] == 200));
    assert_eq!(requests.len() as u64, calendar("pages"), "{read}");
    let served = tenant.get("/_sim/served?of=calendar");
    let served = served.as_object().unwrap().values();
    let served: u64 = served.filter_map(Value::as_u64).sum();
    assert_eq!(served, calendar("events"), "{read}");
}
