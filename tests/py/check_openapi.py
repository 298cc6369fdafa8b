"""Requests everything that openapi.json describes, and compares the answers with it.

    python check_openapi.py ADDRESS

Every path is requested, every parameter once, and every answer must have the status and the form that
are described. Prints a JSON object with the number of requests by path and status.
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

from jsonschema import Draft202012Validator
from jsonschema import FormatChecker
from openapi_spec_validator import validate

ADDRESS = sys.argv[1].rstrip("/")
VALUES = {
    "q": "offer", "contact": "C-", "account": "fabrikam", "user": "anna.albrecht", "kind": "meeting",
    "from": "2025-01", "to": "2027", "sort": "date", "ungrouped": "true", "facets": "true",
    "offset": "1", "limit": "2", "problems": "true", "as_of": "2026-03",
}  # fmt: skip


def get(path, parameters):
    query = urllib.parse.urlencode(parameters)
    try:
        with urllib.request.urlopen(f"{ADDRESS}{path}?{query}") as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def ids():
    """An id for each path that takes one, from a search."""
    _, found = get("/api/v1/search", {"q": "offer", "limit": "50"})
    hits = found["hits"]
    contact = next(one for hit in hits for one in hit["contacts"])
    account = next(one for hit in hits for one in hit["accounts"])
    return {
        "interaction": hits[0]["interaction_id"],
        "contact": contact["id"],
        "account": account["id"],
        "colleague": hits[0]["colleagues"][0]["address"],
    }


def main():
    with urllib.request.urlopen(f"{ADDRESS}/api/v1/openapi.json") as answer:
        document = json.load(answer)
    validate(document)
    known = ids()
    VALUES["contact"] = known["contact"]
    counts = {}

    def check(path, described, parameters, id_):
        status, body = get(path.replace("{id}", urllib.parse.quote(id_, safe="")), parameters)
        response = described["responses"].get(str(status))
        assert response, f"{path} {parameters}: status {status} is not described"
        schema = response["content"]["application/json"]["schema"]
        # References lead into the document.
        whole = {**schema, "components": document["components"]}
        Draft202012Validator(whole, format_checker=FormatChecker()).validate(body)
        key = f"{path} {status}"
        counts[key] = counts.get(key, 0) + 1
        return status

    for path, methods in document["paths"].items():
        assert list(methods) == ["get"], f"{path}: nothing but reading"
        described = methods["get"]
        id_ = known.get(described["operationId"], "")
        in_query = [one for one in described["parameters"] if one["in"] == "query"]
        needs = {"q": "offer"} if described["operationId"] == "search" else {}
        assert check(path, described, needs, id_) == 200
        for parameter in in_query:
            name = parameter["name"]
            assert check(path, described, {**needs, name: VALUES[name]}, id_) == 200, name
        assert check(path, described, {"unknown": "1"}, id_) == 400
        if "{id}" in path:
            assert check(path, described, {}, "0" * 32) == 404
    json.dump(counts, sys.stdout)


main()
