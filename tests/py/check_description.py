"""Checks requests and responses against Microsoft's own description of Graph, and prints deviations as JSON
from it: how often, by kind.

Usage: check_description.py DESCRIPTION recording RECORDING
       check_description.py DESCRIPTION pages TYPE FILE...

DESCRIPTION is src/sim/description.json, RECORDING what `touchpoint simulate --record` wrote. `pages` are
files that hold a page of a list each, whose items are of TYPE unless they say otherwise.
"""

import base64
import binascii
import collections
import json
import re
import sys
import urllib.parse

# The permissions that ENTRA-ADMIN.md requires.
GRANTED = {
    "User.Read.All",
    "Organization.Read.All",
    "GroupMember.Read.All",
    "AdministrativeUnit.Read.All",
    "Mail.Read",
    "Calendars.Read",
    "MailboxSettings.Read",
}
SETS = {
    "directory/administrativeunits": "administrativeUnit",
    "groups": "group",
    "organization": "organization",
    "users": "user",
}
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
# Which options each kind of resource takes.
OPTIONS = {
    "directory list": {"$select", "$filter", "$top", "$skiptoken", "$count", "$orderby", "$search"},
    "entity": {"$select", "$expand"},
    "mail list": {"$select", "$filter", "$top", "$skip", "$orderby", "$expand", "$count"},
    "folder list": {"$select", "$filter", "$top", "$skip", "$count", "includeHiddenFolders"},
    "view": {"startDateTime", "endDateTime", "$select", "$top", "$skip", "$orderby", "$count"},
    # The first request of a chain, and its links (facts 1.2, 2.1).
    "mail delta": {"$select", "$filter", "$orderby", "changeType", "$skiptoken", "$deltatoken"},
    "view delta": {"startDateTime", "endDateTime", "$skiptoken", "$deltatoken"},
    "value": set(),
}


class Description:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            whole = json.load(file)
        self.types = whole["types"]
        self.enums = whole["enums"]
        self.permissions = whole["permissions"]

    def line(self, kind):
        while kind in self.types:
            yield self.types[kind]
            kind = self.types[kind].get("base")

    def member(self, kind, name, sections=("props", "nav")):
        """The type of a property, by its exact name."""
        for described in self.line(kind):
            for section in sections:
                if name in described.get(section, {}):
                    return described[section][name]
        return None

    def spelled(self, kind, name):
        """A property by its name in any case, as paths have it."""
        for described in self.line(kind):
            for section in ("nav", "props"):
                for key, text in described.get(section, {}).items():
                    if key.lower() == name.lower():
                        return text
        return None


