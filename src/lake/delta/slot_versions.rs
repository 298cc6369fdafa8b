//! The versions of all slots of a table, read in one replay of its log.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use delta_kernel::Engine;
use delta_kernel::KernelResult;
use delta_kernel::RowVisitor;
use delta_kernel::actions::LOG_TXN_SCHEMA;
use delta_kernel::engine_data::GetData;
use delta_kernel::engine_data::TypedGetData as _;
use delta_kernel::expressions::ColumnName;
use delta_kernel::schema::DataType;
use delta_kernel::snapshot::Snapshot;

use crate::model::mailbox::SLOTS;

/// What is read of a transaction action.
static COLUMNS: LazyLock<[ColumnName; 2]> = LazyLock::new(|| {
    let column = |name: &str| ColumnName::new(["txn", name]);
    [column("appId"), column("version")]
});
const TYPES: [DataType; 2] = [DataType::STRING, DataType::LONG];

/// The transaction name of a slot, the same in all tables.
pub(crate) fn app_id(slot: u8) -> String {
    format!("touchpoint/slot-{slot:02}")
}

/// The version of every slot that has one in a snapshot. (The library's own question is for one
/// name, and replays the log for each.)
pub(crate) fn of(snapshot: &Snapshot, engine: &dyn Engine) -> KernelResult<BTreeMap<u8, i64>> {
    let mut found = Found {
        slots: (0..SLOTS).map(|slot| (app_id(slot), slot)).collect(),
        versions: BTreeMap::new(),
    };
    let log = snapshot.log_segment();
    for actions in log.read_actions(engine, LOG_TXN_SCHEMA.clone())? {
        found.visit_rows_of(actions?.actions.as_ref())?;
    }
    Ok(found.versions)
}

struct Found {
    slots: BTreeMap<String, u8>,
    versions: BTreeMap<u8, i64>,
}

impl RowVisitor for Found {
    fn selected_column_names_and_types(&self) -> (&'static [ColumnName], &'static [DataType]) {
        (&*COLUMNS, &TYPES)
    }

    /// Batches come in the order of the log, newest first: what was found first stays.
    fn visit<'a>(&mut self, rows: usize, getters: &[&'a dyn GetData<'a>]) -> KernelResult<()> {
        for row in 0..rows {
            let app_id: Option<&str> = getters[0].get_opt(row, "txn.appId")?;
            if let Some(slot) = app_id.and_then(|app_id| self.slots.get(app_id)) {
                let version = getters[1].get(row, "txn.version")?;
                self.versions.entry(*slot).or_insert(version);
            }
        }
        Ok(())
    }
}
