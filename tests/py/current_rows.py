"""Prints how many current rows a lake has, and a digest of them.

usage: current_rows.py LAKE [COLUMN...]

Two results are equal when their current rows are equal in all columns but those left out here;
the columns named are left out too.
"""

import hashlib
import json
import sys

import duckdb
from deltalake import DeltaTable

LEFT_OUT = "captured_at matched_at run_id generation source_id container".split()
TABLES = {"interactions": "revision", "contact_activity": "generation"}


def main():
    summary = {}
    left_out = LEFT_OUT + sys.argv[2:]
    for table, version in TABLES.items():
        rows = DeltaTable(f"{sys.argv[1]}/{table}").to_pyarrow_table()
        columns = sorted(name for name in rows.column_names if name not in left_out)
        connection = duckdb.connect()
        connection.register("rows", rows)
        current = connection.sql(
            f"""SELECT {", ".join(columns)} FROM (
                SELECT * FROM rows
                QUALIFY {version} = max({version}) OVER (PARTITION BY interaction_id, mailbox_id)
            ) WHERE state = 'active'"""
        ).to_arrow_table()
        lines = sorted(json.dumps(row, default=str, sort_keys=True) for row in current.to_pylist())
        summary[table] = len(lines)
        summary[f"{table}_digest"] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    print(json.dumps(summary))


main()
