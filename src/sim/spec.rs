//! The world file: what a simulated tenant is made of, as its TOML says.

use serde::Deserialize;

use crate::model::time::Timestamp;
use crate::sim::credentials::Credentials;
use crate::sim::faults::fault;
use crate::sim::faults::fault::Fault;
use crate::sim::faults::random;
use crate::sim::grants::Grants;

/// Most users a world may have: a folder index and ids must fit, and memory must stay small.
pub const USERS_MAX: usize = 20_000;
/// Fewer than these cannot hold one user of every kind.
pub const USERS_MIN: usize = 16;

/// Fewer months of mail would leave none that is older than the window of twelve.
pub const MONTHS_MIN: u32 = 13;

/// Why a world file is refused.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// Not TOML, or a key or value that is not known.
    #[error("the world file cannot be read: {0}")]
    Toml(#[from] toml::de::Error),
    /// A value out of its range.
    #[error("the world file has a value out of range: {0}")]
    Range(&'static str),
}

/// Everything that decides what a world holds. Every key has a default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Decides every random choice.
    pub seed: u64,
    /// Users in the directory, all kinds together.
    pub users: usize,
    /// The simulated instant at which the tenant starts (RFC 3339).
    pub start: String,
    /// Months of mail before the start.
    pub months: u32,
    /// Mails that a mailbox holds at the start, on average.
    pub mails_per_user: usize,
    /// Meetings and series that a calendar holds, on average; 0 = calendars are empty. From 12 on
    /// a world of 16 users has each class and each change of meetings 20 times.
    pub meetings_per_user: usize,
    /// Days of events after the start.
    pub days_ahead: u32,
    /// The two domains on which mailboxes live; the first is the default domain.
    pub domains: Vec<String>,
    /// The capture policy for which outcomes are expected and which the export writes.
    pub policy: Policy,
    /// How the CRM changes along the clock.
    pub crm_changes: CrmChanges,
    /// What is registered with the application besides its secret.
    pub app: Credentials,
    /// What the application is allowed.
    pub permissions: Grants,
    /// What the facts leave open.
    pub switches: Switches,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// More faults, at random, which this seed decides.
    pub faults_seed: Option<u64>,
    /// Days on which they happen.
    pub faults_days: u32,
}

/// Most changes of each kind: each takes contacts of its own, and there are not many.
const CHANGES_MAX: usize = 5;

/// How the CRM changes along the clock: contacts added, taken out, merged, moved to another
/// account and renamed, addresses added and taken away, account domains added, accounts renamed.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CrmChanges {
    /// How many changes of each kind there are, 0 to 5. Under `unmatched = "skip"` no contact comes
    /// or goes: what is stored would depend on it.
    pub each: usize,
    /// Within how many days after the start they happen, each about noon.
    pub days: u32,
}

impl Default for CrmChanges {
    fn default() -> Self {
        Self { each: 3, days: 8 }
    }
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            seed: 1,
            users: 25,
            start: "2026-03-02T02:00:00Z".to_owned(),
            months: 14,
            mails_per_user: 400,
            meetings_per_user: 4,
            days_ahead: 40,
            domains: vec!["contoso.com".to_owned(), "contoso.de".to_owned()],
            policy: Policy::default(),
            crm_changes: CrmChanges::default(),
            app: Credentials::default(),
            permissions: Grants::default(),
            switches: Switches::default(),
            faults: Vec::new(),
            faults_seed: None,
            faults_days: 2,
        }
    }
}

impl Spec {
    /// Reads a world file and checks its ranges.
    pub fn from_toml(text: &str) -> Result<Self, SpecError> {
        let mut spec: Self = toml::from_str(text)?;
        if spec.users > USERS_MAX {
            return Err(SpecError::Range("users"));
        }
        if spec.domains.len() != 2 {
            return Err(SpecError::Range("domains (exactly two)"));
        }
        if !(MONTHS_MIN..=120).contains(&spec.months) {
            return Err(SpecError::Range("months (13 to 120)"));
        }
        if spec.crm_changes.each > CHANGES_MAX {
            return Err(SpecError::Range("crm_changes.each (0 to 5)"));
        }
        if Timestamp::parse_rfc3339(&spec.start).is_none() {
            return Err(SpecError::Range("start (RFC 3339)"));
        }
        if let Some(defect) = spec.permissions.defect() {
            return Err(SpecError::Range(defect));
        }
        if let Some(defect) = spec.app.defect() {
            return Err(SpecError::Range(defect));
        }
        if let Some(seed) = spec.faults_seed {
            let rows = random::rows(seed, spec.users, spec.start(), spec.faults_days);
            spec.faults.extend(toml::from_str::<Rows>(&rows)?.faults);
        }
        if spec.faults.len() > fault::FAULTS_MAX {
            return Err(SpecError::Range("faults (up to 1000)"));
        }
        match spec.faults.iter().find_map(Fault::defect) {
            Some(defect) => Err(SpecError::Range(defect)),
            None => Ok(spec),
        }
    }

