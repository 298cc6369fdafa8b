//! `members.csv` and `teams.csv`: members and teams for whom less is captured than the tenant's
//! policy allows.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use hashbrown::HashMap;

use crate::config::capture::Capture;
use crate::config::capture::Meetings;
use crate::config::csv;
use crate::config::csv::Columns;
use crate::config::csv::Row;
use crate::config::error::ConfigError;
use crate::config::tenant::Tenant;
use crate::model::address::Address;

/// A row of `members.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Every address of the row, the first column's first.
    pub addresses: Vec<Address>,
    /// The member's own setting for mail; `None` inherits.
    pub mail: Option<bool>,
    /// The member's own setting for meetings; `None` inherits.
    pub meetings: Option<Meetings>,
    /// Nothing is ever read of this person.
    pub never: bool,
    /// The team's name in `teams.csv`.
    pub team: Option<String>,
    /// The person they report to.
    pub manager: Option<Address>,
    /// Whether they have a seat, where meetings need one.
    pub has_seat: bool,
    /// The line on which the row begins.
    pub line: usize,
}

/// A row of `teams.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// The team's setting for mail; `None` inherits.
    pub mail: Option<bool>,
    /// The team's setting for meetings; `None` inherits.
    pub meetings: Option<Meetings>,
}

/// What is captured of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Whether mail is captured.
    pub mail: bool,
    /// Which meetings are captured.
    pub meetings: Meetings,
    /// Whether the mailbox is left alone whatever else says.
    pub never: bool,
    /// Whether meetings are captured only of members with a seat.
    pub meetings_need_seat: bool,
}

/// Two rows that name one person by different addresses: which of them holds is unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}:{second}: the directory has the addresses of this row and of line {first} for one person; \
     keep one of the rows",
    path.display()
)]
pub struct MemberTwice {
    path: PathBuf,
    first: usize,
    second: usize,
}

/// All members and teams of a tenant.
#[derive(Debug, Clone, Default)]
pub struct Members {
    rows: Vec<Member>,
    by_address: HashMap<Address, usize>,
    teams: HashMap<String, Team>,
    path: PathBuf,
}

const MEMBERS: Columns = Columns {
    required: &["address"],
    optional: &[
        "other_addresses",
        "mail",
        "meetings",
        "never",
        "team",
        "manager",
        "seat",
    ],
    passes_over_others: false,
};
const TEAMS: Columns = Columns {
    required: &["name"],
    optional: &["mail", "meetings"],
    passes_over_others: false,
};

/// The first line of a members file with all columns.
pub(super) fn headings() -> String {
    [MEMBERS.required, MEMBERS.optional].concat().join(",")
}

impl Settings {
    /// What the tenant-wide policy captures for everyone.
    pub fn of_tenant(capture: &Capture) -> Self {
        Self {
            mail: capture.mail,
            meetings: capture.meetings,
            never: false,
            meetings_need_seat: capture.meetings_need_seat,
        }
    }
}

impl Members {
    /// Reads the files that a tenant names; without them all users inherit the tenant's policy.
    pub fn load(tenant: &Tenant) -> Result<Self, ConfigError> {
        let mut members = Self::default();
        if let Some(path) = &tenant.teams {
            members.read_teams(path)?;
        }
        if let Some(path) = &tenant.members {
            members.read_members(path)?;
        }
        Ok(members)
    }

    /// What is captured of the person who has one of these addresses: the member's setting over
    /// the team's over the tenant's, each only narrowing.
    pub fn settings_for(&self, addresses: &[Address], tenant: Settings) -> Settings {
        let mut settings = tenant;
        if tenant.meetings_need_seat && !self.rows_of(addresses).any(|member| member.has_seat) {
            settings.meetings = Meetings::None;
        }
        for member in self.rows_of(addresses) {
            let team = member.team.as_ref().and_then(|name| self.teams.get(name));
            let team_mail = team.and_then(|team| team.mail);
            settings.mail &= member.mail.unwrap_or(true) && team_mail.unwrap_or(true);
            let team_meetings = team.and_then(|team| team.meetings);
            for meetings in [member.meetings, team_meetings].into_iter().flatten() {
                settings.meetings = settings.meetings.narrowed_by(meetings);
            }
            settings.never |= member.never;
        }
        settings
    }

    /// Reads the members and teams of all tenants.
    pub fn load_all(tenants: &[Tenant]) -> Result<Vec<Self>, ConfigError> {
        tenants.iter().map(Self::load).collect()
    }

    /// The rows that contain one of these addresses.
    pub fn rows_of(&self, addresses: &[Address]) -> impl Iterator<Item = &Member> {
        let positions = addresses
            .iter()
            .filter_map(|address| self.by_address.get(address));
        positions.filter_map(|position| self.rows.get(*position))
    }

