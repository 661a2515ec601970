"""The two worlds of the demo on a day: payments, and a community. A reviewer knows the truth of each."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from demo.community.days import draw_days
from demo.community.members import make_community
from demo.community.traffic import draw_messages, first_day
from demo.day_before import World
from demo.simulation.continued import draw_period, messages_of
from demo.simulation.history import RATE_PER_DAY, customers_for
from demo.simulation.population import make_population
from reviews.models import Case
from scoring.catalog.registry import event_type
from scoring.intake.models import Event

SEED = 1
PAYMENT, CONTENT = "payment", "content"
FRAUD_REASONS = {"fraud": "known_pattern", "legitimate": "usual_behaviour"}

FindReceived = Callable[[Collection[str]], Collection[str]]


def find_received(kind: str, *, source: str) -> FindReceived:
    """Finds those of some ids that are events of this type from this source."""
    return partial(_received, kind, source)


def payments(*, since: datetime, until: datetime, source: str) -> World:
    """The payments of [since, until)."""
    population = make_population(customers=customers_for(RATE_PER_DAY), seed=SEED)
    received = find_received(PAYMENT, source=source)
    traffic = draw_period(population, since=since, until=until, rate=RATE_PER_DAY, received=received)
    frauds = set(traffic.events.id[traffic.events.scenario != ""])
    return World(PAYMENT, messages_of(traffic), partial(judge_payment, frauds=frauds))


def community(*, since: datetime, until: datetime, source: str) -> World:
    """What the community writes in [since, until)."""
    members, received = make_community(seed=SEED), find_received(CONTENT, source=source)
    frame = draw_days(members, first=first_day(since), until=until)
    broken = dict(frame.loc[frame.truth != "", ["id", "truth"]].itertuples(index=False))
    messages = draw_messages(members, since=since, until=until, received=received)
    return World(CONTENT, messages, partial(judge_content, broken=broken))


def judge_payment(case: Case, *, frauds: Collection[str]) -> Mapping[str, Any]:
    verdict = "fraud" if _external_id(case) in frauds else "legitimate"
    return {"verdict": verdict, "reason_code": FRAUD_REASONS[verdict]}


def judge_content(case: Case, *, broken: Mapping[str, str]) -> Mapping[str, Any]:
    """Removes what breaks a policy, with a strike for its author. `broken`: policies by content id."""
    policy = broken.get(_external_id(case))
    if policy is None:
        return {"verdict": "acceptable", "reason_code": "within_rules"}
    reason = next(each for each in event_type(CONTENT).policies if each.name == policy).reason_codes[0].code
    return {"verdict": "violating", "policies": {policy: reason}, "action": "block", "strike": True}


def _external_id(case: Case) -> str:
    return case.event_stream.rsplit("/", 1)[-1]


def _received(kind: str, source: str, ids: Collection[str]) -> set[str]:
    events = Event.objects.filter(type=kind, source=source, external_id__in=ids)
    return set(events.values_list("external_id", flat=True))
