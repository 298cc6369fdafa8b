"""Runs the documents' queries on a lake and prints what each engine sees, as one JSON object.

usage: readme_queries.py FOLDER DOCUMENT...

FOLDER holds the lake. The code is that of the documents, block by block, so that the query that is
read is the query that is tested. Two things stand in for what a test cannot have: DuckDB's
delta_scan, an extension that is fetched from the network, and Spark, whose SQL is run by DuckDB.
"""

import hashlib
import json
import os
import re
import sys
from pathlib import Path

import duckdb
from deltalake import DeltaTable

KEYS = {
    "interactions": ["interaction_id", "mailbox_id", "revision"],
    "activity": ["activity_id", "generation"],
    "taken_place": ["activity_id", "generation"],
}
TABLES = ["interactions", "contact_activity"]


def blocks(text):
    """Code by engine: the first line of a block names it."""
    found = re.findall(r"^```(?:sql|python)\n(?:--|#) (\w+)\n(.*?)^```", text, re.M | re.S)
    assert len(dict(found)) == len(found), "an engine has two queries"
    return dict(found)


def lake():
    """A connection in which the lake's tables are named."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for table in TABLES:
        connection.register(f"lake_{table}", DeltaTable(f"lake/{table}").to_pyarrow_table())
    return connection


def with_duckdb(code):
    connection = lake()
    connection.execute(
        """CREATE MACRO delta_scan(path) AS TABLE
        SELECT * FROM query_table(replace(path, 'lake/', 'lake_'))"""
    )
    connection.execute(code)
    return {name: connection.table(name).to_arrow_table().to_pylist() for name in KEYS}


def with_polars(code):
    names = {}
    exec(code, names)
    return {name: names[name].collect().to_dicts() for name in KEYS}


def with_pandas(code):
    names = {}
    exec(code, names)
    return {name: names[name].to_dict("records") for name in KEYS}


class Spark:
    """As much of a Spark session as the documents use, on DuckDB."""

    def __init__(self):
        self.connection = lake()
        self.sql = self.connection.sql
        self.read = self

    def format(self, name):
        assert name == "delta"
        return self

    def load(self, path):
        return Loaded(self.connection.table(path.replace("lake/", "lake_")))


class Loaded:
    """Rows that become a view."""

    def __init__(self, rows):
        self.createOrReplaceTempView = rows.create_view


def with_spark(code):
    names = {"spark": Spark()}
    exec(code, names)
    return {name: names[name].to_arrow_table().to_pylist() for name in KEYS}


def summary(name, rows):
    lines = sorted(" ".join(str(row[key]) for key in KEYS[name]) for row in rows)
    contacts = sorted({id for row in rows if isinstance(id := row.get("contact_id"), str)})
    digest = hashlib.sha256("\n".join(lines + contacts).encode()).hexdigest()
    return {"rows": len(lines), "digest": digest}


def main():
    code = blocks("\n".join(Path(name).read_text() for name in sys.argv[2:]))
    os.chdir(sys.argv[1])
    closing = lake().sql("FROM lake_contact_activity WHERE state <> 'active'")
    assert len(closing) > 0, "without closing rows a wrong query gives the same"
    engines = {
        "DuckDB": with_duckdb,
        "Polars": with_polars,
        "pandas": with_pandas,
        "Spark": with_spark,
    }
    seen = {}
    for engine, run in engines.items():
        seen[engine] = {name: summary(name, rows) for name, rows in run(code[engine]).items()}
    print(json.dumps(seen))


main()
