#!/usr/bin/env python3
"""Reads mail archives independently of touchpoint, with Python's `email` and `mailbox` alone.

    archive_counts.py decode FORMAT PATH     one JSON line for each message
    archive_counts.py counts FORMAT PATH     one JSON line for each mailbox
    archive_counts.py compare OURS THEIRS    two files of such lines, message by message

FORMAT is mbox, maildir or eml. A file, and a tree of .eml files, is one mailbox; of a folder each
child folder or .mbox file is one. Messages come in the order in which touchpoint reads them: Sent
first, then by folder and file name or position.

It follows the rules of touchpoint that are none of Python's: the first text that says something, whole
pages that are called plain text, authors whom a mailing list replaced by itself.

Where the two are known to differ on mail from outside, and which is right:

- 8-bit header values and bodies without a usable charset, or with bytes that are not of it: Python
  keeps replacement characters, touchpoint reads UTF-8 or else Windows-1252. Where only the page states
  its charset, touchpoint goes by that.
- Times of twelve hours (`9:00 PM`): Python passes over the half of the day.
- Recipients that cannot be parsed (a blank in place of a comma, a quote that is never closed): Python
  joins them into one text, touchpoint takes the addresses that can be seen.
- Three-digit years: RFC 5322 section 4.3 adds 1900 (`102` is 2002), Python takes them as they are.
- A header line without colon: Python ends the header there, touchpoint continues with the next line,
  so that participants behind it count.
- Encoded words that decode to broken text, or name no charset Python knows: Python keeps the code.
- A group with broken members (`undisclosed-recipient:@x.org;`): touchpoint keeps its whole text.
- A name with an unquoted `@` (`To: Ann@Home <a@x.org>`): Python makes two recipients of it.
- What follows the domain of an address (`a@x.org#1`): Python keeps it, touchpoint takes the address.
- Base64 or quoted-printable that is broken, and multiparts without their boundary: each recovers
  another part of the text.
- Text of HTML: Python's parser leaves out what follows an unclosed `<title>`.
"""

import calendar
import email.header
import email.parser
import email.policy
import email.utils
import html.parser
import inspect
import json
import os
import re
import sys
from collections import Counter
from datetime import datetime, timezone

# Newer versions reject whole fields for one malformed address unless `strict` is off.
STRICTNESS = inspect.signature(email.utils.getaddresses).parameters
LENIENT = {"strict": False} if "strict" in STRICTNESS else {}
SENT = {"sent", "sent items", "sent mail", "sent messages"}


def plain(name):
    return name.lower().replace("_", " ").replace("-", " ").strip()


def folders_of(top):
    """Folders below a mailbox, with the names of their files."""
    found = []
    for path, folders, files in os.walk(top):
        folders[:] = [f for f in folders if not f.startswith(".") and f != "tmp"]
        name = os.path.relpath(path, top).replace(os.sep, "/")
        parts = [] if name == "." else name.split("/")
        if parts and parts[-1] in ("cur", "new"):
            parts.pop()
        name = "/".join(parts)
        is_sent = any(plain(part) in SENT for part in parts)
        for file in files:
            if not file.startswith("."):
                base = file.split(":2,")[0]
                found.append(((not is_sent, name.encode()), base.encode(), file, path))
    return sorted(found)


def messages(form, path):
    """Mailbox, source and bytes (with the mbox line's date) of each message."""
    if form == "mbox":
        files = [path] if os.path.isfile(path) else [
            os.path.join(path, f) for f in sorted(os.listdir(path)) if f.endswith(".mbox")]
        for file in files:
            name = os.path.basename(file).removesuffix(".mbox")
            for position, (line, raw) in enumerate(split_mbox(file)):
                yield name, str(position), raw, line
        return
    tops = [("", path)] if form == "eml" else [
        (d, os.path.join(path, d)) for d in sorted(os.listdir(path))
        if not d.startswith(".") and os.path.isdir(os.path.join(path, d))]
    for name, top in tops:
        for (_, folder), base, file, at in folders_of(top):
            if form == "maildir" or file.lower().endswith(".eml"):
                with open(os.path.join(at, file), "rb") as opened:
                    source = "/".join(filter(None, [folder.decode(), base.decode()]))
                    yield name, source, opened.read(), None


def split_mbox(path):
    """`mailbox.mbox` does not remove quoting, so that is done here."""
    line_of, lines = None, []
    with open(path, "rb") as file:
        for line in file:
            if line.startswith(b"From "):
                if line_of is not None:
                    yield line_of, joined(lines)
                line_of, lines = line, []
            else:
                lines.append(line[1:] if re.match(rb">+From ", line) else line)
    if line_of is not None:
        yield line_of, joined(lines)


