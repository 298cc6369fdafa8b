"""Runs a command and prints its exit code and the peak of its resident memory in bytes.

usage: peak_memory.py COMMAND [ARGUMENT...]
"""

import json
import resource
import subprocess
import sys

code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=False).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
print(json.dumps({"code": code, "peak": peak}))
