"""Every combination of lists, banks, rules, score, failure, breaker and exploration against a slow reference.

Each case goes through the engine down to the entry of its decision; those without breaker, exploration, model
and banks also through a lane, or the failure policy, and the log.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scoring.decisions.engine import decide
from scoring.decisions.failure_policy import decide_without_lane
from scoring.decisions.predictions.deciding_models import DecidingModel, DecidingModels
from scoring.decisions.predictions.model_answers import Scored
from scoring.event_types.payment import Payment
from scoring.features.compile.plan import lane_plan
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.registry.routes import Arm, RouteTable
from scoring.rules.banks.models import Bank
from scoring.rules.banks.search.index import NO_BANKS, BankIndex
from scoring.rules.breaker.configuration import BreakerConfiguration
from scoring.rules.breaker.settings import BreakerSettings
from scoring.rules.breaker.tripping import Breaker, Breakers
from scoring.rules.deciding.configuration import Configuration
from scoring.rules.deciding.guards import Guards
from scoring.rules.deciding.live_rules import compile_rules
from scoring.rules.exploration.drawing import Explorer, draw
from scoring.rules.exploration.settings import Exploration
from scoring.rules.lists.definitions import ADDED, DEFINED
from scoring.rules.lists.index import NO_LISTS, ListIndex
from scoring.rules.lists.keys import key_of
from scoring.rules.rules.book import LiveRule
from scoring.rules.rules.rule import RuleVersion
from scoring.rules.ruleset.stream import Change, append_changes
from tests.contract.reference.precedence import CASES, OUTCOMES, WITHOUT_BANKS, Case, expected
from tests.factories.banks import bank_definition, pdq, picture
from tests.factories.claims import claim
from tests.factories.lists import defined, definition, listed
from tests.factories.log import as_read, received
from tests.factories.payments import payments
from tests.factories.rules import drafted, staged
from tests.integration.lanes.conftest import _client_of_this_test, send, work  # noqa: F401 - fixtures

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SET = lane_plan("commerce").feature_set("payment")
WIDTH = len(SET.names)
AMOUNT = SET.names.index("amount")
THRESHOLDS = {"challenge": 0.2, "review": 0.4, "limit": 0.6, "block": 0.8}
SCORES = dict(zip(OUTCOMES, (0.1, 0.3, 0.5, 0.7, 0.9), strict=True))
WITHOUT_SCORE = {"no_model": "challenge", "fallback": "block"}
# The list of each action holds one value of a field of its own.
LISTED = {"allow": "customer", "watch": "device", "block": "card"}
MATCHES = [f"{prefix}{outcome}" for prefix in ("", "over:", "shadow:") for outcome in OUTCOMES]


@pytest.fixture(autouse=True)
def outcomes_beyond_the_basic_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Payment, "outcomes", OUTCOMES)
    monkeypatch.setattr(Payment, "no_model_outcome", WITHOUT_SCORE["no_model"])
    monkeypatch.setattr(Payment, "failure_outcome", WITHOUT_SCORE["fallback"])


def rules() -> Iterator[tuple[RuleVersion, str]]:
    """A rule for each way to match, which reads from the merchant's name whether it does; and its stage."""
    for place, match in enumerate(MATCHES):
        prefix, _, outcome = match.rpartition(":")
        version = RuleVersion(
            event_type="payment",
            name=f"rule_{place}",
            number=1,
            expression=f'merchant.contains("<{match}>")',
            outcome=outcome,
            code="CODE",
            sentence="It matches",
            overrides_lists=prefix == "over",
        )
        yield version, "shadow" if prefix == "shadow" else "active"


def fields_of(case: Case) -> dict[str, str]:
    """The fields by which lists hit and rules match as the case says."""
    listed_values = {field: "listed" for action, field in LISTED.items() if action in case.lists}
    unlisted = dict.fromkeys(LISTED.values(), "other")
    return {**unlisted, **listed_values, "merchant": "".join(f"<{match}>" for match in case.rules) or "m"}


def list_index() -> ListIndex:
    entries = []
    for action, field in LISTED.items():
        name = f"{action}_list"
        value = {"key": key_of("listed").hex(), "value": "listed", "reason": "test", "expires_at": None}
        entries.append((DEFINED, definition(name, action=action, kind=field).as_data()))
        entries.append((ADDED, {"list": name, "values": [value]}))
    return NO_LISTS.after(change(number, *each) for number, each in enumerate(entries, start=1))


def bank_index() -> BankIndex:
    """A bank of each action, with the hash of a picture of its own."""
    entries = []
    for action in Bank.Action.values:
        name = f"{action}_bank"
        item = {"hash": pdq(action), "quality": None, "expires_at": None}
        entries.append(("bank.defined", bank_definition(name, action=action).as_data()))
        entries.append(("bank.items_added", {"bank": name, "items": [item]}))
    return NO_BANKS.after(change(number, *each) for number, each in enumerate(entries, start=1))


def change(version: int, entry_type: str, data: Mapping[str, Any]) -> Entry:
    return SimpleNamespace(type=entry_type, data=data, stream_version=version)  # type: ignore[return-value]


EXPLORATION = Exploration("payment", 0.5, amount_cap=100_000, daily_cap=10**12, salt="table")


