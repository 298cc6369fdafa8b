//! Sign-in with a client certificate or with the assertion of a platform, in place of a client secret.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::support::python;
use crate::support::tenant::Tenant;
use crate::support::text_of;
use crate::support::with_config;

const WORLD: &str = "seed = 71\nusers = 16\nmails_per_user = 10\nmeetings_per_user = 0\n";
const FIRST: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJmaXJzdCJ9.c2lnbmF0dXJl-1";
const SECOND: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzZWNvbmQifQ.c2lnbmF0dXJl-2";

/// A certificate that holds between two days from now, and what `make_certificate.py` makes besides.
fn certificate(from: f64, until: f64) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut script = python::script("make_certificate.py");
    script.arg(folder.path());
    python::json(script.args([from.to_string(), until.to_string()]));
    folder
}

/// A tenant in which the certificate of a folder and two tokens of a platform are registered, with its
/// files beside the configuration.
fn tenant(keys: &Path, more: &str) -> Tenant {
    let pem = fs::read_to_string(keys.join("app.pem")).unwrap();
    let tenant = Tenant::of_world(&format!(
        "{WORLD}[app]\ncertificate = '''\n{pem}'''\nfederated_tokens = [\"{FIRST}\", \"{SECOND}\"]\n{more}"
    ));
    for entry in fs::read_dir(keys).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), tenant.folder().join(entry.file_name())).unwrap();
    }
    tenant
}

/// Replaces the credential by other lines.
fn set_credential(tenant: &Tenant, lines: &str) {
    let config = fs::read_to_string(tenant.config()).unwrap();
    let is_credential = |line: &&str| {
        let keys = ["client_secret", "certificate", "assertion_file"];
        keys.iter().any(|key| line.starts_with(key))
    };
    let rest = config.lines().filter(|line| !is_credential(line));
    let config: Vec<&str> = rest.chain(lines.lines()).collect();
    fs::write(tenant.config(), config.join("\n") + "\n").unwrap();
}