    /// The rows of all tenants that contain the address of a mailbox.
    pub fn rows_of_mailbox<'a>(
        members: &'a [Self],
        mailbox_address: &str,
    ) -> impl Iterator<Item = &'a Member> {
        let address = Address::parse(mailbox_address);
        members.iter().filter_map(move |members| {
            let position = members.by_address.get(address.as_ref()?)?;
            members.rows.get(*position)
        })
    }

    /// The file and the lines of two rows that name the person who has these addresses.
    pub fn named_twice(&self, addresses: &[Address]) -> Option<MemberTwice> {
        let lines: BTreeSet<usize> = self.rows_of(addresses).map(|member| member.line).collect();
        let mut lines = lines.into_iter();
        let (first, second) = (lines.next()?, lines.next()?);
        Some(MemberTwice {
            path: self.path.clone(),
            first,
            second,
        })
    }

    /// All rows, in the file's order.
    pub fn rows(&self) -> &[Member] {
        &self.rows
    }

    fn read_teams(&mut self, path: &Path) -> Result<(), ConfigError> {
        for row in csv::read(path, &TEAMS)? {
            let team = Team {
                mail: switch(path, &row, 1, "mail")?,
                meetings: meetings(path, &row, 2)?,
            };
            let name = row.cell(0);
            if name.is_empty() {
                return Err(wrong(path, &row, "the team has no name; fill it in"));
            }
            if self.teams.insert(name.to_owned(), team).is_some() {
                return Err(wrong(
                    path,
                    &row,
                    "the team is there twice; keep one of the rows",
                ));
            }
        }
        Ok(())
    }

    fn read_members(&mut self, path: &Path) -> Result<(), ConfigError> {
        path.clone_into(&mut self.path);
        for row in csv::read(path, &MEMBERS)? {
            let mut addresses = vec![address(path, &row, row.cell(0), "address")?];
            for raw in row.cell(1).split(';').filter(|raw| !raw.trim().is_empty()) {
                addresses.push(address(path, &row, raw, "other_addresses")?);
            }
            let member = Member {
                mail: switch(path, &row, 2, "mail")?,
                meetings: meetings(path, &row, 3)?,
                never: yes(path, &row, 4, "never")?,
                team: filled(row.cell(5)).map(ToOwned::to_owned),
                manager: match filled(row.cell(6)) {
                    Some(raw) => Some(address(path, &row, raw, "manager")?),
                    None => None,
                },
                has_seat: yes(path, &row, 7, "seat")?,
                line: row.line,
                addresses,
            };
            if let Some(team) = &member.team
                && !self.teams.contains_key(team)
            {
                let message = format!("team `{team}` is not in the teams file; add it there");
                return Err(wrong(path, &row, &message));
            }
            self.add(path, &row, member)?;
        }
        Ok(())
    }

    fn add(&mut self, path: &Path, row: &Row, member: Member) -> Result<(), ConfigError> {
        let position = self.rows.len();
        for address in &member.addresses {
            let before = self.by_address.insert(address.clone(), position);
            if before.is_some_and(|before| before != position) {
                let message = "an address of this row is in an earlier row too; keep one of them";
                return Err(wrong(path, row, message));
            }
        }
        self.rows.push(member);
        Ok(())
    }
}

fn filled(cell: &str) -> Option<&str> {
    Some(cell).filter(|cell| !cell.is_empty())
}

fn address(path: &Path, row: &Row, raw: &str, column: &str) -> Result<Address, ConfigError> {
    Address::parse(raw).ok_or_else(|| {
        let message = format!("{column} is not a mail address; write it like ann@contoso.com");
        wrong(path, row, &message)
    })
}

fn switch(path: &Path, row: &Row, at: usize, name: &str) -> Result<Option<bool>, ConfigError> {
    match row.cell(at).to_lowercase().as_str() {
        "" => Ok(None),
        "on" => Ok(Some(true)),
        "off" => Ok(Some(false)),
        _ => {
            let message = format!("{name} is on, off or blank (as the team or tenant has it)");
            Err(wrong(path, row, &message))
        }
    }
}

fn meetings(path: &Path, row: &Row, at: usize) -> Result<Option<Meetings>, ConfigError> {
    match row.cell(at).to_lowercase().as_str() {
        "" => Ok(None),
        "on" | "all" => Ok(Some(Meetings::All)),
        "recorded" => Ok(Some(Meetings::Recorded)),
        "off" | "none" => Ok(Some(Meetings::None)),
        _ => {
            let message = "meetings is on, off, recorded or blank (as the team or tenant has it)";
            Err(wrong(path, row, message))
        }
    }
}

fn yes(path: &Path, row: &Row, at: usize, name: &str) -> Result<bool, ConfigError> {
    match row.cell(at).to_lowercase().as_str() {
        "" => Ok(false),
        "yes" => Ok(true),
        _ => Err(wrong(path, row, &format!("{name} is yes or blank"))),
    }
}

