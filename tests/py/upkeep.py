"""Maintains a lake with other tools, or prints its table of coverage.

usage: upkeep.py LAKE compact|vacuum|checkpoint|cleanup|forget|statuses...

compact merges small files, vacuum deletes every file that no longer counts, checkpoint writes a
checkpoint, cleanup deletes the log entries before it, as if all had been written a month ago, and
prints how many went; forget lets checkpoints leave out files that were merged away at once, not
after a week; statuses prints how often each status occurs in the table mailboxes.
"""

import json
import os
import sys
from pathlib import Path

import duckdb
from deltalake import DeltaTable

TABLES = ["interactions", "contact_activity", "mailboxes"]
# Entries of a log are kept for 30 days.
LONG_AGO = 31 * 24 * 3600


def statuses(table: DeltaTable) -> dict:
    counts = "SELECT status, count(*) FROM read_parquet($files) GROUP BY status"
    return dict(duckdb.execute(counts, {"files": table.file_uris()}).fetchall())


def clean_up(table: DeltaTable, log: Path) -> int:
    before = list(log.iterdir())
    for entry in before:
        written = entry.stat().st_mtime - LONG_AGO
        os.utime(entry, (written, written))
    table.cleanup_metadata()
    return sum(not entry.exists() for entry in before)


def main() -> None:
    lake = Path(sys.argv[1])
    done = {}
    for name in TABLES:
        for what in sys.argv[2:]:
            # Each like a separate job: with the current table.
            table = DeltaTable(str(lake / name))
            if what == "compact":
                table.optimize.compact()
            elif what == "vacuum":
                table.vacuum(
                    retention_hours=0,
                    enforce_retention_duration=False,
                    dry_run=False,
                    full=True,
                )
            elif what == "checkpoint":
                table.create_checkpoint()
            elif what == "cleanup":
                done[name] = clean_up(table, lake / name / "_delta_log")
            elif what == "forget":
                table.alter.set_table_properties(
                    {"delta.deletedFileRetentionDuration": "interval 1 seconds"}
                )
            elif what == "statuses":
                done[name] = statuses(table) if name == "mailboxes" else {}
            else:
                sys.exit(__doc__)
    print(json.dumps(done))


main()
