//! The columns themselves, as the analysts' contract has them: names and types only ever grow.

use crate::model::outcome::Outcome;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// Text, UTF-8.
    Text,
    /// 32-bit integer.
    Int,
    /// 64-bit integer.
    Long,
    /// 64-bit floating point number.
    Double,
    /// True or false.
    Flag,
    /// UTC, microseconds.
    Instant,
    /// List of people: address, name, role, response, internal.
    Participants,
}

impl ColumnType {
    /// The type in the words of the README.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Int => "int32",
            Self::Long => "int64",
            Self::Double => "double",
            Self::Flag => "bool",
            Self::Instant => "timestamp",
            Self::Participants => "list<struct<address, name, role, response, internal>>",
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name; public, never changed.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnType,
    /// Whether it may be null. (In the files and the log every column may: columns that must not
    /// be null are a Delta table feature, at which other programs' `optimize` may refuse.)
    pub nullable: bool,
    /// Whether Delta keeps minimum and maximum per file: time and low-cardinality columns only,
    /// because statistics lie open in the log.
    pub has_stats: bool,
    /// What it means, in a sentence.
    pub doc: &'static str,
}

impl Column {
    /// The type in the words of the README.
    pub fn type_name(&self) -> &'static str {
        self.kind.as_str()
    }
}

/// A column that is never null.
const fn required(name: &'static str, kind: ColumnType, doc: &'static str) -> Column {
    Column {
        name,
        kind,
        nullable: false,
        has_stats: false,
        doc,
    }
}

/// A column that may be null.
const fn optional(name: &'static str, kind: ColumnType, doc: &'static str) -> Column {
    Column {
        nullable: true,
        ..required(name, kind, doc)
    }
}

/// The same column with Delta statistics.
const fn skipping(column: Column) -> Column {
    Column {
        has_stats: true,
        ..column
    }
}

use ColumnType::Double;
use ColumnType::Flag;
use ColumnType::Instant;
use ColumnType::Int;
use ColumnType::Long;
use ColumnType::Participants;
use ColumnType::Text;

const INTERACTION_ID: Column = required(
    "interaction_id",
    Text,
    "Names the mail or meeting: 32 hex digits, the same in every mailbox that holds a copy.",
);
const MAILBOX_ID: Column = required(
    "mailbox_id",
    Text,
    "Whose copy this is: the directory object id; for archives, archive: and the folder.",
);
const MAILBOX_ADDRESS: Column = required(
    "mailbox_address",
    Text,
    "Primary address of that mailbox when the row was written.",
);
const MAILBOX_KIND: Column = skipping(required(
    "mailbox_kind",
    Text,
    "Kind of that mailbox: user, shared, room or archive.",
));
const TENANT: Column = skipping(required(
    "tenant",
    Text,
    "Name of the tenant or archive in the configuration.",
));
const KIND: Column = skipping(required(
    "kind",
    Text,
    "What it is: email or meeting; further kinds may come.",
));
const REVISION: Column = required(
    "revision",
    Int,
    "Counts the versions of this interaction in this mailbox, from 1. What a mail says of who and when stays; a further one has content that was withheld, or the mailbox's new address.",
);
const STATE: Column = skipping(required(
    "state",
    Text,
    "active, cancelled (by the organiser), declined (by the owner), removed (from the calendar \
     before it took place), superseded (lies in another month now) or withdrawn (made private, or \
     left without any contact).",
));
const OCCURRED_AT: Column = skipping(required(
    "occurred_at",
    Instant,
    "When it was sent; for meetings, the start.",
));
const ENDED_AT: Column = optional("ended_at", Instant, "End of a meeting; null for mails.");
const DIRECTION: Column = skipping(required(
    "direction",
    Text,
    "Seen from the company, so equal in all copies: outbound, inbound or internal.",
));
const THREAD_ID: Column = optional(
    "thread_id",
    Text,
    "The conversation a mail belongs to; null where it is not known.",
);
const IS_BULK: Column = skipping(required(
    "is_bulk",
    Flag,
    "Newsletters, automatic replies and notifications.",
));
const USER_ROLE: Column = optional(
    "user_role",
    Text,
    "Best role of the mailbox's owner; null where they are not named (lists, blind copies, shared \
     mailboxes).",
);
const RUN_ID: Column = required("run_id", Text, "The run that wrote the row.");

/// Columns of `interactions`.
pub(crate) const INTERACTION_COLUMNS: &[Column] = &[
    INTERACTION_ID,
    MAILBOX_ID,
    MAILBOX_ADDRESS,
    MAILBOX_KIND,
    TENANT,
    skipping(required(
        "source",
        Text,
        "Where it was read: graph, mbox, maildir or eml.",
    )),
    required(
        "source_id",
        Text,
        "The provider's own id of this copy; for archives, file name or hash.",
    ),
    required(
        "container",
        Text,
        "Folder or calendar in which it was found.",
    ),
    KIND,
    REVISION,
    STATE,
    OCCURRED_AT,
    ENDED_AT,
    DIRECTION,
    optional(
        "subject",
        Text,
        "Subject, as far as the content level and the sender's privacy allow.",
    ),
    optional(
        "preview",
        Text,
        "At most 255 characters of text, from the content level preview on.",
    ),
    optional(
        "body_text",
        Text,
        "The text, at the content level full only.",
    ),
    required(
        "sensitivity_known",
        Flag,
        "False where the permission hides whether the sender marked the mail as private.",
    ),
    THREAD_ID,
    optional(
        "series_id",
        Text,
        "The series a meeting belongs to; null for mails.",
    ),
    required(
        "participants",
        Participants,
        "Who takes part, one entry for each address and role: from, sender, to, cc, bcc, \
         organizer, required, optional, resource, in this order.",
    ),
    IS_BULK,
    optional("bulk_reason", Text, "The rule by which it is bulk."),
    optional(
        "is_online_meeting",
        Flag,
        "Meetings: held online; null for mails.",
    ),
    optional(
        "online_provider",
        Text,
        "Meetings: the service it is held on.",
    ),
    optional(
        "is_recurring",
        Flag,
        "Meetings: one of a series; null for mails.",
    ),
    optional(
        "is_all_day",
        Flag,
        "Meetings: lasts whole days; null for mails.",
    ),
    required(
        "fingerprint",
        Long,
        "Hash of what was read, to tell a change from a repetition.",
    ),
    skipping(required(
        "captured_at",
        Instant,
        "When the run that wrote the row read it.",
    )),
    RUN_ID,
    USER_ROLE,
];

