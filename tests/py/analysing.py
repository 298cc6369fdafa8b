"""Answers the questions of a document on a lake, in SQL and in Python, and prints both as one JSON object.

usage: analysing.py FOLDER DOCUMENT DAY...

FOLDER holds the lake. The code is that of the document, block by block; only what `today` is comes from
the command line. For each day and question: the columns, the number of rows, the first row and a digest of
all rows, as SQL ("sql") and Python ("python") give them.
"""

import hashlib
import json
import os
import re
import sys
from pathlib import Path

NOW = "datetime.now(timezone.utc)"
RUN_ID = re.compile(r"^\d{8}T\d{6}Z-[0-9a-f]{8}$")


def shown(value):
    text = str(value)
    return "RUN" if RUN_ID.match(text) else text


def summary(frame):
    rows = [[shown(value) for value in row] for row in frame.rows()]
    digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
    return {
        "columns": frame.columns,
        "rows": len(rows),
        "first": rows[0] if rows else None,
        "digest": digest,
    }


def only(pattern, text):
    (found,) = re.findall(pattern, text, re.M | re.S)
    return found


def main():
    text = Path(sys.argv[2]).read_text()
    os.chdir(sys.argv[1])
    setup = only(r"^```python\n# Setup\n(.*?)^```", text)
    assert setup.count(NOW) == 1
    spreadsheet = only(r"^```python\n# Spreadsheet\n(.*?)^```", text)
    questions = re.findall(r"^### \d+\. (.*?)\n(.*?)(?=^### |^## )", text, re.M | re.S)
    seen = {}
    for day in sys.argv[3:]:
        names = {}
        exec(setup.replace(NOW, f"datetime.fromisoformat('{day}T02:00:00+00:00')"), names)
        connection = names["connection"]
        answers = seen[day] = {}
        for question, body in questions:
            found = connection.sql(only(r"^```sql\n(.*?)^```", body)).pl()
            exec(only(r"^```python\n(.*?)^```", body), names)
            answers[question] = {
                "sql": summary(found),
                "python": summary(names["answer"].collect()),
            }
        exec(spreadsheet, names)
        ((touches,),) = connection.sql("SELECT count(*) FROM touches").fetchall()
        with open("touches.csv", newline="") as file:
            file.readline()
            assert sum(1 for line in file) >= touches
    print(json.dumps(seen))


main()
