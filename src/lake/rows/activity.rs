//! The columns of `contact_activity`.

use std::sync::Arc;
use std::sync::LazyLock;

use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::text;
use crate::lake::rows::cells::word;
use crate::lake::rows::column::Label;
use crate::lake::rows::columns::TableColumn;
use crate::lake::rows::columns::TableColumns;
use crate::lake::rows::mailbox;
use crate::lake::rows::names;
use crate::model::activity::Activity;
use crate::model::activity::ContactMatch;
use crate::model::activity::MatchRule;
use crate::model::id::Id128;
use crate::model::interaction::Direction;
use crate::model::interaction::Kind;
use crate::model::interaction::Role;
use crate::model::interaction::State;
use crate::model::time::Timestamp;

type Column = TableColumn<Activity>;

/// What `user_role` says where the owner is not named.
const NO_ROLE: &str = "none";

/// The columns of `contact_activity`, in order. Those that are not compared are what names the
/// interaction, and in what equal results may differ: generation, run, snapshot and time.
pub(crate) static ACTIVITIES: LazyLock<TableColumns<Activity>> = LazyLock::new(|| {
    let [mailbox_id, address, kind, tenant] = mailbox::columns(
        Label::new(
            "user_address",
            "The colleague: primary address of the mailbox.",
        ),
        |row: &Activity| &row.mailbox,
        |row, mailbox| row.mailbox = mailbox,
    );
    let mut columns = subject_matter(mailbox_id.not_compared());
    columns.extend(content());
    columns.extend([tenant, address, user_role(), kind]);
    columns.extend(contact());
    columns.extend(matching());
    TableColumns::new(columns, blank())
});

/// What names the row, which version it is of, and when it took place.
fn subject_matter(mailbox_id: Column) -> Vec<Column> {
    vec![
        Column::id(
            Label::new(
                "activity_id",
                "Names the row's subject: hash of interaction, mailbox and contact (or account), \
                 32 hex digits.",
            ),
            |row| row.activity_id,
            |row, id| row.activity_id = id,
        ),
        Column::long(
            Label::new(
                "generation",
                "Rises whenever the contacts of an interaction are rewritten; the highest counts.",
            ),
            |row| row.generation,
            |row, generation| row.generation = generation,
        )
        .not_compared(),
        Column::id(
            names::INTERACTION_ID,
            |row| row.interaction_id,
            |row, id| row.interaction_id = id,
        )
        .not_compared(),
        mailbox_id,
        Column::int(
            names::REVISION,
            |row| row.revision,
            |row, revision| row.revision = revision,
        ),
        Column::word(
            names::STATE,
            |row| row.state.as_str(),
            State::parse,
            |row, state| row.state = state,
        ),
        Column::word(
            names::KIND,
            |row| row.kind.as_str(),
            Kind::parse,
            |row, kind| row.kind = kind,
        ),
        Column::word(
            names::DIRECTION,
            |row| row.direction.as_str(),
            Direction::parse,
            |row, direction| row.direction = direction,
        ),
        Column::instant(
            names::OCCURRED_AT,
            |row| row.occurred_at,
            |row, at| row.occurred_at = at,
        ),
        Column::maybe_instant(
            names::ENDED_AT,
            |row| row.ended_at,
            |row, at| row.ended_at = at,
        ),
    ]
}

/// What is repeated of the content.
fn content() -> Vec<Column> {
    vec![
        Column::maybe_text(
            Label::new("subject", "Subject, as far as activity_content allows."),
            |row| row.subject.as_deref(),
            |row, text| row.subject = text.map(str::to_owned),
        ),
        Column::maybe_text(
            Label::new("preview", "Preview, as far as activity_content allows."),
            |row| row.preview.as_deref(),
            |row, text| row.preview = text.map(str::to_owned),
        ),
        Column::maybe_text(
            names::THREAD_ID,
            |row| row.thread_id.as_deref(),
            |row, id| row.thread_id = id.map(str::to_owned),
        ),
        Column::flag(
            names::IS_BULK,
            |row| row.is_bulk,
            |row, is_bulk| row.is_bulk = is_bulk,
        ),
    ]
}

/// The owner of the mailbox.
fn user_role() -> Column {
    Column::text(
        Label::new(
            "user_role",
            "Best role the colleague had, or none (lists, blind copies, shared mailboxes).",
        ),
        |row| row.user_role.map_or(NO_ROLE, Role::as_str),
        |row, role| row.user_role = Role::parse(role),
    )
}

