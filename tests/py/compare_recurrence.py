"""Compares generated occurrences with those of `dateutil.rrule`.

Reads JSON lines from stdin: {"pattern": …, "range": …, "zone": IANA name, "start": "HH:MM:SS",
"until": "YYYY-MM-DD", "occurrences": [[day, instant], …]}, with pattern and range as Graph writes
them. Prints one JSON object and ends with 1 where anything differs.
"""

import datetime
import json
import sys
import zoneinfo

from dateutil import rrule

DAYS = {
    "monday": rrule.MO,
    "tuesday": rrule.TU,
    "wednesday": rrule.WE,
    "thursday": rrule.TH,
    "friday": rrule.FR,
    "saturday": rrule.SA,
    "sunday": rrule.SU,
}
POSITION = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
SHOWN = 5


def options(pattern):
    days = [DAYS[day] for day in pattern.get("daysOfWeek", [])]
    kind = pattern["type"]
    if kind == "daily":
        return rrule.DAILY, {}
    if kind == "weekly":
        return rrule.WEEKLY, {"byweekday": days, "wkst": DAYS[pattern["firstDayOfWeek"]]}
    monthly = {}
    if kind.startswith("absolute"):
        # In a shorter month the last day replaces a missing one: the last of the days up to the
        # given one.
        monthly = {"bymonthday": list(range(1, pattern["dayOfMonth"] + 1)), "bysetpos": -1}
    else:
        monthly = {"byweekday": days, "bysetpos": POSITION[pattern["index"]]}
    if kind.endswith("Yearly"):
        return rrule.YEARLY, {"bymonth": pattern["month"], **monthly}
    return rrule.MONTHLY, monthly


def occurrences(line):
    pattern, bounds = line["pattern"], line["range"]
    frequency, extra = options(pattern)
    start = datetime.datetime.fromisoformat(f"{bounds['startDate']}T{line['start']}")
    until = datetime.datetime.fromisoformat(f"{line['until']}T23:59:59")
    if bounds["type"] == "numbered":
        extra["count"] = bounds["numberOfOccurrences"]
    elif bounds["type"] == "endDate":
        end = datetime.datetime.fromisoformat(f"{bounds['endDate']}T23:59:59")
        until = min(until, end)
    rule = rrule.rrule(frequency, dtstart=start, interval=pattern["interval"], **extra)
    zone = zoneinfo.ZoneInfo(line["zone"])
    found = []
    for local in rule:
        if local > until:
            break
        # Of two equal wall times the first; skipped wall times move forward by the skip.
        instant = local.replace(tzinfo=zone, fold=0).astimezone(datetime.timezone.utc)
        found.append([local.date().isoformat(), instant.strftime("%Y-%m-%dT%H:%M:%SZ")])
    return found


def main():
    counts = {"patterns": 0, "occurrences": 0, "differences": 0, "kinds": {}, "first": []}
    for text in sys.stdin:
        line = json.loads(text)
        expected = occurrences(line)
        counts["patterns"] += 1
        counts["occurrences"] += len(expected)
        kind = line["pattern"]["type"]
        counts["kinds"][kind] = counts["kinds"].get(kind, 0) + 1
        if expected != line["occurrences"]:
            counts["differences"] += 1
            if counts["differences"] <= SHOWN:
                line["expected"] = expected[:6]
                line["occurrences"] = line["occurrences"][:6]
                counts["first"].append(line)
    print(json.dumps(counts))
    sys.exit(1 if counts["differences"] else 0)


main()
