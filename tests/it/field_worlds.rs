//! Reported behaviour of Microsoft 365, each with its expected value: worlds stored beside the
//! repository, served by their own small service. They are skipped if the folder is missing.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::corpora;
use crate::support::python;
use crate::support::run_report;

/// The day for which the worlds were written.
const WRITTEN_FOR: Date = jiff::civil::date(2026, 11, 30);
/// How often the service is polled until it responds, every 10 ms.
const LOOKS_MAX: u32 = 3_000;

/// The service, and a folder with configuration, CRM files and lake.
struct World {
    folder: TempDir,
    cases: PathBuf,
}

struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl World {
    /// `None`, with the reason printed, where there are no cases.
    fn of(name: &str, capture: &str) -> Option<Self> {
        let cases = corpora::beside("field-cases")?;
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let world = fs::read_to_string(cases.join(name)).unwrap();
        write("world.json", &moved(&world));
        write(
            "contacts.csv",
            "id,name,email,other_emails,account_id\nC1,Bea,buyer@fabrikam.com,,A1\n\
             C2,Eva,eva@fabrikam.com,,A1\nC11,Jo,jo.doe@outlook.com,,\n",
        );
        write(
            "accounts.csv",
            "id,name,domains\nA1,Fabrikam,fabrikam.com\n",
        );
        write("secret.txt", "secret");
        let secret = folder.path().join("secret.txt");
        fs::set_permissions(secret, fs::Permissions::from_mode(0o600)).unwrap();
        write(
            "touchpoint.toml",
            &format!(
                "[lake]\npath = \"lake\"\n[index]\npath = \"index\"\n[state]\npath = \"state\"\n\
                 [crm]\ncontacts = \"contacts.csv\"\naccounts = \"accounts.csv\"\n\
                 [capture]\ncontent = \"full\"\nunmatched = \"keep\"\n{capture}\n\
                 [[tenants]]\nname = \"contoso\"\n\
                 tenant_id = \"5f0c2f6e-1c55-4a7e-9d6f-3b1a8e2d7c10\"\n\
                 client_id = \"1f0c2f6e-1c55-4a7e-9d6f-3b1a8e2d7c10\"\n\
                 client_secret = {{ file = \"secret.txt\" }}\nscope = {{ all = true }}\n\
                 i_understand_this_reads_every_mailbox = true\nconfirm = {{ max_new = 100 }}\n\
                 login_url = \"http://127.0.0.1:PORT\"\ngraph_url = \"http://127.0.0.1:PORT\"\n"
            ),
        );
        Some(Self { folder, cases })
    }

    /// Runs the program on a given night.
    fn night(&self, number: usize) {
        let port = free_port();
        let config = self.folder.path().join("touchpoint.toml");
        let text = fs::read_to_string(&config).unwrap();
        let night = self.folder.path().join("night.toml");
        fs::write(&night, text.replace("PORT", &port.to_string())).unwrap();
        let mut service = python::command(&self.cases.join("fake_graph.py"));
        service.arg(self.folder.path().join("world.json"));
        service.args([port.to_string(), number.to_string()]);
        service.stderr(std::process::Stdio::null());
        let _service = Service(service.spawn().unwrap());
        wait_for(port);
        run_report(&night, &[], 0);
    }

    /// Mailbox, subject and people of each row.
    fn rows(&self) -> Vec<String> {
        let columns = [
            "mailbox_address",
            "subject",
            "[p.role || ' ' || p.address for p in participants] AS people",
        ];
        let rows = python::rows(self.folder.path(), "interactions", &columns);
        let mut rows: Vec<String> = rows.iter().map(shown).collect();
        rows.sort();
        rows
    }
}

fn shown(row: &Value) -> String {
    let text = |key: &str| row[key].as_str().unwrap_or_default();
    let people = row["people"].as_array().unwrap().iter();
    let people: Vec<&str> = people.map(|one| one.as_str().unwrap()).collect();
    format!(
        "{} | {} | {}",
        text("mailbox_address"),
        text("subject"),
        people.join(", ")
    )
}

