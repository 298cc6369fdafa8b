"""Prints all rows of a table of a lake as a JSON list, with the month of each.

usage: rows.py LAKE TABLE [COLUMN...]

Without columns: subject and occurred_at.
"""

import json
import sys

import duckdb
from deltalake import DeltaTable

lake, table, *columns = sys.argv[1:]
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")
files = {"files": DeltaTable(f"{lake}/{table}").file_uris()}
if files["files"]:
    found = connection.execute(
        f"SELECT {', '.join(columns) or 'subject, occurred_at::VARCHAR AS occurred_at'},"
        " parse_path(filename)[-2] AS month_folder"
        " FROM read_parquet($files, filename = true, hive_partitioning = false, union_by_name = true)",
        files,
    )
    names = [column[0] for column in found.description]
    print(json.dumps([dict(zip(names, row)) for row in found.fetchall()], default=str))
else:
    print("[]")
