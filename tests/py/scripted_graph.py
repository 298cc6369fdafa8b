"""Serves calendars that a file describes, item by item and run by run, like Graph.

usage: scripted_graph.py WORLD

WORLD is a JSON object: `tenant_id`, `domain`, `nights` (RFC 3339, the time of the service in each),
and `calendars`: by address, for each night the items that changed before it. Prints where it listens;
`GET /_night/N` makes it night N. There is no mail.
"""

import datetime
import email.utils
import json
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORLD = json.load(open(sys.argv[1]))
FOLDERS = "inbox sentitems drafts deleteditems junkemail archive outbox".split()
ADDRESSES = list(WORLD["calendars"])
NIGHT = 0


def user(number):
    address = ADDRESSES[number]
    return {
        "id": f"00000000-0000-0000-0000-{number:012}",
        "displayName": address,
        "mail": address,
        "userPrincipalName": address,
        "proxyAddresses": [f"SMTP:{address}"],
        "userType": "Member",
        "accountEnabled": True,
    }


def failure(status, code):
    return status, {"error": {"code": code, "message": code}}


def calendar(address, since):
    """The items that changed after a run, in their current form."""
    now = {}
    for items in WORLD["calendars"][address][since + 1 : NIGHT + 1]:
        for item in items:
            now[item["id"]] = item
    return list(now.values())


def folder(name):
    return {
        "id": name,
        "displayName": name,
        "parentFolderId": "root",
        "childFolderCount": 0,
        "totalItemCount": 0,
        "isHidden": False,
    }


def answer(path, query):
    parts = [urllib.parse.unquote(part) for part in path.strip("/").split("/")]
    parts = parts[1:] if parts[0] == "v1.0" else parts
    if parts[0] == "organization":
        domains = [{"name": WORLD["domain"]}]
        return 200, {"value": [{"id": WORLD["tenant_id"], "verifiedDomains": domains}]}
    users = [user(number) for number in range(len(ADDRESSES))]
    if parts == ["users"]:
        return 200, {"value": users}
    found = [one for one in users if parts[1] in (one["id"], one["mail"])]
    if parts[0] != "users" or not found:
        return failure(404, "Request_ResourceNotFound")
    return of_user(found[0], parts[2:], urllib.parse.parse_qs(query), path)


def of_user(one, rest, options, path):
    if not rest:
        return 200, one
    if rest[0] == "mailboxSettings":
        return 200, {"value": "user"}
    if rest[0] == "mailFolders":
        return mail(rest, path)
    if rest[0] == "messages":
        return 200, {"value": []}
    if rest == ["calendarView", "delta"]:
        since = int(options.get("$deltatoken", ["-1"])[0])
        link = f"{BASE}{path}?$deltatoken={NIGHT}"
        return 200, {"value": calendar(one["mail"], since), "@odata.deltaLink": link}
    there = [item for item in calendar(one["mail"], -1) if "@removed" not in item]
    if rest == ["calendarView"]:
        return 200, {"value": [item for item in there if item["type"] != "seriesMaster"]}
    if rest[0] == "events" and len(rest) == 2:
        for item in there:
            if item["id"] == rest[1]:
                return 200, item
    return failure(404, "ErrorItemNotFound")


def mail(rest, path):
    if len(rest) == 1:
        return 200, {"value": [folder(name) for name in FOLDERS]}
    if rest[1] not in FOLDERS:
        return failure(404, "ErrorItemNotFound")
    if len(rest) == 2:
        return 200, folder(rest[1])
    return 200, {"value": [], "@odata.deltaLink": f"{BASE}{path}?$deltatoken={NIGHT}"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        now = datetime.datetime.fromisoformat(WORLD["nights"][NIGHT].replace("Z", "+00:00"))
        return email.utils.format_datetime(now, usegmt=True)

    def send(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        global NIGHT
        url = urllib.parse.urlsplit(self.path)
        if url.path.startswith("/_night/"):
            NIGHT = int(url.path.rsplit("/", 1)[1])
            return self.send(200, {})
        return self.send(*answer(url.path, url.query))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.endswith("/token"):
            token = {"token_type": "Bearer", "expires_in": 3599, "access_token": "x.e30.y"}
            return self.send(200, token)
        responses = []
        for one in json.loads(body)["requests"]:
            url = urllib.parse.urlsplit(f"/v1.0/{one['url'].lstrip('/')}")
            status, said = answer(url.path, url.query)
            headers = {"Content-Type": "application/json"}
            responses.append({"id": one["id"], "status": status, "headers": headers, "body": said})
        return self.send(200, {"responses": responses})


SERVER = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
BASE = f"http://127.0.0.1:{SERVER.server_port}"
print(f"listening on {BASE}", flush=True)
SERVER.serve_forever()
