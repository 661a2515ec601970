"""`python -m serving config.web:site`: the web server, at ASSAY_HOST and ASSAY_PORT."""

import os
import sys

from serving.listening import PortUnavailable, inherit_socket, listen, read_address
from serving.workers import InvalidWorkerCount, Workers, read_worker_count

PORT_WAIT_SECONDS = 5.0  # the port of a killed server stays in use for a moment


def main(target: str) -> int:
    try:
        count = read_worker_count(os.environ)
        listener = inherit_socket() or listen(*read_address(os.environ), wait_seconds=PORT_WAIT_SECONDS)
    except (InvalidWorkerCount, PortUnavailable) as error:
        print(error, file=sys.stderr)  # noqa: T201 (the process exits here)
        return 1
    return Workers(target, listener=listener, count=count).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
