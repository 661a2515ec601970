"""The figures of reviewers: verdicts, time per case, agreement, overturned verdicts and golden items."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from reviews.models import Case
from reviews.models.quality import GivenVerdict
from reviews.quality.agreement import Kappa, cohens_kappa, fleiss_kappa
from scoring.intake.models import Label
from scoring.intervals import wilson_interval

FIRST, SECOND, GOLDEN = GivenVerdict.Kind.FIRST, GivenVerdict.Kind.SECOND, GivenVerdict.Kind.GOLDEN

_IN_SPAN = """
    NOT undone AND given_at >= %(since)s AND given_at < %(until)s
    AND (%(type)s = '' OR event_type = %(type)s) AND (%(reviewer)s = '' OR reviewer = %(reviewer)s)
"""
_WORK = f"""
    SELECT reviewer, count(*) FILTER (WHERE kind = 'first'), count(*) FILTER (WHERE kind <> 'first'),
           count(*) FILTER (WHERE kind = 'first' AND event_type <> ALL(%(appeals)s)),
           percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (
               ORDER BY extract(epoch FROM given_at - claimed_at)::float8)
               FILTER (WHERE claimed_at IS NOT NULL)
      FROM {GivenVerdict._meta.db_table} WHERE {_IN_SPAN} GROUP BY reviewer
"""  # noqa: S608
# First verdicts whose event got another label since, or against which an appeal was granted. The query starts
# from the labels that changed and from the appeals: both are few beside the verdicts.
_OVERTURNED = f"""
    WITH relabeled AS (
        SELECT DISTINCT event_stream FROM {Label._meta.db_table}
         WHERE position > (SELECT min(position) FROM {GivenVerdict._meta.db_table}
                            WHERE given_at >= %(since)s)
           AND previous IS NOT NULL AND effective IS DISTINCT FROM previous),
    found AS (
        SELECT given.* FROM relabeled
          JOIN {Case._meta.db_table} AS reviewed USING (event_stream)
          JOIN {GivenVerdict._meta.db_table} AS given USING (event_position)
         CROSS JOIN LATERAL (SELECT effective FROM {Label._meta.db_table} AS label
                              WHERE label.event_stream = relabeled.event_stream
                              ORDER BY position DESC LIMIT 1) AS latest
         WHERE reviewed.decided_at >= %(since)s AND reviewed.state = ANY(%(states)s)
           AND latest.effective IS DISTINCT FROM given.verdict
         UNION ALL
        SELECT given.* FROM {Case._meta.db_table} AS appeal
          JOIN {GivenVerdict._meta.db_table} AS given ON given.event_position = appeal.about
         WHERE appeal.about IS NOT NULL AND appeal.state = 'decided'
           AND appeal.event_type || '/' || appeal.verdict = ANY(%(granting)s))
    SELECT reviewer, count(DISTINCT position) FROM found
     WHERE kind = 'first' AND event_type <> ALL(%(appeals)s) AND {_IN_SPAN} GROUP BY reviewer
