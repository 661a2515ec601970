"""A backtest decides as the lane does: the same outcome for each of 100,000 payments.

Payments are folded into vectors, decided by the live engine under lists, rules and a policy, and stored. Then
the configuration changes. The engine decides the same events under the new one, and a backtest of the change
on the stored decisions must agree with it, event by event.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from scoring.decisions.engine import decide
from scoring.decisions.predictions import reasoning
from scoring.decisions.predictions.deciding_models import DecidingModel, DecidingModels
from scoring.decisions.predictions.model_answers import Scored
from scoring.event_types.payment import Payment
from scoring.features.compile.plan import lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import LaneItem, encode
from scoring.features.folding.fold import fold
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.registry.routes import Arm, RouteTable
from scoring.rules.backtest.changes import Change, ListChange, PolicyChange, RuleChange
from scoring.rules.backtest.evaluation import evaluating
from scoring.rules.backtest.evaluation.asking import PageAsker
from scoring.rules.backtest.evaluation.configuration import operands_in
from scoring.rules.backtest.evaluation.evaluating import decide_page
from scoring.rules.backtest.evaluation.reading import Reading, iter_pages, range_of
from scoring.rules.backtest.requests import BacktestRequest
from scoring.rules.breaker.configuration import BreakerConfiguration
from scoring.rules.breaker.tripping import Breakers
from scoring.rules.deciding.guards import Guards
from scoring.rules.deciding.reader import RulesetReader
from scoring.rules.exploration.drawing import Explorer
from scoring.rules.lists.keys import key_of
from scoring.rules.policies.costs import Action, Costs
from scoring.rules.policies.policy import COST, FIXED, Segment, Terms
from scoring.rules.ruleset.stream import append_changes
from scoring.timestamps import to_iso
from tests.factories import policies, rules
from tests.factories.claims import claim
from tests.factories.lists import defined, listed
from tests.factories.log import NOW

PAYMENTS = Path(os.environ.get("ASSAY_TEST_DATA", "/nowhere")) / "payments" / "sparkov_2019.parquet"
EVENTS = 100_000
FEWER = 10_000  # for the changes that are tried besides
BATCH = 1_000
PLAN = lane_plan("commerce")
SETS = PLAN.feature_sets("payment")
OWN = SETS[0]
ENTITIES = ("card", "customer", "merchant")
TEXTS = (*ENTITIES, "category")
THRESHOLDS = {"review": 0.3, "block": 0.8}
CHAMPION = Arm("champion", "payment-1", "champion", 1.0)
ROUTE = RouteTable("payment", 1, "payment/1", "customer", (CHAMPION,))
COSTS = Costs(margin=0.02, insult=1_000, chargeback_fee=2_500, actions=(Action("review", 300, catches=0.8),))
DRAFT = 'card_count_1h >= 1.0 && amount > 40.0 && (!has(device) || category == "none") && score > 0.02'


def real_payments() -> pd.DataFrame:
    """The first public payments of the file."""
    frame = pd.read_parquet(PAYMENTS).iloc[:EVENTS]
    return frame.rename(columns={f"{name}_id": name for name in ENTITIES})


def made_up_payments() -> pd.DataFrame:
    """Payments of a few busy cards and many that are not."""
    random = np.random.default_rng(5)
    started = datetime(2026, 1, 1, tzinfo=UTC)
    cards = random.zipf(1.3, EVENTS) % 5_000
    return pd.DataFrame(
        {
            "card": [f"card-{number}" for number in cards],
            "customer": [f"customer-{number % 3_000}" for number in cards],
            "merchant": [f"merchant-{number}" for number in random.integers(0, 400, EVENTS)],
            "category": random.choice(["grocery", "travel", "fuel"], EVENTS),
            "amount": random.lognormal(3.5, 1.2, EVENTS).round(2) + 0.01,
            "occurred_at": [started + timedelta(seconds=20 * number) for number in range(EVENTS)],
        }
    )


@pytest.fixture(scope="module")
def receipts() -> list[dict[str, Any]]:
    """The data of each payment's receipt."""
    frame = real_payments() if PAYMENTS.exists() else made_up_payments()
    columns = zip(*(frame[name].tolist() for name in TEXTS), strict=True)
    amounts = (frame["amount"] * 100).round().astype("int64").tolist()
    moments = pd.to_datetime(frame["occurred_at"], utc=True).dt.to_pydatetime()
    return [
        {
            "type": "payment",
            "source": "shop",
            "id": f"B-{number}",
            "occurred_at": to_iso(moment),
            "history": False,
            "fields": {**dict(zip(TEXTS, texts, strict=True)), "amount": {"minor": minor, "currency": "USD"}},
        }
        for number, (texts, minor, moment) in enumerate(zip(columns, amounts, moments, strict=True))
    ]


