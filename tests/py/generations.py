"""Prints the view's rows of each interaction and mailbox, as one JSON object.

usage: generations.py LAKE

Each value is [generation, contact and account ids, digest of the snapshot].
"""

import json
import sys

import duckdb
from deltalake import DeltaTable


def main():
    rows = DeltaTable(f"{sys.argv[1]}/contact_activity").to_pyarrow_table()
    connection = duckdb.connect()
    connection.register("rows", rows)
    found = connection.sql(
        """SELECT interaction_id || ' ' || mailbox_id, any_value(generation),
            list_sort(list(coalesce(contact_id, account_id, ''))), any_value(crm_snapshot)
        FROM (SELECT * FROM rows QUALIFY generation
            = max(generation) OVER (PARTITION BY interaction_id, mailbox_id))
        GROUP BY ALL"""
    ).fetchall()
    print(json.dumps({key: values for key, *values in found}))


main()
