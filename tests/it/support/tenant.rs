//! A simulated tenant in a process of its own, with a folder of configuration for it.

use std::collections::BTreeSet;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

use super::expect_code;
use super::python;
use super::touchpoint;

const RECORDING: &str = "recording.jsonl";

/// A running simulator, its world, and a folder with `touchpoint.toml` and all files it names.
pub(crate) struct Tenant {
    world: Vec<String>,
    process: Child,
    address: String,
    folder: TempDir,
    /// Simulated times of the runs so far.
    runs: Vec<String>,
    /// Times in which mail was switched off, as `compare_truth.py` takes them.
    mail_off: Vec<String>,
}

impl Tenant {
    /// A generated world.
    pub(crate) fn generated(seed: u64, users: u32) -> Self {
        Self::of_world(&format!(
            "seed = {seed}\nusers = {users}\nmails_per_user = 150\n"
        ))
    }

    /// A world of `fixtures/worlds`.
    pub(crate) fn of_fixture(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures/worlds")
            .join(name);
        Self::start(&["--world", path.to_str().unwrap()])
    }

    /// A world with mail only, in which every item's outcome is predictable.
    pub(crate) fn of_mail(seed: u64) -> Self {
        Self::of_world(&format!(
            "seed = {seed}\nusers = 16\nmails_per_user = 120\nmeetings_per_user = 0\n"
        ))
    }

    /// A world from the text of a world file.
    pub(crate) fn of_world(toml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("world.toml");
        fs::write(&path, toml).unwrap();
        Self::start_in(folder, &["--world", path.to_str().unwrap()])
    }

    /// The same; requests and answers are written to a file.
    pub(crate) fn recorded(toml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("world.toml");
        fs::write(&path, toml).unwrap();
        let record = folder.path().join(RECORDING);
        let more = ["--record", record.to_str().unwrap()];
        Self::start_with(folder, &["--world", path.to_str().unwrap()], &more)
    }

    /// The file of requests and answers.
    pub(crate) fn recording(&self) -> PathBuf {
        self.folder.path().join(RECORDING)
    }