def configuration(case: Case, *, lists: ListIndex, banks: BankIndex, live: Any) -> Configuration:
    exploration = None if case.exploration == "off" else EXPLORATION
    if case.exploration == "capped":
        exploration = replace(EXPLORATION, amount_cap=1)
    return Configuration(
        version=7,
        kind=Payment,
        lists=lists,
        rules=live,
        policy=None,
        exploration=exploration,
        breaker=BreakerSettings(),
        banks=banks,
    )


def guards(case: Case) -> Guards:
    """A breaker that is open for long, or one that cannot open."""
    tight = BreakerSettings(max_share=0.99 if case.is_open else 1.0)
    opened = Breaker("payment", "shop", 1, NOON, NOON + timedelta(days=1), 1)
    breakers = Breakers(BreakerConfiguration(1, {"payment": tight}, {}), [opened] if case.is_open else [])
    return Guards(breakers, Explorer({}, now=NOON))


def number_drawn(wanted: bool) -> int:
    """The number of an event that exploration draws, or does not."""
    return next(n for n in range(1_000) if draw(EXPLORATION, f"payment/shop/T-{n}") is wanted)


def deciding(case: Case) -> DecidingModels:
    """Models that give the score of the case, none, or one that cannot be used."""
    if case.base == "no_model":
        return DecidingModels(None, DecidingModel(SET), (SET,))
    arm = Arm("champion", "payment-1", "champion", 1.0)
    route = RouteTable("payment", 1, "payment/1", "customer", (arm,))
    if case.base == "fallback":
        return DecidingModels(route, DecidingModel(SET, "payment-1", None, "model_failed", arm), (SET,))

    def explain(features: Any) -> tuple[Any, Any, Any]:
        count = len(features)
        return np.zeros(count), np.full(count, SCORES[case.base]), np.zeros((count, WIDTH + 1))

    loaded: Any = SimpleNamespace(
        name="payment-1",
        thresholds=THRESHOLDS,
        medians=(None,) * WIDTH,
        explain=explain,
        texts=(),
        heads={},
    )
    return DecidingModels(route, DecidingModel(SET, "payment-1", loaded, "", arm), (SET,))


def scored(case: Case, number: int) -> Scored:
    event = as_read(received(f"T-{number}", **fields_of(case)), position=10)
    data = {**event.data, "media": [picture(pdq(action)) for action in sorted(case.banks)]}
    row = np.zeros(lane_plan("commerce").width)
    return Scored(claim(data, stream=event.stream), order=0, seq=5, row=row, sets=(SET,))


def test_every_combination_is_decided_as_the_reference_says() -> None:
    lists, banks = list_index(), bank_index()
    live = compile_rules(Payment, [LiveRule(version, stage) for version, stage in rules()])
    numbers = {drawn: number_drawn(drawn) for drawn in (True, False)}
    assert len(CASES) > 200
    wrong = []
    for case in CASES:
        item = scored(case, numbers[case.exploration != "not_drawn"])
        [decided] = decide(
            [item],
            deciding=deciding(case),
            now=NOON,
            configuration=configuration(case, lists=lists, banks=banks, live=live),
            guards=guards(case),
        )
        data = decided.entry.data
        found = (data["outcome"], data["decided_by"], data.get("initial", ""), "exploration" in data)
        wanted = expected(case, without_score=WITHOUT_SCORE)
        if found != (wanted.outcome, wanted.decided_by, wanted.initial, wanted.is_considered):
            wrong.append((case, found, wanted))
    assert wrong == []


@pytest.mark.django_db(transaction=True)
def test_cases_without_a_model_are_decided_so_in_a_lane(send: Any, work: Any) -> None:  # noqa: F811
    configure()
    cases = without_guards("no_model")
    receipts = send_all(send, cases)
    work()
    for case, receipt in zip(cases, receipts, strict=True):
        assert_decided(case, receipt.stream)


@pytest.mark.django_db(transaction=True)
def test_cases_that_no_lane_reads_are_decided_so_by_the_failure_policy(send: Any) -> None:  # noqa: F811
    configure()
    cases = without_guards("fallback")
    receipts = send_all(send, cases)
    decide_without_lane([read_stream(receipt.stream)[0] for receipt in receipts], "timeout")
    for case, receipt in zip(cases, receipts, strict=True):
        assert_decided(case, receipt.stream)


def without_guards(base: str) -> list[Case]:
    return [
        each for each in WITHOUT_BANKS if (each.base, each.is_open, each.exploration) == (base, False, "off")
    ]


def send_all(send: Any, cases: Sequence[Case]) -> Any:  # noqa: F811
    return send([event for n, case in enumerate(cases) for event in payments(1, start=n, **fields_of(case))])


def assert_decided(case: Case, stream: str) -> None:
    data = read_stream(stream)[-1].data
    wanted = expected(case, without_score=WITHOUT_SCORE)
    assert (case, data["outcome"], data["decided_by"]) == (case, wanted.outcome, wanted.decided_by)
    lists_found = {found["name"] for found in data["findings"] if found["kind"] == "list"}
    assert lists_found == {f"{action}_list" for action in case.lists}


def configure() -> None:
    """Store the lists and rules; no breaker can open."""
    for action, field in LISTED.items():
        defined(f"{action}_list", kind=field, action=action)
        listed(f"{action}_list", "listed")
    changes = [each for version, stage in rules() for each in (drafted(version), staged(version, stage))]
    settings = {"event_type": "payment", **BreakerSettings(max_share=1.0).as_data()}
    append_changes([*changes, Change("breaker.changed", settings)], actor="user/lea", now=NOON)
