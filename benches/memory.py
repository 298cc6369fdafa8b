"""Measures the peak of the program's resident memory against `[run] memory`.

usage: memory.py PROGRAM FOLDER [--mailboxes N,N] [--megabytes N,N]

Each number of mailboxes is a simulated tenant that is read over HTTP, each number of megabytes one mbox
that is generated, read with its full text. Every case is a first night in a folder of its own, which is
removed afterwards. Exit code 1: a case is over its limit, or a large case needs over a tenth more than
the small one of its kind.
"""

import argparse
import datetime
import itertools
import json
import math
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import threading
import time

MEGABYTE = 1_000_000
# The default of `[run] memory`, which the cases leave as it is.
BUDGET = 512 * MEGABYTE
# The program itself: code, stacks, what the runtime keeps.
PROGRAM = 64 * MEGABYTE
GROWTH_MAX = 1.1
SEED = 7

COMPANIES = 200
PEOPLE_OF_A_COMPANY = 10
YEARS = 10

ARCHIVE = """\
[lake]
path = "lake"
[index]
path = "index"
[state]
path = "state"
[capture]
content = "full"
window = "none"
[crm]
contacts = "contacts.csv"
accounts = "accounts.csv"
[[archives]]
name = "generated"
format = "mbox"
path = "mails"
mailboxes = "subfolders"
domains = ["contoso.example"]
"""


def lines_of_text(randomly):
    """Lines from which texts are drawn. Of their words the first occur far more often than the last."""
    letters = "etaoinshrdlucmfwypvbgk"
    words = [
        "".join(randomly.choices(letters, k=randomly.randint(2, 11))) for _ in range(30_000)
    ]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    sums = list(itertools.accumulate(weights))
    return [" ".join(randomly.choices(words, cum_weights=sums, k=12)) for _ in range(50_000)]


def person(company, number):
    return f"person{number}@company{company}.example"


def write_crm(folder):
    with open(folder / "accounts.csv", "w") as file:
        file.write("id,name,domains\n")
        for company in range(COMPANIES):
            file.write(f"a{company},Company {company},company{company}.example\n")
    with open(folder / "contacts.csv", "w") as file:
        file.write("id,name,email,account_id\n")
        for company in range(COMPANIES):
            for number in range(PEOPLE_OF_A_COMPANY):
                address = person(company, number)
                file.write(f"c{company}-{number},Person {number},{address},a{company}\n")


def write_mbox(path, size):
    """Mails of ten years in the order of their dates, of half a kilobyte to some hundred."""
    randomly = random.Random(SEED)
    pool = lines_of_text(randomly)
    begin = datetime.datetime(2016, 1, 1, tzinfo=datetime.timezone.utc)
    span = YEARS * 365 * 86_400
    written, number = 0, 0
    with open(path, "w", encoding="utf-8") as file:
        while written < size:
            date = begin + datetime.timedelta(seconds=span * written / size)
            company = randomly.randrange(COMPANIES)
            contact = person(company, randomly.randrange(PEOPLE_OF_A_COMPANY))
            own = f"colleague{randomly.randrange(40)}@contoso.example"
            sender, to = (contact, own) if number % 2 else (own, contact)
            copies = [
                person(company, randomly.randrange(PEOPLE_OF_A_COMPANY))
                for _ in range(randomly.randrange(3))
            ]
            cc = "".join(f"Cc: {', '.join(copies)}\n" for _ in copies[:1])
            length = min(round(math.exp(randomly.gauss(3.7, 1))) + 1, 3_000)
            lines = randomly.choices(pool, k=length)
            mail = (
                f"From {sender} {date:%a %b %d %H:%M:%S %Y}\n"
                f"From: {sender}\nTo: {to}\n{cc}"
                f"Date: {date:%a, %d %b %Y %H:%M:%S} +0000\n"
                f"Message-ID: <{number}.{randomly.getrandbits(64):x}@contoso.example>\n"
                f"Subject: {lines[0][:40]}\n\n"
                f"Number {number}, reference {randomly.getrandbits(40):x}.\n"
                + "\n".join(lines)
                + "\n\n"
            )
            file.write(mail)
            written += len(mail)
            number += 1


def peak_of(process):
    """The peak so far in bytes, None where the process has gone."""
    try:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def run(program, config):
    """Reads a first night; gives its report, the peak in bytes and the seconds it took."""
    begun = time.monotonic()
    command = [program, "--config", config, "--format", "json", "run"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    # ru_maxrss of children is the highest of all of them, so each is watched while it runs.
    peak, ended = [0], threading.Event()

    def watch():
        while not ended.wait(0.02):
            peak[0] = max(peak[0], peak_of(process) or 0)

    watching = threading.Thread(target=watch)
    watching.start()
    report, _ = process.communicate()
    ended.set()
    watching.join()
    if process.returncode not in (0, 1):
        sys.exit(f"the run ended with exit code {process.returncode}")
    return json.loads(report), peak[0], time.monotonic() - begun


def tenant(program, folder, mailboxes):
    world = ["--seed", str(SEED), "--users", str(mailboxes)]
    serving = subprocess.Popen([program, "simulate", *world], stdout=subprocess.PIPE, text=True)
    try:
        address = serving.stdout.readline().removeprefix("listening on ").strip()
        export = ["--export", folder, "--address", address]
        subprocess.run([program, "simulate", *world, *export], check=True)
        return run(program, folder / "touchpoint.toml")
    finally:
        serving.terminate()
        serving.wait()


def archive(program, folder, megabytes):
    mailbox = folder / "mails" / "colleague1"
    mailbox.mkdir(parents=True)
    write_mbox(mailbox / "all.mbox", megabytes * MEGABYTE)
    write_crm(folder)
    (folder / "touchpoint.toml").write_text(ARCHIVE)
    return run(program, folder / "touchpoint.toml")


def numbers(text):
    return [int(number) for number in text.split(",") if number]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--mailboxes", type=numbers, default=[300, 3_000])
    parser.add_argument("--megabytes", type=numbers, default=[130, 2_000])
    given = parser.parse_args()
    cases = [("mailboxes", tenant, given.mailboxes), ("MB of archive", archive, given.megabytes)]
    limit = BUDGET + PROGRAM
    print(f"budget {BUDGET // MEGABYTE} MB, limit {limit // MEGABYTE} MB", flush=True)
    is_over = False
    for unit, case, sizes in cases:
        peaks = []
        for size in sizes:
            folder = given.folder.resolve() / f"memory-{unit.split()[0]}-{size}"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            try:
                report, peak, seconds = case(given.program.resolve(), folder, size)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            peaks.append(peak)
            items = report["totals"]["received"]
            verdict = "" if peak <= limit else "  OVER THE LIMIT"
            print(
                f"{size:>6} {unit}: {peak / MEGABYTE:.0f} MB; {items} items in {seconds:.0f} s"
                f"{verdict}",
                flush=True,
            )
            is_over |= peak > limit
        if peaks and max(peaks) > GROWTH_MAX * peaks[0]:
            print(f"over a tenth more for more {unit}")
            is_over = True
    sys.exit(1 if is_over else 0)


if __name__ == "__main__":
    main()
