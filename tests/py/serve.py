"""Runs scripts of this folder one after the other, so that their modules are imported once.

Reads a JSON object with `script` (a path) and `arguments` from each line of stdin; answers with a line
that holds what the script printed (`stdout`), or how it failed (`error`).
"""

import contextlib
import io
import json
import os
import runpy
import sys
import traceback
from pathlib import Path

HOME = os.getcwd()


def run(script, arguments):
    os.chdir(HOME)
    sys.argv = [script, *arguments]
    out, err = io.StringIO(), io.StringIO()
    error = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as stop:
            error = None if stop.code in (None, 0) else f"exit code {stop.code}"
        except BaseException:
            error = traceback.format_exc()
    if error is not None:
        error = f"{error}\n{out.getvalue()}\n{err.getvalue()}"
    return {"stdout": out.getvalue(), "error": error}


def main():
    sys.path.insert(0, str(Path(__file__).parent))
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(run(asked["script"], asked["arguments"])), flush=True)


main()
