"""Counts of what moderators did: by policy and origin, with the time to action and the outcome of appeals."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

from reviews.console.entity_index import entity_key
from reviews.models import Case, EventEntity
from reviews.strikes.recording import CONTENT
from reviews.work.consequences import is_granted
from reviews.work.reason_codes import action_title, policy_titles
from reviews.work.verdict_rules import ALLOW, actions_of
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type, event_types
from scoring.intake.models import Event

MAX_VERDICTS = 100_000
REPORTED, FOUND_BY_SOFTWARE, DUPLICATE, NO_POLICY = "reported", "review", "duplicate", ""
ORIGINS = {
    REPORTED: "reported by users",
    FOUND_BY_SOFTWARE: "found by software",
    "sample": "random sample",
    DUPLICATE: "near-duplicates of others",
}


@dataclass(slots=True)
class Figures:
    """The verdicts on events of a type for one policy ("" for none) and origin.

    `actions`: how many by action; `times`: from the opening of the case to the verdict, without those cases
    that a verdict on a near-duplicate opened.
    """

    event_type: str
    policy: str
    origin: str
    verdicts: int = 0
    actions: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    strikes: int = 0
    times: list[timedelta] = field(default_factory=list)
    appeals: int = 0
    granted: int = 0
    rejected: int = 0
    appeal_times: list[timedelta] = field(default_factory=list)

    @property
    def time_to_appeal_decision(self) -> timedelta | None:
        """The median from the opening of an appeal's case to its verdict; None without one."""
        seconds = [each.total_seconds() for each in self.appeal_times]
        return timedelta(seconds=median(seconds)) if seconds else None

    @property
    def time_to_action(self) -> timedelta | None:
        """The median; None without any."""
        if not self.times:
            return None
        return timedelta(seconds=median(each.total_seconds() for each in self.times))


class _Appealed(NamedTuple):
    appeals: int = 0
    granted: int = 0
    rejected: int = 0
    times: tuple[timedelta, ...] = ()


def moderation_figures(*, since: datetime, until: datetime) -> list[Figures]:
    """The verdicts on types with policies given from `since` to before `until`, at most `MAX_VERDICTS`.

    A verdict that names several policies counts for each. Types, policies and origins are in order of the
    catalog; combinations without a verdict are left out.
    """
    kinds = {name: kind for name, kind in event_types().items() if kind.policies}
    decided = Case.objects.filter(
        event_type__in=kinds, state=Case.State.DECIDED, decided_at__gte=since, decided_at__lt=until
    )
    cases = list(decided.order_by("-decided_at")[:MAX_VERDICTS])
    reported, appealed = _reported(kinds, cases), _appeals_against(cases)
    found: dict[tuple[str, str, str], Figures] = {}
    for case in cases:
        origin = REPORTED if case.pk in reported else case.why
        for policy in case.policies or (NO_POLICY,):
            key = (case.event_type, policy, origin)
            _count(found.setdefault(key, Figures(*key)), case, appealed.get(case.pk, _Appealed()))
    return [found[key] for key in _ordered(kinds) if key in found]


def _count(figures: Figures, case: Case, appealed: _Appealed) -> None:
    figures.verdicts += 1
    figures.actions[case.action] += 1
    figures.strikes += case.strike
    if case.decided_at is not None and case.why != Case.Why.DUPLICATE:
        figures.times.append(case.decided_at - case.opened_at)
    figures.appeals += appealed.appeals
    figures.granted += appealed.granted
    figures.rejected += appealed.rejected
    figures.appeal_times += appealed.times


def _ordered(kinds: Mapping[str, type[EventType]]) -> Iterator[tuple[str, str, str]]:
    for name, kind in kinds.items():
        for policy in (*policy_titles(kind), NO_POLICY):
            for origin in ORIGINS:
                yield name, policy, origin


def _appeals_against(cases: Sequence[Case]) -> dict[int, _Appealed]:
    """The appeals against these verdicts and what became of them, by the event's position."""
    found: dict[int, _Appealed] = {}
    for appeal in Case.objects.filter(why=Case.Why.APPEAL, about__in=[case.pk for case in cases]):
        before = found.get(appeal.about or 0, _Appealed())
        decided = appeal.state == Case.State.DECIDED
        granted = decided and is_granted(appeal, appeal.verdict)
        found[appeal.about or 0] = _Appealed(
            before.appeals + 1,
            before.granted + granted,
            before.rejected + (decided and not granted),
            (
                *before.times,
                *([appeal.decided_at - appeal.opened_at] if decided and appeal.decided_at else ()),
            ),
        )
    return found


def _reported(kinds: Mapping[str, type[EventType]], cases: Sequence[Case]) -> set[int]:
    """The positions of the events that their sender has sent a report about."""
    keys: dict[int, list[Case]] = defaultdict(list)
    for case in cases:
        reports = kinds[case.event_type].reports
        if reports:
            about = event_type(reports).fields[CONTENT].kind
            keys[entity_key(about, case.event_stream.split("/", 2)[2])].append(case)
    rows = EventEntity.objects.filter(entity__in=keys).values_list("entity", "position")
    by_position = {position: entity for entity, position in rows}
    types = {kind.reports for kind in kinds.values()}
    found = Event.objects.filter(position__in=by_position, type__in=types, retracted_at=None)
    return {
        case.pk
        for report in found
        for case in keys[by_position[report.position]]
        if case.event_stream.split("/", 2)[1] == report.source
    }


def action_words(event_type_name: str, actions: Mapping[str, int]) -> list[tuple[str, int]]:
    """How many decisions gave which action, in words, the most severe first."""
    kind = event_type(event_type_name)
    given = [name for name in (*actions_of(kind), ALLOW) if actions.get(name)]
    return [(action_title(kind, name), actions[name]) for name in given]
