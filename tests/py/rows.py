"""Prints all rows of a table of a lake as a JSON list, with the month each lies in.

usage: rows.py LAKE TABLE
"""

import json
import sys

import duckdb
from deltalake import DeltaTable

lake, table = sys.argv[1:]
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")
files = {"files": DeltaTable(f"{lake}/{table}").file_uris()}
found = connection.execute(
    "SELECT subject, occurred_at::VARCHAR AS occurred_at,"
    " parse_path(filename)[-2] AS month_folder"
    " FROM read_parquet($files, filename = true, hive_partitioning = false)",
    files,
)
names = [column[0] for column in found.description]
print(json.dumps([dict(zip(names, row)) for row in found.fetchall()], default=str))
