"""Daily sums of automated restrictions, so that figures do not read each of them.

The time from receipt is counted in buckets whose upper bound is 5% above the lower one. A bucket also keeps
the sum of its times in microseconds, so a median by buckets is within 5% of the exact one.
"""

from collections.abc import Sequence

from django.db import connection

from reviews.models import AutomatedAction, AutomatedSum

# A policy that is named twice counts twice, and no policy is "".
_CHANGE = f"""
    INSERT INTO {AutomatedSum._meta.db_table} AS kept
           (event_type, day, policy, decided_by, reported, action, bucket, restrictions, microseconds)
    SELECT event_type, (decided_at AT TIME ZONE 'UTC')::date, coalesce(broken.policy, ''), decided_by,
           reported, action, floor(ln(greatest(took.microseconds, 1)::float8) / ln(1.05::float8)),
           %s * count(*), %s * sum(took.microseconds)
      FROM {AutomatedAction._meta.db_table}
     CROSS JOIN LATERAL (
           SELECT (extract(epoch FROM decided_at - received_at) * 1000000)::bigint AS microseconds) AS took
      LEFT JOIN LATERAL jsonb_array_elements_text(policies) AS broken (policy) ON true
     WHERE event_position = ANY(%s)
     GROUP BY 1, 2, 3, 4, 5, 6, 7
        ON CONFLICT (event_type, day, policy, decided_by, reported, action, bucket)
        DO UPDATE SET restrictions = kept.restrictions + excluded.restrictions,
                      microseconds = kept.microseconds + excluded.microseconds
"""  # noqa: S608


def add_to_sums(positions: Sequence[int]) -> None:
    """Count the stored restrictions of these events, in the caller's transaction."""
    _change(positions, 1)


def take_from_sums(positions: Sequence[int]) -> None:
    """Count the stored restrictions of these events no longer, before they are deleted or changed."""
    _change(positions, -1)


def _change(positions: Sequence[int], sign: int) -> None:
    if positions:
        with connection.cursor() as cursor:
            cursor.execute(_CHANGE, [sign, sign, list(positions)])