    fn start(world: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), world)
    }

    fn start_in(folder: TempDir, world: &[&str]) -> Self {
        Self::start_with(folder, world, &[])
    }

    fn start_with(folder: TempDir, world: &[&str], more: &[&str]) -> Self {
        let world: Vec<String> = world.iter().map(|word| (*word).to_owned()).collect();
        let (process, address) = serve(&world, more);
        let mut export = touchpoint();
        export
            .arg("simulate")
            .args(&world)
            .arg("--export")
            .arg(folder.path());
        expect_code(export.args(["--address", &address]), 0);
        Self {
            world,
            process,
            address,
            folder,
            runs: Vec::new(),
            mail_off: Vec::new(),
        }
    }

    /// Stops the simulator and starts it again at the same time and on the same port.
    pub(crate) fn restart(&mut self) {
        let now = self.now();
        let port = self.address.rsplit(':').next().unwrap().to_owned();
        self.stop();
        let (process, address) = serve(&self.world, &["--at", &now, "--port", &port]);
        assert_eq!(address, self.address);
        self.process = process;
    }

    /// Adds to the configuration.
    pub(crate) fn configure(&self, more: &str) {
        let mut config = fs::read_to_string(self.config()).unwrap();
        config.push_str(more);
        fs::write(self.config(), config).unwrap();
    }

    /// Replaces the line of a key of the tenant's section, or adds it.
    pub(crate) fn set(&self, key: &str, value: &str) {
        self.unset(key);
        let config = fs::read_to_string(self.config()).unwrap();
        let head = "[[tenants]]\n";
        let config = config.replacen(head, &format!("{head}{key} = {value}\n"), 1);
        fs::write(self.config(), config).unwrap();
    }

    /// Removes the line of a key.
    pub(crate) fn unset(&self, key: &str) {
        let config = fs::read_to_string(self.config()).unwrap();
        let is_key = |line: &&str| line.starts_with(&format!("{key} = "));
        let rest: Vec<&str> = config.lines().filter(|line| !is_key(line)).collect();
        fs::write(self.config(), rest.join("\n") + "\n").unwrap();
    }

    /// Object ids of the mailboxes of which anything was requested since the `since`-th request, but for
    /// whether they may be read.
    pub(crate) fn asked_for(&self, since: u64) -> BTreeSet<String> {
        self.mailboxes_of(since, |request| !is_probe(request))
    }

    /// Object ids of the mailboxes of which it was asked since then whether they may be read.
    pub(crate) fn probed(&self, since: u64) -> BTreeSet<String> {
        self.mailboxes_of(since, is_probe)
    }

    fn mailboxes_of(&self, since: u64, is_meant: impl Fn(&Value) -> bool) -> BTreeSet<String> {
        let log = self.log(since);
        let requests = log.iter().filter(|request| is_meant(request));
        let paths = requests.flat_map(paths);
        paths.filter_map(|path| mailbox_of(&path)).collect()
    }

    /// Object ids of the mailboxes of which mail was requested since the `since`-th request.
    pub(crate) fn asked_for_mail(&self, since: u64) -> BTreeSet<String> {
        self.asked_for_part(since, &["/mailfolders", "/messages"])
    }

    /// The same of calendars.
    pub(crate) fn asked_for_calendars(&self, since: u64) -> BTreeSet<String> {
        self.asked_for_part(since, &["/calendar", "/events"])
    }

    fn asked_for_part(&self, since: u64, segments: &[&str]) -> BTreeSet<String> {
        let log = self.log(since);
        let paths = log.iter().flat_map(paths);
        let is_meant = |path: &String| {
            let path = path.to_lowercase();
            segments.iter().any(|segment| path.contains(segment))
        };
        let of_part = paths.filter(is_meant);
        of_part.filter_map(|path| mailbox_of(&path)).collect()
    }

    /// The configuration for this tenant.
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("touchpoint.toml")
    }

    /// The folder that holds lake, index and state.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Another folder with a fresh copy of the configuration: another lake of the same tenant.
    pub(crate) fn another_folder(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(self.folder.path())
            .unwrap()
            .map(Result::unwrap)
        {
            if entry.path().is_file() {
                fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
            }
        }
        folder
    }

    /// Records the time of a run, and runs it; exit code 1 is expected, since every world contains
    /// mailboxes that cannot be read.
    pub(crate) fn run(&mut self) -> Value {
        self.note_run();
        super::run_report(&self.config(), &[], 1)
    }

    /// The same with the CRM of that day.
    pub(crate) fn night(&mut self) -> Value {
        self.take_crm();
        self.run()
    }

    /// Several runs, a day apart; `look` gets the report of each.
    pub(crate) fn nights(&mut self, count: u32, mut look: impl FnMut(&Self, Value)) {
        for night in 0..count {
            if night > 0 {
                self.advance(1);
            }
            let report = self.night();
            look(self, report);
        }
    }

    /// Writes the CRM files as of the current simulated time.
    pub(crate) fn take_crm(&self) {
        let folder = tempfile::tempdir().unwrap();
        let mut export = touchpoint();
        export.arg("simulate").args(&self.world);
        export.args(["--at", &self.now(), "--address", &self.address]);
        expect_code(export.arg("--export").arg(folder.path()), 0);
        for name in ["contacts.csv", "accounts.csv"] {
            fs::copy(folder.path().join(name), self.folder.path().join(name)).unwrap();
        }
    }

    /// Records a run at the current simulated time.
    pub(crate) fn note_run(&mut self) {
        let now = self.now();
        self.runs.push(now);
    }

    /// Records that the mail of a mailbox (by id; `*`: of each) is off from an instant until another;
    /// blank: without end.
    pub(crate) fn note_mail_off(&mut self, mailbox: &str, from: &str, until: &str) {
        self.mail_off.push(format!("{mailbox},{from},{until}"));
    }

    /// The simulated time.
    pub(crate) fn now(&self) -> String {
        self.get("/_sim/now")["now"].as_str().unwrap().to_owned()
    }

    /// Advances the simulated time by days.
    pub(crate) fn advance(&self, days: u32) {
        self.request("POST", "/_sim/advance", &format!("{{\"days\":{days}}}"));
    }

    /// From now on each request takes this many simulated seconds.
    pub(crate) fn pace(&self, seconds: u32) {
        let body = format!("{{\"seconds_per_request\":{seconds}}}");
        self.request("POST", "/_sim/pace", &body);
    }

    /// Advances the simulated time to an instant (RFC 3339).
    pub(crate) fn advance_to(&self, until: &str) {
        self.request(
            "POST",
            "/_sim/advance",
            &format!("{{\"until\":\"{until}\"}}"),
        );
    }

    /// Compares the lake with what was planted, and what it received with what was served; the
    /// test fails on any difference.
    pub(crate) fn compare_with_truth(&self) -> Value {
        let served = self.folder.path().join("served.json");
        fs::write(&served, self.get("/_sim/served").to_string()).unwrap();
        self.compare(&["--served", served.to_str().unwrap()])
    }

    /// Compares the lake alone, where the simulator has not counted everything it served (it was
    /// restarted) or items were decided twice (a run was killed, a cache was lost).
    pub(crate) fn compare_rows_with_truth(&self) -> Value {
        self.compare(&[])
    }

    /// Compares only the lake, and returns the differences by kind.
    pub(crate) fn differences_from_truth(&self) -> Value {
        let output = self.comparison(&[]).output().unwrap();
        let compared: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", super::text_of(&output)));
        compared["kinds"].clone()
    }

    fn compare(&self, more: &[&str]) -> Value {
        python::json(&mut self.comparison(more))
    }

    fn comparison(&self, more: &[&str]) -> Command {
        let mut print = touchpoint();
        print
            .arg("simulate")
            .args(&self.world)
            .args(["--truth", "--at", &self.now()]);
        let planted = expect_code(&mut print, 0);
        let mut compare = comparison(self.folder.path(), planted.as_bytes(), &self.runs);
        compare.args(more);
        for off in &self.mail_off {
            compare.args(["--mail-off", off]);
        }
        compare
    }

    /// Requests served since the `since`-th.
    pub(crate) fn log(&self, since: u64) -> Vec<Value> {
        let log = self.get(&format!("/_sim/log?since={since}"));
        log["requests"].as_array().unwrap().clone()
    }

    /// The number of requests served so far.
    pub(crate) fn served_requests(&self) -> u64 {
        self.get("/_sim/log?since=0")["next"].as_u64().unwrap()
    }

    /// Requests a JSON document from the simulator.
    pub(crate) fn get(&self, path: &str) -> Value {
        self.request("GET", path, "")
    }

    /// The address on which it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Value {
        let host = self.address.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).unwrap();
        let text = String::from_utf8(reply).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 200"),
            "{method} {path}: {head}\n{body}"
        );
        serde_json::from_str(body).unwrap()
    }

    fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// The paths that a request names: its own, or those of the requests of a batch.
