"""The feature catalog's figures and sentences. No database."""

import doctest
from dataclasses import replace
from datetime import timedelta
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from monitoring.drift.distance import NO_DATA, Drift, State
from monitoring.drift.report import FeatureDrift, SideShares
from monitoring.feature_pages import feature_sets, naming
from monitoring.feature_pages.feature_sets import compare_sets, memberships, set_rows
from monitoring.feature_pages.feature_table import FeatureFilter, FeatureRow, choose, make_rows
from monitoring.feature_pages.health import ConsistencyCheck, LaneState, LiveModel
from monitoring.feature_pages.judgments import judge, summarize
from monitoring.feature_pages.losses import Losses
from monitoring.feature_pages.model_usage import ModelUse
from monitoring.models import ModelWindow
from monitoring.windows.binning import pack
from monitoring.windows.feature_weights import weigh_features
from scoring.features.compile.plan import lane_plan
from scoring.learning.promotion.stages import ModelStage
from scoring.registry.models import FeatureSetVersion
from tests.factories.log import NOW

SPECS = {spec.name: spec for spec in lane_plan("commerce").feature_set("payment").features}
SOME = ("amount", "card_count_1h", "card_amount_mean_24h", "merchant_count_1h")


def model(name: str = "payment-1", stage: str = "champion", *, names: tuple[str, ...] = SOME) -> ModelUse:
    return ModelUse(name, 1, ModelStage(stage), NOW, names, declared_set="", artifact="")


def drift(
    name: str, state: State = State.STABLE, *, psi: float = 0.01, then: float = 0.0, now: float = 0.0
) -> FeatureDrift:
    """A feature whose share of missing values was `then` and is `now`."""
    sides = [SideShares(shares=[1 - missing, missing], missing=missing) for missing in (then, now)]
    return FeatureDrift(name, Drift(psi, 0.0, 0.05, state), ["any", "missing"], *sides)


def live(*drifts: FeatureDrift, by: ModelUse | None = None) -> LiveModel:
    by = by or model()
    return LiveModel(by, reference=None, windows=[], rows=100, drifts={d.name: d for d in drifts}, weights={})  # type: ignore[arg-type]


def rows(
    *seen: LiveModel, checked: dict[str, ConsistencyCheck] | None = None, **names: Any
) -> dict[str, FeatureRow]:
    specs = {name: SPECS[name] for name in SOME}
    models = names.get("models", [model()])
    made = make_rows(specs, live=seen, models=models, checked=checked or {}, sets_of={"amount": [1, 2]})
    return {row.spec.name: row for row in made}


def test_a_row_shows_the_first_live_model_that_reads_the_feature() -> None:
    canary = model("payment-2", "canary")
    found = rows(
        live(drift("amount", State.SHIFTED)),
        live(drift("amount"), drift("card_count_1h"), by=canary),
        models=[model(), canary],
    )
    assert (found["amount"].model, found["card_count_1h"].model) == ("payment-1", "payment-2")
    assert (found["amount"].moved, found["card_count_1h"].moved) == (True, False)
    assert found["merchant_count_1h"].drift is None
    assert found["amount"].sets == [1, 2]
    assert [user.name for user in found["amount"].live_users] == ["payment-1", "payment-2"]


@pytest.mark.parametrize(("then", "now", "said"), [(0.1, 0.14, False), (0.1, 0.16, True), (0.5, 0.1, False)])
def test_missing_more_often_means_by_more_than_5_points(then: float, now: float, said: bool) -> None:
    assert rows(live(drift("amount", then=then, now=now)))["amount"].more_missing is said


TROUBLED = rows(
    live(
        drift("amount"),
        drift("card_count_1h", State.MODERATE, psi=0.2),
        drift("card_amount_mean_24h", State.SHIFTED, psi=0.9, then=0.1, now=0.4),
    ),
    checked={"amount": ConsistencyCheck(100, 3), "card_count_1h": ConsistencyCheck(100, 0)},
)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, list(SOME)),
        ({"text": "CARD hour"}, ["card_count_1h"]),
        ({"text": "nothing like it"}, []),
        ({"kind": "count"}, ["card_count_1h", "merchant_count_1h"]),
        ({"entity": "card", "kind": "count"}, ["card_count_1h"]),
        ({"state": "drifted"}, ["card_count_1h", "card_amount_mean_24h"]),
        ({"state": "missing"}, ["card_amount_mean_24h"]),
        ({"state": "inconsistent"}, ["amount"]),
        ({"state": "no such state"}, list(SOME)),
        (
            {"state": "attention", "sort": "attention"},
            ["amount", "card_amount_mean_24h", "card_count_1h"],
        ),
        (
            {"sort": "psi"},
            ["card_amount_mean_24h", "card_count_1h", "amount", "merchant_count_1h"],
        ),
        ({"sort": "name"}, sorted(SOME)),
    ],
)
def test_rows_are_filtered_and_sorted(asked: dict[str, str], found: list[str]) -> None:
    assert [row.spec.name for row in choose(list(TROUBLED.values()), FeatureFilter(**asked))] == found


