//! One row of `[[faults]]`.

use serde::Deserialize;

use crate::model::time::Timestamp;
use crate::sim::faults::request_kind::RequestKind;

/// Most rows a world file may have: every request looks at each of them.
pub const FAULTS_MAX: usize = 1000;

/// What the service does wrong, to whom, and when. Every key but `kind` has a default; keys that a
/// kind does not need are ignored.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What happens.
    pub kind: Kind,
    /// Whose requests; the directory belongs to no mailbox, so it is met by faults of `"any"` only.
    #[serde(default)]
    pub mailbox: Target,
    /// Which requests; by default those for which the kind is known.
    pub request: Option<RequestKind>,
    /// From this simulated instant on (RFC 3339).
    pub from: Option<String>,
    /// Up to this simulated instant, which is not part of it.
    pub until: Option<String>,
    /// This many of these requests succeed first.
    #[serde(default)]
    pub after: u64,
    /// Then it happens to this many; without it, to all.
    pub times: Option<u64>,
    /// `cut_round`: entries after which a round ends, 5000 by default. `large_page`: the largest
    /// page that is answered, 10 by default.
    pub at: Option<usize>,
    /// `cut_round`: rounds that end early.
    #[serde(default)]
    pub round: Round,
    /// Folder of the items, by its well-known name or number; by default the inbox.
    pub folder: Option<Place>,
    /// How many items of the folder or calendar are concerned; 1 by default, of `unreadable_item`
    /// all.
    pub items: Option<usize>,
    /// Status of a refusal.
    pub status: Option<u16>,
    /// `error.code` of a refusal.
    pub code: Option<String>,
    /// `error.message` of a refusal.
    pub message: Option<String>,
    /// What a refusal has for a body.
    #[serde(default)]
    pub body: Form,
    /// `Retry-After` of a refusal: any text; `date` and a number of seconds for a date that is so
    /// far ahead.
    pub retry_after: Option<String>,
    /// Where a redirect or a link leads: scheme, host and port.
    pub to: Option<String>,
    /// Seconds for which the answer is held back.
    #[serde(default)]
    pub seconds: f64,
    /// Size of what is too large, in bytes; the depth of what is too deep.
    pub bytes: Option<usize>,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A round of message delta ends after `at` entries with a deltaLink, without a word (facts
    /// 1.2: seen at 5,000). What was left out is never reported by this chain.
    CutRound,
    /// Message delta is refused because the mailbox is full; plain lists work (facts 1.7).
    QuotaFull,
    /// Pages that hold one of these items are answered with 500 `ErrorCorruptData`, and so is the
    /// item alone. Lists of nothing but ids and times work (facts 6.2).
    PoisonedItem,
    /// The same with private mails, and with the answer that was seen for them (facts 1.9).
    PrivatePoison,
    /// The same with single events: pages of calendarView, delta or plain, that hold one of them,
    /// and the event alone.
    PoisonedEvent,
    /// The same with masters of series. Where the stream leaves masters out, requests for some of
    /// them by their ids fail.
    PoisonedMaster,
    /// These items cannot be read singly; pages hold them.
    UnreadableItem,
    /// The folder counts this many items more than it holds messages (facts 1.10): other kinds of
    /// items, which neither delta nor lists of messages give.
    Surplus,
    /// A refusal with `status`, `code` and `message`, or a redirect to `to`.
    Status,
    /// 504 for pages of more than `at` items (facts 1.7).
    LargePage,
    /// 410 for links that the service gave before (facts 1.6).
    Forgotten,
    /// The answer is right, but comes late.
    Slow,
    /// The answer is right, but comes in pieces over `seconds`.
    Drip,
    /// The connection ends before the answer.
    CutBefore,
    /// The connection ends in the answer's head.
    CutInHead,
    /// The connection ends in the answer's body.
    CutInBody,
    /// The connection ends after the answer, without notice.
    CutAfter,
    /// The end of the body never comes.
    NeverEnds,
    /// `Content-Length` is larger than the body.
    LongLength,
    /// `Content-Length` is smaller than the body.
    ShortLength,
    /// The body is no gzip, though it is said to be.
    BadGzip,
    /// The body holds a byte that is no UTF-8, outside of the items.
    BadUtf8,
    /// The body ends in the middle of its JSON.
    BadJson,
    /// The body and its first item hold arrays in arrays in arrays, `bytes` deep.
    DeepJson,
    /// The body is blown up to `bytes` with blanks.
    HugePage,
    /// A small packed body that unpacks to `bytes`.
    GzipBomb,
    /// The first item of the page has a subject of `bytes`.
    HugeSubject,
    /// The nextLink is the link that was followed (facts 2.2).
    SelfLink,
    /// The last page leads to itself by links that change (facts 2.2).
    Endless,
    /// Each page leads to itself by links that change (facts 2.2).
    OnlyDuplicates,
    /// The link of the page leads to `to`.
    ForeignLink,
}