/// Columns of `contact_activity`.
pub(crate) const ACTIVITY_COLUMNS: &[Column] = &[
    required(
        "activity_id",
        Text,
        "Names the row's subject: hash of interaction, mailbox and contact (or account), 32 hex \
         digits.",
    ),
    required(
        "generation",
        Long,
        "Rises whenever the contacts of an interaction are written anew; the highest counts.",
    ),
    INTERACTION_ID,
    MAILBOX_ID,
    REVISION,
    STATE,
    KIND,
    DIRECTION,
    OCCURRED_AT,
    ENDED_AT,
    optional(
        "subject",
        Text,
        "Subject, as far as activity_content allows.",
    ),
    optional(
        "preview",
        Text,
        "Preview, as far as activity_content allows.",
    ),
    THREAD_ID,
    IS_BULK,
    TENANT,
    required(
        "user_address",
        Text,
        "The colleague: primary address of the mailbox.",
    ),
    required(
        "user_role",
        Text,
        "Best role the colleague had, or none (lists, blind copies, shared mailboxes).",
    ),
    MAILBOX_KIND,
    optional(
        "contact_id",
        Text,
        "The CRM's id; null where only the account matched.",
    ),
    optional("contact_name", Text, "The contact's name in the CRM."),
    optional("contact_address", Text, "The address that matched."),
    optional("contact_role", Text, "The best role of that contact."),
    optional("contact_response", Text, "Meetings: the contact's answer."),
    optional("account_id", Text, "The CRM's id of the account."),
    optional("account_name", Text, "The account's name in the CRM."),
    skipping(optional(
        "match_rule",
        Text,
        "contact_email, contact_alias or account_domain.",
    )),
    required(
        "internal_count",
        Int,
        "Colleagues taking part: distinct internal addresses, resources left out, the owner \
         included.",
    ),
    required(
        "external_count",
        Int,
        "Others taking part: distinct external addresses, resources left out.",
    ),
    required("matched_at", Instant, "When the contact book was asked."),
    required(
        "crm_snapshot",
        Text,
        "Digest of the contact book that was asked.",
    ),
    RUN_ID,
];

/// Columns of `mailboxes`: one for each outcome among them.
pub(crate) fn mailbox_columns() -> Vec<Column> {
    let mut columns = vec![
        RUN_ID,
        TENANT,
        MAILBOX_ID,
        MAILBOX_ADDRESS,
        MAILBOX_KIND,
        skipping(required(
            "started_at",
            Instant,
            "When the run turned to the mailbox.",
        )),
        required("ended_at", Instant, "When the run had done with it."),
        skipping(required(
            "status",
            Text,
            "complete, filled, stopped, denied, no_mailbox, incomplete, failed or interrupted.",
        )),
        optional("reason", Text, "Why, where the status does not say it all."),
        required("received", Long, "Items that were received."),
    ];
    columns.extend(Outcome::ALL.map(|outcome| required(outcome.as_str(), Long, doc_of(outcome))));
    columns.extend([
        required(
            "derived",
            Long,
            "Rows that stand for no item that was read.",
        ),
        required(
            "id_reused",
            Long,
            "Of the duplicates, those that share only their Message-ID and day.",
        ),
        required("requests", Long, "Requests sent, repetitions among them."),
        required("bytes", Long, "Bytes received; for archives, bytes read."),
        required(
            "waited_seconds",
            Double,
            "Seconds waited because the service asked for it.",
        ),
        optional(
            "cursor_age_hours",
            Double,
            "Age of the oldest cursor at the start; null at the first connection.",
        ),
        optional(
            "folder_items",
            Long,
            "Items the folders read say they hold.",
        ),
        required(
            "recorded_total",
            Long,
            "Interactions of this mailbox in the lake when the run had done with it.",
        ),
    ]);
    columns
}

fn doc_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Removed => "Items that left their folder.",
        Outcome::Unreadable => "Items that cannot be read.",
        Outcome::Series => "Series masters, which only describe their occurrences.",
        Outcome::Unchanged => "Items read before that say nothing new.",
        Outcome::Draft => "Items not sent yet.",
        Outcome::OutsideWindow => "Items older than the window.",
        Outcome::NotCaptured => "Items that the settings of member, team or tenant leave out.",
        Outcome::Private => "Items marked personal, private or confidential.",
        Outcome::Excluded => "Items that a rule of exclusion leaves out.",
        Outcome::InternalOnly => "Items among colleagues only.",
        Outcome::Duplicate => "Further copies of an interaction that the mailbox has recorded.",
        Outcome::Unmatched => "Items with nobody of the CRM, where those are skipped.",
        Outcome::Recorded => "Items that became a row of interactions.",
    }
}