@pytest.fixture(scope="module")
def rows(receipts: list[dict[str, Any]]) -> NDArray[np.float64]:
    """What the lane's kernel folds for each payment, in order."""
    arena, found = Arena(PLAN), []
    for start in range(0, len(receipts), 20_000):
        items = list(lane_items(receipts[start : start + 20_000], start))
        found.append(fold(PLAN, encode(PLAN, items), arena))
    return np.concatenate(found)


def lane_items(receipts: Sequence[dict[str, Any]], start: int) -> Iterator[LaneItem]:
    for seq, data in enumerate(receipts, start=start + 1):
        moment = int(datetime.fromisoformat(data["occurred_at"]).timestamp() * 1_000_000)
        yield LaneItem(seq, "event", "payment", moment, data["fields"])


@pytest.fixture(autouse=True)
def models_that_are_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reasons are nothing that outcomes depend on; the thresholds of the model are known."""
    monkeypatch.setattr(reasoning, "reasons_for", lambda **_: [])
    monkeypatch.setattr(evaluating, "thresholds_of_model", lambda name: THRESHOLDS)


def models() -> DecidingModels:
    """A model whose score rises with the amount and the card's activity."""
    amount, count = OWN.names.index("amount"), OWN.names.index("card_count_24h")

    def explain(features: NDArray[np.float64]) -> tuple[Any, Any, Any]:
        margins = np.log1p(features[:, amount]) + np.nan_to_num(features[:, count]) / 4 - 10.5
        return margins, 1 / (1 + np.exp(-margins)), np.zeros((len(features), len(OWN.names) + 1))

    loaded: Any = SimpleNamespace(
        name="payment-1",
        thresholds=THRESHOLDS,
        medians=(None,) * len(OWN.names),
        explain=explain,
        texts=(),
        heads={},
    )
    return DecidingModels(ROUTE, DecidingModel(OWN, "payment-1", loaded, arm=CHAMPION), SETS)


def decide_live(items: Sequence[Scored]) -> Iterator[NewEntry]:
    """The decisions of the engine under the ruleset as it is now."""
    reader, deciding = RulesetReader(), models()
    reader.open()
    guards = Guards(Breakers(BreakerConfiguration()), Explorer({}, now=NOW))
    for start in range(0, len(items), BATCH):
        decided = decide(
            items[start : start + BATCH],
            deciding=deciding,
            now=NOW,
            configuration=reader.configuration("payment"),
            guards=guards,
        )
        yield from (each.entry for each in decided)


def outcomes_of(decisions: Iterator[NewEntry]) -> list[str]:
    """The outcomes before breaker and exploration, which a backtest leaves out."""
    return [each.data.get("initial") or each.data["outcome"] for each in decisions]


def backtested(change: Change, count: int) -> tuple[list[str], list[str]]:
    """The outcomes of the first `count` stored events, without the change and with it."""
    since, until = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
    request = BacktestRequest("payment", change, since, until)
    before, after = request.configurations()
    without: list[str] = []
    with_it: list[str] = []
    for page, _ in iter_pages(Reading("payment", since, until), range_of(since, until)):
        asker = PageAsker(Payment, page, page.columns(operands_in([before, after])))
        without += decide_page(page, before, kind=Payment, asker=asker).outcomes
        with_it += decide_page(page, after, kind=Payment, asker=asker).outcomes
        if len(without) >= count:
            break
    return without[:count], with_it[:count]


