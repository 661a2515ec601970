"""Where a version stands: its arm first, then what it did once, then what the gate said."""

from types import SimpleNamespace

import pytest

from scoring.learning.promotion.stages import ModelStage, stage_of
from scoring.registry.models import ModelVersion
from scoring.registry.routes import CANARY, CHAMPION, SHADOW, Arm, RouteTable

ROUTE = RouteTable(
    "payment",
    3,
    "payment/1",
    "card",
    (Arm(CHAMPION, "a", CHAMPION, 0.9), Arm(CANARY, "b", CANARY, 0.1), Arm("shadow-3", "c", SHADOW, 1.0)),
)
PAST = [
    SimpleNamespace(data={"arms": [{"model": "a"}, {"model": "old"}]}),
    SimpleNamespace(data={"arms": []}),
]


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("a", "approved", "champion 90 %"),
        ("b", "approved", "canary 10 %"),
        ("c", "approved", "shadow"),
        ("old", "approved", "archived"),
        ("old", "rejected", "rejected"),
        ("old", "candidate", "archived"),  # of the time before the gate
        ("new", "candidate", "candidate"),
        ("new", "approved", "approved"),
    ],
)
def test_the_stage_of_a_version_follows_its_arm_its_past_or_its_status(name, status, expected):
    assert stage_of(ModelVersion(name=name, status=status), ROUTE, PAST).text == expected


def test_without_a_route_only_the_gate_has_spoken():
    assert stage_of(ModelVersion(name="a", status="approved"), None, []) == ModelStage("approved")


@pytest.mark.parametrize(
    ("share", "text"), [(None, "canary"), (1.0, "canary"), (0.125, "canary 12.5 %"), (0.0, "canary 0 %")]
)
def test_a_share_below_one_is_shown(share, text):
    assert ModelStage("canary", share).text == text
