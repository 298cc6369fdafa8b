"""Counts the meetings that took place up to an instant, by contact: held_meetings.py LAKE TIME."""

import json
import sys

import duckdb
from deltalake import DeltaTable

lake, by = sys.argv[1:]
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")
connection.register("rows", DeltaTable(f"{lake}/contact_activity").to_pyarrow_table())
current = """
    SELECT * FROM rows
    QUALIFY generation = max(generation) OVER (PARTITION BY interaction_id, mailbox_id)
        AND state = 'active'
"""
held = connection.execute(
    f"""
    SELECT coalesce(contact_id, account_id) AS who, count(DISTINCT interaction_id), count(*)
    FROM ({current}) WHERE kind = 'meeting' AND ended_at <= CAST(? AS TIMESTAMPTZ)
    GROUP BY who ORDER BY who
    """,
    [by],
).fetchall()
print(json.dumps({"meetings": sum(row[1] for row in held), "by_contact": held}))
