"""Which model or policy decides an event, and what the decision records."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scoring.decisions import decision_entries
from scoring.decisions.engine import Decided, decide
from scoring.decisions.errors import ModelFailed, VectorOfOtherFeatures
from scoring.decisions.failure_policy import fallback_data
from scoring.decisions.predictions import model_answers
from scoring.decisions.predictions.deciding_models import DecidingModel, DecidingModels
from scoring.decisions.predictions.model_answers import Scored
from scoring.decisions.predictions.predicting import RUNTIME, predict
from scoring.event_types.payment import Payment
from scoring.features.compile.plan import lane_plan
from scoring.features.logged_vectors import unpack_vectors
from scoring.registry.routes import Arm, RouteTable
from scoring.signals.telemetry import Telemetry
from tests.factories.claims import claim
from tests.factories.log import as_read, received

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAN = lane_plan("commerce")
SETS = PLAN.feature_sets("payment")
OLDER = replace(SETS[0], hash="1" * 64, declared="2" * 64)
WIDTH = len(SETS[0].names)
AMOUNT = SETS[0].names.index("amount")
CHAMPION = Arm("champion", "payment-1", "champion", 0.5)
CANARY = Arm("canary", "payment-2", "canary", 0.5)
SHADOW = Arm("shadow", "payment-3", "shadow", 1.0)
ROUTE = RouteTable("payment", 3, "payment/1", "customer", (CHAMPION, CANARY))


@pytest.fixture(autouse=True)
def outcomes_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Payment, "failure_outcome", "block")
    monkeypatch.setattr(Payment, "no_model_outcome", "allow")


def model(arm: Arm, *, cause: str = "", explain: Any = None) -> DecidingModel:
    loaded: Any = SimpleNamespace(
        name=arm.model,
        thresholds={"review": 0.4, "block": 0.8},
        medians=(None,) * WIDTH,
        explain=explain,
        texts=(),
        heads={},
    )
    return DecidingModel(SETS[0], arm.model, None if cause else loaded, cause, arm)


def deciding_models(
    *, scores: Mapping[str, float], canary: bool = True, failing: Mapping[str, Any] | None = None
) -> DecidingModels:
    """Both arms have a model, each with its own score; `failing`: names -> amounts that it cannot take."""

    def explain(name: str, features: Any) -> tuple[Any, Any, Any]:
        for amount in (failing or {}).get(name, ()):
            if amount in features[:, AMOUNT]:
                raise ValueError(f"cannot take {amount}")
        count = len(features)
        contributions = np.tile(np.linspace(-1, 1, WIDTH + 1), (count, 1))
        return np.full(count, -1.5), np.full(count, scores[name]), contributions

    champion, other = (model(arm, explain=partial(explain, arm.model)) for arm in (CHAMPION, CANARY))
    return DecidingModels(ROUTE, champion, SETS, canary=other if canary else None)


def scored(number: int = 0, *, amount: float = 100.0, **claimed: Any) -> Scored:
    event = as_read(received(f"T-{number}", customer=f"c-{number}"), position=10 + number)
    told = {"received_at": NOON, "routes": "payment/3", "event_position": event.position, **claimed}
    taken = claim(event.data, stream=event.stream, **({"position": event.position} | told))
    row = np.arange(PLAN.width, dtype=np.float64)
    row[SETS[0].columns[AMOUNT]] = amount
    return Scored(taken, order=0, seq=5 + number, row=row, sets=SETS)


def one(item: Scored, deciding: DecidingModels) -> Decided:
    [decided] = decide([item], deciding=deciding, now=NOON + timedelta(seconds=1))
    return decided


def units(deciding: DecidingModels) -> dict[str, int]:
    """A customer of each arm: the number of the event that is theirs."""
    numbers = {deciding.model_for(scored(n).claim.event).name: n for n in range(50)}
    assert set(numbers) == {"payment-1", "payment-2"}
    return numbers


SCORES = {"payment-1": 0.5, "payment-2": 0.9}


def test_each_event_is_decided_by_the_model_of_its_arm() -> None:
    deciding = deciding_models(scores=SCORES)
    for name, outcome in (("payment-1", "review"), ("payment-2", "block")):
        decided = one(scored(units(deciding)[name]), deciding)
        data = decided.entry.data
        assert (data["model"], data["score"], data["outcome"]) == (name, SCORES[name], outcome)
        assert (data["arm"], data["role"]) == (("champion",) * 2 if name == "payment-1" else ("canary",) * 2)
        assert (data["basis"], data["cause"], data["margin"]) == ("model", "", -1.5)
        assert not decided.rescore


def test_the_time_of_a_prediction_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Telemetry()
    monkeypatch.setattr(own, "send", lambda: None)
    monkeypatch.setattr(model_answers, "telemetry", own)
    items = [scored(number, amount=100.0) for number in range(3)]
    decide(items, deciding=deciding_models(scores=SCORES, canary=False), now=NOON)
    assert own._counts["events", "predict"] == 3


def test_without_models_the_failure_policy_decides_for_good() -> None:
    switched_off = deciding_models(scores=SCORES).without_models("rules_only")
    decided = one(scored(), switched_off)
    data = decided.entry.data
    assert (data["outcome"], data["basis"], data["cause"]) == ("block", "fallback", "rules_only")
    assert (data["model"], data["arm"], data["score"], data["route"]) == ("", "", None, 3)
    assert not decided.rescore


def test_a_decision_that_a_model_failed_to_make_still_waits_for_it_without_models() -> None:
    switched_off = deciding_models(scores=SCORES).without_models("rules_only")
    assert one(scored(kind="rescore"), switched_off).rescore


def test_no_experiment_is_exposed_without_models() -> None:
    of_experiment = replace(deciding_models(scores=SCORES), route=replace(ROUTE, experiment="e"))
    assert one(scored(), of_experiment).entry.data["experiment"] == "e"
    assert one(scored(), of_experiment.without_models("rules_only")).entry.data["experiment"] == ""


def test_each_decision_has_the_vector_and_contributions_of_its_event() -> None:
    deciding = deciding_models(scores=SCORES, canary=False)
    items = [scored(number, amount=100.0 + number) for number in range(3)]
    for item, decided in zip(items, decide(items, deciding=deciding, now=NOON), strict=True):
        vector, contributions = unpack_vectors(decided.entry.packed or b"", width=WIDTH)
        assert decided.claim is item.claim
        assert decided.entry.stream == item.claim.event_stream
        assert vector[AMOUNT] == item.row[SETS[0].columns[AMOUNT]]
        np.testing.assert_array_equal(contributions, np.linspace(-1, 1, WIDTH + 1))
        assert (decided.entry.data["seq"], decided.entry.data["unit"]) == (
            item.seq,
            item.claim.event["fields"]["customer"],
        )


def test_before_the_first_model_the_policy_of_the_type_decides_finally() -> None:
    decided = one(scored(), DecidingModels(None, DecidingModel(SETS[0]), SETS))
    data = decided.entry.data
    assert (data["outcome"], data["basis"], data["cause"]) == ("allow", "no_model", "")
    assert (data["score"], data["reasons"], data["route"], data["unit"]) == (None, [], None, "")
    assert not decided.rescore


def test_without_the_due_model_the_failure_policy_decides_until_it_is_back() -> None:
    missing = replace(
        deciding_models(scores=SCORES), champion=model(CHAMPION, cause="model_unavailable"), canary=None
    )
    decided = one(scored(), missing)
    data = decided.entry.data
    assert (data["outcome"], data["basis"], data["cause"]) == ("block", "fallback", "model_unavailable")
    assert (data["model"], data["arm"], data["role"], data["route"]) == ("payment-1", "", "", 3)
    assert decided.rescore


@pytest.mark.parametrize("count", [2, 3])
def test_a_model_that_fails_on_one_event_decides_the_others(count: int) -> None:
    deciding = deciding_models(scores=SCORES, canary=False, failing={"payment-1": (666.0,)})
    items = [scored(0), scored(1, amount=666.0), scored(2)][:count]
    found = [
        (d.entry.data["basis"], d.entry.data["cause"]) for d in decide(items, deciding=deciding, now=NOON)
    ]
    assert found == [("model", ""), ("fallback", "model_failed"), ("model", "")][:count]


def test_the_champion_decides_events_on_which_the_canary_fails() -> None:
    deciding = deciding_models(scores=SCORES, failing={"payment-2": (100.0,)})
    data = one(scored(units(deciding)["payment-2"]), deciding).entry.data
    assert (data["model"], data["arm"], data["outcome"]) == ("payment-1", "champion", "review")


def test_the_failure_policy_decides_events_on_which_both_models_fail() -> None:
    deciding = deciding_models(scores=SCORES, failing={"payment-1": (100.0,), "payment-2": (100.0,)})
    decided = one(scored(units(deciding)["payment-2"]), deciding)
    assert (decided.entry.data["outcome"], decided.entry.data["cause"]) == ("block", "model_failed")
    assert decided.rescore


def test_the_first_decision_is_made_and_later_ones_are_revisions() -> None:
    deciding = deciding_models(scores=SCORES)
    first = one(scored(), deciding).entry
    second = one(scored(decisions=1, stream_version=4), deciding).entry
    assert (first.type, first.data["revision"], first.stream_version) == ("decision.made", 0, 2)
    assert (second.type, second.data["revision"], second.stream_version) == ("decision.revised", 1, 5)


@pytest.mark.parametrize(("token", "waited"), [(None, False), ("process.1", True)])
def test_a_decision_records_whether_a_client_waited_and_when_the_event_was_received(
    token: str | None, waited: bool
) -> None:
    data = one(scored(wake_token=token), deciding_models(scores=SCORES)).entry.data
    assert data["waited"] is waited
    assert (data["received_at"], data["decided_at"]) == ("2026-03-01T12:00:00Z", "2026-03-01T12:00:01Z")


def test_a_decision_on_a_correction_says_so_and_a_failure_keeps_its_own_cause() -> None:
    corrected = {"kind": "correction", "event_version": 99, "decisions": 1}
    data = one(scored(**corrected), deciding_models(scores=SCORES)).entry.data
    assert (data["event_version"], data["cause"], data["event_position"]) == (99, "corrected", 10)
    missing = replace(
        deciding_models(scores=SCORES), champion=model(CHAMPION, cause="model_unavailable"), canary=None
    )
    assert one(scored(**corrected), missing).entry.data["cause"] == "model_unavailable"
    assert "event_version" not in one(scored(), deciding_models(scores=SCORES)).entry.data


@pytest.mark.parametrize("sets", [(), (OLDER,)])
def test_a_decision_that_did_not_log_the_models_features_is_not_scored_again(sets: tuple[Any, ...]) -> None:
    with pytest.raises(VectorOfOtherFeatures):
        one(replace(scored(), sets=sets), deciding_models(scores=SCORES))


ON_BOTH = replace(scored(), sets=(SETS[0], OLDER))


def on(feature_set: Any, *, arms: tuple[Arm, ...] = (CHAMPION,), **how: Any) -> DecidingModels:
    """The champion alone, on this set, of an event type with two."""
    deciding = deciding_models(scores=SCORES, canary=False, **how)
    own = replace(deciding.champion, feature_set=feature_set)
    return replace(deciding, route=replace(ROUTE, arms=arms), champion=own, sets=(SETS[0], OLDER))


@pytest.mark.parametrize(
    ("deciding", "own", "also"),
    [
        (on(SETS[0]), SETS[0], []),
        (on(OLDER), OLDER, []),
        (on(OLDER, arms=(CHAMPION, SHADOW)), OLDER, [SETS[0]]),
        (on(OLDER, failing={"payment-1": (100.0,)}), SETS[0], [OLDER]),
    ],
    ids=["the newest", "an older", "beside a shadow", "in a fallback, which any model may revise"],
)
def test_a_decision_logs_its_own_features_and_those_that_other_models_may_need(
    deciding: DecidingModels, own: Any, also: list[Any]
) -> None:
    entry = one(ON_BOTH, deciding).entry
    assert entry.data["feature_set"] == own.hash
    assert entry.data.get("also", []) == [[each.declared, WIDTH] for each in also]
    contributions = WIDTH + 1 if entry.data["basis"] == "model" else 0
    assert len(entry.packed or b"") == 8 * (WIDTH + contributions + WIDTH * len(also))


def test_a_decision_records_the_batch_versions_of_its_features(monkeypatch: pytest.MonkeyPatch) -> None:
    read = {SETS[0].hash: ("prices", "ratings"), OLDER.hash: ("ratings", "sales")}
    monkeypatch.setattr(decision_entries, "views_read_by", lambda each: read.get(each.hash, ()))
    item = replace(ON_BOTH, batch={"prices": 4, "ratings": 5, "of no feature": 6})
    assert one(item, on(SETS[0])).entry.data["batch"] == {"prices": 4, "ratings": 5}
    shadowed = one(item, on(SETS[0], arms=(CHAMPION, SHADOW)))
    assert shadowed.entry.data["batch"] == {"prices": 4, "ratings": 5, "sales": None}
    read.clear()
    assert "batch" not in one(item, on(SETS[0])).entry.data


def test_a_decision_records_its_place_in_the_order_and_the_stake() -> None:
    deciding = replace(
        deciding_models(scores=SCORES, canary=False), route=replace(ROUTE, experiment="cheaper")
    )
    entry = one(replace(scored(position=77), order=2), deciding).entry
    told = {
        "event_position": 10,
        "event_type": "payment",
        "lane": "commerce",
        "order": 2,
        "seq": 5,
        "stake": 1234,
        "route": 3,
        "experiment": "cheaper",
        "unit": "c-0",
        "runtime": RUNTIME,
        "thresholds": {"review": 0.4, "block": 0.8},
    }
    assert {name: entry.data[name] for name in told} == told
    assert entry.metadata == {"causation": 77}


CHAMPION_ALONE = replace(ROUTE, arms=(CHAMPION,))


@pytest.mark.parametrize(
    ("route", "cause", "canary", "whole"),
    [
        (None, "", False, True),
        (CHAMPION_ALONE, "", False, True),
        (CHAMPION_ALONE, "model_unavailable", False, False),
        (ROUTE, "", True, True),
        (ROUTE, "", False, False),
        (ROUTE, "model_unavailable", True, False),
    ],
)
def test_models_of_the_route_that_cannot_be_used_are_tried_again(
    route: RouteTable | None, cause: str, canary: bool, whole: bool
) -> None:
    champion = model(CHAMPION, cause=cause)
    assert (
        DecidingModels(route, champion, SETS, canary=model(CANARY) if canary else None).is_complete is whole
    )


def test_an_event_without_the_unit_has_none() -> None:
    deciding = deciding_models(scores=SCORES)
    assert [deciding.unit_of({"fields": fields}) for fields in ({}, {"customer": None})] == ["", ""]
    assert replace(deciding, route=None).unit_of({"fields": {"customer": "c-1"}}) == ""


def explaining(explain: Any) -> Any:
    return SimpleNamespace(name="payment-1", explain=explain)


def test_a_score_that_is_not_a_number_is_a_failure_of_the_model() -> None:
    two = np.array([-1.0, 1.0]), np.array([0.25, 0.75]), np.zeros((2, 3))
    told = predict(explaining(lambda features: two), np.zeros((2, 2)))
    assert (told.margins, told.scores, told.contributions) == two
    with pytest.raises(ModelFailed, match="its scores are not all numbers"):
        predict(explaining(lambda features: (two[0], np.array([0.25, np.nan]), two[2])), np.zeros((2, 2)))
    with pytest.raises(ModelFailed, match="ZeroDivisionError: division by zero"):
        predict(explaining(lambda features: 1 / 0), np.zeros((2, 2)))


def test_usual_values_are_given_for_a_new_event_but_not_for_a_rescored_one() -> None:
    """It is not logged: told of the moment of the second look, it would explain another event."""
    deciding = deciding_models(scores=SCORES, canary=False)
    told = {
        kind: [reason["usual"] for reason in one(scored(kind=kind), deciding).entry.data["reasons"]]
        for kind in ("event", "rescore")
    }
    assert any(usual is not None for usual in told["event"])
    assert told["rescore"] == [None] * len(told["event"])


def test_where_a_lane_cannot_decide_the_failure_policy_does() -> None:
    judged = {"outcome": "block"}
    data = fallback_data(as_read(received("T-1")), judged, cause="timeout", now=NOON)
    told = {
        "outcome": "block",
        "basis": "fallback",
        "cause": "timeout",
        "revision": 0,
        "reasons": [],
        "event_position": 7,
        "event_type": "payment",
        "lane": "commerce",
        "stake": 1234,
        "unit": "",
        "waited": True,
        "received_at": "2026-03-01T12:30:00Z",
        "decided_at": "2026-03-01T12:00:00Z",
        **dict.fromkeys(["model", "feature_set", "arm", "role", "experiment", "runtime"], ""),
        **dict.fromkeys(["order", "seq", "margin", "score", "thresholds", "route"]),
    }
    assert data == told
