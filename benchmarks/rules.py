"""Cost of lists and rules on one event: `python -m benchmarks.rules`.

50 active rules and 4 lists of 100,000 values, asked about payments of which few match any rule and one in
fifty is on a list. CPU time of one core, medians over many batches. A fixed loop of plain Python is timed
between them, so that figures of slow and fast hours can be compared. No services are needed; installations
that are measured end to end get the same rules and lists (`store_ruleset`).
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import django_setup  # noqa: F401 -- the catalog needs Django's applications
from benchmarks.references import reference_loop
from benchmarks.rule_expressions import EXPRESSIONS
from scoring.decisions.engine import decide
from scoring.decisions.predictions.deciding_models import DecidingModel, DecidingModels
from scoring.decisions.predictions.model_answers import Scored
from scoring.event_types.payment import Payment
from scoring.features.compile.plan import lane_plan
from scoring.lanes.claiming import Claim
from scoring.rules.breaker.configuration import BreakerConfiguration
from scoring.rules.breaker.tripping import Breakers
from scoring.rules.deciding.configuration import Configuration
from scoring.rules.deciding.findings import Facts, find
from scoring.rules.deciding.guards import Guards
from scoring.rules.deciding.live_rules import compile_rules
from scoring.rules.exploration.drawing import Explorer
from scoring.rules.lists.definitions import ADDED, DEFINED
from scoring.rules.lists.index import NO_LISTS, ListIndex
from scoring.rules.lists.keys import key_of
from scoring.rules.rules.book import LiveRule
from scoring.rules.rules.rule import RuleVersion
from scoring.rules.ruleset.stream import Change, append_changes, current_version

RULES, VALUES, VALUES_AN_ENTRY, CHANGES_AT_ONCE = 50, 100_000, 1_000, 20
BATCHES = {1: 400, 64: 60}  # batches timed, by events per batch
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAN = lane_plan("commerce")
SET = PLAN.feature_set("payment")

# name -> (kind, match, the text of a value)
LISTS: Mapping[str, tuple[str, str, Callable[[int], str]]] = {
    "stolen_cards": ("card", "value", lambda number: f"card-{number}"),
    "watched_customers": ("customer", "value", lambda number: f"customer-{number}@mail.example"),
    "seen_addresses": ("ip", "value", lambda number: hashlib.md5(str(number).encode()).hexdigest()),  # noqa: S324
    "mail_domains": ("customer", "domain", lambda number: f"mail{number}.example"),
}


def list_index() -> ListIndex:
    """The lists, as the entries of the ruleset fill them."""
    return NO_LISTS.after(
        SimpleNamespace(stream_version=version, type=change.type, data=change.data)
        for version, change in enumerate(list_changes(), start=1)
    )


def store_ruleset() -> int:
    """Store the lists and rules, unless there are some; returns the version of the ruleset."""
    if not current_version():
        for changes in batched(list_changes(), CHANGES_AT_ONCE):
            append_changes(changes, actor="user/benchmark", now=datetime.now(UTC))
        append_changes(list(rule_changes()), actor="user/benchmark", now=datetime.now(UTC))
    return current_version()


def batched(changes: Iterable[Change], size: int) -> Iterator[list[Change]]:
    waiting = list(changes)
    return (waiting[start : start + size] for start in range(0, len(waiting), size))


def list_changes() -> Iterator[Change]:
    for name, (kind, match, text_of) in LISTS.items():
        data = {"name": name, "title": name, "description": "", "action": "watch", "kind": kind}
        stated = {"match": match, "code": name.upper(), "sentence": f"on {name}"}
        yield Change(DEFINED, data | stated)
        for start in range(0, VALUES, VALUES_AN_ENTRY):
            values = [_value(kind, text_of(number)) for number in range(start, start + VALUES_AN_ENTRY)]
            yield Change(ADDED, {"list": name, "values": values})


def _value(kind: str, text: str) -> dict[str, Any]:
    key = text if kind == "ip" else key_of(text).hex()  # a personal value is its digest
    shown = "" if kind == "ip" else text
    return {"key": key, "value": shown, "reason": "bench", "expires_at": None, "tags": []}


def rule_changes() -> Iterator[Change]:
    for rule in live_rules():
        version = rule.version
        named = {"event_type": version.event_type, "name": version.name, "number": version.number}
        yield Change("rule.drafted", version.as_data())
        yield Change("rule.staged", {**named, "stage": rule.stage, "by": "user/benchmark", "reason": ""})


def live_rules() -> list[LiveRule]:
    return [
        LiveRule(
            RuleVersion(
                event_type="payment",
                name=f"rule_{number}",
                number=1,
                expression=EXPRESSIONS[number % len(EXPRESSIONS)].format(n=1 + number // len(EXPRESSIONS)),
                outcome="review",
                code=f"RULE_{number}",
                sentence="The rule matches",
            ),
            "active",
        )
        for number in range(RULES)
    ]


def configuration(lists: ListIndex, rules: Sequence[LiveRule]) -> Configuration:
    compiled = compile_rules(Payment, rules)
    if compiled.broken:
        raise SystemExit(f"rules cannot be compiled: {compiled.broken}")
    breaker = BreakerConfiguration().settings_of("payment")
    return Configuration(1, Payment, lists, compiled, None, None, breaker)


def guards() -> Guards:
    return Guards(Breakers(BreakerConfiguration(1)), Explorer({}, now=NOW))


def payment(number: int) -> dict[str, Any]:
    """The data of a receipt; one in fifty has a listed card."""
    listed = number % 50 == 0
    return {
        "type": "payment",
        "source": "shop",
        "id": f"T-{number}",
        "occurred_at": "2026-03-01T12:00:00Z",
        "history": False,
        "fields": {
            "card": f"card-{number}" if listed else f"other-{number}",
            "customer": f"someone-{number}@mail.shop.test",
            "merchant": f"merchant-{number % 300}",
            "device": f"device-{number}",
            "ip": hashlib.md5(f"other {number}".encode()).hexdigest(),  # noqa: S324
            "category": ("grocery", "travel", "fuel")[number % 3],
            "amount": {"minor": 1_000 + 37 * number % 20_000, "currency": "USD"},
        },
    }


def facts(number: int, names: Sequence[str], rng: np.random.Generator) -> Facts:
    drawn = rng.gamma(1.0, 1.0, len(names)).tolist()
    values = {
        name: 5_000 * value if "amount" in name else value for name, value in zip(names, drawn, strict=True)
    }
    return Facts(payment(number), values, 0.02)


def scored(number: int) -> Scored:
    event = payment(number)
    claim = Claim(
        position=number + 1,
        kind="event",
        urgent=False,
        event_stream=f"payment/shop/T-{number}",
        wake_token=None,
        data=event,
        event_position=number + 1,
        event=event,
        event_version=number + 1,
        received_at=NOW,
        stream_version=1,
        decisions=0,
        amended=False,
        routes="",
        ruleset=1,
    )
    return Scored(claim, 0, number, ROW, (SET,))


def folded_row() -> NDArray[np.float64]:
    """A row of a lane [width] with means and sums of 50 dollars; everything else is 1."""
    row = np.ones(PLAN.width)
    row[[column for name, column in zip(SET.names, SET.columns, strict=True) if "amount" in name]] = 5_000
    return row


ROW = folded_row()


def timed(work: Callable[[], Any], *, size: int) -> float:
    """Milliseconds of CPU time an event, the median over batches of `size` events."""
    spent = []
    for _ in range(BATCHES[size]):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return float(np.median(spent)) / size * 1e3


def measure() -> dict[str, float]:
    """All figures by name, in milliseconds of CPU time an event."""
    lists = list_index()
    configurations = {
        "nothing": None,
        "an_empty_ruleset": configuration(NO_LISTS, []),
        "lists": configuration(lists, []),
        "rules_and_lists": configuration(lists, live_rules()),
    }
    figures: dict[str, float] = {"rules_active": RULES, "rules_listed_values": len(lists)}
    loops = [reference_loop()]
    for size in BATCHES:
        for name, given in configurations.items():
            figures |= of_batches(size, name, given)
            loops.append(reference_loop())
    return figures | {"rules_reference_loop_ms": float(np.median(loops))}


def of_batches(size: int, name: str, given: Configuration | None) -> dict[str, float]:
    """The cost of finding, and of the whole decision without a model's part, in batches of `size` events."""
    items = [scored(number) for number in range(size)]
    deciding = DecidingModels(None, DecidingModel(SET), (SET,))
    deciding_all = partial(
        decide, items, deciding=deciding, now=NOW, configuration=given, guards=guards() if given else None
    )
    figures = {f"decide_with_{name}_ms_{size}": timed(deciding_all, size=size)}
    if given:
        rng = np.random.default_rng(5)
        asked = [facts(number, given.features, rng) for number in range(size)]
        figures[f"find_with_{name}_ms_{size}"] = timed(partial(find, asked, given, now=NOW), size=size)
    return figures


if __name__ == "__main__":
    from benchmarks.report import print_table

    print_table(measure())
