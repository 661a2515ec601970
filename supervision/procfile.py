"""The Procfile: one process per line as `name: shell command`."""

import re

LINE = re.compile(r"^([A-Za-z0-9_-]+):\s*(\S.*)$")


def parse_procfile(text: str) -> dict[str, str]:
    """Commands by process name, in file order.

    >>> parse_procfile("web: python -m serving\\n# a remark\\nbeat: celery beat\\n")
    {'web': 'python -m serving', 'beat': 'celery beat'}
    """
    return {found[1]: found[2] for line in text.splitlines() if (found := LINE.match(line))}
