"""Compares a lake, read by independent readers, with what the simulated tenant planted.

usage: compare_truth.py --lake DIR --truth FILE --runs TIME[,TIME...] [--served FILE]
                        [--mail-off MAILBOX,FROM,UNTIL]...

TRUTH holds the JSON lines of `touchpoint simulate --truth`; RUNS are the simulated times of the
nightly runs; each MAILBOX (`*`: all) had its mail switched off between two of these times (blank:
without end): the runs in between requested none of it, and what was sent then is `not_captured`; SERVED is the answer of `/_sim/served`;
without it the counts are not compared (after a crash or a lost cache items are decided twice). Prints one JSON object and ends with 1 where
anything differs. The Delta log is read by `deltalake`, the current rows are picked by `duckdb`.
"""

import argparse
import collections
import json
import sys

import duckdb
import meetings_truth
from deltalake import DeltaTable
from truth import instant, touches_of_lake, touches_of_truth

CURRENT = """
    QUALIFY {version} = max({version}) OVER (PARTITION BY interaction_id, mailbox_id)
"""
BOTH = (
    "interaction_id mailbox_id kind state subject user_role occurred_at::TIMESTAMP AS occurred_at"
)
INTERACTIONS = (
    f"{BOTH} source_id series_id thread_id direction preview body_text participants is_bulk"
    " is_online_meeting online_provider is_recurring is_all_day sensitivity_known"
    " ended_at::TIMESTAMP AS ended_at"
)
ACTIVITIES = (
    f"{BOTH} contact_id contact_name contact_address contact_role account_id account_name"
    " match_rule internal_count external_count"
)
OUTCOMES = (
    "removed unreadable series unchanged draft outside_window not_captured private excluded"
    " internal_only duplicate unmatched recorded"
)
SHOWN = 3


def read(lake, table, columns, version=None):
    """The number of stored rows, and the current ones: those without a newer row."""
    files = {"files": DeltaTable(f"{lake}/{table}").file_uris()}
    connection = duckdb.connect()
    # A few thousand rows: starting threads for them takes longer than reading them.
    connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
    stored = connection.execute("SELECT count(*) FROM read_parquet($files)", files).fetchone()[0]
    wanted = ", ".join(columns.replace(" AS ", "~").split()).replace("~", " AS ")
    current = CURRENT.format(version=version) if version else ""
    found = connection.execute(f"SELECT {wanted} FROM read_parquet($files) {current}", files)
    names = [column[0] for column in found.description]
    return stored, [dict(zip(names, row)) for row in found.fetchall()]


def mails(rows):
    return [row for row in rows if row["kind"] == "email" and row["state"] == "active"]


def meetings(rows):
    return [row for row in rows if row["kind"] == "meeting"]


class Differences:
    def __init__(self):
        self.count = 0
        self.kinds = collections.Counter()
        self.first = []

    def add(self, what, where, expected=None, found=None):
        self.count += 1
        self.kinds[what] += 1
        if self.kinds[what] <= SHOWN:
            self.first.append(
                {"what": what, "where": where, "expected": str(expected), "found": str(found)}
            )

    def compare(self, what, where, expected, found):
        if expected != found:
            self.add(what, where, expected, found)