    /// The start as an instant.
    pub fn start(&self) -> Timestamp {
        Timestamp::parse_rfc3339(&self.start).unwrap_or_default()
    }
}

/// Faults alone.
#[derive(Deserialize)]
struct Rows {
    #[serde(default)]
    faults: Vec<Fault>,
}

/// The capture policy of the exported configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// What happens to whom the CRM does not know.
    pub unmatched: Unmatched,
    /// What happens to mail within the company.
    pub internal_only: InternalOnly,
    /// How much of a mail is kept.
    pub content: Content,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            unmatched: Unmatched::Envelope,
            internal_only: InternalOnly::Skip,
            content: Content::Preview,
        }
    }
}

/// `unmatched` of the capture policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unmatched {
    /// Kept without subject and preview.
    Envelope,
    /// Kept as it is.
    Keep,
    /// Not stored.
    Skip,
}

/// `internal_only` of the capture policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InternalOnly {
    /// Not stored.
    Skip,
    /// Stored like mail of outsiders that the CRM does not know.
    Record,
}

/// `content` of the capture policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Subject only.
    Envelope,
    /// Subject and the first characters.
    Preview,
}

/// What the facts leave open, or what a test wants to leave out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the world file"
)]
pub struct Switches {
    /// Pages smaller than requested, down to none (facts 1.3, 1.4).
    pub short_pages: bool,
    /// The same item twice in a round (facts 1.4).
    pub duplicates: bool,
    /// Old changes again in a later round (facts 1.4).
    pub replays: bool,
    /// Items in no order (facts 1.2).
    pub shuffle: bool,
    /// A round that ends with the link it was called with (facts 1.4).
    pub same_delta_link: bool,
    /// `isRead` as a string in later rounds (facts 1.5).
    pub string_booleans: bool,
    /// A move there and back between two rounds is reported as removed only (facts 1.7).
    pub lose_moves_there_and_back: bool,
    /// Whether groups and administrative units hide their members from who lacks
    /// `Member.Read.Hidden` (facts 3.4, 3.5).
    pub hidden_membership: HiddenMembership,
    /// What `userPurpose` says of the room (facts 3.3).
    pub resource: Resource,
    /// The account without a mailbox is synchronised from a directory on premises (facts 3.1).
    pub on_premises: bool,
    /// `$top` on message delta (facts 1.2).
    pub delta_top: DeltaTop,
    /// `internetMessageHeaders` in lists and delta where selected (facts 1.9).
    pub headers_in_lists: bool,
    /// The list of sensitivities is refused in the whole tenant with 403 (facts 1.9).
    pub sensitivity_refused: bool,
    /// Numbers of the users (from 0, in the order of the directory) whose list is refused.
    pub sensitivity_refused_for: Vec<usize>,
    /// Seconds that an access token lives (facts 4.1).
    pub token_seconds: i64,
    /// How many newer generations of a chain make a link invalid (facts 1.6).
    pub generations: u32,
    /// Milliseconds that every request takes at least.
    pub latency_ms: u64,
    /// Of a thousand requests, how many are answered 429 (facts 7.1).
    pub throttle_per_mille: u64,
    /// `Retry-After` of such answers (facts 7.3).
    pub retry_after: RetryAfter,
    /// Requests to one mailbox at the same time (facts 7.1).
    pub mailbox_concurrency: u32,
    /// Requests to one mailbox in ten minutes (facts 7.1).
    pub mailbox_requests: u32,
    /// Largest page that message delta gives, whatever is requested (facts 11.2).
    pub page_items_max: usize,
    /// Plain lists with a larger `$top` take too long: 504 (facts 1.7).
    pub list_top_max: usize,
    /// So do pages of plain lists that lie deeper (facts 13: seen at 25,651).
    pub list_skip_max: usize,
    /// So do filters on an extended property that walk over more items for a page (facts 13).
    pub filter_walk_max: usize,
    /// Items of a batch that the gateway hands on to mailboxes at the same time (facts 1.11).
    pub batch_parallel: usize,
    /// Simulated seconds that pass with each request; 0: the clock stands still during a run.
    pub seconds_per_request: i64,
    /// An unknown zone in `Prefer: outlook.timezone`; the documents do not say (facts 11.17).
    pub unknown_zone: UnknownZone,
    /// Whether `createdDateTime` and `lastModifiedDateTime` can be selected of calendarView: a text
    /// of 2021 says that they cannot (facts 2.1).
    pub select_times_of_calendar_view: bool,
    /// People take meetings out of their calendars after they took place.
    pub clean_ups: bool,
    /// Times of events as `DateTime` and `TimeZone` (facts 2.3).
    pub capital_times: bool,
    /// Every copy names its zone `tzone://Microsoft/Custom`, the organiser's too (facts 2.3).
    pub custom_zones: bool,
    /// Exceptions come whole instead of as what differs (facts 11.8).
    pub full_exceptions: bool,
    /// An occurrence that the organiser cancelled is in no calendar any more, instead of standing
    /// in those of the attendees as cancelled (facts 2.2).
    pub unreported_cancellations: bool,
    /// Masters are missing from the stream (facts 2.2).
    pub missing_masters: MissingMasters,
    /// How rounds of calendars fail (facts 2.2).
    pub calendar_chain: CalendarChain,
    /// Numbers of the users whose calendar chains fail so; empty = all.
    pub calendar_chain_for: Vec<usize>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            short_pages: true,
            duplicates: true,
            replays: true,
            shuffle: true,
            same_delta_link: true,
            string_booleans: false,
            lose_moves_there_and_back: false,
            hidden_membership: HiddenMembership::None,
            resource: Resource::Room,
            on_premises: false,
            delta_top: DeltaTop::Refused,
            headers_in_lists: true,
            sensitivity_refused: false,
            sensitivity_refused_for: Vec::new(),
            token_seconds: 3599,
            generations: 3,
            latency_ms: 0,
            throttle_per_mille: 0,
            retry_after: RetryAfter::Integer,
            mailbox_concurrency: 4,
            mailbox_requests: 10_000,
            page_items_max: 1000,
            list_top_max: 1000,
            list_skip_max: 25_000,
            filter_walk_max: 100_000,
            batch_parallel: 4,
            seconds_per_request: 0,
            unknown_zone: UnknownZone::Refused,
            select_times_of_calendar_view: false,
            clean_ups: true,
            capital_times: false,
            custom_zones: false,
            full_exceptions: false,
            unreported_cancellations: false,
            missing_masters: MissingMasters::None,
            calendar_chain: CalendarChain::Sound,
            calendar_chain_for: Vec::new(),
        }
    }
}

