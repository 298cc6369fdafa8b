//! The whole file: what the contract names is read, what is wrong is named.

use std::path::Path;

use crate::config::Config;
use crate::config::archive::Format;
use crate::config::archive::Identity;
use crate::config::archive::Mailboxes;
use crate::config::capture::ActivityContent;
use crate::config::capture::Content;
use crate::config::capture::InternalOnly;
use crate::config::capture::Meetings;
use crate::config::capture::UnknownSensitivity;
use crate::config::capture::Unmatched;
use crate::config::credential::Credential;
use crate::config::secret::Secret;
use crate::config::tenant::Scope;
use crate::config::window::Window;
use crate::config::window::Windows;

const FULL: &str = r#"
[lake]
path = "lake"
activity_content = "none"
[index]
path = "/var/index"
[state]
path = "state"
[run]
memory = "256 MB"
threads = 2
page_size = 10
mailboxes_at_once = 3
requests_at_once = 9

[capture]
mail = true
meetings = "recorded"
content = "envelope"
window = "90 days"
internal_only = "record"
unmatched = "skip"
meetings_need_seat = true
unknown_sensitivity = "record"
exclude = { addresses = ["Spy@x.org"], domains = ["X.example"], subjects = ["private"], folders = ["Family"] }

[crm]
contacts = "contacts.csv"
accounts = "accounts.csv"

[[tenants]]
name = "contoso"
tenant_id = "0b7c1b9c-3a2d-4a55-9d3e-6f0c2d1a7b11"
client_id = "5d1f6a0e-7b7c-4f0b-8a39-2f9f5c1f0c22"
client_secret = { env = "CONTOSO_SECRET" }
login_url = "http://127.0.0.1:8080"
graph_url = "http://127.0.0.1:8080"
scope = { users = ["Ann@contoso.com"] }
deny = { users = ["Board@contoso.com"], group = " board@contoso.com ", file = "deny.csv" }
confirm = { max_new = 5, max_growth = "10 %" }
i_understand_this_reads_every_mailbox = false
members = "members.csv"
teams = "teams.csv"

[[archives]]
name = "old-server"
format = "maildir"
path = "/srv/mail"
mailboxes = "subfolders"
domains = ["contoso.com"]
identity = "content"
addresses = "addresses.csv"

[[archives]]
name = "list"
format = "mbox"
path = "list.mbox"
mailboxes = "one"
address = "list@contoso.com"
window = "12 months"
"#;

const SMALL: &str = r#"
[crm]
contacts = "contacts.csv"
[[tenants]]
name = "contoso"
tenant_id = "contoso.com"
client_id = "5d1f6a0e-7b7c-4f0b-8a39-2f9f5c1f0c22"
client_secret = { file = "secret" }
scope = { group = "touchpoint@contoso.com" }
"#;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("touchpoint.toml")).map_err(|error| error.to_string())
}

/// The error of [`SMALL`] with one text in the place of another.
fn error_with(old: &str, new: &str) -> String {
    assert!(SMALL.contains(old), "{old}");
    parse(&SMALL.replace(old, new)).unwrap_err()
}