"""  # noqa: S608


class Share(NamedTuple):
    """A share of `rows` with its 95 % interval (Wilson); `value` None without rows."""

    hits: int
    rows: int

    @property
    def value(self) -> float | None:
        return self.hits / self.rows if self.rows else None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson_interval(self.hits, self.rows)


NO_ROWS = Share(0, 0)


class Check(NamedTuple):
    """A blind verdict that was compared with the one that stood."""

    event: int
    kind: str
    reviewer: str
    verdict: str
    standing: str
    standing_by: str
    agrees: bool
    day: date


@dataclass(slots=True)
class ReviewerFigures:
    """One reviewer. `seconds`: quartiles from claim to verdict, None where no claim is known.

    `agreement`: second reviews in which they took part, as the first or the second; `overturned`: of their
    first verdicts those that an adjudicator, an appeal or a later dispute changed; `golden`: items answered
    as known.
    """

    reviewer: str
    verdicts: int = 0
    checks: int = 0
    seconds: Sequence[float] | None = None
    agreement: Share = NO_ROWS
    kappa: Kappa | None = None
    overturned: Share = NO_ROWS
    golden: Share = NO_ROWS


@dataclass(frozen=True, slots=True)
class QualityFigures:
    """All reviewers by name, and together. `cohen`: of first and second reviews; `fleiss`: of all blind ones.

    `by_week`: agreement in second reviews and hits of golden items, by the Monday of the week.
    """

    reviewers: list[ReviewerFigures]
    agreement: Share
    cohen: Kappa | None
    fleiss: Kappa | None
    golden: Share
    by_week: dict[date, tuple[Share, Share]] = field(default_factory=dict)


def quality_figures(
    *,
    since: datetime,
    until: datetime,
    granting: Collection[str],
    event_type: str = "",
    reviewer: str = "",
) -> QualityFigures:
    """The figures of verdicts given from `since` to before `until`, in three queries.

    `granting`: verdicts that grant appeals, as "type of appeal/verdict". `event_type`, `reviewer`: "" for
    all.
    """
    asked = {
        "since": since,
        "until": until,
        "type": event_type,
        "reviewer": reviewer,
        "granting": list(granting),
        "appeals": [each.partition("/")[0] for each in granting],
        "states": [state.value for state in Case.MAY_HAVE_VERDICT],
    }
    overturned = dict(_rows(_OVERTURNED, asked))
    found = {
        name: ReviewerFigures(
            name, verdicts, checks, seconds, overturned=Share(overturned.get(name, 0), on_events)
        )
        for name, verdicts, checks, on_events, seconds in _rows(_WORK, asked)
    }
    checks = read_checks(since=since, until=until, event_type=event_type)
    for name, own in _by_reviewer(checks).items():
        if reviewer in ("", name):
            _add_checks(found.setdefault(name, ReviewerFigures(name)), own)
    second = [each for each in checks if each.kind == SECOND]
    return QualityFigures(
        reviewers=[found[name] for name in sorted(found)],
        agreement=_agreeing(second),
        cohen=cohens_kappa([(each.standing, each.verdict) for each in second]),
        fleiss=fleiss_kappa(_ratings(checks)),
        golden=_agreeing(each for each in checks if each.kind == GOLDEN),
        by_week={monday: _of_week(found) for monday, found in sorted(_by_week(checks).items())},
    )


def read_checks(*, since: datetime, until: datetime, event_type: str = "") -> list[Check]:
    """The blind verdicts of quality checks, in order, whether or not either verdict was undone since."""
    given = GivenVerdict.objects.filter(given_at__gte=since, given_at__lt=until, kind__in=(SECOND, GOLDEN))
    if event_type:
        given = given.filter(event_type=event_type)
    columns = (
        "event_position",
        "kind",
        "reviewer",
        "verdict",
        "standing",
        "standing_by",
        "agrees",
        "given_at",
    )
    rows = given.order_by("position").values_list(*columns)
    return [
        Check(event, kind, name, verdict, standing, standing_by, bool(agrees), at.date())
        for event, kind, name, verdict, standing, standing_by, agrees, at in rows
    ]


def _add_checks(figures: ReviewerFigures, own: Sequence[Check]) -> None:
    """The agreement of one reviewer by the checks in which they took part."""
    second = [each for each in own if each.kind == SECOND]
    pairs = [
        (each.verdict, each.standing) if each.reviewer == figures.reviewer else (each.standing, each.verdict)
        for each in second
    ]
    figures.agreement, figures.kappa = _agreeing(second), cohens_kappa(pairs)
    answered = [each for each in own if each.kind == GOLDEN and each.reviewer == figures.reviewer]
    figures.golden = _agreeing(answered)


def _by_reviewer(checks: Iterable[Check]) -> dict[str, list[Check]]:
    found: dict[str, list[Check]] = defaultdict(list)
    for each in checks:
        found[each.reviewer].append(each)
        if each.kind == SECOND:
            found[each.standing_by].append(each)
    return found


def _by_week(checks: Iterable[Check]) -> dict[date, list[Check]]:
    found: dict[date, list[Check]] = defaultdict(list)
    for each in checks:
        found[each.day - timedelta(days=each.day.weekday())].append(each)
    return found


def _of_week(checks: Sequence[Check]) -> tuple[Share, Share]:
    second = _agreeing(each for each in checks if each.kind == SECOND)
    return second, _agreeing(each for each in checks if each.kind == GOLDEN)


def _ratings(checks: Iterable[Check]) -> list[list[str]]:
    """The labels that blind verdicts and the verdict that stood gave each event."""
    found: dict[int, list[str]] = {}
    for each in checks:
        found.setdefault(each.event, [each.standing]).append(each.verdict)
    return list(found.values())


def _agreeing(checks: Iterable[Check]) -> Share:
    found = list(checks)
    return Share(sum(each.agrees for each in found), len(found))


def _rows(query: str, asked: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, asked)
        return cursor.fetchall()
