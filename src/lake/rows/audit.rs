//! The columns of `audit`.

use std::sync::Arc;
use std::sync::LazyLock;

use crate::lake::rows::column::Label;
use crate::lake::rows::columns::TableColumn;
use crate::lake::rows::columns::TableColumns;
use crate::lake::rows::names;
use crate::model::audit::AuditAction;
use crate::model::audit::AuditEntry;
use crate::model::time::Timestamp;

type Column = TableColumn<AuditEntry>;

/// The columns of `audit`, in order.
pub(crate) static AUDIT: LazyLock<TableColumns<AuditEntry>> = LazyLock::new(|| {
    let columns = vec![
        Column::instant(
            Label::new("at", "When it was done.").with_stats(),
            |row| row.at,
            |row, at| row.at = at,
        ),
        Column::text(
            Label::new("actor", "Who did it, on which machine, with which command."),
            |row| &row.actor,
            |row, actor| row.actor = actor.into(),
        ),
        Column::word(
            Label::new(
                "action",
                "link, unlink, confirm, activate, scope, accept_open_scope or setting.",
            )
            .with_stats(),
            |row| row.action.as_str(),
            AuditAction::parse,
            |row, action| row.action = action,
        ),
        Column::text(
            Label::new(
                "subject",
                "To what: a mailbox's address, a tenant, or a key of the configuration.",
            ),
            |row| &row.subject,
            |row, subject| subject.clone_into(&mut row.subject),
        ),
        Column::maybe_text(
            Label::new("before", "How it was before."),
            |row| row.before.as_deref(),
            |row, before| row.before = before.map(str::to_owned),
        ),
        Column::maybe_text(
            Label::new("after", "How it is now."),
            |row| row.after.as_deref(),
            |row, after| row.after = after.map(str::to_owned),
        ),
        Column::maybe_text(
            names::RUN_ID,
            |row| row.run_id.as_deref(),
            |row, id| row.run_id = id.map(Into::into),
        ),
    ];
    let blank = AuditEntry {
        at: Timestamp::default(),
        actor: Arc::from(""),
        action: AuditAction::Link,
        subject: String::new(),
        before: None,
        after: None,
        run_id: None,
    };
    TableColumns::new(columns, blank)
});