impl Kind {
    /// The requests for which it is known.
    pub fn request(self) -> RequestKind {
        match self {
            Self::CutRound
            | Self::QuotaFull
            | Self::LargePage
            | Self::Forgotten
            | Self::HugeSubject
            | Self::SelfLink
            | Self::Endless
            | Self::OnlyDuplicates
            | Self::ForeignLink => RequestKind::Delta,
            Self::PoisonedItem
            | Self::PrivatePoison
            | Self::PoisonedEvent
            | Self::PoisonedMaster => RequestKind::Mailbox,
            Self::UnreadableItem => RequestKind::Item,
            Self::Surplus => RequestKind::Folders,
            _ => RequestKind::Any,
        }
    }

    /// Whether it is about single items or counts, and leaves the rest of the answer alone.
    pub fn is_within(self) -> bool {
        matches!(
            self,
            Self::CutRound
                | Self::PoisonedItem
                | Self::PrivatePoison
                | Self::PoisonedEvent
                | Self::PoisonedMaster
                | Self::UnreadableItem
                | Self::Surplus
        )
    }

    /// Whether it takes the place of the answer.
    pub fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::Status | Self::QuotaFull | Self::LargePage | Self::Forgotten
        )
    }
}

/// The body of a refusal (facts 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// `code` and `message` as Graph writes them.
    #[default]
    Error,
    /// The same with `code` in an inner error, under a more general one.
    Inner,
    /// Nothing.
    Empty,
    /// A page for people, as gateways write it.
    Html,
    /// As the sign-in service writes it: `code` is the word, `message` the number.
    SignIn,
}

/// Rounds of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Round {
    /// The first.
    #[default]
    First,
    /// All but the first.
    Later,
    /// Each.
    Any,
}

/// Whose requests are met.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Target {
    /// The user of this number, from 0, in the order of the directory.
    Number(usize),
    /// An object id, user principal name or address; or `any`.
    Name(String),
}

impl Default for Target {
    fn default() -> Self {
        Self::Name("any".to_owned())
    }
}

impl Target {
    /// Whether everybody is meant, and the directory.
    pub fn is_anybody(&self) -> bool {
        matches!(self, Self::Name(name) if name == "any")
    }
}

/// A folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Place {
    /// By its number, which is the same in each mailbox.
    Number(usize),
    /// By its well-known name; or `any`.
    Name(String),
}

impl Fault {
    /// Which requests it meets.
    pub fn request(&self) -> RequestKind {
        self.request.unwrap_or_else(|| self.kind.request())
    }

    /// The simulated time in which it happens; `None` where it is no time.
    pub fn period(&self) -> Option<(Timestamp, Timestamp)> {
        let read = |text: &Option<String>, open: i64| match text {
            Some(text) => Timestamp::parse_rfc3339(text),
            None => Some(Timestamp(open)),
        };
        Some((read(&self.from, i64::MIN)?, read(&self.until, i64::MAX)?))
    }

    /// Whether a folder of this number and well-known name is meant.
    pub fn concerns_folder(&self, number: usize, well_known: Option<&str>) -> bool {
        match &self.folder {
            None => well_known == Some("inbox"),
            Some(Place::Number(only)) => *only == number,
            Some(Place::Name(name)) if name == "any" => true,
            Some(Place::Name(name)) => well_known == Some(name.as_str()),
        }
    }

    /// What is wrong with the row, as far as it can be seen without a world.
    pub fn defect(&self) -> Option<&'static str> {
        if self.period().is_none() {
            return Some("faults: from and until (RFC 3339)");
        }
        if self
            .status
            .is_some_and(|status| !(200..600).contains(&status))
        {
            return Some("faults: status (200 to 599)");
        }
        (self.kind == Kind::Status && self.status.is_none()).then_some("faults: status is missing")
    }
}
