//! What the application may read: what was asked of a tenant, and what was found.

/// A kind of request that needs a permission of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProbeKind {
    /// Who wrote to whom, when, and the subject.
    Mail,
    /// The text of mails.
    MailContent,
    /// Meetings.
    Calendar,
    /// Whether a mailbox belongs to a person, is shared or a room.
    MailboxKind,
}

impl ProbeKind {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::MailContent => "mail content",
            Self::Calendar => "calendar",
            Self::MailboxKind => "mailbox kind",
        }
    }

    /// Whether touchpoint works without it.
    pub fn is_optional(self) -> bool {
        self == Self::MailboxKind
    }
}

/// The code of an answer that leaves out the text of a mail.
pub const NO_CONTENT: &str = "no content shown";

/// What the service answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeAnswer {
    /// The mailbox can be read.
    Granted,
    /// It must not be read.
    Denied {
        /// The service's code.
        code: String,
    },
    /// There is no mailbox.
    NoMailbox {
        /// The service's code.
        code: String,
    },
    /// The answer says nothing of what is allowed.
    Unknown {
        /// What happened.
        message: String,
    },
}

impl ProbeAnswer {
    /// The word in reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Granted => "Granted",
            Self::Denied { .. } => "Denied",
            Self::NoMailbox { .. } => "no mailbox",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// Whether it shows what the application may read.
    pub fn is_decisive(&self) -> bool {
        matches!(self, Self::Granted | Self::Denied { .. })
    }

    /// The service's code, or what happened.
    pub fn detail(&self) -> &str {
        match self {
            Self::Granted => "",
            Self::Denied { code } | Self::NoMailbox { code } => code,
            Self::Unknown { message } => message,
        }
    }
}

/// What a run found of a tenant's permissions before it read anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunAccess {
    /// The tenant's name in the configuration.
    pub tenant: String,
    /// What mailboxes outside the scope answered.
    pub outside: Outside,
    /// Functions that are switched on and their permissions that are missing, as far as is known
    /// without reading anything.
    pub missing: Vec<String>,
    /// Permissions that allow more than reading.
    pub too_wide: Vec<String>,
    /// Mailboxes that the configuration names as readable, and that are refused.
    pub refused: Vec<String>,
}

/// What mailboxes outside the scope answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outside {
    /// They refused every request.
    Refused {
        /// The number of requests.
        requests: usize,
    },
    /// These kinds of request were granted, which was accepted.
    Accepted {
        /// Names of the kinds.
        kinds: String,
    },
    /// None has given an answer that tells.
    Unknown,
    /// There are none: the scope is the whole tenant.
    WholeTenant,
}

/// What must be the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The mailbox is in scope.
    Granted,
    /// It is not.
    Denied,
}

impl Expected {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "Granted",
            Self::Denied => "Denied",
        }
    }
}

/// One request to one mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The mailbox's address.
    pub mailbox: String,
    /// What was requested.
    pub kind: ProbeKind,
    /// Whether the configuration names the mailbox.
    pub is_named: bool,
    /// What must be the answer.
    pub expected: Expected,
    /// What was answered.
    pub found: ProbeAnswer,
}

impl Probe {
    /// Whether the answer is the opposite of what it must be. A mailbox that does not exist was not
    /// read; one that must be readable is then a wrong answer.
    pub fn is_wrong(&self) -> bool {
        matches!(
            (self.expected, &self.found),
            (
                Expected::Granted,
                ProbeAnswer::Denied { .. } | ProbeAnswer::NoMailbox { .. }
            ) | (Expected::Denied, ProbeAnswer::Granted)
        )
    }

    /// Whether it was refused although it is in scope.
    pub fn is_refused(&self) -> bool {
        self.expected == Expected::Granted && matches!(self.found, ProbeAnswer::Denied { .. })
    }

    /// Whether a mailbox out of scope can be read.
    pub fn is_open(&self) -> bool {
        self.expected == Expected::Denied && self.found == ProbeAnswer::Granted
    }
}

/// How a permission was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// Granted in Entra; the names of the permissions that allow it.
    Entra(Vec<String>),
    /// No permission in Entra allows it, and mailboxes in scope can be read: a role that Exchange has
    /// assigned (RBAC for Applications).
    Exchange,
    /// Nothing allows it.
    Missing,
    /// The token cannot be read, and no answer tells.
    Unknown,
}

/// A function that is switched on, and whether the application has the permission for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRow {
    /// What it is for.
    pub function: &'static str,
    /// The request that shows it; `None`: one to the directory.
    pub probe: Option<ProbeKind>,
    /// The least permission that suffices.
    pub permission: &'static str,
    /// Whether touchpoint works without it, with less to show.
    pub is_optional: bool,
    /// What was found.
    pub grant: Grant,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something can be done better.
    Advice,
    /// A run works, with gaps.
    Gap,
    /// No run must begin.
    Stop,
}

impl Severity {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Advice => "advice",
            Self::Gap => "gap",
            Self::Stop => "stop",
        }
    }
}

/// What was found to be wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What it is, and the remedy.
    pub text: String,
    /// Whether it may be gone a while later: what was granted or restricted takes time to act.
    pub may_pass: bool,
}

impl Finding {
    /// A finding that stays until somebody does something.
    pub fn new(severity: Severity, text: String) -> Self {
        Self {
            severity,
            text,
            may_pass: false,
        }
    }

    /// A finding that may be gone a while later.
    pub fn passing(severity: Severity, text: String) -> Self {
        Self {
            may_pass: true,
            ..Self::new(severity, text)
        }
    }
}

/// What a tenant lets the application do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantAccess {
    /// Its name in the configuration.
    pub tenant: String,
    /// Mailboxes in scope.
    pub in_scope: usize,
    /// Functions that are switched on, and their permissions.
    pub consent: Vec<ConsentRow>,
    /// Permissions that the token names and that allow to write or send.
    pub too_wide: Vec<String>,
    /// Permissions that the token names and that nothing needs.
    pub not_needed: Vec<String>,
    /// Requests to mailboxes in and out of scope.
    pub probes: Vec<Probe>,
    /// What the content level shows and hides.
    pub content: Vec<String>,
    /// What is wrong, the most important first.
    pub findings: Vec<Finding>,
    /// What an administrator opens to give consent, where it is missing.
    pub consent_link: Option<String>,
}
