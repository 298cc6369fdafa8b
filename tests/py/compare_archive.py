#!/usr/bin/env python3
"""Compares the mails of archives in a lake with those that Python reads.

    compare_archive.py prepare FORMAT PATH FOLDER DOMAIN...
    compare_archive.py compare LAKE FOLDER content|message-id DOMAIN...

`prepare` reads the archive with `archive_counts.py` and writes to FOLDER what it read
(`mails.jsonl`) and a contact list made of it: outside addresses that are named five times or more,
each with its registrable domain as account, freemail left out. DOMAINs are the company's own.

`compare` expects a lake in which `internal_only = "record"`, `unmatched = "keep"` and
`content = "full"`, and as many runs as there may be: over all runs, what was received and not
`unchanged` is each mail once. It prints the counts, and fails where they differ, where an
interaction is not the same group of mails, where a contact match differs, or where a mail is read
differently for another reason than one of `CLASSES`.
"""

import calendar
import csv
import json
import re
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import archive_counts as archive
import blake3
from deltalake import DeltaTable

SEEN_MIN = 5
PEOPLE = ["from", "sender", "to", "cc", "bcc"]
DRAFTS = {"draft", "drafts", "outbox"}
JUNK = {"junk", "junk mail", "junk e mail", "junk email", "bulk mail", "spam"}
METHODS = {"REQUEST", "REPLY", "CANCEL", "COUNTER", "DECLINECOUNTER", "REFRESH"}
PRIVATE = {"personal", "private", "company-confidential"}
YEAR_1990, TWO_DAYS = 631152000, 172800
FREEMAIL = set(re.findall(
    r'^    "([^"]+)",$',
    (Path(__file__).parents[2] / "src/model/freemail.rs").read_text(), re.MULTILINE))


# Reading the archive.

def prepare(form, path, folder, own):
    mails = list(read(form, path))
    with open(folder / "mails.jsonl", "w") as file:
        for mail in mails:
            file.write(json.dumps(mail) + "\n")
    named = Counter(
        address for mail in mails for address in {a for _, a in mail.get("participants", [])}
        if is_address(address) and not is_own(address, own))
    contacts = sorted(address for address, times in named.items() if times >= SEEN_MIN)
    accounts = sorted({registrable(domain_of(c)) for c in contacts} - FREEMAIL)
    write(folder / "accounts.csv", ["id", "name", "domains"], ([a, a, a] for a in accounts))
    write(folder / "contacts.csv", ["id", "name", "email", "account_id"], (
        [f"c{n}", c, c, account if (account := registrable(domain_of(c))) in accounts else ""]
        for n, c in enumerate(contacts)))
    print(json.dumps({
        "mails": len(mails), "contacts": len(contacts), "accounts": len(accounts)}))


def read(form, path):
    repetitions = Counter()
    for mailbox, source, raw, line in archive.messages(form, path):
        message = archive.parsed(raw)
        if form == "mbox":
            # Named by its content, and the number of equal ones before it in the mailbox.
            digest = blake3.blake3(raw).hexdigest()[:32]
            repetitions[mailbox, digest] += 1
            number = repetitions[mailbox, digest]
            source = digest if number == 1 else f"{digest}-{number}"
        yield {
            "mailbox": mailbox,
            "source": source,
            "left_out": left_out(message, "" if form == "mbox" else source),
            "fields": [[key.lower(), archive.unfolded(value)] for key, value in message.items()
                       if key.lower() in PEOPLE + ["subject"]],
            **archive.decode(message, line),
        }


def left_out(message, source):
    """The outcome of a readable mail without a row."""
    folders = {archive.plain(part) for part in source.split("/")[:-1]}
    if folders & DRAFTS:
        return "draft"
    if str(message.get("sensitivity", "")).strip().lower() in PRIVATE:
        return "private"
    if folders & JUNK:
        return "excluded"
    for part in archive.parts_of(message):
        if part.get_content_type() == "text/calendar" and (
                part.get_content_disposition() != "attachment"):
            stated = re.search(r"(?im)^METHOD:\s*(\w+)", archive.part_text(part))
            method = part.get_param("method") or (stated and stated.group(1)) or ""
            if str(method).strip().upper() in METHODS:
                return "excluded"
    return None


