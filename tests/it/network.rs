//! Corporate networks: a proxy with its own certificate authority; and logs in JSON.

use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;

use crate::support::expect_code;
use crate::support::python;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

/// `tests/py/tls_proxy.py` before a tenant.
struct Proxy {
    process: Child,
    port: String,
}

impl Proxy {
    fn start(tenant: &Tenant) -> Self {
        let mut command = python::script("tls_proxy.py");
        command.arg(tenant.folder());
        command.arg(tenant.address().strip_prefix("http://").unwrap());
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut port = String::new();
        let printed = process.stdout.take().unwrap();
        BufReader::new(printed).read_line(&mut port).unwrap();
        let port = port.trim().to_owned();
        Self { process, port }
    }

    fn before(&self, command: &mut Command) {
        command.env("HTTPS_PROXY", format!("http://127.0.0.1:{}", self.port));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn a_proxy_with_its_own_ca_needs_configuration() {
    let tenant =
        Tenant::of_world("seed = 71\nusers = 16\nmails_per_user = 4\nmeetings_per_user = 0\n");
    let proxy = Proxy::start(&tenant);
    let text = fs::read_to_string(tenant.config()).unwrap();
    let behind = text
        .replace(
            &format!("login_url = \"{}\"", tenant.address()),
            "login_url = \"https://login.example\"",
        )
        .replace(
            &format!("graph_url = \"{}\"", tenant.address()),
            "graph_url = \"https://graph.microsoft.com\"",
        );

    fs::write(tenant.config(), &behind).unwrap();
    let mut plan = with_config(&tenant.config(), &["run", "--plan"]);
    proxy.before(&mut plan);
    let refused = plan.output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "{}", text_of(&refused));

    let trusting = behind.replace("graph_url", "ca_file = \"ca.pem\"\ngraph_url");
    fs::write(tenant.config(), trusting).unwrap();
    let mut plan = with_config(&tenant.config(), &["run", "--plan"]);
    proxy.before(&mut plan);
    let planned = expect_code(&mut plan, 0);
    assert!(planned.contains("contoso"), "{planned}");
    let hosts = fs::read_to_string(tenant.folder().join("hosts")).unwrap();
    assert!(hosts.contains("login.example:443") && hosts.contains("graph.microsoft.com:443"));
}

#[test]
fn an_authority_file_without_a_certificate_is_refused() {
    let tenant =
        Tenant::of_world("seed = 72\nusers = 16\nmails_per_user = 4\nmeetings_per_user = 0\n");
    let text = fs::read_to_string(tenant.config()).unwrap();
    let text = text.replace("graph_url", "ca_file = \"contacts.csv\"\ngraph_url");
    fs::write(tenant.config(), text).unwrap();
    let mut plan = with_config(&tenant.config(), &["run", "--plan"]);
    let refused = plan.output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let said = text_of(&refused);
    assert!(
        said.contains("contacts.csv: no certificate in it"),
        "{said}"
    );
}

#[test]
fn json_logs_have_one_object_per_line() {
    let tenant =
        Tenant::of_world("seed = 73\nusers = 16\nmails_per_user = 4\nmeetings_per_user = 0\n");
    let json = ["--log-format", "json", "--verbose"];
    let mut run = with_config(&tenant.config(), &["run"]);
    let ran = run.args(json).output().unwrap();
    let broken = tenant.folder().join("nowhere.toml");
    let mut run = with_config(&broken, &["run"]);
    let failed = run.args(json).output().unwrap();
    let secret = fs::read_to_string(tenant.folder().join("secret.txt")).unwrap();
    for (output, least) in [(ran, "INFO"), (failed, "ERROR")] {
        let lines = String::from_utf8(output.stderr).unwrap();
        assert!(!lines.contains('@'), "an address is in the log: {lines}");
        assert!(!lines.contains(secret.trim()), "the secret is in the log");
        let levels: Vec<String> = lines
            .lines()
            .map(|line| {
                let event: Value = serde_json::from_str(line).unwrap();
                assert!(event["fields"].is_object(), "{line}");
                assert!(event["timestamp"].is_string(), "{line}");
                event["level"].as_str().unwrap().to_owned()
            })
            .collect();
        assert!(levels.iter().any(|level| level == least), "{lines}");
    }
}
