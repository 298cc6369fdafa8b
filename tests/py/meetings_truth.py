"""The part of compare_truth.py that concerns meetings: rows that change after they were recorded."""

import collections
import datetime

from truth import instant, touches_of_lake, touches_of_truth

# How long before they begin occurrences are recorded.
AHEAD = datetime.timedelta(days=30)


class Planted:
    """One event instance in one mailbox, and what the runs so far must have made of it."""

    def __init__(self, record, runs):
        self.record = record
        self.versions = [(instant(v["from"]), v) for v in record["versions"]]
        self.current = None
        previous = None
        for run in runs:
            self._night(run, previous)
            previous = run

    def _night(self, run, previous):
        seen = [v for since, v in self.versions if since <= run]
        if not seen or self._is_over(seen[-1], previous):
            return
        version = seen[-1]
        if version["outcome"] == "recorded":
            if self.current or version["in_calendar"] and self._is_near(version, run):
                self.current = version
        elif self.current and self.current["state"] != "withdrawn":
            self.current = {**self.current, "state": "withdrawn"}

    def _is_near(self, version, run):
        return not self.record["in_series"] or instant(version["occurred_at"]) - AHEAD <= run

    def _is_over(self, version, previous):
        """Occurrences that had ended by the previous run are not changed any more, and those
        removed from a calendar after they took place keep their rows."""
        last = self.current or version
        ended = last.get("ended_at")
        may_not_change = self.record["in_series"] or not version["in_calendar"]
        return may_not_change and previous and ended and instant(ended) <= previous


def load(records, runs, mailboxes):
    planted = []
    for record in records:
        if record["mailbox"] in mailboxes:
            planted.append(Planted(record, runs))
    return planted


def people(participants):
    return [
        (p["address"], p["name"], p["role"], p["response"], p["internal"]) for p in participants
    ]


def compare_row(differences, where, version, row):
    for column in ("occurred_at", "ended_at"):
        differences.compare(f"meeting {column}", where, instant(version[column]), row[column])
    for column in (
        "direction subject preview is_online_meeting online_provider is_recurring is_all_day state"
    ).split():
        differences.compare(f"meeting {column}", where, version[column], row[column])
    differences.compare(
        "meeting user_role", where, version["user_role"], row["user_role"] or "none"
    )
    expected, found = people(version["participants"]), people(row["participants"])
    differences.compare("meeting participants", where, expected, found)
    if row["is_bulk"] or row["thread_id"] is not None or not row["sensitivity_known"]:
        differences.add("a meeting with the marks of a mail", where)


def compare_activity(differences, where, version, rows):
    differences.compare("meeting touches", where, touches_of_truth(version), touches_of_lake(rows))
    for row in rows:
        for column in ("internal_count", "external_count"):
            differences.compare(f"meeting {column}", where, version[column], row[column])
        occurred = instant(version["occurred_at"])
        differences.compare("meeting activity occurred_at", where, occurred, row["occurred_at"])
        differences.compare("meeting activity subject", where, version["subject"], row["subject"])


def compare(differences, planted, rows, activities):
    """`rows`, `activities`: of the highest revision and generation, whatever their state."""
    by_source = {}
    for row in (row for row in rows if row["state"] != "superseded"):
        key = (row["mailbox_id"], row["source_id"])
        if key in by_source:
            differences.add("two current meetings of one event", key)
        by_source[key] = row
    by_grain = collections.defaultdict(list)
    for row in activities:
        by_grain[(row["mailbox_id"], row["interaction_id"])].append(row)
    ids, labels = collections.defaultdict(set), collections.defaultdict(set)
    series, touches = collections.defaultdict(set), 0
    states = collections.Counter()
    for one in planted:
        record, version = one.record, one.current
        key = (record["mailbox"], record["source_id"])
        row = by_source.pop(key, None)
        if version is None:
            if row is not None and row["state"] == "active":
                differences.add("a meeting that must not be there", key, None, row["occurred_at"])
            continue
        if row is None:
            differences.add("a planted meeting is missing", key, version["occurred_at"])
            continue
        states[version["state"]] += 1
        ids[record["interaction"]].add(row["interaction_id"])
        labels[row["interaction_id"]].add(record["interaction"])
        series[record["series"]].add(row["series_id"])
        mine = by_grain.get((row["mailbox_id"], row["interaction_id"]), [])
        active = [r for r in mine if r["state"] == "active"]
        if version["state"] == "withdrawn":
            differences.compare("meeting state", key, "withdrawn", row["state"])
            if row["participants"] or row["subject"] or row["preview"] or row["body_text"]:
                differences.add("a withdrawn meeting has content", key)
            differences.compare("activity of a withdrawn meeting", key, [], active)
            continue
        compare_row(differences, key, version, row)
        if version["state"] == "active":
            touches += len(version["touches"])
            compare_activity(differences, key, version, active)
        else:
            differences.compare("activity of a meeting that is off", key, [], active)
    for key, row in by_source.items():
        differences.add("a meeting of no planted event", key, None, row["occurred_at"])
    for what, groups in (("ids of a meeting", ids), ("meetings of an id", labels), ("ids of a series", series)):
        for name, members in groups.items():
            if len(members) > 1:
                differences.add(f"several {what}", name, 1, members)
    return {"meetings": sum(states.values()), "states": dict(states), "meeting_touches": touches}
