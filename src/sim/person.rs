//! A user of the directory: access, place in the scope, and settings.

/// The team whose mail is off, and of whose meetings only recorded ones are captured.
pub const TEAM_OFF: &str = "Works council";

/// The shared mailbox, by its number in the directory.
pub const SHARED: usize = 3;
/// The room.
pub const ROOM: usize = 4;
/// Who is in no group.
pub const OUTSIDE: usize = 12;
/// Of whom neither mails nor meetings are captured.
pub const OFF: usize = 10;
/// Of whom only recorded meetings are captured.
pub const RECORDED_ONLY: [usize; 2] = [14, 11];

/// What an app-only request to a mailbox gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It is served.
    Open,
    /// There is no cloud mailbox: 404.
    NoMailbox,
    /// The application access policy leaves it out: 403.
    Denied,
}

/// Where a person stands in the scope of the exported configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the scope group itself.
    Direct,
    /// In the group nested in it.
    Nested,
    /// In the group nested in that one.
    NestedTwice,
    /// In none.
    Outside,
}

/// A user of the directory.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Person {
    /// Directory object id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// User principal name.
    pub upn: String,
    /// `mail`, as the directory writes it.
    pub mail: String,
    /// The same as it must be stored.
    pub stored: String,
    /// Further SMTP addresses.
    pub aliases: Vec<String>,
    /// The legacy Exchange name, listed with `X500:`.
    pub x500: String,
    /// `userType`.
    pub user_type: Option<&'static str>,
    /// `accountEnabled`.
    pub enabled: bool,
    /// `onPremisesSyncEnabled`.
    pub is_synced: bool,
    /// `userPurpose`: `user`, `shared`, `room` or `equipment`.
    pub purpose: &'static str,
    /// What requests to the mailbox get.
    pub access: Access,
    /// In which group.
    pub place: Place,
    /// The member row says `never`.
    pub never: bool,
    /// The member row says mail `off`.
    pub mail_off: bool,
    /// What the member row says of meetings; blank = as the team or tenant has it.
    pub meetings: &'static str,
    /// The team of the member row.
    pub team: &'static str,
    /// Takes part in ordinary traffic.
    pub active: bool,
}

impl Person {
    /// Whether the exported configuration reads this mailbox, and if not, why.
    pub fn verdict(&self) -> (bool, &'static str, Option<&'static str>) {
        if self.user_type == Some("Guest") {
            (false, "out", Some("guest"))
        } else if self.place == Place::Outside {
            (false, "out", Some("not_in_group"))
        } else if self.never {
            (false, "out", Some("never"))
        } else {
            match self.access {
                Access::Open => (true, "ok", None),
                Access::NoMailbox => (true, "no_mailbox", Some("no cloud mailbox")),
                Access::Denied => (true, "denied", Some("app access policy")),
            }
        }
    }

    /// Whether its mail reaches the client: not where its settings, or those of its team, switch it
    /// off.
    pub fn is_mail_read(&self) -> bool {
        self.is_read() && !self.mail_off && self.team != TEAM_OFF
    }

    /// Which of its meetings are captured: `all`, `recorded` or `none`.
    pub fn captured_meetings(&self) -> &'static str {
        match (self.meetings, self.team) {
            ("off", _) => "none",
            ("recorded", _) | (_, TEAM_OFF) => "recorded",
            _ => "all",
        }
    }

    /// Whether items of this mailbox reach the client at all.
    pub fn is_read(&self) -> bool {
        let (in_scope, status, _) = self.verdict();
        in_scope && status == "ok"
    }
}
