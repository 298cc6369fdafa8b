"""Reads a file of metrics with two independent parsers, and evaluates alerts on it.

usage: metrics.py FILE ALERTS HOURS

node_exporter reads the Prometheus text format, other collectors OpenMetrics: both must see the same.
ALERTS is a file of Prometheus rules whose expressions have one selector each; they are evaluated HOURS
after the end of the run. Prints a JSON object: `values` by name and labels, and the alerts that `fire`.
"""

import json
import re
import sys

import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

SELECTOR = re.compile(r"(touchpoint_\w+)(?:\{([^}]*)\})?")
LABEL = re.compile(r'(\w+)="([^"]*)"')
ARITHMETIC = re.compile(r"[\d.e+\-*/() ]+(?:>|<|==) *[\d.*/() ]+")


def samples(families):
    found = []
    for family in families:
        assert family.type == "gauge" and family.documentation.endswith("."), family
        found += [(one.name, tuple(sorted(one.labels.items())), one.value) for one in family.samples]
        assert all(one.timestamp is None for one in family.samples), family
    return found


def text_of(name, labels):
    return name + "".join(f" {label}={content}" for label, content in labels)


def fires(expression, found, now):
    selector = SELECTOR.search(expression)
    assert len(SELECTOR.findall(expression)) == 1, expression
    name, wanted = selector.group(1), set(LABEL.findall(selector.group(2) or ""))
    known = [one for one in found if one[0] == name]
    assert known, f"{name} is not in the file"
    chosen = [one for one in known if wanted <= set(one[1])]
    assert chosen, f"{wanted} is not among the labels of {name}"
    if expression == f"absent({name})":
        return False
    for _, _, value in chosen:
        text = expression.replace(selector.group(0), str(value)).replace("time()", str(now))
        assert ARITHMETIC.fullmatch(text), text
        if eval(text, {"__builtins__": {}}):
            return True
    return False


def main(file, alerts, hours):
    with open(file, encoding="utf-8") as text:
        text = text.read()
    found = samples(openmetrics(text))
    assert sorted(found) == sorted(samples(prometheus(text)))
    keys = [text_of(name, labels) for name, labels, _ in found]
    assert len(keys) == len(set(keys)), "a value is there twice"
    values = dict(zip(keys, (value for _, _, value in found)))
    with open(alerts, encoding="utf-8") as rules:
        groups = yaml.safe_load(rules)["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    for rule in rules:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, rule
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}, rule
        assert rule["annotations"]["summary"], rule
    (end,) = (value for name, _, value in found if name == "touchpoint_run_end_timestamp_seconds")
    now = end + float(hours) * 3600
    firing = [rule["alert"] for rule in rules if fires(rule["expr"], found, now)]
    print(json.dumps({"values": values, "alerts": len(rules), "fire": firing}))


if __name__ == "__main__":
    main(*sys.argv[1:])