def test_features_unused_by_live_models_can_be_filtered() -> None:
    archived = model("payment-0", "archived")
    only_amount = model(names=("amount",))
    found = list(rows(models=[only_amount, archived]).values())
    unread = choose(found, FeatureFilter(state="unused"))
    assert [row.spec.name for row in unread] == [name for name in SOME if name != "amount"]
    assert [user.name for user in unread[0].users] == ["payment-0"]


def test_the_list_is_summarized_in_a_sentence() -> None:
    seen = live(drift("amount"))
    assert summarize(list(TROUBLED.values()), [seen]) == (
        "bad",
        "1 feature differed when recomputed from the log; 2 features have drifted since training;"
        " 1 feature is missing more often than in training.",
    )
    assert summarize(list(rows(seen).values()), [seen]) == (
        "good",
        "All 4 features are distributed as in training.",
    )
    assert summarize(list(rows().values()), [])[0] == "info"


ASIDE = LaneState("commerce", pending=0, oldest=None, checked_at=None)

NO_LOSSES = Losses({})


def answers(
    row: FeatureRow, *, lane: LaneState = ASIDE, losses: Losses | None = NO_LOSSES
) -> list[tuple[str, str]]:
    return [(each.tone, each.answer) for each in judge(row, lane=lane, losses=losses, views=[], now=NOW)]


def test_a_healthy_feature_is_judged_good() -> None:
    row = rows(live(drift("amount")), checked={"amount": ConsistencyCheck(1_200, 0)})["amount"]
    assert answers(row) == [
        ("good", "Yes: PSI 0.010; below 0.1 is stable."),
        ("good", "Always, as in training."),
        ("good", "Yes: all 1,200 values, bit for bit."),
        ("good", "Yes: lane commerce has no pending entries."),
    ]


def test_problems_of_a_feature_are_named() -> None:
    seen = live(drift("amount", State.SHIFTED, psi=0.9, then=0.1, now=0.4))
    row = rows(seen, checked={"amount": ConsistencyCheck(1_200, 6)})["amount"]
    behind = LaneState("commerce", pending=34, oldest=NOW - timedelta(minutes=2), checked_at=None)
    assert answers(row, lane=behind) == [
        ("bad", "No, it has drifted strongly: PSI 0.900."),
        ("warn", "Missing in 40.0\N{NO-BREAK SPACE}% of decisions; 10.0\N{NO-BREAK SPACE}% in training."),
        (
            "bad",
            "No: 6 of 1,200 values (0.50\N{NO-BREAK SPACE}%) differed. The log has the values that models"
            " used; `manage.py replay` shows the first difference.",
        ),
        ("warn", "Lane commerce is 2 min behind, with 34 pending entries."),
    ]


@pytest.mark.parametrize(
    ("losses", "tone", "answer"),
    [
        (Losses({}), "good", "Yes: no entry came too late for its windows."),
        (
            Losses({}, cap=64),
            "good",
            "Yes: no entry came too late for its windows, and no value reached the cap of 64.",
        ),
        (
            Losses({"card": 3}),
            "info",
            "3 entries came too late for every window of the card and are not counted."
            " Counted since Redis was last emptied.",
        ),
        (
            Losses({"card_x_merchant": 1}, saturated=1_200, cap=64),
            "warn",
            "1 entry came too late for every window of the card and merchant and is not counted."
            " 1,200 values reached the cap of 64 distinct values and are lower bounds."
            " Counted since Redis was last emptied.",
        ),
        (
            Losses({}, saturated=1, cap=64),
            "warn",
            "1 value reached the cap of 64 distinct values and is a lower bound."
            " Counted since Redis was last emptied.",
        ),
        (None, "neutral", "Unknown: Redis does not answer."),
    ],
)
def test_late_entries_and_capped_counts_are_named(losses: Losses | None, tone: str, answer: str) -> None:
    row = rows(live(drift("card_count_1h")))["card_count_1h"]
    assert answers(row, losses=losses)[3] == (tone, answer)


def test_a_feature_without_entities_loses_nothing_and_is_not_asked() -> None:
    assert len(answers(rows(live(drift("amount")))["amount"], losses=None)) == 4


