//! A tenant whose calendars are scripted item by item and run by run, and the recorded rows.

use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use super::python;

const TENANT: &str = "5f0c2f6e-1c55-4a7e-9d6f-3b1a8e2d7c10";

/// The server, and a folder with configuration, CRM files and lake.
pub(crate) struct Scripted {
    process: Child,
    address: String,
    folder: TempDir,
}

/// One stored row of a meeting.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub mailbox: String,
    pub interaction_id: String,
    pub revision: i64,
    pub state: String,
    /// The day on which it begins, in UTC.
    pub day: String,
    pub subject: String,
}

impl Scripted {
    /// `nights`: the service's time of each run. `calendars`: by address, for each run the items
    /// that changed before it.
    pub(crate) fn start(nights: &[&str], calendars: &[(String, Vec<Vec<Value>>)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let by_address: serde_json::Map<String, Value> = calendars
            .iter()
            .map(|(address, nights)| (address.clone(), json!(nights)))
            .collect();
        let world = json!({"tenant_id": TENANT, "domain": "contoso.com", "nights": nights,
            "calendars": by_address});
        write("world.json", &world.to_string());
        let mut server = python::script("scripted_graph.py");
        server.arg(folder.path().join("world.json"));
        let mut process = server.stdout(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut first)
            .unwrap();
        let address = first.trim().strip_prefix("listening on ").unwrap();
        write(
            "contacts.csv",
            "id,name,email,other_emails,account_id\nC2,Eva,eva@fabrikam.com,,A1\n",
        );
        write(
            "accounts.csv",
            "id,name,domains\nA1,Fabrikam,fabrikam.com\n",
        );
        write("secret.txt", "secret");
        let secret = folder.path().join("secret.txt");
        fs::set_permissions(secret, fs::Permissions::from_mode(0o600)).unwrap();
        let users: Vec<&String> = calendars.iter().map(|(address, _)| address).collect();
        write("touchpoint.toml", &config(address, &format!("{users:?}")));
        Self {
            address: address.to_owned(),
            process,
            folder,
        }
    }

    /// The configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("touchpoint.toml")
    }

    /// The folder of lake, index and state.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the program on a given night; it must succeed.
    pub(crate) fn night(&self, number: usize) -> Value {
        self.make_night(number);
        super::run_report(&self.config(), &[], 0)
    }

    /// Sets the service's time and calendars to those of a night.
    pub(crate) fn make_night(&self, number: usize) {
        let host = self.address.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let head =
            format!("GET /_night/{number} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    }

    /// All rows of meetings, in order.
    pub(crate) fn rows(&self) -> Vec<Row> {
        rows(self.folder())
    }

    /// For each meeting in each mailbox the row of the highest revision, if it is current.
    pub(crate) fn current(&self) -> Vec<Row> {
        current(self.rows())
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// All rows of meetings of a lake, in order.
pub(crate) fn rows(folder: &Path) -> Vec<Row> {
    let columns = [
        "mailbox_address",
        "interaction_id",
        "revision",
        "state",
        "strftime(occurred_at, '%Y-%m-%d') AS day",
        "subject",
    ];
    let listed = python::rows(folder, "interactions", &columns);
    let mut rows: Vec<Row> = listed.iter().map(row).collect();
    rows.sort();
    rows
}

/// For each meeting in each mailbox the row of the highest revision, if it is current.
pub(crate) fn current(rows: Vec<Row>) -> Vec<Row> {
    let mut newest: Vec<Row> = Vec::new();
    for row in rows {
        let same = |last: &Row| {
            (&last.mailbox, &last.interaction_id) == (&row.mailbox, &row.interaction_id)
        };
        if newest.last().is_some_and(same) {
            newest.pop();
        }
        newest.push(row);
    }
    newest.retain(|row| ["active", "cancelled", "declined"].contains(&row.state.as_str()));
    newest
}

fn row(listed: &Value) -> Row {
    let text = |name: &str| listed[name].as_str().unwrap_or_default().to_owned();
    Row {
        mailbox: text("mailbox_address"),
        interaction_id: text("interaction_id"),
        revision: listed["revision"].as_i64().unwrap(),
        state: text("state"),
        day: text("day"),
        subject: text("subject"),
    }
}

fn config(address: &str, users: &str) -> String {
    format!(
        "[lake]\npath = \"lake\"\n[index]\npath = \"index\"\n[state]\npath = \"state\"\n\
         [capture]\ncontent = \"full\"\nwindow = \"12 months\"\nunmatched = \"keep\"\n\
         [crm]\ncontacts = \"contacts.csv\"\naccounts = \"accounts.csv\"\n\
         [[tenants]]\nname = \"contoso\"\ntenant_id = \"{TENANT}\"\n\
         client_id = \"5d1f6a0e-7b7c-4f0b-8a39-2f9f5c1f0c22\"\n\
         client_secret = {{ file = \"secret.txt\" }}\nlogin_url = \"{address}\"\n\
         graph_url = \"{address}\"\nscope = {{ users = {users} }}\n\
         confirm = {{ max_new = 100 }}\n"
    )
}