fn wrong(path: &Path, row: &Row, message: &str) -> ConfigError {
    ConfigError::Line {
        path: path.to_owned(),
        line: row.line,
        message: message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(members: &str, teams: &str) -> Result<Members, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.csv");
        let mut read = Members::default();
        std::fs::write(&path, teams).unwrap();
        read.read_teams(&path)?;
        std::fs::write(&path, members).unwrap();
        read.read_members(&path)?;
        Ok(read)
    }

    #[test]
    fn each_level_only_narrows() {
        let members = read(
            "address,other_addresses,mail,meetings,never,team,manager\n\
             inherits@x.org,,,,,,\n\
             off@x.org,alias@x.org;alias2@x.org,off,,,,\n\
             wants@x.org,,ON,recorded,,quiet,inherits@x.org\n\
             team@x.org,,,,,quiet,\n\
             loud@x.org,,,all,,loud,\n\
             online@x.org,,,recorded,,loud,\n\
             never@x.org,,on,,Yes,,\n",
            "name,mail,meetings\nquiet,off,off\nloud,on,on\n",
        )
        .unwrap();
        let [all, online, none] = [Meetings::All, Meetings::Recorded, Meetings::None];
        let settings = |mail, meetings, never| Settings {
            mail,
            meetings,
            never,
            meetings_need_seat: false,
        };
        for (address, tenant, mail, meetings, never) in [
            ("stranger@x.org", (true, all), true, all, false),
            ("stranger@x.org", (false, none), false, none, false),
            ("inherits@x.org", (true, online), true, online, false),
            ("off@x.org", (true, all), false, all, false),
            ("alias2@x.org", (true, all), false, all, false),
            ("online@x.org", (true, all), true, online, false),
            ("online@x.org", (true, none), true, none, false),
            ("wants@x.org", (true, all), false, none, false),
            ("team@x.org", (true, all), false, none, false),
            ("loud@x.org", (true, all), true, all, false),
            ("loud@x.org", (false, online), false, online, false),
            ("never@x.org", (true, all), true, all, true),
        ] {
            let addresses = [Address::parse(address).unwrap()];
            let tenant = settings(tenant.0, tenant.1, false);
            let found = members.settings_for(&addresses, tenant);
            let expected = settings(mail, meetings, never);
            assert_eq!(found, expected, "{address} {tenant:?}");
        }
    }

    #[test]
    fn meetings_may_need_a_seat() {
        let members = read(
            "address,meetings,seat\nann@x.org,,yes\nbob@x.org,,\nzoe@x.org,recorded,YES\n",
            "name\nt\n",
        )
        .unwrap();
        let tenant = Settings {
            mail: true,
            meetings: Meetings::All,
            never: false,
            meetings_need_seat: true,
        };
        for (address, needed, otherwise) in [
            ("ann@x.org", Meetings::All, Meetings::All),
            ("bob@x.org", Meetings::None, Meetings::All),
            ("zoe@x.org", Meetings::Recorded, Meetings::Recorded),
            ("stranger@x.org", Meetings::None, Meetings::All),
        ] {
            let addresses = [Address::parse(address).unwrap()];
            assert_eq!(members.settings_for(&addresses, tenant).meetings, needed);
            let tenant = Settings {
                meetings_need_seat: false,
                ..tenant
            };
            let settings = members.settings_for(&addresses, tenant);
            assert_eq!((settings.meetings, settings.mail), (otherwise, true));
        }
    }

    #[test]
    fn what_could_quietly_capture_more_is_refused() {
        for (members, line, message) in [
            ("address,nevr\na@x.org,yes\n", 1, "did you mean `never`"),
            ("address,never\na@x.org,true\n", 2, "yes or blank"),
            ("address,seat\na@x.org,1\n", 2, "seat is yes or blank"),
            ("address,mail\na@x.org,no\n", 2, "on, off or blank"),
            ("address,meetings\na@x.org,some\n", 2, "recorded or blank"),
            ("address,team\na@x.org,gone\n", 2, "not in the teams file"),
            ("address\nann\n", 2, "not a mail address"),
            (
                "address,manager\na@x.org,ann\n",
                2,
                "manager is not a mail address",
            ),
            (
                "address,other_addresses\na@x.org,\nb@x.org,A@X.org\n",
                3,
                "earlier row",
            ),
        ] {
            let error = read(members, "name\nt\n").unwrap_err().to_string();
            let place = format!("file.csv:{line}:");
            assert!(error.contains(&place) && error.contains(message), "{error}");
        }
        assert!(read("address\na@x.org\n", "name\nt\nt\n").is_err());
        assert!(read("address\na@x.org\n", "name,mail\nt,yes\n").is_err());
    }
}
