"""Reads a lake with independent readers and prints what they see, as one JSON object.

usage: read_lake.py LAKE [compact]

With "compact" it first merges and vacuums the tables, as an outside maintenance job would.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import duckdb
import polars
from deltalake import DeltaTable


def describe(folder: Path) -> dict:
    table = DeltaTable(str(folder))
    rows = table.to_pyarrow_table()
    protocol = table.protocol()
    adds = table.get_add_actions(flatten=True)
    files = [str(folder / path) for path in adds["path"].to_pylist()]
    seen = {
        "rows": rows.num_rows,
        "values": {name: len(rows) - rows[name].null_count for name in rows.column_names},
        "polars_values": polars.scan_delta(str(folder)).select(polars.all().count()).collect().row(
            0, named=True
        ),
        "polars_rows": polars.scan_delta(str(folder)).select(polars.len()).collect().item(),
        "files": Counter(adds["partition.month"].to_pylist()) if files else {},
        "columns": rows.column_names,
        "comments": sum(1 for field in table.schema().fields if field.metadata.get("comment")),
        "writer_features": protocol.writer_features or [],
        "reader_features": protocol.reader_features or [],
        "properties": table.metadata().configuration,
        "versions": {
            str(slot): table.transaction_version(f"touchpoint/slot-{slot:02d}")
            for slot in range(64)
            if table.transaction_version(f"touchpoint/slot-{slot:02d}") is not None
        },
    }
    if files:
        relation = duckdb.read_parquet(files, hive_partitioning=True, union_by_name=True)
        seen["duckdb_rows"] = relation.count("*").fetchall()[0][0]
        seen["duckdb_months"] = sorted(
            row[0] for row in relation.aggregate("month").fetchall()
        )
    return seen


def compact(folder: Path) -> None:
    table = DeltaTable(str(folder))
    table.optimize.compact()
    table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    table.create_checkpoint()


def main() -> None:
    lake = Path(sys.argv[1])
    tables = ["interactions", "contact_activity", "mailboxes"]
    if "compact" in sys.argv[2:]:
        for name in tables[:2]:
            compact(lake / name)
    print(json.dumps({name: describe(lake / name) for name in tables}, default=str))


main()
