"""Whatever a lane went through, every decision comes out of the log again as it was made."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import numpy as np
import orjson
import pytest
from django.core.management import call_command

from scoring.decisions.failure_policy import decide_without_lane
from scoring.features.compile.plan import lane_plan
from scoring.features.folding import kernel
from scoring.features.logged_vectors import unpack_vectors
from scoring.log.read import read_stream
from scoring.registry import loaded_models
from scoring.registry.models import ModelArtifact
from scoring.registry.routes import Arm
from scoring.replay.compare import BITS
from scoring.replay.models import ASPECTS, OF_RULESET
from scoring.replay.report import ReplayReport
from scoring.replay.service import replay
from scoring.runner.sweep import sweep_lanes
from scoring.states.reorder import reorder_lane
from scoring.timestamps import to_iso
from tests.factories.payments import payments
from tests.integration.lanes.conftest import LANE
from tests.integration.lanes.test_arms import champion, route
from tests.integration.replay.traffic import Traffic, rewrite

pytestmark = pytest.mark.django_db(transaction=True)

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def replayed(**how) -> ReplayReport:
    return replay("payment", since=BEGINNING, until=datetime.now(UTC), **how)


def lose_models() -> Callable[[], None]:
    """Make every model unusable; gives what brings them back."""
    stored = {row.digest: bytes(row.booster) for row in ModelArtifact.objects.all()}
    ModelArtifact.objects.update(booster=b"gone")
    loaded_models.load_model.cache_clear()

    def restore() -> None:
        for digest, booster in stored.items():
            ModelArtifact.objects.filter(digest=digest).update(booster=booster)
        loaded_models.load_model.cache_clear()
        sweep_lanes(now=datetime.now(UTC) + timedelta(minutes=5))

    return restore


@pytest.mark.parametrize("seed", [1, 2])
def test_everything_comes_out_again_bit_for_bit(models, send, work, online_redis, seed):
    traffic = Traffic(send, work, seed)
    traffic.go(20)  # before any model was promoted
    route(champion(models[0]))
    traffic.go(30)
    online_redis.flushdb()
    traffic.go(20)
    bring_back = lose_models()
    traffic.go(20)
    bring_back()
    traffic.go(20)
    canary, shadow = Arm("canary", models[1], "canary", 0.5), Arm("shadow", models[1], "shadow", 1.0)
    route(champion(models[0], 0.5), canary)
    traffic.go(30)
    late = send([traffic.payment() for _ in range(5)])
    decide_without_lane([read_stream(receipt.stream)[0] for receipt in late], cause="timeout")
    traffic.work()
    reorder_lane(LANE, reason="for a test")
    route(champion(models[1]))
    traffic.go(30)
    route(champion(models[1]), Arm("shadow", models[0], "shadow", shadow.share))
    traffic.go(20)

    report = replayed()
    assert report.first == []
    assert report.is_identical
    decided = {key: group.decisions for key, group in report.groups.items()}
    assert decided.pop(("model", models[0])) > 70
    assert decided.pop(("model", models[1])) > 60
    assert decided == {("no_model", ""): 20, ("fallback", models[0]): 20, ("fallback", ""): 5}
    assert report.decisions == len(traffic.sent) + 20 + 5  # the fallbacks were revised
    for (basis, model), group in report.groups.items():
        compared = {aspect for aspect, count in group.compared.items() if count == group.decisions}
        expected = {"model": {*ASPECTS, BITS} - {*OF_RULESET, "policies"}}.get(basis, {"vector", "outcome"})
        assert compared == ({"outcome"} if (basis, model) == ("fallback", "") else expected)
        assert group.held == group.compared


def told(status: int) -> list[str]:
    """What the command says before it ends with `status`."""
    out = StringIO()
    try:
        call_command("replay", "--from", "2000-01-01", verbosity=0, stdout=out)
        ended = 0
    except SystemExit as ending:
        ended = ending.code
    assert ended == status
    return out.getvalue().splitlines()


def test_a_wrong_vector_is_found_and_its_feature_named(models, send, work, tmp_path):
    route(champion(models[0]))
    send(payments(12))
    work()
    assert "100 % identical" in told(0)
    entry = read_stream("payment/shop/T-7")[1]
    names = lane_plan(LANE).feature_set("payment").names
    vector, contributions = (part.copy() for part in unpack_vectors(entry.packed, width=len(names)))
    column = names.index("card_count_1h")
    right, wrong = float(vector[column]), float(np.nextafter(vector[column], np.inf))  # one bit away
    vector[column] = wrong
    rewrite(entry, packed=vector.tobytes() + contributions.tobytes())

    lines = told(3)
    assert "features that differ: card_count_1h in 1" in lines
    first = next(place for place, line in enumerate(lines) if line.startswith("first difference"))
    assert "payment/shop/T-7, revision 0" in lines[first]
    assert lines[first + 1 :] == [f"  vector.card_count_1h  logged {wrong}  replayed {right}"]
    report = replayed()
    group = report.groups["model", models[0]]
    assert (group.decisions, group.identical, group.held["vector"]) == (12, 11, 11)
    assert group.held["margin"] == group.held["reasons"] == 12
    path = tmp_path / "found.json"
    with pytest.raises(SystemExit):
        call_command("replay", "--json", str(path), verbosity=0, stdout=StringIO())
    (found,) = orjson.loads(path.read_bytes())["differences"]
    assert found["fields"] == {"vector.card_count_1h": {"logged": str(wrong), "replayed": str(right)}}


WRONG = [
    ("margin", {"margin": 0.1}),
    ("score", {"score": 0.1}),
    ("outcome", {"outcome": "somewhat"}),
    ("outcome", {"thresholds": {"review": -1.0, "block": -1.0}}),
    ("reasons", {"reasons": []}),
]


def test_a_wrong_field_is_named(models, send, work):
    route(champion(models[0]))
    send(payments(len(WRONG) + 2))
    work()
    for number, (_, changed) in enumerate(WRONG):
        rewrite(read_stream(f"payment/shop/T-{number}")[1], **changed)
    report = replayed()
    assert report.identical == 2
    for (aspect, _), comparison in zip(WRONG, report.first, strict=True):
        assert [name for name in ASPECTS if not comparison.held.get(name, True)] == [aspect]
        assert comparison.differences[0].field.startswith(aspect)


def test_a_kernel_that_folds_otherwise_is_found(send, work, monkeypatch):
    send(payments(12))
    work()
    assert replayed().is_identical
    run = kernel.run

    def run_an_hour_later(code, constants, program, times, *rest):
        run(code, constants, program, times + 3_600_000_000, *rest)

    monkeypatch.setattr(kernel, "run", run_an_hour_later)
    report = replayed()
    assert report.features["hour_of_day"] == report.decisions == 12
    assert "card_since_last" not in report.features
    assert report.identical == 0


def test_a_place_where_another_event_stands_is_not_recomputed(send, work):
    send(payments(4))
    work()
    entry = read_stream("payment/shop/T-1")[1]
    rewrite(entry, seq=entry.data["seq"] + 1)
    rewrite(read_stream("payment/shop/T-2")[1], seq=10**6)
    report = replayed()
    assert (report.decisions, report.identical) == (4, 2)
    assert sum(report.not_recomputed.values()) == 2
    assert any("could not be recomputed: order 0 of lane commerce" in line for line in told(3))


def test_a_decision_of_other_features_or_a_lost_model_is_not_called_identical(models, send, work):
    route(champion(models[0]))
    send(payments(3))
    work()
    rewrite(read_stream("payment/shop/T-0")[1], feature_set="0" * 64)
    bring_back = lose_models()
    assert [line.split(":")[0] for line in told(3) if "could not" in line] == ["3 could not be recomputed"]
    bring_back()
    report = replayed()
    assert report.identical == 2
    assert next(iter(report.not_recomputed)).startswith("logged under feature set 000000000000")


def test_ranges_and_limits(send, work):
    send(payments(5))
    work()
    middle = datetime.now(UTC)
    send(payments(7, start=5))
    work()
    now = datetime.now(UTC)
    assert replay("payment", since=BEGINNING, until=middle).decisions == 5
    assert replay("payment", since=middle, until=now).decisions == 7
    assert replay("payment", since=now, until=now).decisions == 0
    limited = replay("payment", since=middle, until=now, limit=3)
    assert (limited.decisions, limited.is_identical) == (3, True)
    out = StringIO()
    call_command("replay", "--from", to_iso(now), verbosity=0, stdout=out)
    assert out.getvalue() == "no payment decisions in that range\n"


def test_other_libraries_are_reported_beside_the_result(send, work):
    send(payments(2))
    work()
    rewrite(read_stream("payment/shop/T-1")[1], runtime="python-3.9 xgboost-1.0")
    lines = told(0)
    assert "100 % identical" in lines
    assert any(
        line.startswith("1 were decided under python-3.9 xgboost-1.0; this is python-") for line in lines
    )
