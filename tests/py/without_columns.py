"""Takes columns out of the tables of a lake and their files, as if an older release had written it.

usage: without_columns.py LAKE TABLE=COLUMN...

The columns must be null in all rows, and the logs must have no checkpoint yet.
"""

import json
import sys
from pathlib import Path
from urllib.parse import unquote

import pyarrow.parquet as parquet


def without(rows, column):
    assert rows[column].null_count == rows.num_rows, f"{column} is not null in all rows"
    return rows.drop_columns([column])


def change(action: dict, folder: Path, column: str) -> None:
    if "metaData" in action:
        schema = json.loads(action["metaData"]["schemaString"])
        schema["fields"] = [field for field in schema["fields"] if field["name"] != column]
        action["metaData"]["schemaString"] = json.dumps(schema)
    if "add" in action:
        file = folder / unquote(action["add"]["path"])
        rows = without(parquet.ParquetFile(file).read(), column)
        parquet.write_table(rows, file, compression="zstd")
        action["add"]["size"] = file.stat().st_size


def main() -> None:
    for argument in sys.argv[2:]:
        table, column = argument.split("=")
        folder = Path(sys.argv[1]) / table
        for entry in (folder / "_delta_log").iterdir():
            assert entry.suffix == ".json", entry
            actions = [json.loads(line) for line in entry.read_text().splitlines()]
            for action in actions:
                change(action, folder, column)
            entry.write_text("".join(json.dumps(action) + "\n" for action in actions))
    print(json.dumps({}))


main()