def joined(lines):
    if lines and lines[-1] in (b"\n", b"\r\n"):
        lines.pop()
    return b"".join(lines)


def text_of(value):
    """A header value as text, 8-bit bytes as UTF-8 or else Windows-1252."""
    if isinstance(value, email.header.Header):
        value = str(value)
    raw = value.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def unfolded(value):
    return re.sub(r"[\r\n]", "", text_of(value)).replace("\t", " ")


def words(value):
    """Decodes encoded words; if Python fails, the value is unchanged."""
    try:
        parts = email.header.decode_header(value)
    except Exception:
        return value
    out = ""
    for part, charset in parts:
        if isinstance(part, str):
            out += part
            continue
        if charset is None:
            out += part.decode("raw-unicode-escape", "replace")
            continue
        try:
            out += part.decode(charset)
        except (LookupError, UnicodeError):
            try:
                out += part.decode("utf-8")
            except UnicodeDecodeError:
                out += part.decode("cp1252", "replace")
    return out


def address(raw):
    """touchpoint's normal form of an address, else the raw text in lower case."""
    bare = raw.strip().strip("<>\"'").strip()
    if bare.lower().startswith("smtp:"):
        bare = bare[5:].strip()
    local, at, domain = bare.partition("@")
    if at and local and domain and "@" not in domain and not re.search(r"\s", domain):
        return bare.lower()
    return raw.strip().lower()


def people(value):
    value = unfolded(value)
    if not value.strip():
        return []
    # `getaddresses` returns nothing for a group without members (`undisclosed-recipients:;`), with
    # or without a comment after it; touchpoint keeps its text.
    group = re.fullmatch(r"\s*\"?([^@<>,\"]*?)\"?\s*:\s*;\s*(?:\([^()]*\)\s*)?", value)
    if group:
        return [group.group(1).lower() + ":;"]
    found = []
    for name, addr in email.utils.getaddresses([value], **LENIENT):
        if addr or name:
            found.append(address(addr or name))
    return found


def instant(value):
    """UTC seconds; impossible days are rejected, unknown zones are UTC."""
    parsed = email.utils.parsedate_tz(value)
    if not parsed or parsed[0] > 9999:
        return None
    try:
        datetime(*parsed[:5], min(parsed[5], 59))
    except (ValueError, TypeError):
        return None
    return calendar.timegm(parsed[:6] + (0, 1, 0)) - (parsed[9] or 0)


def rfc3339(seconds):
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)


def received(message, line):
    top = message.get("received")
    if top is not None:
        bare, before = unfolded(top), None
        while bare != before:
            bare, before = re.sub(r"\([^()]*\)", " ", bare), bare
        if ";" in bare:
            at = instant(bare.rsplit(";", 1)[1])
            if at is not None:
                return at
    if line:
        at = instant(line.decode("latin-1").split(" ", 2)[-1].strip())
        return at if at else None
    return None


class Stripper(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.out, self.hidden = [], 0

    def handle_starttag(self, tag, attrs):
        self.hidden += tag in ("style", "script", "head", "title")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "script", "head", "title") and self.hidden > 0

    def handle_data(self, data):
        if not self.hidden:
            self.out.append(data)