/// A run that says all that it can say.
fn run(tenant: &Tenant, code: i32) -> Output {
    let arguments = ["run", "--format", "json", "--log-level", "trace"];
    let output = with_config(&tenant.config(), &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{}", text_of(&output));
    for text in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(text);
        // Of assertions, the platform's too, and of keys in PEM and DER form.
        for secret in ["eyJ", "PRIVATE KEY", "MII", "c2lnbmF0dXJl"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    output
}

/// The statuses of sign-ins since a request.
fn sign_ins(tenant: &Tenant, since: u64) -> Vec<Value> {
    let log = tenant.log(since).into_iter();
    let tokens = log.filter(|request| request["path"].as_str().unwrap().ends_with("/token"));
    tokens.map(|request| request["status"].clone()).collect()
}

/// A run that is refused: with these words, and before anything but a token was requested.
fn check_refused(tenant: &Tenant, words: &[&str]) {
    let since = tenant.served_requests();
    let output = run(tenant, 2);
    let text = text_of(&output);
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
    let log = tenant.log(since).into_iter();
    let others = log.filter(|request| !request["path"].as_str().unwrap().ends_with("/token"));
    assert_eq!(others.count(), 0);
}

#[test]
fn a_run_signs_in_with_a_certificate_in_one_file_or_in_two() {
    let keys = certificate(-1.0, 400.0);
    // A token that is refused is requested again, with another assertion.
    let fault = "[[faults]]\nmailbox = 0\nkind = 'status'\nstatus = 401\n\
                 code = 'InvalidAuthenticationToken'\ntimes = 1\n";
    let tenant = tenant(keys.path(), fault);
    set_credential(&tenant, "certificate = { file = \"both.pem\" }");
    let report: Value = serde_json::from_slice(&run(&tenant, 1).stdout).unwrap();
    let mut mailboxes = report["mailboxes"].as_array().unwrap().iter();
    assert!(mailboxes.any(|mailbox| mailbox["status"] == "complete"));
    assert_eq!(
        report["notes"].to_string().matches("certificate").count(),
        0
    );
    assert_eq!(sign_ins(&tenant, 0), [200, 200]);
    for (file, key) in [
        ("app.pem", "app.key"),
        ("app.pem", "pkcs1.key"),
        ("chain.pem", "app.key"),
        ("chain.pem", "chain.pem"),
    ] {
        let since = tenant.served_requests();
        set_credential(
            &tenant,
            &format!("certificate = {{ file = \"{file}\", key_file = \"{key}\" }}"),
        );
        run(&tenant, 1);
        assert_eq!(sign_ins(&tenant, since), [200], "{file} {key}");
    }
}

#[test]
fn an_assertion_file_may_be_replaced_between_two_runs() {
    let keys = certificate(-1.0, 400.0);
    let tenant = tenant(keys.path(), "");
    set_credential(&tenant, "assertion_file = \"token\"");
    let token = tenant.folder().join("token");
    fs::write(&token, format!("{FIRST}\n")).unwrap();
    run(&tenant, 1);
    fs::write(&token, SECOND).unwrap();
    run(&tenant, 1);
    assert_eq!(sign_ins(&tenant, 0), [200, 200]);
    // The second one was sent: the first is not accepted after it.
    fs::write(&token, FIRST).unwrap();
    check_refused(&tenant, &["AADSTS700024", "clock", "renews it"]);
    fs::write(&token, format!("x{SECOND}")).unwrap();
    check_refused(&tenant, &["AADSTS70021", "issuer, subject and audience"]);
    assert_eq!(sign_ins(&tenant, 0).len(), 4);

    for content in ["", "no token"] {
        fs::write(&token, content).unwrap();
        check_refused(&tenant, &["/token: ", "no token in it"]);
    }
    fs::remove_file(&token).unwrap();
    check_refused(&tenant, &["/token: ", "No such file"]);
    assert_eq!(sign_ins(&tenant, 0).len(), 4);
}

/// Certificate, key file or none, and what is said of them.
const UNUSABLE: &[(&str, &str, &[&str])] = &[
    (
        "expired.pem",
        "",
        &["expired.pem: ", "expired on", "make a new one"],
    ),
    (
        "early.pem",
        "",
        &["early.pem: ", "not valid before", "clock"],
    ),
    ("open.pem", "", &["open.pem: ", "chmod 600"]),
    ("open.pem", "app.key", &["open.pem: ", "chmod 600"]),
    ("app.pem", "open.key", &["open.key: ", "chmod 600"]),
    (
        "app.pem",
        "other.key",
        &["app.pem: ", "other.key", "does not belong"],
    ),
    ("app.pem", "ec.key", &["ec.key: ", "no RSA key"]),
    ("app.pem", "sec1.key", &["sec1.key: ", "no RSA key"]),
    (
        "app.pem",
        "small.key",
        &["small.key: ", "2048 to 4096 bits"],
    ),
    (
        "app.pem",
        "encrypted.key",
        &["encrypted.key: ", "password", "openssl pkey"],
    ),
    (
        "app.pem",
        "legacy.key",
        &["legacy.key: ", "password", "openssl pkey"],
    ),
    ("app.pem", "damaged.key", &["damaged.key: ", "damaged"]),
    ("app.pem", "cut.key", &["cut.key: ", "damaged"]),
    ("app.pem", "two.key", &["two.key: ", "several private keys"]),
    ("app.pem", "", &["app.pem: ", "no private key", "key_file"]),
    ("app.pem", "secret.txt", &["secret.txt: ", "no private key"]),
    ("app.pem", "none.key", &["none.key: ", "No such file"]),
    ("none.pem", "", &["none.pem: ", "No such file"]),
    (
        "app.der",
        "app.key",
        &["app.der: ", "PEM", "openssl pkcs12"],
    ),
];

#[test]
fn a_certificate_that_cannot_be_used_is_refused_before_anything_is_requested() {
    let keys = certificate(-1.0, 400.0);
    let tenant = tenant(keys.path(), "");
    let path = |name: &str| tenant.folder().join(name);
    for (folder, name) in [
        (certificate(-30.0, -1.0), "expired.pem"),
        (certificate(1.0, 30.0), "early.pem"),
    ] {
        let content = fs::read(folder.path().join("both.pem")).unwrap();
        fs::write(path(name), content).unwrap();
        fs::set_permissions(path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    for (from, name) in [("app.key", "open.key"), ("both.pem", "open.pem")] {
        fs::copy(path(from), path(name)).unwrap();
        fs::set_permissions(path(name), fs::Permissions::from_mode(0o640)).unwrap();
    }
    let damaged = fs::read_to_string(path("app.key")).unwrap();
    for (name, content) in [
        ("damaged.key", damaged.replacen("MII", "M!I", 1)),
        ("cut.key", damaged.replacen("MII", "", 1)),
        ("two.key", format!("{damaged}\n{damaged}")),
    ] {
        fs::copy(path("app.key"), path(name)).unwrap();
        fs::write(path(name), content).unwrap();
    }
    for (file, key, words) in UNUSABLE {
        let key = match *key {
            "" => String::new(),
            key => format!(", key_file = \"{key}\""),
        };
        set_credential(
            &tenant,
            &format!("certificate = {{ file = \"{file}\"{key} }}"),
        );
        check_refused(&tenant, words);
    }
    assert_eq!(tenant.served_requests(), 0);
}

#[test]
fn a_tenant_with_several_credentials_or_none_is_refused() {
    let keys = certificate(-1.0, 400.0);
    let tenant = tenant(keys.path(), "");
    for lines in [
        "",
        "certificate = { file = \"both.pem\" }\nclient_secret = { file = \"secret.txt\" }",
    ] {
        set_credential(&tenant, lines);
        let keys = "exactly one of client_secret, certificate and assertion_file";
        check_refused(&tenant, &["touchpoint.toml:", keys]);
    }
    assert_eq!(tenant.served_requests(), 0);
}

#[test]
fn a_certificate_that_is_not_registered_is_refused_with_advice() {
    let (keys, others) = (certificate(-1.0, 400.0), certificate(-1.0, 400.0));
    let tenant = tenant(keys.path(), "");
    fs::copy(
        others.path().join("both.pem"),
        tenant.folder().join("both.pem"),
    )
    .unwrap();
    set_credential(&tenant, "certificate = { file = \"both.pem\" }");
    check_refused(&tenant, &["AADSTS700027", "not registered", "upload it"]);
    assert_eq!(sign_ins(&tenant, 0), [401]);
}

#[test]
fn a_certificate_that_ends_within_thirty_days_is_announced() {
    for (until, days) in [(30.5, None), (29.5, Some(29)), (0.5, Some(0))] {
        let keys = certificate(-1.0, until);
        let tenant = tenant(keys.path(), "");
        set_credential(&tenant, "certificate = { file = \"both.pem\" }");
        let report: Value = serde_json::from_slice(&run(&tenant, 1).stdout).unwrap();
        let notes = report["notes"].as_array().unwrap().iter();
        let mut notes = notes
            .filter_map(Value::as_str)
            .filter(|note| note.contains("both.pem"));
        let Some(days) = days else {
            assert_eq!(notes.next(), None);
            continue;
        };
        let note = notes.next().unwrap();
        for words in ["tenant contoso: ", "ends on 20", "register it"] {
            assert!(note.contains(words), "{note}");
        }
        assert!(note.contains(&format!(", {days} days from now")), "{note}");
        let mut wide = with_config(&tenant.config(), &["check"]);
        let check = wide.env("COLUMNS", "1000").output().unwrap();
        assert!(text_of(&check).contains(note), "{}", text_of(&check));
    }
}

/// Facts 4.2.
#[test]
fn the_simulated_tenant_takes_assertions_of_microsofts_library_and_no_unsound_ones() {
    let keys = certificate(-1.0, 400.0);
    let tenant = tenant(keys.path(), "");
    let config = fs::read_to_string(tenant.config()).unwrap();
    let config: toml::Table = toml::from_str(&config).unwrap();
    let value = |key: &str| config["tenants"][0][key].as_str().unwrap().to_owned();
    let mut script = python::script("assertions.py");
    script.args([tenant.address(), &value("tenant_id"), &value("client_id")]);
    let answers = python::json(script.arg(keys.path()));
    let expected = json!({
        "sound": 0,
        "presented again": 50027,
        "renewed": 0,
        "just expired": 0,
        "long expired": 700_024,
        "early": 0,
        "too early": 700_024,
        "from the future": 700_024,
        "another audience": 700_023,
        "another host": 700_023,
        "another issuer": 700_021,
        "another subject": 700_021,
        "another key": 700_027,
        "another thumbprint": 700_027,
        "RS256": 50027,
        "another signature": 700_027,
        "no signature": 50027,
        "no thumbprint": 70021,
        "no kind": 900_144,
        "another kind": 900_144,
        "with a secret": 90013,
        "nothing": 7_000_218,
    });
    assert_eq!(answers, expected);
}