def configure(receipts: Sequence[dict[str, Any]]) -> list[str]:
    """Lists, rules and a policy; returns the cards, the busiest first."""
    busy = [card for card, _ in Counter(each["fields"]["card"] for each in receipts).most_common()]
    defined("stolen_cards")
    defined("good_merchants", kind="merchant", action="allow")
    defined("trusted", kind="customer", action="tag")
    listed("stolen_cards", *busy[5:9])
    listed("good_merchants", receipts[0]["fields"]["merchant"])
    listed("trusted", *dict.fromkeys(each["fields"]["customer"] for each in receipts[:50]))
    rules.store_rule("active", name="velocity", expression="card_count_1h >= 2.0", outcome="review")
    rules.store_rule(
        "active", name="half", expression="amount > 100.0", outcome="block", share=0.5, unit="customer"
    )
    rules.store_rule("active", name="vip", expression='tagged(customer, "trusted")', outcome="allow")
    rules.store_rule(
        "active",
        name="over",
        expression='listed(merchant, "good_merchants") && amount > 150.0',
        outcome="block",
        overrides_lists=True,
    )
    segment = Segment("small", "amount < 10.0", Terms(FIXED, {"review": 0.01, "block": 0.5}))
    policies.store_policy("active", terms=Terms(COST, costs=COSTS), segments=(segment,))
    return busy


def activate_rule(number: int) -> None:
    old, new = rules.rule_version(1), rules.rule_version(number)
    append_changes([rules.staged(old, "archived"), rules.staged(new, "active")], actor="user/lea", now=NOW)


def activate_policy(number: int) -> None:
    stages = [(number - 1, "archived"), (number, "active")]
    changes = [policies.staged(policies.policy(each), stage) for each, stage in stages]
    append_changes(changes, actor="user/lea", now=NOW)


def store(receipts: Sequence[dict[str, Any]], rows: NDArray[np.float64]) -> tuple[list[Scored], list[str]]:
    """Store the receipts and the decisions of the engine; returns what it decided on, and the outcomes."""
    items: list[Scored] = []
    for start in range(0, len(receipts), BATCH):
        new = [
            NewEntry(f"payment/shop/{data['id']}", 0, "event.received", data)
            for data in receipts[start : start + BATCH]
        ]
        for place, entry in enumerate(append(new, now=NOW), start=start):
            taken = claim(entry.data, stream=entry.stream, position=entry.position, routes="payment/1")
            items.append(Scored(taken, order=0, seq=place + 1, row=rows[place], sets=SETS))
    outcomes: list[str] = []
    decisions = decide_live(items)
    for _ in range(0, len(items), BATCH):
        batch = [next(decisions) for _ in range(BATCH)]
        append(batch, now=NOW)
        outcomes += outcomes_of(iter(batch))
    return items, outcomes


@pytest.mark.django_db
def test_a_backtest_of_any_change_gives_the_outcomes_of_the_engine(
    receipts: list[dict[str, Any]], rows: NDArray[np.float64]
) -> None:
    busy = configure(receipts)
    items, decided = store(receipts, rows)
    assert min(Counter(decided)[outcome] for outcome in Payment.outcomes) > EVENTS // 1_000

    rules.store_rule(number=2, name="velocity", expression=DRAFT, outcome="block")
    without, with_it = backtested(RuleChange("velocity", 2), EVENTS)
    assert without == decided
    activate_rule(2)
    assert with_it == outcomes_of(decide_live(items))
    assert sum(was != now for was, now in zip(without, with_it, strict=True)) > EVENTS // 1_000

    policies.store_policy(number=2, terms=Terms(FIXED, {"review": 0.05, "block": 0.2}))
    before_policy, with_it = backtested(PolicyChange(2), FEWER)
    activate_policy(2)
    assert with_it == outcomes_of(decide_live(items[:FEWER]))
    assert before_policy != with_it

    # Listed values hold from now on, and a backtest looks at lists as they were: this change comes last.
    added = [(key_of(card).hex(), card) for card in busy[:5]]
    _, with_it = backtested(ListChange("stolen_cards", added=tuple(added)), FEWER)
    listed("stolen_cards", *busy[:5])
    assert with_it == outcomes_of(decide_live(items[:FEWER]))