class Checker:
    def __init__(self, description):
        self.description = description
        self.deviations = collections.Counter()
        self.requests = collections.Counter()
        self.answers = collections.Counter()

    def deviates(self, what):
        self.deviations[what] += 1

    # Values

    def value(self, where, text, value):
        """Checks a value against the type of a property."""
        is_list, may_be_null = text.startswith("["), not text.endswith("!")
        kind = text.strip("[]!")
        if value is None:
            if not may_be_null or is_list:
                self.deviates(f"{where}: null")
        elif is_list:
            if not isinstance(value, list):
                self.deviates(f"{where}: no list")
                return
            for entry in value:
                self.single(where, kind, entry)
        else:
            self.single(where, kind, value)

    def single(self, where, kind, value):
        if kind in self.description.enums:
            if value not in self.description.enums[kind]:
                self.deviates(f"{where}: {value!r} is no {kind}")
        elif kind in self.description.types:
            self.item(kind, value)
        elif not fits(kind, value):
            self.deviates(f"{where}: {type(value).__name__} for {kind}")

    def item(self, kind, item, select=None, is_limited=False):
        """An object and all its members; `@` names are those of the protocol."""
        if not isinstance(item, dict):
            self.deviates(f"{kind}: no object")
            return
        named = item.get("@odata.type")
        if named is not None:
            kind = named.removeprefix("#")
            if kind not in self.description.types:
                self.deviates(f"{kind}: no such type")
                return
        short = kind.removeprefix("microsoft.graph.")
        for name, value in item.items():
            if name.startswith("@"):
                continue
            where = f"{short}.{name}"
            text = self.description.member(kind, name)
            if text is None:
                self.deviates(f"{where}: no such property")
            elif value is not None or not is_limited:
                self.value(where, text, value)
            is_key = name == "id"
            if select is not None and not is_key and name not in select:
                self.deviates(f"{where}: not selected")

    # Paths

    def resource(self, path):
        """The type at the end of a path, the kind of resource, and the described template."""
        parts = split(path)
        if parts and parts[0].lower() == "directory":
            # A single resource without properties of its own, which holds sets.
            parts = ["/".join(parts[:2]), *parts[2:]]
        if not parts or parts[0].lower() not in SETS:
            return None
        kind, is_list, template = SETS[parts[0].lower()], True, f"/{parts[0].lower()}"
        kind, is_delta, is_property = f"microsoft.graph.{kind}", False, False
        for part in parts[1:]:
            if part.lower() in ("delta", "delta()", "microsoft.graph.delta") and is_list:
                is_delta, template = True, f"{template}/delta"
            elif part.startswith("microsoft.graph."):
                kind = part
            elif is_list:
                is_list, template = False, f"{template}/{{id}}"
            else:
                text = self.description.spelled(kind, part)
                if text is None:
                    return None
                is_list, kind = text.startswith("["), text.strip("[]!")
                is_property = not kind.startswith("microsoft.graph.") or kind in (
                    self.description.enums
                )
                template = f"{template}/{part.lower()}"
        name = kind.removeprefix("microsoft.graph.")
        if is_property:
            shape = "value"
        elif is_delta:
            shape = "mail delta" if name == "message" else "view delta"
        elif not is_list:
            shape = "entity"
        elif "calendarview" in template:
            shape = "view"
        else:
            lists = {"message": "mail list", "mailFolder": "folder list"}
            shape = lists.get(name, "directory list")
        return kind, shape, template

    # Requests

    def names(self, kind, names, what):
        for name in names:
            first = name.split("/")[0]
            if first and not self.selectable(kind, first):
                short = kind.removeprefix("microsoft.graph.")
                self.deviates(f"request: {what} {name} of {short}")

    def selectable(self, kind, name):
        # Members of groups have any type of directory object.
        if kind == "microsoft.graph.directoryObject":
            kinds = ("user", "group", "device", "orgContact")
            return any(self.description.member(f"microsoft.graph.{one}", name) for one in kinds)
        return self.description.member(kind, name) is not None

    def query(self, kind, shape, raw, headers):
        """The options of a request; returns what was selected or expanded."""
        options = urllib.parse.parse_qsl(raw, keep_blank_values=True)
        known = OPTIONS[shape]
        names = [name for name, _ in options]
        for name in names:
            if name not in known:
                self.deviates(f"request: {name} on {shape}")
            if names.count(name) > 1:
                self.deviates(f"request: {name} twice")
        options = dict(options)
        select = options.get("$select")
        if select is not None:
            self.names(kind, select.split(","), "$select")
        if "$orderby" in options:
            self.names(kind, [part.split(" ")[0] for part in options["$orderby"].split(",")], "order")
        if "$expand" in options:
            self.names(kind, [options["$expand"].split("(")[0]], "$expand")
        if "$filter" in options:
            self.filter(kind, options["$filter"], raw, headers, options)
        if "$top" in options and not 1 <= int(options["$top"]) <= 1000:
            self.deviates("request: $top out of range")
        for bound in ("startDateTime", "endDateTime"):
            if bound in options and not INSTANT.fullmatch(options[bound]):
                self.deviates(f"request: {bound}")
        expanded = options.get("$expand", "").split("(")[0]
        return None if select is None else {*select.split(","), expanded}

    def filter(self, kind, text, raw, headers, options):
        bare = re.sub(r"'(?:[^']|'')*'", "''", text)
        lambdas = dict(re.findall(r"(\w+)/any\((\w+):", bare))
        for name in re.findall(r"([A-Za-z][\w/]*) (?:eq|ne|gt|ge|lt|le) ", bare):
            first = name.split("/")[0]
            if first not in lambdas.values():
                self.names(kind, [first], "$filter")
        self.names(kind, lambdas, "$filter")
        is_directory = not kind.endswith(("message", "event", "mailFolder"))
        if is_directory and re.search(r"\b(ne|not|endsWith)\b", bare):
            is_eventual = headers.get("consistencylevel", "").lower() == "eventual"
            if not (is_eventual and options.get("$count") == "true"):
                self.deviates("request: an advanced query without ConsistencyLevel")
        if "ExtendedProperties" in text:
            # Colon, slash and space of such a filter must be encoded (facts 13).
            part = next(part for part in raw.split("&") if part.startswith(("$filter", "%24filter")))
            if re.search(r"[:/ +]", part.split("=", 1)[1]):
                self.deviates("request: a filter on extended properties that is not encoded")

    def prefer(self, shape, headers):
        for part in headers.get("prefer", "").split(","):
            name = part.split("=")[0].strip().lower()
            if name not in ("", "odata.maxpagesize", "idtype", "outlook.timezone", "outlook.body-content-type"):
                self.deviates(f"request: Prefer {name}")
        if shape.endswith("delta") and "odata.maxpagesize" not in headers.get("prefer", ""):
            # The size is in no token (facts 1.3).
            self.deviates(f"request: {shape} without a page size")

    # Exchanges

    def exchange(self, one):
        path = one["path"]
        if path.endswith("/oauth2/v2.0/token"):
            self.requests["sign-in"] += 1
            fields = one["body"]
            if one["method"] != "POST" or fields.get("grant_type") != "client_credentials":
                self.deviates("request: sign-in")
            if not fields.get("scope", "").endswith("/.default"):
                self.deviates("request: scope of the sign-in")
            return
        if not path.startswith("/v1.0/"):
            self.deviates("request: version")
            return
        path = path.removeprefix("/v1.0")
        body = parsed(one["response"])
        if path == "/$batch":
            self.batch(one, body)
            return
        self.single_exchange(
            one["method"], path, one["query"], one["headers"], one["status"],
            one["response_headers"], body, one["fault"] is not None,
        )

    def batch(self, one, body):
        self.requests["batch"] += 1
        requests = one["body"]["requests"]
        ids = [request["id"] for request in requests]
        if not 1 <= len(ids) <= 20 or len({i.lower() for i in ids}) != len(ids):
            self.deviates("request: ids of a batch")
        if one["headers"].get("content-type", "").split(";")[0] != "application/json":
            self.deviates("request: type of a batch")
        if one["status"] != 200 or one["fault"] is not None:
            return
        responses = {response["id"]: response for response in body["responses"]}
        if set(responses) != set(ids) or len(body["responses"]) != len(ids):
            self.deviates("answer: ids of a batch")
        for request in requests:
            response = responses[request["id"]]
            path, _, query = request["url"].partition("?")
            headers = {name.lower(): value for name, value in request.get("headers", {}).items()}
            self.single_exchange(
                request["method"], path if path.startswith("/") else f"/{path}", query, headers,
                response["status"], response["headers"], response["body"], False, is_part=True,
            )

    def single_exchange(
        self, method, path, query, headers, status, answered, body, is_fault, is_part=False
    ):
        if method != "GET":
            self.deviates(f"request: {method}")
        found = self.resource(path)
        if found is None:
            self.deviates(f"request: path {re.sub('[0-9a-f-]{36}|[A-Za-z0-9+/=_-]{60,}', '{id}', path)}")
            return
        kind, shape, template = found
        self.requests[template] += 1
        permitted = self.description.permissions.get(template)
        if permitted is None:
            self.deviates(f"request: no permission is published for {template}")
        elif not GRANTED & {*permitted["least"], *permitted["other"]}:
            self.deviates(f"request: the README grants nothing for {template}")
        select = self.query(kind, shape, query, headers)
        self.prefer(shape, headers)
        if is_fault:
            return
        self.answers[f"{status} {template}"] += 1
        if status == 200:
            self.answer(kind, shape, template, body, select)
        else:
            is_directory = "/users/{id}/" not in template
            self.error(status, answered, body, is_directory, is_part)

    def answer(self, kind, shape, template, body, select):
        if shape == "value":
            if set(body) - {"@odata.context"} != {"value"}:
                self.deviates(f"answer: {template}")
            name = template.rsplit("/", 1)[1]
            self.single(f"value of {name}", kind, body["value"])
        elif shape == "entity":
            if "@odata.context" not in body:
                self.deviates(f"answer: {template} without context")
            self.item(kind, body, select)
        else:
            self.page(kind, shape, template, body, select)

    def page(self, kind, shape, template, body, select):
        allowed = {"@odata.context", "@odata.count", "@odata.nextLink", "value"}
        if shape.endswith("delta"):
            allowed.add("@odata.deltaLink")
            if ("@odata.nextLink" in body) == ("@odata.deltaLink" in body):
                self.deviates(f"answer: {template}: not one of two links")
        if "@odata.context" not in body or set(body) - allowed:
            self.deviates(f"answer: {template}: members {sorted(set(body) - allowed)}")
        for item in body["value"]:
            if "@removed" in item:
                if set(item) != {"@odata.type", "id", "@removed"}:
                    self.deviates(f"answer: {template}: members of what is removed")
                continue
            rest = [value for name, value in item.items() if name not in ("@odata.type", "id")]
            # Limited members are all null (facts 3.4).
            is_limited = "transitivemembers" in template and not any(
                value is not None for value in rest
            )
            if "transitivemembers" in template and "microsoft.graph" not in template:
                if "@odata.type" not in item:
                    self.deviates(f"answer: {template}: a member without type")
            self.item(kind, item, select, is_limited)

    def error(self, status, headers, body, is_directory, is_part):
        if not isinstance(body, dict) or not isinstance(body.get("error"), dict):
            self.deviates(f"answer: {status} without an error")
            return
        error = body["error"]
        if not isinstance(error.get("code"), str) or not isinstance(error.get("message"), str):
            self.deviates(f"answer: {status} without code and message")
        inner = error.get("innerError", {})
        if is_directory and not {"date", "request-id", "client-request-id"} <= set(inner):
            self.deviates(f"answer: {status} of the directory without an inner error")
        if status == 401 and "www-authenticate" not in headers:
            self.deviates("answer: 401 without a challenge")


