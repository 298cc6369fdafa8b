"""Computes who knows whom by itself, from the tables and the CRM files.

usage: who_knows.py FOLDER AS_OF KIND ID

FOLDER holds `lake`, `contacts.csv` and `accounts.csv`; AS_OF is an instant (RFC 3339); KIND is account,
contact or colleague (then ID is an address). Prints a JSON list of the relationships with a direct
exchange, the best first. The formula is that of INSIGHT.md with its defaults, in fractions.
"""

import csv
import datetime
import json
import sys
from collections import defaultdict
from fractions import Fraction

import duckdb
from deltalake import DeltaTable

WINDOW, HALF_LIFE, FREQUENCY, MEETINGS, PEOPLE, WEAK = 365, 60, 12, 4, 10, 10
WEIGHTS = {"recency": 30, "frequency": 25, "balance": 15, "meetings": 15, "reach": 15}
AUTHORS, RECIPIENTS = {"from", "sender"}, {"to", "cc", "bcc"}
ATTENDEES = {"organizer", "required", "optional"}
RANK = {"bulk": 0, "same_room": 1, "received": 2, "sent": 3, "meeting": 4}
COLUMNS = """interaction_id, mailbox_id, kind, occurred_at::TIMESTAMP AS at, user_role, mailbox_kind,
    contact_id, contact_role, contact_response, account_id, is_bulk,
    internal_count + external_count AS people"""


def query(lake, table, text):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
    files = {"files": DeltaTable(f"{lake}/{table}").file_uris()}
    found = connection.execute(text, files)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row)) for row in found.fetchall()]


def exchange(row):
    user, contact = row["user_role"], row["contact_role"]
    if row["mailbox_kind"] in ("shared", "room"):
        return None
    if row["kind"] == "meeting":
        declined = (row["contact_response"] or "").lower() == "declined"
        if user not in ATTENDEES or contact not in ATTENDEES or declined:
            return None
        found = "meeting"
    else:
        both = AUTHORS | RECIPIENTS
        if user not in both or contact not in both:
            return None
        if row["is_bulk"]:
            return "bulk"
        found = "same_room"
        if user in AUTHORS and contact in RECIPIENTS:
            found = "sent"
        elif user in RECIPIENTS and contact in AUTHORS:
            found = "received"
    return "same_room" if row["people"] > PEOPLE else found


def cut(share):
    """Ten-thousandths, rounded down."""
    return min(int(share * 10_000), 10_000)


def events_of(rows):
    events = {}
    for row in rows:
        found = exchange(row)
        if found is None:
            continue
        event = events.setdefault(
            row["interaction_id"],
            {"at": row["at"], "kind": row["kind"], "what": found, "people": set()},
        )
        event["at"] = min(event["at"], row["at"])
        if RANK[found] > RANK[event["what"]]:
            event["what"] = found
        if RANK[found] > RANK["same_room"] and row["contact_id"]:
            event["people"].add(row["contact_id"])
    return list(events.values())


def recency(days):
    halvings, rest = divmod(days, HALF_LIFE)
    return Fraction(1, 2**halvings) * (1 - Fraction(rest, 2 * HALF_LIFE))


def unanswered_since(direct):
    """The first of the mails in one direction with which the exchange ends."""
    what, since = direct[-1]["what"], None
    if what == "meeting":
        return None
    for event in reversed(direct):
        if event["what"] != what:
            break
        since = event["at"]
    return str(since)


def relation(events, as_of, known):
    past = [event for event in events if event["at"] <= as_of]
    direct = [event for event in past if RANK[event["what"]] > RANK["same_room"]]
    if not direct:
        return None
    direct.sort(key=lambda event: (event["at"], RANK[event["what"]]))
    start = as_of.date() - datetime.timedelta(days=WINDOW - 1)
    window = [event for event in past if event["at"].date() >= start]
    count = defaultdict(int)
    for event in window:
        count[event["what"]] += 1
    sent, received, met = count["sent"], count["received"], count["meeting"]
    people = set().union(*(event["people"] for event in window))
    there, back = sent + met, received + met
    values = {
        "recency": cut(recency((as_of.date() - direct[-1]["at"].date()).days)),
        "frequency": cut(Fraction(sent + received + met, sent + received + met + FREQUENCY)),
        "balance": cut(Fraction(2 * min(there, back), there + back)) if there + back else 0,
        "meetings": cut(Fraction(met, met + MEETINGS)),
    }
    if known:
        values["reach"] = cut(Fraction(len(people), known))
    weights = sum(WEIGHTS[name] for name in values)
    total = sum(WEIGHTS[name] * value for name, value in values.items()) // weights
    weak = not met and (not sent or not received)
    ahead = [event["at"] for event in events if event["kind"] == "meeting" and event["at"] > as_of]
    return {
        "score": min(total, WEAK * 100) if weak else total,
        "strength": "weak" if weak else "mutual",
        "sent": sent,
        "received": received,
        "meetings": met,
        "same_room": count["same_room"],
        "bulk": count["bulk"],
        "people": len(people),
        "first": str(direct[0]["at"]),
        "last": str(direct[-1]["at"]),
        "last_by": direct[-1]["what"],
        "unanswered_since": unanswered_since(direct),
        "next_meeting": str(min(ahead)) if ahead else None,
    }


def order(line):
    mutual = line["strength"] == "mutual"
    return (-mutual, -line["score"], -line["sent"] - line["received"] - line["meetings"])


def main():
    folder, text, kind, wanted = sys.argv[1:]
    lake = f"{folder}/lake"
    as_of = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    as_of = as_of.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    current = query(
        lake,
        "contact_activity",
        f"""SELECT {COLUMNS} FROM (SELECT * FROM read_parquet($files)
            QUALIFY generation = max(generation) OVER (PARTITION BY interaction_id, mailbox_id))
            WHERE state = 'active' AND match_rule IS NOT NULL""",
    )
    newest = """SELECT mailbox_id, arg_max(mailbox_address, started_at) AS address
        FROM read_parquet($files) GROUP BY mailbox_id"""
    addresses = {row["mailbox_id"]: row["address"] for row in query(lake, "mailboxes", newest)}
    known = defaultdict(int)
    with open(f"{folder}/contacts.csv", encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            known[row["account_id"]] += 1
    pairs = defaultdict(list)
    for row in current:
        colleague = addresses.get(row["mailbox_id"], row["mailbox_id"])
        if kind == "colleague":
            matches = colleague == wanted
            subject = ("account", row["account_id"]) if row["account_id"] else ("contact", row["contact_id"])
        else:
            matches = row[f"{kind}_id"] == wanted
            subject = (kind, wanted)
        if matches:
            pairs[colleague, subject].append(row)
    lines = []
    for (colleague, (what, subject)), rows in pairs.items():
        line = relation(events_of(rows), as_of, known[subject] if what == "account" else 0)
        if line:
            lines.append({"colleague": colleague, "subject": subject, **line})
    # Later exchanges, then names, decide between equals.
    lines.sort(key=lambda line: (line["colleague"], line["subject"]))
    lines.sort(key=lambda line: line["last"], reverse=True)
    lines.sort(key=order)
    print(json.dumps(lines))


main()
