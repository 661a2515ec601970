"""What each button of a model's page does, in whose name, and what is said of it."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from scoring.learning.pages.actions import ACTIONS, APPROVE, GROUPS, PROMOTE, read_percent
from scoring.learning.promotion import gate
from scoring.learning.promotion import promote as promotion
from scoring.registry.errors import InvalidRoute
from scoring.registry.models import ModelVersion

NOW = datetime(2026, 3, 1, tzinfo=UTC)
VERSION = ModelVersion(name="payment-2", event_type="payment")
WHO = {"actor": "user/bo", "now": NOW}
SERVICES = {
    "approve": (gate, "approve", APPROVE),
    "reject": (gate, "reject", APPROVE),
    "promote": (promotion, "promote", PROMOTE),
    "shadow": (promotion, "start_shadow", PROMOTE),
    "canary": (promotion, "start_canary", PROMOTE),
    "stop": (promotion, "stop_arm", PROMOTE),
}


@pytest.mark.parametrize(
    ("action", "given", "called", "said"),
    [
        ("approve", {"note": "good"}, {"note": "good", "groups": []}, "payment-2 was approved."),
        ("approve", {}, {"note": "", "groups": []}, "payment-2 was approved."),
        ("approve", {GROUPS: "a\nb"}, {"note": "", "groups": ["a", "b"]}, "payment-2 was approved."),
        ("reject", {"note": "bad"}, {"note": "bad"}, "payment-2 was rejected"),
        ("promote", {}, {}, "payment-2 decides every payment"),
        ("shadow", {}, {}, "payment-2 now scores every payment in shadow"),
        (
            "canary",
            {"percent": "12,5 %"},
            {"share": 0.125},
            "payment-2 now decides 12.5\N{NO-BREAK SPACE}% of the traffic",
        ),
        ("stop", {}, {}, "payment-2 was removed from the route"),
    ],
)
def test_every_action_calls_its_service_and_confirms_it(monkeypatch, action, given, called, said):
    room, service, permission = SERVICES[action]
    calls = []
    monkeypatch.setattr(room, service, lambda *names, **options: calls.append((names, options)))
    assert ACTIONS[action].permission == permission
    assert ACTIONS[action].act(VERSION, given, "user/bo", NOW).startswith(said)
    assert calls == [(("payment-2",), called | WHO)]


def test_a_rollback_names_the_model_that_decides_again(monkeypatch):
    entry = SimpleNamespace(data={"arms": [{"model": "payment-1"}, {"model": "payment-7"}]})
    calls = []
    monkeypatch.setattr(promotion, "roll_back", lambda *a, **options: calls.append((a, options)) or entry)
    assert ACTIONS["roll_back"].permission == PROMOTE
    said = ACTIONS["roll_back"].act(VERSION, {}, "user/bo", NOW)
    assert said == "Rolled back: payment-1 decides every payment again."
    assert calls == [(("payment",), WHO)]


@pytest.mark.parametrize(("text", "percent"), [("10", 10), (" 7,5% ", 7.5), ("0.1 %", 0.1), ("-3", -3)])
def test_a_percentage_is_read_as_people_type_it(text, percent):
    assert read_percent(text, event_type="payment") == percent


@pytest.mark.parametrize("text", ["", "ten", "1,000.5", "10 per cent"])
def test_an_invalid_percentage_is_quoted(text):
    with pytest.raises(InvalidRoute, match="payment") as refused:
        read_percent(text, event_type="payment")
    assert repr(text) in str(refused.value)