def part_text(part):
    raw = part.get_payload(decode=True) or b""
    charset = part.get_param("charset")
    if isinstance(charset, tuple):
        charset = charset[2]
    try:
        return raw.decode(charset or "utf-8", "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def parts_of(message):
    """Parts in order, without those of mails inside the mail."""
    if message.is_multipart():
        if message.get_content_maintype() != "message":
            for part in message.get_payload():
                yield from parts_of(part)
    else:
        yield message


def stripped(page):
    stripper = Stripper()
    stripper.feed(page)
    return "".join(stripper.out)


# A complete HTML page that is labelled as plain text.
PAGE = re.compile(r"[\s\ufeff]*(?:(?:<\?xml[^>]*>|<!--.*?-->)\s*)*(?:<!doctype html|<html[ >])",
                  re.IGNORECASE | re.DOTALL)
# White space, zero-width characters, the dashes before a signature.
BLANK = re.compile(r"[\s\u200b-\u200f\u2060\ufeff\xad]*[-_\u2013\u2014]{0,3}[\s\u200b-\u200f\u2060\ufeff\xad]*")


def body(message):
    """The first plain part with content, else the first HTML part, else the others."""
    inline = [p for p in parts_of(message) if p.get_content_disposition() != "attachment"]
    texts = {"text/plain": [], "text/html": []}
    for part in inline:
        if part.get_content_type() in texts:
            text = part_text(part)
            is_page = part.get_content_type() == "text/html" or PAGE.match(text)
            texts[part.get_content_type()].append(stripped(text) if is_page else text)
    plain, pages = texts["text/plain"], texts["text/html"]
    candidates = plain[:1] + pages[:1] + plain[1:] + pages[1:]
    return next((text for text in candidates if not BLANK.fullmatch(text)),
                candidates[0] if candidates else None)


def parsed(raw):
    return email.parser.BytesParser(policy=email.policy.compat32).parsebytes(raw)


def replaced_author(message, authors):
    """The author that a mailing list replaced by itself in `From` ("Ann via List")."""
    def other(field):
        listed = people(message[field]) if message.get(field) is not None else []
        return next((a for a in listed if "@" in a and a != authors[0]), None)

    if not authors:
        return None
    if message.get("x-original-from") is not None:
        return other("x-original-from")
    name = words(unfolded(message["from"])).split("<")[0]
    if not re.search(r"\S\s+via\s+\S", name, re.IGNORECASE):
        return None
    return other("x-original-sender") or other("reply-to")


def decode(message, line):
    sent = None if message.get("date") is None else instant(unfolded(message["date"]))
    receipt = received(message, line)
    if sent is None and receipt is None:
        return {"unreadable": "no_date" if message.keys() else "not_mail"}
    named = []
    first = {}
    for role in ("from", "sender"):
        first[role] = people(message[role]) if message.get(role) is not None else []
    if author := replaced_author(message, first["from"]):
        first["sender"] = first["from"][:1] + first["sender"]
        first["from"] = [author] + first["from"][1:]
    named += [["from", a] for a in first["from"]]
    named += [["sender", a] for a in first["sender"] if a not in first["from"]]
    for role in ("to", "cc", "bcc"):
        for value in message.get_all(role, []):
            named += [[role, a] for a in people(value)]
    message_id = None
    if message.get("message-id") is not None:
        value = unfolded(message["message-id"])
        inside = re.search(r"<([^>]*)>", value)
        message_id = (inside.group(1) if inside else value).strip() or None
    subject = message.get("subject")
    if subject is not None:
        subject = " ".join(words(unfolded(subject).strip()).split()) or None
    text = body(message)
    return {
        "message_id": message_id,
        "participants": named,
        "date": rfc3339(sent),
        "received": rfc3339(receipt),
        "subject": subject,
        "from": first["from"][0] if first["from"] else None,
        "text": None if text is None else "".join(text.split()),
    }


def lines(form, path):
    for mailbox, source, raw, line in messages(form, path):
        yield {"mailbox": mailbox, "source": source, **decode(parsed(raw), line)}


def counts(form, path):
    mailboxes = {}
    for line in lines(form, path):
        count = mailboxes.setdefault(line["mailbox"], Counter())
        count["received"] += 1
        count[line.get("unreadable", "mails")] += 1
        count["participants"] += len(line.get("participants", []))
    for name in sorted(mailboxes):
        print(json.dumps({"mailbox": name, **mailboxes[name]}))


def compare(ours, theirs):
    with open(ours) as a, open(theirs) as b:
        pairs = list(zip(map(json.loads, a), map(json.loads, b), strict=True))
    differing = Counter()
    for we, they in pairs:
        keys = ["mailbox", "unreadable", "message_id", "participants", "date", "received",
                "subject", "text"]
        for key in keys:
            if (we.get(key) or None) != (they.get(key) or None):
                differing[key] += 1
                print(json.dumps({
                    "mailbox": they["mailbox"], "source": they["source"], "differs": key,
                    "ours": shown(we.get(key), they.get(key)),
                    "theirs": shown(they.get(key), we.get(key))}, ensure_ascii=False))
    print(json.dumps({"messages": len(pairs), "differing": differing}), file=sys.stderr)


def shown(one, other):
    """The part from the first difference on, if it is long."""
    if isinstance(one, str) and isinstance(other, str):
        same = len(os.path.commonprefix([one, other]))
        return one[max(0, same - 20):same + 40]
    if isinstance(one, list) and isinstance(other, list):
        return [entry for entry in one if entry not in other]
    return one[:80] if isinstance(one, str) else one


def main():
    match sys.argv[1:]:
        case ["decode", form, path]:
            for line in lines(form, path):
                print(json.dumps(line, ensure_ascii=False))
        case ["counts", form, path]:
            counts(form, path)
        case ["compare", ours, theirs]:
            compare(ours, theirs)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
