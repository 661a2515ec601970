"""Rule quality of a period: each rule and list, active or in shadow, from the counts of its days."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, Min, Sum

from scoring.catalog.registry import event_type as find_event_type
from scoring.rules.quality.measures import Classes, Counted, jaccard, total
from scoring.rules.quality.models import DecidedDay, RuleDay, RuleOverlap
from scoring.rules.rules.models import StoredRuleVersion
from scoring.rules.ruleset.life_cycle import ACTIVE, SHADOW

DEAD_AFTER = timedelta(days=30)  # without a hit
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days (UTC) from `since` to `until`, both included. Labels are mature up to `mature_until`."""

    event_type: str
    since: date
    until: date
    mature_until: date

    @classmethod
    def last(cls, event_type: str, *, days: int, now: datetime) -> "Period":
        """The last days of an event type, today included."""
        matures_after = find_event_type(event_type).matures_after
        mature_until = (now - matures_after).date() - DAY  # the last day that had ended by then
        return cls(event_type, now.date() - timedelta(days=days - 1), now.date(), mature_until)

    def is_mature(self, day: date) -> bool:
        return day <= self.mature_until


@dataclass(frozen=True, slots=True)
class RuleKey:
    """A rule or a list, in one stage."""

    kind: str
    name: str
    stage: str

    @property
    def text(self) -> str:
        """Its name in `RuleOverlap`."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class RuleQuality:
    """What a rule or list did in a period. `outcome`: what it asks for; of several, the last one."""

    key: RuleKey
    outcome: str
    numbers: tuple[int, ...]
    counted: Counted
    first_hit: date | None
    last_hit: date | None


@dataclass(frozen=True, slots=True)
class Totals:
    """All decisions of a period, and the mature ones among them by class of label."""

    decisions: int
    stake: int
    mature_decisions: int
    positives: int
    positive_stake: int


def read_totals(period: Period) -> Totals:
    days = DecidedDay.objects.filter(event_type=period.event_type, day__range=(period.since, period.until))
    mature = days.filter(day__lte=period.mature_until)
    every = days.aggregate(decisions=Sum("decisions"), stake=Sum("stake"))
    known = mature.aggregate(d=Sum("decisions"), positives=Sum("positives"), money=Sum("positive_stake"))
    return Totals(
        decisions=every["decisions"] or 0,
        stake=every["stake"] or 0,
        mature_decisions=known["d"] or 0,
        positives=known["positives"] or 0,
        positive_stake=known["money"] or 0,
    )


def read_days(period: Period, *, kind: str = "", names: Collection[str] = ()) -> list[RuleDay]:
    """The days of all rules and lists, or of these, in order. Errors get the stage of their version now."""
    days = RuleDay.objects.filter(event_type=period.event_type, day__range=(period.since, period.until))
    if kind:
        days = days.filter(kind=kind, name__in=names)
    found = list(days.order_by("day", "number"))
    _stage_errors([day for day in found if not day.stage], period.event_type)
    return found


def _stage_errors(failed: Sequence[RuleDay], event_type: str) -> None:
    if not failed:
        return
    names = {day.name for day in failed}
    versions = StoredRuleVersion.objects.filter(event_type=event_type, name__in=names, stage=SHADOW)
    in_shadow = set(versions.values_list("name", "number"))
    for day in failed:
        day.stage = SHADOW if (day.name, day.number) in in_shadow else ACTIVE


def qualities_of(days: Iterable[RuleDay], period: Period) -> list[RuleQuality]:
    """Each rule and list of these days, by stage, those with most hits first."""
    by_key: dict[RuleKey, list[RuleDay]] = defaultdict(list)
    for day in days:
        by_key[RuleKey(day.kind, day.name, day.stage)].append(day)
    found = [_quality(key, rows, period) for key, rows in by_key.items()]
    return sorted(found, key=lambda each: (each.key.stage, -each.counted.hits, each.key.text))


def _quality(key: RuleKey, days: Sequence[RuleDay], period: Period) -> RuleQuality:
    hit = [day for day in days if day.hits]
    return RuleQuality(
        key=key,
        outcome=hit[-1].outcome if hit else "",
        numbers=tuple(sorted({day.number for day in days})),
        counted=total(counted_of(day, mature=period.is_mature(day.day)) for day in days),
        first_hit=hit[0].day if hit else None,
        last_hit=hit[-1].day if hit else None,
    )


def counted_of(day: RuleDay, *, mature: bool) -> Counted:
    """One day's counts; labels count only once they are mature."""
    counts = Counted(day.hits, day.unique_hits, day.needless_hits, day.errors, day.stake)
    if not mature:
        return counts
    unlabeled = day.hits - day.positives - day.negatives
    unknown = day.blocked - day.blocked_labeled
    return counts + Counted(
        mature=Classes(day.positives, day.negatives, unlabeled - unknown, unknown, day.positive_stake),
        unique_positives=day.unique_positives,
        unique_negatives=day.unique_negatives,
        unique_positive_stake=day.unique_positive_stake,
    )


def weekly(days: Iterable[RuleDay], period: Period) -> dict[date, Counted]:
    """The counts of each week of the period, by its Monday; also of weeks without hits."""
    first = period.since - timedelta(days=period.since.weekday())
    weeks = {first + WEEK * number: Counted() for number in range((period.until - first) // WEEK + 1)}
    for day in days:
        monday = day.day - timedelta(days=day.day.weekday())
        weeks[monday] += counted_of(day, mature=period.is_mature(day.day))
    return weeks


def decisions_by_week(period: Period) -> dict[date, int]:
    """The decisions of each week that has any, by its Monday."""
    weeks: dict[date, int] = defaultdict(int)
    days = DecidedDay.objects.filter(event_type=period.event_type, day__range=(period.since, period.until))
    for day, decisions in days.values_list("day", "decisions"):
        weeks[day - timedelta(days=day.weekday())] += decisions
    return dict(weeks)


@dataclass(frozen=True, slots=True)
class Overlap:
    """How often two rules or lists hit the same event."""

    left: str
    right: str
    both: int
    jaccard: float


def read_overlaps(period: Period, *, of: str = "") -> list[Overlap]:
    """The pairs that hit the same events, or those of one rule, the closest first."""
    pairs = RuleOverlap.objects.filter(event_type=period.event_type, day__range=(period.since, period.until))
    summed = list(pairs.values_list("left", "right").annotate(both=Sum("hits")))
    hits = {left: both for left, right, both in summed if left == right}
    found = [
        Overlap(left, right, both, jaccard(both, hits[left], hits[right]))
        for left, right, both in summed
        if left != right and of in ("", left, right)
    ]
    return sorted(found, key=lambda each: (-each.jaccard, each.left, each.right))


def last_hits(event_type: str) -> dict[tuple[str, str], date]:
    """The last day on which each rule and list hit an event, by kind and name; whatever the period."""
    days = RuleDay.objects.filter(event_type=event_type, hits__gt=0)
    return {(kind, name): day for kind, name, day in days.values_list("kind", "name").annotate(d=Max("day"))}


def counted_since(event_type: str) -> date | None:
    """The first day of which decisions were counted; None before any."""
    first: date | None = DecidedDay.objects.filter(event_type=event_type).aggregate(d=Min("day"))["d"]
    return first