/// A world with its days shifted by whole weeks, so that they have the original distance from
/// today.
fn moved(world: &str) -> String {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let weeks = (today - WRITTEN_FOR).get_days() / 7;
    let mut out = String::with_capacity(world.len());
    let mut rest = world;
    while let Some(at) = rest.find("2026-1") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let day = from.get(..10).and_then(|text| text.parse::<Date>().ok());
        let length = day.map_or(1, |_| 10);
        match day.filter(|_| weeks > 0) {
            Some(day) => out.push_str(&(day + (weeks * 7).days()).to_string()),
            None => out.push_str(&from[..length]),
        }
        rest = &from[length..];
    }
    out + rest
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn wait_for(port: u16) {
    let (_sender, nothing) = std::sync::mpsc::channel::<()>();
    for _ in 0..LOOKS_MAX {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return;
        }
        let _ = nothing.recv_timeout(Duration::from_millis(10));
    }
    panic!("the service does not start");
}

const NAMED: &str = "graph-address-with-name-or-mailto.json";

#[test]
fn addresses_with_names_or_schemes_match_their_people() {
    let Some(world) = World::of(NAMED, "") else {
        return;
    };
    world.night(0);
    let eva = "from ann@contoso.com, to eva@fabrikam.com";
    let expected = [
        "attendee with a free-mail address and a name | organizer ann@contoso.com, required jo.doe@outlook.com",
        "attendee written with name and brackets | organizer ann@contoso.com, required eva@fabrikam.com",
        "colleague written with name and brackets | organizer eva@fabrikam.com, required ann@contoso.com",
        &format!("plain, for comparison | {eva}"),
        &format!("recipient written as mailto | {eva}"),
        &format!("recipient written with name and brackets | {eva}"),
    ];
    assert_eq!(
        world.rows(),
        expected.map(|row| format!("ann@contoso.com | {row}"))
    );
}

#[test]
fn exclusions_apply_to_addresses_with_names_or_schemes() {
    let Some(world) = World::of(NAMED, "exclude.addresses = [\"eva@fabrikam.com\"]") else {
        return;
    };
    world.night(0);
    let rows = world.rows();
    assert!(
        rows.len() == 1 && rows[0].contains("jo.doe@outlook.com"),
        "{rows:?}"
    );
}

#[test]
fn ids_that_differ_in_case_are_two_mails() {
    let Some(world) = World::of("pass-graph-ids-that-differ-in-case.json", "") else {
        return;
    };
    world.night(0);
    assert_eq!(world.rows().len(), 2);
}

#[test]
fn a_zoneless_whole_day_series_is_one_meeting() {
    let Some(world) = World::of("graph-all-day-series-zone-empty.json", "") else {
        return;
    };
    world.night(0);
    world.night(1);
    let rows = world.rows();
    let moved = rows.iter().filter(|row| row.contains("hall 7"));
    assert_eq!((rows.len(), moved.count()), (10, 2), "{rows:?}");
    let columns = ["interaction_id::VARCHAR AS id", "revision", "subject"];
    let ids = python::rows(world.folder.path(), "interactions", &columns);
    let of = |is_wanted: &dyn Fn(&Value) -> bool| -> BTreeSet<String> {
        let wanted = ids.iter().filter(|row| is_wanted(row));
        wanted.map(|row| row["id"].to_string()).collect()
    };
    assert_eq!(of(&|_| true).len(), 4, "one id for each day: {ids:?}");
    let hall = of(&|row| row["subject"].to_string().contains("hall 7"));
    assert_eq!(
        (hall.len(), of(&|row| row["revision"] == 2)),
        (1, hall.clone())
    );
}

/// The repository's copies of the archive cases are identical to those beside it.
#[test]
fn no_case_is_left_out() {
    let Some(cases) = corpora::beside("field-cases") else {
        return;
    };
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/field-cases");
    for entry in fs::read_dir(cases).unwrap() {
        let path = entry.unwrap().path();
        let end = path
            .extension()
            .and_then(|end| end.to_str())
            .unwrap_or_default();
        if ["eml", "mbox", "csv"].contains(&end) {
            let copy = fs::read(own.join(path.file_name().unwrap())).unwrap_or_default();
            assert!(copy == fs::read(&path).unwrap(), "{}", path.display());
        }
    }
}
