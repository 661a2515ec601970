"""How soon moderation learns from comments: `python -m benchmarks.moderation comments.csv`.

The file has the columns comment_id, occurred_at, author_id, video_id, text and is_spam (1 or 0), such as the
public TubeSpam collection joined into one file.
"""

import shutil
import sys
from datetime import UTC, datetime

from django.db import connection

from benchmarks.django_setup import KEPT, VAR  # sets Django up, so it comes first
from benchmarks.installation import start_services
from benchmarks.moderation_steps import load, read_comments, table_lines, walk
from embedded import services

COUNTS = (40, 60, 80, 100, 150, 200, 300, 400, 600, 800, 1_000, 1_200, 1_400, 1_600, 1_800)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    now, rows = datetime.now(UTC), read_comments(sys.argv[1])
    try:
        start_services()
        sys.stdout.write(f"{load(rows, now=now):,} comments loaded\n")
        steps = list(walk(rows, [count for count in COUNTS if count < len(rows)], now=now))
        sys.stdout.write("\n".join(table_lines(steps)) + "\n")
    finally:
        connection.close()
        services.stop(VAR)
        if not KEPT:
            shutil.rmtree(VAR, ignore_errors=True)


if __name__ == "__main__":
    main()