/// The contact and the account, which are read with the rule that matched.
fn contact() -> Vec<Column> {
    vec![
        of_match(
            Label::new(
                "contact_id",
                "The CRM's id; null where only the account matched.",
            ),
            |found| found.contact.as_ref().map(|(id, _)| &**id),
        ),
        of_match(
            Label::new("contact_name", "The contact's name in the CRM."),
            |found| found.contact.as_ref().map(|(_, name)| &**name),
        ),
        of_match(
            Label::new("contact_address", "The address that matched."),
            |found| Some(&found.address),
        ),
        of_match(
            Label::new("contact_role", "The best role of that contact."),
            |found| Some(found.role.as_str()),
        ),
        of_match(
            Label::new("contact_response", "Meetings: the contact's answer."),
            |found| found.response.as_deref(),
        ),
        of_match(
            Label::new("account_id", "The CRM's id of the account."),
            |found| found.account.as_ref().map(|(id, _)| &**id),
        ),
        of_match(
            Label::new("account_name", "The account's name in the CRM."),
            |found| found.account.as_ref()?.1.as_deref(),
        ),
        of_match(
            Label::new(
                "match_rule",
                "contact_email, contact_alias or account_domain.",
            )
            .with_stats(),
            |found| Some(found.rule.as_str()),
        )
        .read_by(read_contact_matches),
    ]
}

/// A text of the match of a row, which is null in a closing row.
fn of_match(
    name: Label,
    get: impl Fn(&ContactMatch) -> Option<&str> + Send + Sync + Copy + 'static,
) -> Column {
    Column::maybe_text(
        name,
        move |row| row.contact_match.as_ref().and_then(get),
        |_, _| {},
    )
}

/// Who else took part, how the row was matched, and columns that came later.
fn matching() -> Vec<Column> {
    vec![
        Column::int(
            Label::new(
                "internal_count",
                "Colleagues taking part: distinct internal addresses, resources left out, the \
                 owner included.",
            ),
            |row| row.internal_count,
            |row, count| row.internal_count = count,
        ),
        Column::int(
            Label::new(
                "external_count",
                "Others taking part: distinct external addresses, resources left out.",
            ),
            |row| row.external_count,
            |row, count| row.external_count = count,
        ),
        Column::instant(
            Label::new("matched_at", "When the CRM snapshot was matched."),
            |row| row.matched_at,
            |row, at| row.matched_at = at,
        )
        .not_compared(),
        Column::text(
            Label::new(
                "crm_snapshot",
                "Digest of the CRM snapshot that was matched.",
            ),
            |row| &row.crm_snapshot,
            |row, digest| row.crm_snapshot = digest.into(),
        )
        .not_compared(),
        Column::text(
            names::RUN_ID,
            |row| &row.run_id,
            |row, id| row.run_id = id.into(),
        )
        .not_compared(),
    ]
}

/// Reads the contacts and accounts of rows; a closing row has none.
fn read_contact_matches(
    cells: &Cells<'_>,
    rows: &[usize],
    out: &mut [Activity],
) -> Result<(), BadCell> {
    let [contact_id, contact_name] = [cells.texts("contact_id")?, cells.texts("contact_name")?];
    let [account_id, account_name] = [cells.texts("account_id")?, cells.texts("account_name")?];
    let addresses = cells.texts("contact_address")?;
    let (roles, responses) = (
        cells.texts("contact_role")?,
        cells.texts("contact_response")?,
    );
    let rules = cells.texts("match_rule")?;
    for (&row, out) in rows.iter().zip(out) {
        if text(rules, row).is_none() {
            continue;
        }
        let contact = text(contact_id, row).map(|id| {
            let name = text(contact_name, row).unwrap_or_default();
            (Arc::from(id), Arc::from(name))
        });
        let account = text(account_id, row).map(|id| {
            let name = text(account_name, row).map(Arc::from);
            (Arc::from(id), name)
        });
        out.contact_match = Some(ContactMatch {
            contact,
            account,
            address: text(addresses, row).unwrap_or_default().to_owned(),
            role: word(roles, row, Role::parse, "contact_role")?,
            response: text(responses, row).map(str::to_owned),
            rule: word(rules, row, MatchRule::parse, "match_rule")?,
        });
    }
    Ok(())
}

/// A row of which nothing was read yet.
fn blank() -> Activity {
    let nothing: Arc<str> = Arc::from("");
    Activity {
        activity_id: Id128::default(),
        generation: 0,
        interaction_id: Id128::default(),
        mailbox: mailbox::blank(),
        revision: 0,
        state: State::Active,
        kind: Kind::Email,
        direction: Direction::Inbound,
        occurred_at: Timestamp::default(),
        ended_at: None,
        subject: None,
        preview: None,
        thread_id: None,
        is_bulk: false,
        user_role: None,
        contact_match: None,
        internal_count: 0,
        external_count: 0,
        matched_at: Timestamp::default(),
        crm_snapshot: Arc::clone(&nothing),
        run_id: nothing,
    }
}
