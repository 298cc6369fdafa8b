"""Prints what an exported file holds, as one JSON object: columns, rows and, of Parquet, the comments.

usage: exported.py FILE
"""

import json
import sys

import duckdb
import pyarrow.parquet

(name,) = sys.argv[1:]
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")
if name.endswith(".parquet"):
    found = connection.read_parquet(name)
    fields = pyarrow.parquet.read_schema(name)
    comments = {field.name: field.metadata[b"comment"].decode() for field in fields}
else:
    found = connection.read_csv(name, all_varchar=True, header=True)
    comments = None
# As texts: otherwise a time zone needs a package of its own.
columns = [
    f'"{name}"::VARCHAR AS "{name}"' if "TIME ZONE" in str(kind) else f'"{name}"'
    for name, kind in zip(found.columns, found.types)
]
rows = [dict(zip(found.columns, row)) for row in found.project(", ".join(columns)).fetchall()]
print(json.dumps({"columns": found.columns, "rows": rows, "comments": comments}, default=str))