def split(path):
    """The parts of a path; keys in brackets are parts of their own."""
    parts = []
    for raw in path.strip("/").split("/"):
        part = urllib.parse.unquote(raw)
        keyed = re.fullmatch(r"(\w+)\('(.*)'\)", part)
        parts += keyed.groups() if keyed else [part]
    return parts


def fits(kind, value):
    """Whether a JSON value is one of a primitive type."""
    if kind == "Edm.Boolean":
        return isinstance(value, bool)
    if kind in ("Edm.Int32", "Edm.Int64"):
        return isinstance(value, int) and not isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if kind == "Edm.DateTimeOffset":
        return INSTANT.fullmatch(value) is not None
    if kind == "Edm.Date":
        return DAY.fullmatch(value) is not None
    if kind == "Edm.Binary":
        try:
            base64.b64decode(value, validate=True)
        except binascii.Error:
            return False
    return kind in ("Edm.String", "Edm.Binary", "Edm.Guid")


def parsed(text):
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return None


def main():
    checker = Checker(Description(sys.argv[1]))
    if sys.argv[2] == "pages":
        kind = f"microsoft.graph.{sys.argv[3]}"
        for path in sys.argv[4:]:
            with open(path, encoding="utf-8") as file:
                body = json.load(file)
            for item in body["value"]:
                if "@removed" not in item:
                    rest = [value for name, value in item.items() if name not in ("@odata.type", "id")]
                    is_limited = not any(value is not None for value in rest)
                    checker.item(kind, item, is_limited=is_limited)
    else:
        with open(sys.argv[3], encoding="utf-8") as file:
            for line in file:
                checker.exchange(json.loads(line))
    print(
        json.dumps(
            {
                "deviations": dict(sorted(checker.deviations.items())),
                "requests": checker.requests,
                "answers": checker.answers,
            }
        )
    )


main()
