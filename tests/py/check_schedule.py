"""Checks the examples of scripts/schedule and prints, by file, the shell lines that they run, as JSON.

usage: check_schedule.py ROOT

ROOT is the folder of the sources. What only the tool itself could tell is not checked here: systemd-analyze
is asked by the test, Airflow by scripts/soak.
"""

import ast
import configparser
import json
import re
import shlex
import sys
from pathlib import Path

import yaml

FIELDS = Path(__file__).parent / "kubernetes_fields.json"
TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "map": dict}


def systemd(folder):
    def read(name):
        unit = configparser.RawConfigParser(strict=False, comment_prefixes=("#", ";"), delimiters=("=",))
        unit.optionxform = str
        unit.read_string((folder / name).read_text())
        return unit

    service, timer = read("touchpoint.service")["Service"], read("touchpoint.timer")
    assert service["Type"] == "oneshot" and service["User"] == "touchpoint"
    assert timer["Timer"]["OnCalendar"].endswith(" UTC") and timer["Install"]["WantedBy"] == "timers.target"
    return [service["ExecStart"]]


def cron(folder):
    text = (folder / "touchpoint.cron").read_text()
    assert text.endswith("\n"), "cron ignores a last line without its end"
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    settings = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z]+=", line))
    assert "@" in settings["MAILTO"] and settings["SHELL"] == "/bin/sh"
    (job,) = [line for line in lines if not re.match(r"[A-Z]+=", line)]
    *times, user, command = job.split(None, 6)
    limits = [59, 23, 31, 12, 7]
    assert all(time == "*" or int(time) <= limit for time, limit in zip(times, limits, strict=True)), times
    assert user == "touchpoint" and "%" not in command, "cron takes % for the end of a line"
    logs = set(re.findall(r">>(\S+)", command))
    rotated = re.search(r"^(/.*) \{$", (folder / "touchpoint.logrotate").read_text(), re.MULTILINE)
    assert logs == set(rotated.group(1).split()), logs
    return [command]


def check_fields(value, path, fields, where):
    if path:
        assert path in fields, f"{where}: {path} is no reviewed field"
        field = fields[path]
        assert type(value) is TYPES[field["type"]], f"{where}: {path} is no {field['type']}"
        assert value in field.get("enum", [value]), f"{where}: {path}: {value}"
        missing = set(field.get("required", [])) - set(value if isinstance(value, dict) else [])
        assert not missing, f"{where}: {path} lacks {missing}"
        if field["type"] == "map":
            assert all(isinstance(one, str) for pair in value.items() for one in pair), f"{where}: {path}"
            return
    if isinstance(value, dict):
        for key, one in value.items():
            check_fields(one, f"{path}.{key}" if path else key, fields, where)
    elif isinstance(value, list):
        for one in value:
            check_fields(one, f"{path}[]", fields, where)


def kubernetes(folder):
    kinds = json.loads(FIELDS.read_text())["kinds"]
    documents = list(yaml.safe_load_all((folder / "cronjob.yaml").read_text()))
    for document in documents:
        check_fields(document, "", kinds[document["kind"]], document["kind"])
    named = {document["kind"]: document for document in documents}
    job = named["CronJob"]["spec"]
    assert job["concurrencyPolicy"] == "Forbid" and job["timeZone"] == "Etc/UTC"
    pod = job["jobTemplate"]["spec"]["template"]
    assert pod["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    pod = pod["spec"]
    assert pod["serviceAccountName"] == named["ServiceAccount"]["metadata"]["name"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
    (container,) = pod["containers"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["data"]["persistentVolumeClaim"]["claimName"] == named["PersistentVolumeClaim"]["metadata"]["name"]
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
    assert container["command"][:2] == ["/bin/sh", "-c"]
    return [container["command"][2]], pod["securityContext"]["runAsUser"]


def container(folder, root, pod_user):
    text = re.sub(r"\\\n", "", (folder / "Containerfile").read_text())
    lines = [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]
    known = {"FROM", "WORKDIR", "COPY", "RUN", "USER", "ENTRYPOINT", "CMD"}
    assert {word for word, _ in lines} <= known, lines
    stages, last = set(), {}
    for word, rest in lines:
        last[word] = rest
        if word == "FROM":
            image, *stage = rest.split(" AS ")
            assert re.fullmatch(r"[a-z.]+/[a-z/]+:\d+\.\d+[a-z0-9.-]*(@sha256:[0-9a-f]{64})?", image), image
            stages.update(stage)
        if word == "COPY":
            *sources, _ = rest.split()
            if sources[0].startswith("--from="):
                assert sources[0].removeprefix("--from=") in stages, rest
            else:
                assert all((root / source).exists() for source in sources), rest
    user, group = last["USER"].split(":")
    assert user == group == str(pod_user) and f"--uid {user}" in last["RUN"], last["USER"]
    build = next(rest for word, rest in lines if word == "RUN")
    profile = re.search(r"--profile (\w+)", build).group(1)
    assert f"[profile.{profile}]" in (root / "Cargo.toml").read_text()
    copied = next(rest for word, rest in lines if word == "COPY" and "--from" in rest)
    assert f"/target/{profile}/touchpoint " in copied, copied
    return [shlex.join(json.loads(last["ENTRYPOINT"]) + json.loads(last["CMD"]))]


def airflow(folder):
    tree = ast.parse((folder / "airflow_dag.py").read_text())
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    operators = [call for call in calls if getattr(call.func, "id", "") == "BashOperator"]
    commands = [key.value.id for call in operators for key in call.keywords if key.arg == "bash_command"]
    assert len(commands) == len(operators) >= 1
    return [constants[name] for name in commands]


def main(root):
    root = Path(root)
    folder = root / "scripts/schedule"
    pod, pod_user = kubernetes(folder)
    lines = {
        "touchpoint.service": systemd(folder),
        "touchpoint.cron": cron(folder),
        "cronjob.yaml": pod,
        "Containerfile": container(folder, root, pod_user),
        "airflow_dag.py": airflow(folder),
    }
    print(json.dumps(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
