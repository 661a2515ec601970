"""Stands in for the process that reads files: what it does is the text of the file that it is to read."""

import json
import os
import signal
import sys
import time
from pathlib import Path

for line in sys.stdin:
    job = json.loads(line)
    what = Path(job["path"]).read_text().splitlines()[-1]
    if what == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if what == "hang":
        time.sleep(600)
    if what == "nonsense":
        sys.stdout.write("no JSON\n")
    elif what == "environment":
        sys.stdout.write(json.dumps({"result": dict(os.environ), "problem": ""}) + "\n")
    elif what == "refuse":
        sys.stdout.write(json.dumps({"result": {}, "problem": "it is broken"}) + "\n")
    else:
        sys.stdout.write(json.dumps({"result": {"process": os.getpid(), "hashes": []}, "problem": ""}) + "\n")
    sys.stdout.flush()
