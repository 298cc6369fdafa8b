//! The columns of a row's mailbox, which are read together: rows in a row share it.

use std::sync::Arc;

use arrow_array::StringArray;

use crate::lake::rows::cells::BadCell;
use crate::lake::rows::cells::Cells;
use crate::lake::rows::cells::word;
use crate::lake::rows::column::Label;
use crate::lake::rows::columns::TableColumn;
use crate::lake::rows::names;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;

/// The columns of a row's mailbox: its id, address, kind and tenant. They are read with the id.
/// Tables name the address differently.
pub(crate) fn columns<R: 'static>(
    address: Label,
    get: impl Fn(&R) -> &Mailbox + Send + Sync + Copy + 'static,
    set: impl Fn(&mut R, Arc<Mailbox>) + Send + Sync + 'static,
) -> [TableColumn<R>; 4] {
    let labels = [
        names::MAILBOX_ID,
        address,
        names::MAILBOX_KIND,
        names::TENANT,
    ];
    let read = reader(labels.map(|label| label.name), set);
    let [id, address, kind, tenant] = labels;
    [
        TableColumn::text(id, move |row| &get(row).id, |_, _| {}).read_by(read),
        TableColumn::text(address, move |row| &get(row).address, |_, _| {}),
        TableColumn::text(kind, move |row| get(row).kind.as_str(), |_, _| {}),
        TableColumn::text(tenant, move |row| &get(row).tenant, |_, _| {}),
    ]
}

/// Reads the mailboxes of rows from the columns of its id, address, kind and tenant.
fn reader<R>(
    names: [&'static str; 4],
    set: impl Fn(&mut R, Arc<Mailbox>),
) -> impl Fn(&Cells<'_>, &[usize], &mut [R]) -> Result<(), BadCell> {
    move |cells, rows, out| {
        let [id, address, kind, tenant] = names;
        let columns = [
            cells.texts(id)?,
            cells.texts(address)?,
            cells.texts(kind)?,
            cells.texts(tenant)?,
        ];
        let mut last = None;
        for (&row, out) in rows.iter().zip(out) {
            let mailbox = read(columns, row, last.take())?;
            last = Some(Arc::clone(&mailbox));
            set(out, mailbox);
        }
        Ok(())
    }
}

/// The mailbox of a row; `last`, where it is the same.
fn read(
    [id, address, kind, tenant]: [&StringArray; 4],
    row: usize,
    last: Option<Arc<Mailbox>>,
) -> Result<Arc<Mailbox>, BadCell> {
    let kind = word(kind, row, MailboxKind::parse, "mailbox_kind")?;
    let (id, address, tenant) = (id.value(row), address.value(row), tenant.value(row));
    if let Some(last) = last
        && &*last.id == id
        && &*last.address == address
        && &*last.tenant == tenant
        && last.kind == kind
    {
        return Ok(last);
    }
    Ok(Arc::new(Mailbox {
        id: id.into(),
        address: address.into(),
        kind,
        tenant: tenant.into(),
        own_addresses: Vec::new(),
    }))
}

/// The mailbox of a row of which nothing was read yet.
pub(crate) fn blank() -> Arc<Mailbox> {
    let nothing: Arc<str> = Arc::from("");
    Arc::new(Mailbox {
        id: Arc::clone(&nothing),
        address: Arc::clone(&nothing),
        kind: MailboxKind::User,
        tenant: nothing,
        own_addresses: Vec::new(),
    })
}
