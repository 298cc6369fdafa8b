//! Writes the configuration, the CRM files and the secret with which touchpoint reads a world.

use std::fs;
use std::io;
use std::io::Write as _;
use std::path::Path;

use crate::model::time::Timestamp;
use crate::sim::crm::generate;
use crate::sim::crm::records::CrmSnapshot;
use crate::sim::directory;
use crate::sim::mail::folders;
use crate::sim::person::OUTSIDE;
use crate::sim::person::TEAM_OFF;
use crate::sim::spec::Content;
use crate::sim::spec::InternalOnly;
use crate::sim::spec::Unmatched;
use crate::sim::text;
use crate::sim::world::World;

/// Writes everything into a folder, which is made where it is missing. `address` is where the
/// world is served, `at` the instant for which the CRM is written.
pub fn write(world: &World, folder: &Path, address: &str, at: Timestamp) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    crm_files(world, folder, at)?;
    table(&folder.join("members.csv"), members(world))?;
    let off = |team: &str| if team == TEAM_OFF { "off" } else { "" };
    let teams = ["Sales", "Service", "Projects", TEAM_OFF];
    let mut rows = vec![row(&["name", "mail", "meetings"])];
    let meetings = |team: &str| {
        if team == TEAM_OFF { "recorded" } else { "" }
    };
    rows.extend(
        teams
            .iter()
            .map(|team| row(&[team, off(team), meetings(team)])),
    );
    table(&folder.join("teams.csv"), rows)?;
    secret(&folder.join("secret.txt"), &world.app.secret)?;
    fs::write(folder.join("touchpoint.toml"), config(world, address))
}

/// Writes the CRM as it is at an instant into a folder that is there: the next night's files.
pub fn crm_files(world: &World, folder: &Path, at: Timestamp) -> io::Result<()> {
    let snapshot = world.crm.at(at);
    table(&folder.join("contacts.csv"), contacts(&snapshot))?;
    table(&folder.join("accounts.csv"), accounts(&snapshot))
}

type Row = Vec<String>;

fn row(cells: &[&str]) -> Row {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

fn table(path: &Path, rows: Vec<Row>) -> io::Result<()> {
    let mut writer = csv::Writer::from_path(path)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.flush()
}

fn contacts(snapshot: &CrmSnapshot) -> Vec<Row> {
    let mut rows = vec![row(&["id", "name", "email", "other_emails", "account_id"])];
    for contact in snapshot.contacts.iter().flatten() {
        let account = contact.account_id.as_deref().unwrap_or_default();
        let other = contact.other_emails.join(";");
        rows.push(row(&[
            &contact.id,
            &contact.name,
            &contact.email,
            &other,
            account,
        ]));
    }
    rows
}

fn accounts(snapshot: &CrmSnapshot) -> Vec<Row> {
    let mut rows = vec![row(&["id", "name", "domains"])];
    for account in &snapshot.accounts {
        rows.push(row(&[
            &account.id,
            &account.name,
            &account.domains.join(";"),
        ]));
    }
    rows
}

fn members(world: &World) -> Vec<Row> {
    let mut rows = vec![row(&[
        "address",
        "other_addresses",
        "mail",
        "meetings",
        "never",
        "team",
        "manager",
    ])];
    for person in &world.people {
        if person.user_type == Some("Guest") {
            continue;
        }
        let mail = if person.mail_off { "off" } else { "" };
        let never = if person.never { "yes" } else { "" };
        let other = person.aliases.join(";");
        rows.push(row(&[
            &person.mail,
            &other,
            mail,
            person.meetings,
            never,
            person.team,
            "",
        ]));
    }
    rows
}

/// The secret, readable by its owner only.
fn secret(path: &Path, secret: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(secret.as_bytes())
}

fn config(world: &World, address: &str) -> String {
    let policy = &world.spec.policy;
    let unmatched = match policy.unmatched {
        Unmatched::Envelope => "envelope",
        Unmatched::Keep => "keep",
        Unmatched::Skip => "skip",
    };
    let internal = match policy.internal_only {
        InternalOnly::Skip => "skip",
        InternalOnly::Record => "record",
    };
    let content = match policy.content {
        Content::Envelope => "envelope",
        Content::Preview => "preview",
    };
    let subjects = text::EXCLUDED_SUBJECTS
        .map(|words| format!("{words:?}"))
        .join(", ");
    format!(
        r#"[lake]
path = "lake"
[index]
path = "index"
[state]
path = "state"

[capture]
content = "{content}"
window = "12 months"
internal_only = "{internal}"
unmatched = "{unmatched}"
exclude = {{ addresses = ["{blocked_address}"], domains = ["{blocked_domain}"], subjects = [{subjects}], folders = ["{blocked_folder}"] }}

[crm]
contacts = "contacts.csv"
accounts = "accounts.csv"

[[tenants]]
name = "contoso"
tenant_id = "{tenant}"
client_id = "{client}"
client_secret = {{ file = "secret.txt" }}
login_url = "{address}"
graph_url = "{address}"
scope = {{ group = "{group}" }}
confirm = {{ max_new = 100000 }}
shared_mailboxes = true
probe = {{ granted = ["{inside}"], denied = ["{outside}"] }}
members = "members.csv"
teams = "teams.csv"
"#,
        blocked_address = generate::BLOCKED_ADDRESS,
        blocked_domain = generate::BLOCKED_DOMAIN,
        blocked_folder = folders::EXCLUDED,
        tenant = world.app.tenant_id,
        client = world.app.client_id,
        group = directory::group_address(world),
        inside = world.people[0].mail,
        outside = world.people[OUTSIDE].mail,
    )
}