fn paths(request: &Value) -> Vec<String> {
    let parts = request["parts"].as_array().unwrap().iter();
    let own = std::iter::once(&request["path"]).chain(parts);
    let path = |url: &str| url.split('?').next().unwrap_or_default().to_owned();
    own.filter_map(Value::as_str).map(path).collect()
}

/// The mailbox to which a path leads.
fn mailbox_of(path: &str) -> Option<String> {
    let (_, rest) = path.split_once("/users/")?;
    let (mailbox, _) = rest.split_once('/')?;
    Some(mailbox.to_owned())
}

/// Whether a request asks for nothing but whether a mailbox may be read.
pub(crate) fn is_probe(request: &Value) -> bool {
    let query = request["query"].as_str().unwrap();
    let of_calendar = query.contains("$select=id&$top=1") && query.starts_with("startDateTime");
    let of_inbox = request["path"]
        .as_str()
        .unwrap()
        .ends_with("/mailFolders/inbox");
    (of_inbox && query == "$select=id") || of_calendar
}

/// A command that compares the lake in a folder with what was planted; `runs` are the simulated
/// times of all runs.
pub(crate) fn comparison(folder: &Path, planted: &[u8], runs: &[String]) -> Command {
    let truth = folder.join("truth.jsonl");
    fs::write(&truth, planted).unwrap();
    let mut compare = python::script("compare_truth.py");
    compare.arg("--lake").arg(folder.join("lake"));
    compare.arg("--truth").arg(&truth);
    compare.args(["--runs", &runs.join(",")]);
    compare
}

impl Drop for Tenant {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(world: &[String], more: &[&str]) -> (Child, String) {
    let mut command = touchpoint();
    command
        .arg("simulate")
        .args(world)
        .args(more)
        .stdout(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let mut first = String::new();
    BufReader::new(process.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let address = first
        .trim()
        .strip_prefix("listening on ")
        .unwrap()
        .to_owned();
    (process, address)
}
