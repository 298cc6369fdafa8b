//! Columns that several tables have under one name and with one meaning.

use crate::lake::rows::column::Label;

pub(crate) const INTERACTION_ID: Label = Label::new(
    "interaction_id",
    "Names the mail or meeting: 32 hex digits, the same in every mailbox that holds a copy.",
);
pub(crate) const MAILBOX_ID: Label = Label::new(
    "mailbox_id",
    "Whose copy this is: the directory object id; for archives, archive: and the folder.",
);
pub(crate) const MAILBOX_ADDRESS: Label = Label::new(
    "mailbox_address",
    "Primary address of that mailbox when the row was written.",
);
pub(crate) const MAILBOX_KIND: Label = Label::new(
    "mailbox_kind",
    "Kind of that mailbox: user, shared, room, equipment or archive.",
)
.with_stats();
pub(crate) const TENANT: Label = Label::new(
    "tenant",
    "Name of the tenant or archive in the configuration.",
)
.with_stats();
pub(crate) const KIND: Label = Label::new(
    "kind",
    "What it is: email or meeting; further kinds may come.",
)
.with_stats();
pub(crate) const REVISION: Label = Label::new(
    "revision",
    "Counts the versions of this interaction in this mailbox, from 1. What a mail \
     says of who and when stays; a further one has content that was withheld, or the mailbox's new \
     address.",
);
pub(crate) const STATE: Label = Label::new(
    "state",
    "active, cancelled (by the organiser), declined (by the owner), removed (from the calendar \
     before it took place), superseded (lies in another month now) or withdrawn (made private, or \
     left without any contact).",
)
.with_stats();
pub(crate) const OCCURRED_AT: Label =
    Label::new("occurred_at", "When it was sent; for meetings, the start.").with_stats();
pub(crate) const ENDED_AT: Label = Label::new("ended_at", "End of a meeting; null for mails.");
pub(crate) const DIRECTION: Label = Label::new(
    "direction",
    "Seen from the company, so equal in all copies: outbound, inbound or internal.",
)
.with_stats();
pub(crate) const THREAD_ID: Label = Label::new(
    "thread_id",
    "The conversation a mail belongs to; null where it is not known.",
);
pub(crate) const IS_BULK: Label = Label::new(
    "is_bulk",
    "Newsletters, automatic replies and notifications.",
)
.with_stats();
pub(crate) const RUN_ID: Label = Label::new("run_id", "The run that wrote the row.");