def write(path, header, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def is_address(text):
    local, at, domain = text.partition("@")
    return bool(at and local and domain and "@" not in domain and not re.search(r"\s", domain))


def domain_of(address):
    return address.partition("@")[2]


def is_own(address, own):
    domain = domain_of(address)
    return any(domain == d or domain.endswith("." + d) for d in own)


def registrable(domain):
    """Enough of the public suffix list for the domains that occur."""
    labels = domain.split(".")
    is_national = len(labels) > 2 and len(labels[-1]) == 2
    seconds = {"co", "com", "ac", "gov", "org", "net", "edu", "or", "ne", "id"}
    is_suffix = is_national and (labels[-1] == "us" or labels[-2] in seconds)
    is_hoster = labels[-3:] == ["sakura", "ne", "jp"]
    return ".".join(labels[-(2 + is_suffix + is_hoster):])


# The expected contents of the lake.

def seconds(text):
    return None if text is None else calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def occurred(mail):
    """When it was sent, and whether its own date is valid (sent more than two days after receipt, or
    before there was such mail, means a wrong clock)."""
    sent, receipt = seconds(mail["date"]), seconds(mail["received"])
    if sent is None or (
            receipt is not None and (sent < YEAR_1990 or sent > receipt + TWO_DAYS)):
        return receipt, False
    return sent, True


def identity(mail, by):
    if by == "content":
        return mail["date"], mail["from"], mail["subject"], mail["text"] or ""
    at, is_sent = occurred(mail)
    if mail["message_id"] is None:
        return mail["mailbox"], mail["source"]
    return mail["message_id"], at // 86400 if is_sent else None


def decided(mails, by):
    """Each mail's outcome and, if it is a row or a copy of one, its interaction."""
    recorded = set()
    for mail in mails:
        outcome = "unreadable" if "unreadable" in mail else mail["left_out"]
        key = None
        if outcome is None:
            key = identity(mail, by)
            outcome = "duplicate" if (mail["mailbox"], key) in recorded else "recorded"
            recorded.add((mail["mailbox"], key))
        yield mail, outcome, key


def touches(participants, snapshot, own):
    """Contact, account and rule of each match; a domain counts if none of its contacts matches."""
    contacts, accounts = snapshot
    found, by_domain = set(), set()
    for _, address in participants:
        if not is_address(address) or is_own(address, own):
            continue
        local, _, domain = address.partition("@")
        untagged = f"{local.partition('+')[0]}@{domain}"
        contact = contacts.get(address) or contacts.get(untagged)
        if contact:
            found.add((*contact, "contact_email"))
        elif domain in accounts:
            by_domain.add(domain)
        elif registrable(domain) in accounts:
            by_domain.add(registrable(domain))
    with_contact = {account for _, account, _ in found}
    return found | {(None, a, "account_domain") for a in by_domain - with_contact}


# Known differences, and which of the two is correct. Each function gets Python's mail, the name of
# the field and both values, and returns whether it explains the difference.

def is_broken_charset(mail, what, ours, theirs):
    """Bytes that are not of the charset which the part states, or of none: Python keeps
    replacement characters; touchpoint reads on (UTF-8, else Windows-1252; GB2312 as its superset
    GBK). Touchpoint shows more."""
    return what == "text" and theirs.count("\ufffd") > ours.count("\ufffd")


def is_broken_word(mail, what, ours, theirs):
    """An encoded word of whose bytes Python's strict decoder refuses some (GB2312 against GBK).
    Touchpoint is right."""
    return what == "subject" and any(refused(value) for key, value in mail["fields"]
                                     if key == "subject")


def refused(value):
    try:
        for part, charset in archive.email.header.decode_header(value):
            if charset is not None:
                part.decode(charset)
    except (LookupError, UnicodeError):
        return True
    return False


def is_quoted_local_part(mail, what, ours, theirs):
    """A local part in quotes (`"Ann Lee <ann"@x.org`): touchpoint takes both quotes away, the form
    of comparison here only the one at the end. The same address."""
    return what == "participants" and ours == [
        (role, address.replace('"', "")) for role, address in theirs]


def is_hidden_page(mail, what, ours, theirs):
    """A page of which Python's parser treats everything as the content of a hidden element, since
    it is not closed as the parser requires. Touchpoint shows what a browser shows."""
    return what == "text" and not theirs and bool(ours)


CLASSES = {
    "hidden page": is_hidden_page,
    "charset": is_broken_charset,
    "encoded word": is_broken_word,
    "quoted local part": is_quoted_local_part,
}


# The comparison.

def current(lake, table, version, columns):
    rows = DeltaTable(str(lake / table)).to_pyarrow_table(
        columns=[*columns, "interaction_id", "mailbox_id", version, "state"]).to_pylist()
    newest = defaultdict(int)
    for row in rows:
        key = row["interaction_id"], row["mailbox_id"]
        newest[key] = max(newest[key], row[version])
    return [row for row in rows if row["state"] == "active"
            and row[version] == newest[row["interaction_id"], row["mailbox_id"]]]


def mailbox_of(row):
    return row["mailbox_id"].split("/", 1)[1]


def compare(lake, folder, by, own):
    with open(folder / "mails.jsonl") as file:
        mails = list(decided(map(json.loads, file), by))
    rows = current(lake, "interactions", "revision", [
        "source_id", "occurred_at", "subject", "body_text", "participants"])
    failures = []
    expected = {(m["mailbox"], m["source"]): (m, key)
                for m, outcome, key in mails if outcome == "recorded"}
    found = {(mailbox_of(row), row["source_id"]): row for row in rows}
    if len(found) != len(rows):
        failures.append("two rows of one message")
    failures += [f"missing: {key}" for key in expected.keys() - found.keys()]
    failures += [f"extra: {key}" for key in found.keys() - expected.keys()]
    common = [(*expected[key], found[key]) for key in sorted(expected.keys() & found.keys())]
    failures += counts_differ(lake, mails)
    failures += groups_differ(common)
    explained = Counter()
    failures += mails_differ(common, explained)
    failures += touches_differ(lake, common, folder, own)
    print(json.dumps(summary(mails, rows, explained)))
    if failures:
        print("\n".join(map(str, failures[:40])), f"\n{len(failures)} differences", file=sys.stderr)
        sys.exit(1)


def summary(mails, rows, explained):
    holders = defaultdict(set)
    for row in rows:
        holders[row["interaction_id"]].add(row["mailbox_id"])
    return {
        "mails": len(mails),
        **Counter(outcome for _, outcome, _ in mails),
        "interactions": len(holders),
        "in_several_mailboxes": sum(len(mailboxes) > 1 for mailboxes in holders.values()),
        "explained": dict(sorted(explained.items())),
    }


def counts_differ(lake, mails):
    """By mailbox, over all runs."""
    theirs = defaultdict(Counter)
    for mail, outcome, _ in mails:
        theirs[mail["mailbox"]][outcome] += 1
    ours = defaultdict(Counter)
    for row in DeltaTable(str(lake / "mailboxes")).to_pyarrow_table().to_pylist():
        counted = ours[mailbox_of(row)]
        received = row["received"]
        for outcome in ["unreadable", "draft", "private", "excluded", "internal_only", "duplicate",
                        "unmatched", "recorded", "removed", "outside_window", "not_captured"]:
            counted[outcome] += row[outcome]
            received -= row[outcome]
        if received != row["unchanged"]:
            yield f"{mailbox_of(row)}: outcomes are not what was received"
    for name in ours.keys() | theirs.keys():
        if +ours[name] != theirs[name]:
            yield f"{name}: counted {dict(+ours[name])}, Python {dict(theirs[name])}"


def groups_differ(common):
    """An interaction is one group of copies, whatever its id."""
    ids, keys = defaultdict(set), defaultdict(set)
    for mail, key, row in common:
        ids[key].add(row["interaction_id"])
        keys[row["interaction_id"]].add(key)
        if len(ids[key]) > 1 or len(keys[row["interaction_id"]]) > 1:
            yield f"another group of copies: {mail['mailbox']} {mail['source']}"


def mails_differ(common, explained):
    for mail, _, row in common:
        at = row["occurred_at"].timestamp()
        text = "".join((row["body_text"] or "").split())
        subject = " ".join((row["subject"] or "").split())
        named = list(dict.fromkeys(map(tuple, mail["participants"])))
        for what, ours, theirs in [
            ("participants", [(p["role"], p["address"]) for p in row["participants"]], named),
            ("occurred_at", at, occurred(mail)[0]),
            ("subject", subject, mail["subject"] or ""),
            ("text", text, mail["text"] or ""),
        ]:
            if ours == theirs:
                continue
            name = next((name for name, explains in CLASSES.items()
                         if explains(mail, what, ours, theirs)), None)
            if name:
                explained[f"{what}: {name}"] += 1
            else:
                yield json.dumps({
                    "mailbox": mail["mailbox"], "source": mail["source"], "differs": what,
                    "ours": archive.shown(ours, theirs), "theirs": archive.shown(theirs, ours)})


def touches_differ(lake, common, folder, own):
    accounts = {row["id"] for row in csv.DictReader(open(folder / "accounts.csv", newline=""))}
    contacts = {row["email"]: (row["id"], row["account_id"] or None)
                for row in csv.DictReader(open(folder / "contacts.csv", newline=""))}
    ours = defaultdict(set)
    for row in current(lake, "contact_activity", "generation", [
            "contact_id", "account_id", "match_rule"]):
        ours[row["mailbox_id"], row["interaction_id"]].add(
            (row["contact_id"], row["account_id"], row["match_rule"]))
    for mail, _, row in common:
        named = [(p["role"], p["address"]) for p in row["participants"]]
        theirs = touches(named, (contacts, accounts), own)
        found = ours.pop((row["mailbox_id"], row["interaction_id"]), set())
        if found != theirs:
            yield f"touches of {mail['mailbox']} {mail['source']}: {found ^ theirs}"
    for key in ours:
        yield f"touches of no interaction: {key}"


def main():
    match sys.argv[1:]:
        case ["prepare", form, path, folder, *own]:
            prepare(form, path, Path(folder), own)
        case ["compare", lake, folder, by, *own]:
            compare(Path(lake), Path(folder), by, own)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
