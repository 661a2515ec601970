"""A backtest judges the scores of content policies as the lane does, under any thresholds of the ruleset.

Comments are decided by the live engine with a model that has heads, under one version of the policy, and
stored. Then the engine decides the same comments under another version, and a backtest of that version on the
stored decisions must agree with it, event by event.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scoring.catalog.registry import event_type
from scoring.decisions.engine import decide
from scoring.decisions.predictions import reasoning
from scoring.decisions.predictions.deciding_models import DecidingModel, DecidingModels
from scoring.decisions.predictions.model_answers import Scored
from scoring.features.compile.plan import lane_plan
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.registry.routes import Arm, RouteTable
from scoring.rules.backtest.changes import PolicyChange
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
from scoring.rules.policies.policy import COST, FIXED, MODEL, Policy, Segment, Terms
from scoring.rules.ruleset.stream import append_changes
from scoring.timestamps import to_iso
from tests.factories import policies, rules
from tests.factories.catalog import catalog_with
from tests.factories.claims import claim
from tests.factories.log import NOW

EVENTS = 1_500
CHAMPION = Arm("champion", "comment-1", "champion", 1.0)
ROUTE = RouteTable("comment", 1, "comment/1", "author", (CHAMPION,))
OF_MODEL = {"review": 0.6, "block": 0.95}
OF_HEADS = {"spam": {"review": 0.5, "block": 0.9}, "scam": {"review": 0.7, "block": 0.97}}
SPAM, SCAM = {"review": 0.2, "block": 0.75}, {"block": 0.85}

# Each version of the policy is tried while the one before it decides.
VERSIONS = (
    {"terms": Terms(FIXED, {"review": 0.7}), "heads": {"spam": Terms(FIXED, SPAM)}},
    {"terms": Terms(MODEL), "heads": {"scam": Terms(FIXED, SCAM), "spam": Terms(FIXED, {"block": 0.4})}},
    {"terms": Terms(MODEL), "heads": {"scam": Terms(COST, costs=policies.costs())}},
    {
        "terms": Terms(FIXED, {"review": 0.8}),
        "segments": (Segment("reliable", 'source == "forum"', Terms(MODEL)),),
        "heads": {"spam": Terms(FIXED, {"review": 1.0})},
    },
    {"terms": Terms(FIXED, {"block": 0.99})},
)


@pytest.fixture(autouse=True)
def comments(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Comments; reasons are nothing that outcomes depend on, and the model's thresholds are known."""
    monkeypatch.setattr(reasoning, "reasons_for", lambda **_: [])
    monkeypatch.setattr(evaluating, "thresholds_of_model", lambda name: OF_MODEL)
    monkeypatch.setattr(evaluating, "thresholds_of_head", lambda model, policy: OF_HEADS[policy])
    with catalog_with("tests.factories.comments"):
        yield


def models() -> DecidingModels:
    """A model whose scores are the first columns of the vector."""
    [own] = lane_plan("comments").feature_sets("comment")
    width = len(own.names)

    def explain(features: NDArray[np.float64]) -> tuple[Any, Any, Any]:
        return features[:, 0], features[:, 0], np.zeros((len(features), width + 1))

    def head(policy: str, column: int) -> Any:
        return SimpleNamespace(
            thresholds=OF_HEADS[policy],
            predict_few=lambda features: features[:, column],
            contributions=lambda features: np.zeros((len(features), width + 1)),
        )

    loaded: Any = SimpleNamespace(
        name="comment-1",
        event_type="comment",
        thresholds=OF_MODEL,
        medians=(None,) * width,
        explain=explain,
        texts=(),
        heads={"spam": head("spam", 1), "scam": head("scam", 2)},
    )
    return DecidingModels(ROUTE, DecidingModel(own, "comment-1", loaded, arm=CHAMPION), (own,))


def live(items: Sequence[Scored]) -> list[NewEntry]:
    """The decisions of the engine under the ruleset as it is now."""
    reader = RulesetReader()
    reader.open()
    decided = decide(
        items,
        deciding=models(),
        now=NOW,
        configuration=reader.configuration("comment"),
        guards=Guards(Breakers(BreakerConfiguration()), Explorer({}, now=NOW)),
    )
    return [each.entry for each in decided]


def outcomes_of(decisions: Sequence[NewEntry]) -> list[str]:
    """The outcomes before breaker and exploration, which a backtest leaves out."""
    return [each.data.get("initial") or each.data["outcome"] for each in decisions]


def received() -> list[Scored]:
    """Stored comments as their lane has folded them, with scores of every size."""
    plan, random = lane_plan("comments"), np.random.default_rng(8)
    [own] = plan.feature_sets("comment")
    rows = np.zeros((EVENTS, plan.width))
    rows[:, own.columns[:3]] = random.beta(0.6, 1.4, (EVENTS, 3))
    new = [NewEntry(f"comment/{data['source']}/{data['id']}", 0, "event.received", data) for data in sent()]
    return [
        Scored(
            claim(entry.data, stream=entry.stream, position=entry.position, routes="comment/1"),
            order=0,
            seq=place,
            row=rows[place - 1],
            sets=(own,),
        )
        for place, entry in enumerate(append(new, now=NOW), start=1)
    ]


def sent() -> Iterator[dict[str, Any]]:
    for number in range(EVENTS):
        yield {
            "type": "comment",
            "source": "forum" if number % 3 else "app",
            "id": f"C-{number}",
            "occurred_at": to_iso(NOW),
            "history": False,
            "fields": {"author": f"author-{number % 50}"},
        }


def backtested(number: int) -> tuple[list[str], list[str]]:
    """The outcomes of the stored comments, without a version of the policy and with it."""
    since, until = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
    before, after = BacktestRequest("comment", PolicyChange(number), since, until).configurations()
    without: list[str] = []
    with_it: list[str] = []
    kind = event_type("comment")
    for page, _ in iter_pages(Reading("comment", since, until), range_of(since, until)):
        asker = PageAsker(kind, page, page.columns(operands_in([before, after])))
        without += decide_page(page, before, kind=kind, asker=asker).outcomes
        with_it += decide_page(page, after, kind=kind, asker=asker).outcomes
    return without, with_it


def activate(version: Policy) -> None:
    earlier = policies.policy(version.number - 1, event_type="comment")
    old = [policies.staged(earlier, "archived")] if version.number > 1 else []
    append_changes([*old, policies.staged(version, "active")], actor="user/lea", now=NOW)


@pytest.mark.django_db
@pytest.mark.parametrize("decided_under", range(len(VERSIONS)))
def test_a_backtest_of_content_policies_decides_as_the_engine_does(decided_under: int) -> None:
    items = received()
    rules.store_rule("active", event_type="comment", name="app", expression="policy_scam > 0.9")
    for number, fields in enumerate(VERSIONS[: decided_under + 1], start=1):
        policies.store_policy(number=number, event_type="comment", **fields)
        if number <= decided_under:
            activate(policies.policy(number, event_type="comment"))
    decisions = live(items)
    append(decisions, now=NOW)
    outcomes = outcomes_of(decisions)
    assert min(Counter(outcomes).values()) > EVENTS // 100

    without, with_it = backtested(decided_under + 1)
    assert without == outcomes
    activate(policies.policy(decided_under + 1, event_type="comment"))
    assert with_it == outcomes_of(live(items))
    assert sum(was != now for was, now in zip(without, with_it, strict=True)) > EVENTS // 100
