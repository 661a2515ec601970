"""`python -m serving config.web:site`: the web server, at ASSAY_HOST and ASSAY_PORT."""

import os
import sys

from serving.listening import PortUnavailable, chosen_address, inherited, listen
from serving.workers import Workers

PATIENCE_SECONDS = 5.0  # a server started again right after it was killed finds its port in use for a moment


def main(target: str) -> int:
    workers = int(os.environ.get("ASSAY_WEB_WORKERS") or 1)
    try:
        listener = inherited() or listen(*chosen_address(os.environ), patience=PATIENCE_SECONDS)
    except PortUnavailable as error:
        print(error, file=sys.stderr)  # noqa: T201 (the process's last words)
        return 1
    return Workers(target, listener=listener, count=max(workers, 1)).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
