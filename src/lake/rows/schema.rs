//! The columns of the tables as schemas: of their files, and of the Delta tables.

use std::sync::Arc;

use arrow_schema::Schema;
use arrow_schema::SchemaRef;
use delta_kernel::KernelError;
use delta_kernel::schema::ArrayType;
use delta_kernel::schema::DataType as DeltaType;
use delta_kernel::schema::MetadataValue;
use delta_kernel::schema::StructField;
use delta_kernel::schema::StructType;

use crate::lake::rows::activity::ACTIVITIES;
use crate::lake::rows::audit::AUDIT;
use crate::lake::rows::column::Column;
use crate::lake::rows::column::ColumnType;
use crate::lake::rows::coverage::COVERAGE;
use crate::lake::rows::crm::ACCOUNTS;
use crate::lake::rows::crm::CONTACTS;
use crate::lake::rows::interaction::INTERACTIONS;

/// The tables of a lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableName {
    /// `interactions`: the truth.
    Interactions,
    /// `contact_activity`: the view of contacts.
    ContactActivity,
    /// `mailboxes`: coverage, one row for each mailbox and run.
    Mailboxes,
    /// `audit`: who changed what is read.
    Audit,
    /// `contacts`: the contacts of the CRM.
    Contacts,
    /// `accounts`: the accounts of the CRM.
    Accounts,
}

impl TableName {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Interactions,
        Self::ContactActivity,
        Self::Mailboxes,
        Self::Audit,
        Self::Contacts,
        Self::Accounts,
    ];

    /// The folder in the lake.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interactions => "interactions",
            Self::ContactActivity => "contact_activity",
            Self::Mailboxes => "mailboxes",
            Self::Audit => "audit",
            Self::Contacts => "contacts",
            Self::Accounts => "accounts",
        }
    }
}

/// The partition column of every table; it is in the folder names, not in the files.
pub const MONTH: Column = Column {
    name: "month",
    kind: ColumnType::Text,
    nullable: false,
    has_stats: false,
    doc: "Partition: year and month (YYYY-MM, UTC) of occurred_at; in mailboxes, of started_at; in audit, of at; in contacts and accounts, of the run's start.",
};

/// The columns of a table in order, without the partition column [`MONTH`].
pub fn columns(table: TableName) -> Vec<Column> {
    match table {
        TableName::Interactions => INTERACTIONS.documented(),
        TableName::ContactActivity => ACTIVITIES.documented(),
        TableName::Mailboxes => COVERAGE.documented(),
        TableName::Audit => AUDIT.documented(),
        TableName::Contacts => CONTACTS.documented(),
        TableName::Accounts => ACCOUNTS.documented(),
    }
}

/// The columns of which Delta keeps statistics, as the table property has them.
pub(crate) fn stats_columns(columns: &[Column]) -> String {
    let named = columns.iter().filter(|column| column.has_stats);
    named
        .map(|column| column.name)
        .collect::<Vec<_>>()
        .join(",")
}

/// The schema of the Parquet files of a table.
pub(crate) fn arrow_schema(table: TableName) -> SchemaRef {
    let fields = columns(table).into_iter().map(|column| column.field());
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The schema of some columns alone.
pub(crate) fn project(table: TableName, columns: &[&str]) -> Arc<Schema> {
    let schema = arrow_schema(table);
    let fields = schema.fields().iter();
    let fields = fields.filter(|field| columns.contains(&field.name().as_str()));
    Arc::new(Schema::new(fields.cloned().collect::<Vec<_>>()))
}

/// The schema of a new Delta table with some columns, partition column last.
pub(crate) fn delta_schema(columns: &[Column]) -> Result<StructType, KernelError> {
    let columns = columns.iter().chain([&MONTH]);
    StructType::try_new(columns.map(delta_field))
}

/// A column as a field of the Delta table.
pub(crate) fn delta_field(column: &Column) -> StructField {
    StructField::nullable(column.name, delta_type(column.kind))
        .with_metadata([("comment", MetadataValue::String(column.doc.to_owned()))])
}

fn delta_type(kind: ColumnType) -> DeltaType {
    match kind {
        ColumnType::Text => DeltaType::STRING,
        ColumnType::Int => DeltaType::INTEGER,
        ColumnType::Long => DeltaType::LONG,
        ColumnType::Double => DeltaType::DOUBLE,
        ColumnType::Flag => DeltaType::BOOLEAN,
        ColumnType::Instant => DeltaType::TIMESTAMP,
        ColumnType::Participants => {
            let person = StructType::new_unchecked([
                StructField::nullable("address", DeltaType::STRING),
                StructField::nullable("name", DeltaType::STRING),
                StructField::nullable("role", DeltaType::STRING),
                StructField::nullable("response", DeltaType::STRING),
                StructField::nullable("internal", DeltaType::BOOLEAN),
            ]);
            ArrayType::new(DeltaType::from(person), true).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::rows::columns::TableColumns;

    #[test]
    fn nothing_that_names_people_or_content_has_statistics() {
        for table in TableName::ALL {
            for column in columns(table).iter().filter(|column| column.has_stats) {
                let open = [
                    "address",
                    "name",
                    "subject",
                    "preview",
                    "body",
                    "participants",
                ];
                assert!(
                    open.iter().all(|word| !column.name.contains(word)),
                    "{} must not lie open in the log",
                    column.name
                );
            }
        }
    }

    fn check_later<R: Clone + 'static>(columns: &TableColumns<R>) {
        let mut later = columns
            .all
            .iter()
            .skip_while(|column| !column.is_added_later);
        assert!(later.all(|column| column.is_added_later && column.column.nullable));
    }

    #[test]
    fn columns_that_were_added_later_come_last_and_may_be_null() {
        check_later(&INTERACTIONS);
        check_later(&ACTIVITIES);
        check_later(&COVERAGE);
    }

    #[test]
    fn every_column_is_documented_once_under_one_name() {
        for table in TableName::ALL {
            let columns = columns(table);
            let names: std::collections::BTreeSet<_> = columns.iter().map(|c| c.name).collect();
            assert_eq!(names.len(), columns.len(), "{}", table.as_str());
            for column in columns {
                assert!(column.doc.ends_with('.'), "{}", column.name);
            }
        }
    }
}
