"""Runs scripts/views.sql on a lake and prints how many rows each view has, as a JSON object.

usage: views.py FOLDER VIEWS

FOLDER holds the lake. The extension that reads Delta tables is fetched from the network: its function is
replaced by one that reads the same tables with the package deltalake.
"""

import json
import os
import sys
from pathlib import Path

import duckdb
from deltalake import DeltaTable

FETCHED = "INSTALL delta;\nLOAD delta;\n"


def main(folder, views):
    text = Path(views).read_text()
    assert FETCHED in text
    os.chdir(folder)
    connection = duckdb.connect()
    for table in ["interactions", "contact_activity", "mailboxes"]:
        connection.register(f"lake_{table}", DeltaTable(f"lake/{table}").to_pyarrow_table())
    connection.execute(
        """CREATE MACRO delta_scan(path) AS TABLE
        SELECT * FROM query_table(replace(path, 'lake/', 'lake_'))"""
    )
    connection.execute(text.replace(FETCHED, ""))
    rows = {}
    for name in ["interactions", "activity", "mailboxes"]:
        ((rows[name],),) = connection.sql(f"SELECT count(*) FROM {name}").fetchall()
    connections = connection.sql("SELECT connection, count(*) FROM mailboxes GROUP BY ALL").fetchall()
    print(json.dumps(rows | {"connections": dict(connections)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