@pytest.mark.parametrize(
    ("state", "tone"),
    [
        (State.NO_DATA, "neutral"),
        (State.NOT_COMPARED, "neutral"),
        (State.CHANCE, "info"),
        (State.MODERATE, "warn"),
    ],
)
def test_every_state_of_drift_has_its_tone(state: State, tone: str) -> None:
    assert answers(rows(live(drift("amount", state)))["amount"])[0][0] == tone


def test_a_feature_without_decisions_is_not_judged_good() -> None:
    unread = rows(models=[])["amount"]
    assert [tone for tone, _ in answers(unread)[:3]] == ["neutral"] * 3
    assert "no live model reads it" in answers(unread)[0][1]
    assert "no decision used it" in answers(rows()["amount"])[0][1]


def window(rows: int, *contributions: int) -> ModelWindow:
    return ModelWindow(rows=rows, contributions=pack(np.array(contributions)) if contributions else b"")


def test_a_weight_is_the_mean_absolute_contribution_over_windows_that_counted_it() -> None:
    weights = weigh_features([window(10, 1_000_000, 5_000_000), window(30, 3_000_000, 0), window(500)], "ab")
    assert {name: (each.mean, each.rank, each.among) for name, each in weights.items()} == {
        "a": (0.1, 2, 2),
        "b": (0.125, 1, 2),
    }
    assert weigh_features([window(500)], "ab") == {}


def declared(number: int, **digests: str) -> FeatureSetVersion:
    features = [{"name": name, "digest": digest, "definition": name} for name, digest in digests.items()]
    return FeatureSetVersion(
        digest=str(number), event_type="payment", number=number, features=features, declared_at=NOW
    )


FIRST, SECOND, THIRD = declared(1, a="1", b="1"), declared(2, a="2", b="1", c="1"), declared(3, c="1", a="2")


def test_two_sets_differ_by_what_was_added_removed_and_changed() -> None:
    found = compare_sets(FIRST.features, SECOND.features)
    assert [[each.name for each in part] for part in (found.added, found.removed, found.changed)] == [
        ["c"],
        [],
        ["a"],
    ]
    assert (found.unchanged, found.same) == (1, False)
    back = compare_sets(SECOND.features, FIRST.features)
    assert [each.name for each in back.removed] == ["c"]
    assert (back.changed[0].before, back.changed[0].after) == (SECOND.features[0], FIRST.features[0])


def test_the_same_features_in_another_order_are_the_same_set() -> None:
    assert compare_sets(SECOND.features, SECOND.features[::-1]).same


def test_each_set_is_compared_with_the_previous_one_and_lists_its_models() -> None:
    users = [replace(model(), declared_set="2"), replace(model("payment-0", "archived"), declared_set="2")]
    newest, middle, oldest = set_rows([THIRD, SECOND, FIRST], users, in_code=["3", "2", "1"])
    assert (newest.before, middle.before, oldest.before) == (2, 1, None)
    assert newest.since_before is not None
    assert [each.name for each in newest.since_before.removed] == ["b"]
    assert ([user.name for user in middle.models], [user.name for user in middle.live]) == (
        ["payment-1", "payment-0"],
        ["payment-1"],
    )
    assert [row.place for row in (newest, middle, oldest)] == [0, 1, 2]
    assert [row.removable for row in (newest, middle, oldest)] == [False, False, True]
    assert set_rows([], [], in_code=()) == []


def test_while_a_live_models_set_is_unknown_no_set_is_removable() -> None:
    rows = set_rows([SECOND, FIRST], [model()], in_code=["2", "1"])
    assert [row.removable for row in rows] == [False, False]


def test_a_set_that_is_no_longer_declared_has_no_place() -> None:
    [gone] = set_rows([FIRST], [], in_code=["2"])
    assert (gone.place, gone.removable, gone.is_newest) == (None, False, False)


def test_the_sets_of_a_feature_show_whether_its_definition_is_the_same() -> None:
    found = memberships("a", [THIRD, SECOND, FIRST])
    assert [(each.number, each.as_now) for each in found] == [(3, True), (2, True), (1, False)]
    assert memberships("z", [THIRD]) == []


@pytest.mark.parametrize("module", [feature_sets, naming])
def test_the_examples_hold(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert (found.failed, found.attempted > 0) == (0, True)


def test_without_data_there_is_no_drift() -> None:
    row = rows(live(replace(drift("amount"), drift=NO_DATA)))["amount"]
    assert (row.moved, row.problems) == (False, 0)