#[test]
fn the_whole_contract_is_read() {
    let config = parse(FULL).unwrap();
    assert_eq!(config.lake.activity_content, ActivityContent::None);
    assert_eq!(config.run.memory, 256_000_000);
    assert_eq!(config.run.page_size, 10);
    let capture = &config.capture;
    assert_eq!(capture.meetings, Meetings::Recorded);
    assert!(capture.meetings_need_seat);
    assert_eq!(capture.content, Content::Envelope);
    assert_eq!(capture.window, Windows::both(Window::Days(90)));
    assert_eq!(capture.internal_only, InternalOnly::Record);
    assert_eq!(capture.unmatched, Unmatched::Skip);
    assert_eq!(capture.unknown_sensitivity, UnknownSensitivity::Record);
    assert_eq!(capture.exclude.addresses[0].as_str(), "spy@x.org");
    assert_eq!(capture.exclude.domains, ["x.example"]);
    let tenant = &config.tenants[0];
    assert!(matches!(
        tenant.credential(),
        Ok(Credential::Secret(Secret::Env(name))) if name == "CONTOSO_SECRET"
    ));
    assert_eq!(tenant.graph_url.port(), Some(8080));
    assert!(matches!(&tenant.scope, Scope::Users(users) if users[0].as_str() == "ann@contoso.com"));
    assert_eq!(tenant.deny.users[0].as_str(), "board@contoso.com");
    assert_eq!(tenant.deny.group.as_deref(), Some("board@contoso.com"));
    let confirm = tenant.confirm.unwrap();
    assert_eq!((confirm.max_new, confirm.max_growth), (Some(5), Some(10)));
    let [first, second] = config.archives.as_slice() else {
        panic!("two archives");
    };
    assert_eq!(first.format, Format::Maildir);
    assert_eq!(first.identity, Identity::Content);
    assert_eq!(first.window, Window::None);
    assert!(matches!(
        &first.mailboxes,
        Mailboxes::Subfolders { addresses: Some(_) }
    ));
    assert_eq!(second.identity, Identity::MessageId);
    assert_eq!(second.window, Window::Months(12));
    assert!(
        matches!(&second.mailboxes, Mailboxes::One { address } if address.as_str() == "list@contoso.com")
    );
}

#[test]
fn omitted_keys_have_the_documented_defaults() {
    let config = parse(SMALL).unwrap();
    assert_eq!(config.lake.path, Path::new("lake"));
    assert_eq!(config.lake.activity_content, ActivityContent::Subject);
    assert_eq!(config.run.memory, 512_000_000);
    assert_eq!(config.run.requests_at_once, 48);
    assert_eq!(config.capture.content, Content::Preview);
    assert_eq!(config.capture.window, Windows::both(Window::Months(12)));
    assert_eq!(config.capture.internal_only, InternalOnly::Skip);
    assert_eq!(config.capture.unmatched, Unmatched::Envelope);
    assert_eq!(
        config.tenants[0].graph_url.as_str(),
        "https://graph.microsoft.com/"
    );
}

#[test]
fn relative_paths_are_resolved_from_the_files_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("touchpoint.toml");
    std::fs::write(
        &path,
        FULL.replace("env = \"CONTOSO_SECRET\"", "file = \"s\""),
    )
    .unwrap();
    let config = Config::load(&path).unwrap();
    assert_eq!(config.lake.path, folder.path().join("lake"));
    assert_eq!(config.index.path, Path::new("/var/index"));
    assert_eq!(
        config.crm.accounts,
        Some(folder.path().join("accounts.csv"))
    );
    let tenant = &config.tenants[0];
    assert_eq!(tenant.members, Some(folder.path().join("members.csv")));
    let secret = folder.path().join("s");
    assert!(matches!(
        tenant.credential(),
        Ok(Credential::Secret(Secret::File(path))) if *path == secret
    ));
    assert_eq!(config.archives[0].path, Path::new("/srv/mail"));
    assert_eq!(config.archives[1].path, folder.path().join("list.mbox"));
}