/// What is shown of hidden members without the permission; the documents do not say (facts 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HiddenMembership {
    /// Members are not hidden.
    None,
    /// An empty list.
    Empty,
    /// 403.
    Refused,
}

impl HiddenMembership {
    /// Whether members are hidden.
    pub fn is_hidden(self) -> bool {
        self != Self::None
    }
}

/// What may be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// A room.
    Room,
    /// A piece of equipment.
    Equipment,
}

impl Resource {
    /// The value of `userPurpose`.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Equipment => "equipment",
        }
    }
}

/// What `$top` does on message delta: three observations conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeltaTop {
    /// 400.
    Refused,
    /// Nothing.
    Ignored,
    /// The whole chain ends after that many items.
    Caps,
}

/// What becomes of a request for times in an unknown zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownZone {
    /// 400.
    Refused,
    /// Times are in UTC.
    Ignored,
}

/// The header of a throttled answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// `1`.
    Integer,
    /// `0.25`.
    Fraction,
    /// No header.
    None,
}

/// Masters that are missing from the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingMasters {
    /// None is.
    None,
    /// One of four is, and a single request finds it.
    Found,
    /// One of four is, and a single request does not find it.
    Lost,
}

/// How a chain of a calendar continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalendarChain {
    /// As documented.
    Sound,
    /// Links change and pages repeat, without end.
    Endless,
    /// After the first page there are only duplicates of it, without end.
    Duplicates,
    /// Every link of a finished round is refused with 410.
    Expired,
    /// Every link within a round is refused with 410 (facts 13).
    Forgotten,
    /// First rounds of later nights end after their first page, and say that they are complete.
    CutShort,
}
