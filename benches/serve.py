"""Measures how long the pages of `touchpoint serve` take over the lake of a large tenant.

usage: serve.py PROGRAM FOLDER [--mailboxes N] [--times N]

A first night of a simulated tenant is read, over HTTP, and served. Each page is requested once, and
then as often as stated, one request at a time: the median and the 95th percentile in milliseconds, with
the time of the request itself. Where FOLDER has such a lake already, it is used.
"""

import argparse
import json
import pathlib
import subprocess
import time
import urllib.parse
import urllib.request

from memory import tenant

SEARCHES = {
    "a word": {"q": "workshop"},
    "a phrase, newest first": {"q": '"site visit"', "sort": "date"},
    "the beginning of a word": {"q": "turb*"},
    "conditions": {"q": "offer -is:bulk is:email after:2025-09"},
    "a word that does not occur": {"q": "wrokshop"},
    "all meetings": {"kind": "meeting"},
}


def pages(get, address):
    """A page of each kind, by its name; people and companies are those with the most mails."""
    facets = json.loads(get(f"{address}api/v1/search?q=workshop&facets=true&limit=1"))
    values = facets["facets"]
    of = {kind: values[kind][0]["value"] for kind in ("contacts", "accounts", "colleagues")}
    every = {
        "q": "workshop -is:bulk",
        "account": of["accounts"],
        "user": of["colleagues"],
        "kind": "email",
        "from": "2025-06",
        "to": "2026-03",
    }
    searches = {**SEARCHES, "all filters at once": every}
    found = {
        f"search: {name}": f"search?{urllib.parse.urlencode(query)}"
        for name, query in searches.items()
    }
    found["interaction"] = f"interaction/{facets['hits'][0]['interaction_id']}"
    for kind in ("contact", "account", "colleague"):
        id_ = urllib.parse.quote(of[f"{kind}s"], safe="")
        found[kind] = f"{kind}/{id_}?as_of=2026-03"
    found["coverage"] = "coverage"
    return found


def get(address):
    with urllib.request.urlopen(address) as answer:
        return answer.read()


def milliseconds(address):
    begun = time.monotonic()
    get(address)
    return (time.monotonic() - begun) * 1_000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--mailboxes", type=int, default=3_000)
    parser.add_argument("--times", type=int, default=40)
    given = parser.parse_args()
    program, folder = given.program.resolve(), given.folder.resolve()
    if not (folder / "lake").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        report, _, seconds = tenant(program, folder, given.mailboxes)
        print(f"{report['totals']['received']} items read in {seconds:.0f} s", flush=True)
    command = [program, "--config", folder / "touchpoint.toml", "serve", "--listen", "127.0.0.1:0"]
    serving = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        address = serving.stdout.readline().removeprefix("listening on ").strip()
        everything = json.loads(get(f"{address}api/v1/search?q=is:external&limit=1"))
        print(f"{everything['total']} interactions with people outside the company", flush=True)
        for name, page in pages(get, address).items():
            milliseconds(address + page)
            times = sorted(milliseconds(address + page) for _ in range(given.times))
            median, high = times[len(times) // 2], times[len(times) * 95 // 100]
            print(f"{name:42} median {median:7.1f}  95th percentile {high:7.1f}", flush=True)
    finally:
        serving.terminate()
        serving.wait()


if __name__ == "__main__":
    main()