#[test]
fn unknown_keys_and_values_get_a_suggestion() {
    for (extra, line, message) in [
        (
            "[capture]\nunmached = \"skip\"\n",
            11,
            "capture.unmached: unknown key `unmached`; did you mean `unmatched`?",
        ),
        (
            "[capture]\n\nunmatched = \"skipp\"\n",
            12,
            "did you mean `skip`?",
        ),
        (
            "[capture]\ncontent = \"everything\"\n",
            11,
            "known are: envelope, preview, full",
        ),
        ("[captur]\n", 10, "did you mean `capture`?"),
        (
            "[capture]\nexclude = { adresses = [] }\n",
            11,
            "did you mean `addresses`?",
        ),
        ("[run]\nthread = 3\n", 11, "did you mean `threads`?"),
        ("[run]\nthreads = 3000\n", 11, "use 0 to 256"),
        ("[run]\nthreads = \"3\"\n", 11, "run.threads"),
        ("[run]\nmemory = \"1 MB\"\n", 11, "128 MB"),
        ("[run]\npage_size = 0\n", 11, "use 1 to 999"),
        ("[run]\nanswer_seconds = 0\n", 11, "use 1 to 3600"),
        ("[run]\nretry_seconds = 0.0\n", 11, "use 0.01 to 60"),
        ("[capture]\nwindow = \"a year\"\n", 11, "12 months"),
        ("[capture]\nwindow = 12\n", 11, "a text like"),
        (
            "[capture]\nwindow = { mail = \"a year\" }\n",
            11,
            "12 months",
        ),
        (
            "[capture]\nwindow = { meeting = \"1 year\" }\n",
            11,
            "did you mean `meetings`?",
        ),
        (
            "[lake]\npath = \"s3://bucket/lake\"\n",
            11,
            "not supported by this version",
        ),
        ("[capture]\nexclude = { subjects = [\"\"] }\n", 11, "empty"),
        ("[capture]\nmail = maybe\n", 11, ""),
    ] {
        let error = parse(&format!("{SMALL}{extra}")).unwrap_err();
        let place = format!("touchpoint.toml:{line}: ");
        assert!(
            error.starts_with(&place) && error.contains(message),
            "{extra}: {error}"
        );
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn mail_and_meetings_have_a_window_each() {
    let table = "{ mail = \"2 years\", meetings = \"6 months\" }";
    for (text, mail, meetings, shown) in [
        ("\"90 days\"", Window::Days(90), Window::Days(90), "90 days"),
        (
            table,
            Window::Months(24),
            Window::Months(6),
            "mail 24 months, meetings 6 months",
        ),
        (
            "{ meetings = \"none\" }",
            Window::Months(12),
            Window::None,
            "mail 12 months, meetings none",
        ),
        ("{}", Window::Months(12), Window::Months(12), "12 months"),
    ] {
        let config = parse(&format!("{SMALL}[capture]\nwindow = {text}\n")).unwrap();
        let window = config.capture.window;
        assert_eq!(window, Windows { mail, meetings }, "{text}");
        assert_eq!(window.to_string(), shown);
    }
}

#[test]
fn placeholders_are_refused_by_key() {
    for (old, new, key) in [
        (
            "\"contoso.com\"",
            "\"11111111-2222-3333-4444-555555555555\"",
            "tenants.tenant_id",
        ),
        (
            "5d1f6a0e-7b7c-4f0b-8a39-2f9f5c1f0c22",
            "…",
            "tenants.client_id",
        ),
        (
            "5d1f6a0e-7b7c-4f0b-8a39-2f9f5c1f0c22",
            "<client id>",
            "tenants.client_id",
        ),
        (
            "5d1f6a0e-7b7c-4f0b-8a39-2f9f5c1f0c22",
            "00000000-0000-0000-0000-000000000000",
            "tenants.client_id",
        ),
        ("\"secret\"", "\"changeme\"", "tenants.client_secret"),
        ("touchpoint@contoso.com", "…", "tenants.scope"),
        ("contacts.csv", "", "crm.contacts"),
    ] {
        let error = error_with(old, new);
        assert!(error.contains(&format!("{key}: ")), "{error}");
        assert!(
            error.contains("placeholder") || error.contains("empty"),
            "{error}"
        );
    }
}

#[test]
fn an_inline_secret_is_rejected_and_not_repeated() {
    for secret in [
        "\"p4ssw0rd\"",
        "{ env = \"p4ss-w0rd\" }",
        "{ value = \"p4ssw0rd\" }",
        "{ env = [\"p4ssw0rd\"] }",
        "[\"p4ssw0rd\"]",
        "p4ssw0rd",
        "70770770770",
        "70770770770.5",
        "{ env = 70770770770 }",
        "{ w0rd = 70770770770 }",
        "{ env = \"A\", file = 70770770770 }",
        "{ env = \"A\", file = \"p4ssw0rd\" }",
    ] {
        let error = error_with("{ file = \"secret\" }", secret);
        assert!(
            error.starts_with("touchpoint.toml:8: tenants.client_secret"),
            "{error}"
        );
        assert!(
            !error.contains("w0rd") && !error.contains("7077"),
            "{error}"
        );
    }
}

#[test]
fn each_credential_is_read_with_its_paths_and_there_is_exactly_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("touchpoint.toml");
    let secret = "client_secret = { file = \"secret\" }";
    let load = |line: &str| {
        std::fs::write(&path, SMALL.replace(secret, line)).unwrap();
        Config::load(&path).map(|mut config| config.tenants.remove(0))
    };
    for (line, key_file) in [
        ("certificate = { file = \"a.pem\" }", None),
        (
            "certificate = { file = \"a.pem\", key_file = \"a.key\" }",
            Some(folder.path().join("a.key")),
        ),
    ] {
        let tenant = load(line).unwrap();
        let Ok(Credential::Certificate(files)) = tenant.credential() else {
            panic!("{line}");
        };
        assert_eq!(files.file, folder.path().join("a.pem"));
        assert_eq!(files.key_file, key_file);
    }
    let tenant = load("assertion_file = \"a.v1.jwt\"").unwrap();
    let read = tenant.credential();
    let expected = folder.path().join("a.v1.jwt");
    assert!(matches!(read, Ok(Credential::AssertionFile(file)) if file.0 == expected));

    let both = format!("{secret}\nassertion_file = \"t\"");
    let all = format!("{both}\ncertificate = {{ file = \"a.pem\" }}");
    for (lines, found) in [
        ("", "no credential"),
        (both.as_str(), "(client_secret, assertion_file)"),
        (all.as_str(), "(client_secret, certificate, assertion_file)"),
    ] {
        let error = load(lines).unwrap_err().to_string();
        let place = format!("{}:5: tenants: ", path.display());
        assert!(
            error.starts_with(&place) && error.contains(found),
            "{error}"
        );
        let keys = "exactly one of client_secret, certificate and assertion_file";
        assert!(error.contains(keys), "{error}");
    }
}

#[test]
fn a_key_or_token_in_the_place_of_its_file_is_rejected_and_not_repeated() {
    let key = "-----BEGIN PRIVATE KEY-----\\nMIIs3cret\\n-----END PRIVATE KEY-----\\n";
    for (value, name) in [
        (format!("certificate = \"{key}\""), "certificate"),
        (
            format!("certificate = {{ file = \"{key}\" }}"),
            "certificate",
        ),
        (
            format!("certificate = {{ file = \"a\", key_file = \"{key}\" }}"),
            "certificate",
        ),
        (
            format!("certificate = {{ file = \"a\", key = \"{key}\" }}"),
            "certificate",
        ),
        (
            "certificate = { file = [\"s3cret\"] }".to_owned(),
            "certificate",
        ),
        (
            "assertion_file = \"eyJhbGciOiJSUzI1NiJ9.eyJzdWIi.s3cret\"".to_owned(),
            "assertion_file",
        ),
        ("certificate = { file = \"…\" }".to_owned(), "certificate"),
        ("assertion_file = \"…\"".to_owned(), "assertion_file"),
    ] {
        let error = error_with("client_secret = { file = \"secret\" }", &value);
        let place = format!("touchpoint.toml:8: tenants.{name}: ");
        assert!(error.starts_with(&place), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}

#[test]
fn a_scope_is_exactly_one_thing() {
    let group = "{ group = \"touchpoint@contoso.com\" }";
    for (scope, message) in [
        ("{ group = \"a@x.org\", all = true }", "exactly one"),
        ("{}", "exactly one"),
        ("{ users = [] }", "no one is in scope"),
        ("{ users = [\"ann\"] }", "not a mail address"),
        ("{ all = false }", "selects no one"),
        ("\"all\"", "expected one of { group"),
    ] {
        let error = error_with(group, scope);
        assert!(error.contains(message), "{scope}: {error}");
    }
    let meant = "{ all = true }\ni_understand_this_reads_every_mailbox = true";
    let all = parse(&SMALL.replace(group, meant)).unwrap();
    assert_eq!(all.tenants[0].scope, Scope::All);
}

#[test]
fn addresses_urls_and_names_are_checked() {
    for (old, new, message) in [
        (
            "scope =",
            "graph_url = \"http://graph.microsoft.com\"\nscope =",
            "plain http",
        ),
        ("\"contoso.com\"", "\"common\"", "name the tenant itself"),
        (
            "name = \"contoso\"",
            "name = \"con/toso\"",
            "letters, digits",
        ),
        ("name = \"contoso\"\n", "", "`name` is missing; add it"),
        (
            "[crm]\ncontacts = \"contacts.csv\"\n",
            "",
            "`crm` is missing; add it",
        ),
    ] {
        let error = error_with(old, new);
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn names_are_unique_and_sources_required() {
    let archive = "[[archives]]\nname = \"contoso\"\nformat = \"eml\"\npath = \"x\"\nmailboxes = \"subfolders\"\n";
    let error = parse(&format!("{SMALL}{archive}")).unwrap_err();
    assert!(
        error.starts_with("touchpoint.toml:11: name: `contoso` is taken"),
        "{error}"
    );
    let error = parse(&format!("{SMALL}[index]\npath = \"lake\"\n")).unwrap_err();
    assert!(error.contains("share a folder"), "{error}");
    let error = parse("[crm]\ncontacts = \"c.csv\"\n").unwrap_err();
    assert!(error.contains("nothing to read"), "{error}");
}

#[test]
fn an_archive_says_whose_mail_it_is() {
    for (keys, message) in [
        ("mailboxes = \"one\"", "needs address"),
        ("", "add mailboxes"),
        (
            "mailboxes = \"subfolders\"\naddress = \"a@x.org\"",
            "requires",
        ),
        (
            "mailboxes = \"one\"\naddress = \"a@x.org\"\naddresses = \"a.csv\"",
            "requires",
        ),
        (
            "mailboxes = \"subfolders\"\nadress = \"a@x.org\"",
            "did you mean `address`",
        ),
        (
            "mailboxes = \"subfolders\"\nidentity = \"contents\"",
            "did you mean `content`",
        ),
    ] {
        let archive =
            format!("[[archives]]\nname = \"old\"\nformat = \"eml\"\npath = \"x\"\n{keys}\n");
        let error = parse(&format!("{SMALL}{archive}")).unwrap_err();
        assert!(
            error.contains(message) && error.contains("archives"),
            "{keys}: {error}"
        );
    }
}

#[test]
fn a_scope_of_everybody_has_to_be_meant() {
    let group = "scope = { group = \"touchpoint@contoso.com\" }";
    let all = "scope = { all = true }";
    let error = error_with(group, all);
    assert!(
        error.contains("i_understand_this_reads_every_mailbox"),
        "{error}"
    );
    assert!(error.starts_with("touchpoint.toml:"), "{error}");
}

#[test]
fn rules_for_new_mailboxes_and_deny_lists_are_checked() {
    for (line, message) in [
        ("confirm = {}", "write max_new, max_growth or both"),
        (
            "confirm = { max_growth = \"10\" }",
            "write it like \"10 %\"",
        ),
        ("confirm = { max_growth = \"-1 %\" }", "not a percentage"),
        ("confirm = { max_news = 3 }", "did you mean `max_new`"),
        ("confirm = { max_new = -1 }", ""),
        ("deny = { user = [] }", "did you mean `users`"),
        ("deny = { users = [\"x\"] }", "entry 1"),
        ("deny = { group = \"\" }", ""),
    ] {
        let scope = "scope = { group = \"touchpoint@contoso.com\" }";
        let error = error_with(scope, &format!("{scope}\n{line}"));
        assert!(error.contains(message), "{line}: {error}");
    }
}