def load_truth(path):
    copies, events, mailboxes = [], [], {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if record["record"] == "copy":
                copies.append(record)
            elif record["record"] == "meeting":
                events.append(record)
            elif record["record"] == "mailbox":
                mailboxes[record["mailbox"]] = record
    return copies, events, mailboxes


class MailSettings:
    """When the mail of each mailbox was switched off."""

    # Outcomes that come before `not_captured`.
    EARLIER = ("not_read", "removed", "unreadable", "draft", "outside_window")

    def __init__(self, texts, runs):
        self.runs = runs
        self.spans = []
        for text in texts:
            mailbox, *ends = text.split(",")
            start, end = (instant(end) if end else None for end in ends)
            self.spans.append((mailbox, start, end))

    def is_off(self, mailbox, at):
        return any(
            whose in (mailbox, "*")
            and (start is None or start <= at)
            and (end is None or at < end)
            for whose, start, end in self.spans
        )

    def runs_of(self, mailbox):
        return [run for run in self.runs if not self.is_off(mailbox, run)]

    def apply(self, copy):
        if self.is_off(copy["mailbox"], instant(copy["occurred_at"])):
            if copy["outcome"] not in self.EARLIER:
                copy["outcome"] = "not_captured"


def first_sight(copy, runs):
    start = instant(copy["readable_from"]) if copy["readable_from"] else None
    end = instant(copy["readable_until"]) if copy["readable_until"] else None
    for run in runs:
        if start is not None and start <= run and (end is None or run < end):
            return run
    return None


def decided_again(copy, sight, runs):
    """How often the copy is reevaluated after it was first seen: once for each edit that a run sees."""
    end = instant(copy["readable_until"]) if copy["readable_until"] else None
    count = 0
    for edit in map(instant, copy["edited_at"]):
        run = next((run for run in runs if run >= edit), None)
        if run is not None and run > sight and (end is None or run < end):
            count += 1
    return count


def participants(people):
    return [(p["address"], p["name"], p["role"], p["internal"]) for p in people]


def compare_row(differences, where, copy, row):
    differences.compare("occurred_at", where, instant(copy["occurred_at"]), row["occurred_at"])
    for column in ("direction", "subject", "preview", "is_bulk"):
        differences.compare(column, where, copy[column], row[column])
    differences.compare("user_role", where, copy["user_role"], row["user_role"] or "none")
    differences.compare(
        "participants", where, participants(copy["participants"]), participants(row["participants"])
    )
    if [p for p in row["participants"] if p["response"] is not None]:
        differences.add("a mail has responses", where)


def compare_activity(differences, where, copy, rows):
    differences.compare("touches", where, touches_of_truth(copy), touches_of_lake(rows))
    for row in rows:
        for column in ("internal_count", "external_count"):
            differences.compare(column, where, copy[column], row[column])
        differences.compare("activity occurred_at", where, instant(copy["occurred_at"]), row["occurred_at"])
        differences.compare("activity subject", where, copy["subject"], row["subject"])
        differences.compare("activity user_role", where, copy["user_role"], row["user_role"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lake", required=True)
    parser.add_argument("--truth", required=True)
    parser.add_argument("--runs", required=True)
    parser.add_argument("--served")
    parser.add_argument("--mail-off", action="append", default=[])
    options = parser.parse_args()

    runs = [instant(time) for time in options.runs.split(",")]
    settings = MailSettings(options.mail_off, runs)
    copies, events, mailboxes = load_truth(options.truth)
    stored, all_interactions = read(options.lake, "interactions", INTERACTIONS, "revision")
    activity_stored, all_activities = read(
        options.lake, "contact_activity", ACTIVITIES, "generation"
    )
    interactions, activities = mails(all_interactions), mails(all_activities)
    _, coverage = read(options.lake, "mailboxes", f"mailbox_id received {OUTCOMES}")
    differences = Differences()

    read_mailboxes = {
        id for id, m in mailboxes.items() if m["in_scope"] and m["status"] == "ok"
    }
    seen = {}
    for copy in copies:
        if copy["mailbox"] in read_mailboxes and copy["outcome"] != "not_read":
            settings.apply(copy)
            sight = first_sight(copy, settings.runs_of(copy["mailbox"]))
            if sight is not None:
                seen[(copy["mailbox"], copy["source_id"])] = (sight, copy)

    # Rows by the copy they were read from; one row for each mailbox and interaction.
    rows = {}
    by_label = collections.defaultdict(set)
    by_id = collections.defaultdict(set)
    for row in interactions:
        key = (row["mailbox_id"], row["source_id"])
        if key not in seen:
            differences.add("a row that is in no readable mail", key)
            continue
        copy = seen[key][1]
        label = (row["mailbox_id"], copy["interaction"])
        if label in rows:
            differences.add("two rows of one interaction", label)
        rows[label] = row
        by_label[copy["interaction"]].add(row["interaction_id"])
        by_id[row["interaction_id"]].add(copy["interaction"])
    for label, ids in by_label.items():
        if len(ids) > 1:
            differences.add("one interaction has several ids", label, 1, ids)
    for id, labels in by_id.items():
        if len(labels) > 1:
            differences.add("one id for several interactions", id, 1, labels)

    # Which interactions must be there, and from which of their copies.
    wanted = collections.defaultdict(list)
    for sight, copy in seen.values():
        if copy["outcome"] in ("recorded", "duplicate"):
            wanted[(copy["mailbox"], copy["interaction"])].append((sight, copy))
    activity = collections.defaultdict(list)
    for row in activities:
        activity[(row["mailbox_id"], row["interaction_id"])].append(row)
    activity_wanted = 0
    for label, candidates in wanted.items():
        row = rows.get(label)
        planted = [c for c in candidates if c[1]["outcome"] == "recorded"]
        if not planted:
            continue
        if row is None:
            differences.add("a planted interaction is missing", label)
            continue
        source = seen[(row["mailbox_id"], row["source_id"])][1]
        earliest = min(sight for sight, _ in candidates)
        first = [c for sight, c in planted if sight == earliest]
        if first and not source.get("copies_group") and source["outcome"] != "recorded":
            differences.add("recorded from the wrong copy", label, first[0]["source_id"], row["source_id"])
        compare_row(differences, label, source, row)
        mine = activity.pop((row["mailbox_id"], row["interaction_id"]), [])
        activity_wanted += len(source["touches"])
        compare_activity(differences, label, source, mine)
    for label in rows.keys() - wanted.keys():
        differences.add("an interaction that must not be there", label)
    for key in activity:
        differences.add("activity of no interaction", key)

    planted_meetings = meetings_truth.load(events, runs, read_mailboxes)
    of_meetings = meetings_truth.compare(
        differences,
        planted_meetings,
        meetings(all_interactions),
        meetings(all_activities),
    )

    # Outcomes: every copy that was seen is evaluated once, and again when its content changes;
    # recorded mails do not change any more, and replays are `unchanged`.
    recorded = {(row["mailbox_id"], row["source_id"]) for row in interactions}
    planted = collections.Counter()
    for key, (sight, copy) in seen.items():
        outcome = "kept" if copy["outcome"] in ("recorded", "duplicate") else copy["outcome"]
        again = 0 if key in recorded else decided_again(copy, sight, settings.runs_of(key[0]))
        planted[(copy["mailbox"], outcome)] += 1 + again
    counted = collections.Counter()
    received = collections.Counter()
    for row in coverage:
        decided = 0
        for outcome in OUTCOMES.split():
            decided += row[outcome]
            if outcome not in ("removed", "unchanged", "series") and row[outcome]:
                kind = "kept" if outcome in ("recorded", "duplicate") else outcome
                counted[(row["mailbox_id"], kind)] += row[outcome]
        differences.compare("received = sum of outcomes", row["mailbox_id"], row["received"], decided)
        received[row["mailbox_id"]] += row["received"]
    if options.served:
        # How often an event is sent again depends on the service, and so does how often it is
        # evaluated: outcomes are compared one by one only in worlds without meetings.
        for key in () if events else planted.keys() | counted.keys():
            differences.compare("outcomes", key, planted[key], counted[key])
        with open(options.served, encoding="utf-8") as file:
            served = json.load(file)
        for mailbox in served.keys() | received.keys():
            differences.compare("served = received", mailbox, served.get(mailbox, 0), received[mailbox])

    summary = {
        "differences": differences.count,
        "kinds": differences.kinds,
        "first": differences.first,
        "interactions": len(interactions),
        "interactions_stored": stored,
        **of_meetings,
        "activities": len(activities),
        "activities_planted": activity_wanted,
        "activities_stored": activity_stored,
        "outcomes": dict(collections.Counter(copy["outcome"] for _, copy in seen.values())),
    }
    print(json.dumps(summary))
    sys.exit(1 if differences.count else 0)


main()
