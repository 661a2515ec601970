"""Declarations of external signals: what they send, and what is refused at start-up."""

from typing import Any

import pytest

from scoring import checks
from scoring.catalog.client_fields import IpAddress
from scoring.catalog.event_type import EventType
from scoring.catalog.external_signals import ExternalSignal
from scoring.catalog.fields import Category, Entity, Flag, Money, Number, Text
from scoring.declare.errors import CatalogError
from scoring.features.compile.plan import compile_lane


def declared(**options: Any) -> ExternalSignal:
    given: dict[str, Any] = {"url": "https://risk.example/devices", "send": (Entity(),), "gives": Number()}
    return ExternalSignal(**{**given, **options})


class Order(EventType):
    name, lane = "order", "orders"
    device, ip = Entity(), IpAddress(optional=True)
    amount = Money(optional=True)
    device_risk = ExternalSignal(
        url="https://risk.example/devices", send=(device, ip, amount), gives=Number()
    )
    tier = ExternalSignal(url="https://risk.example/tiers", send=(ip,), gives=Category(values=("a", "b")))
    features = [device_risk, tier, (device_risk * 2).named("double")]


def test_what_is_sent_has_the_declared_fields_with_null_for_absent_ones() -> None:
    fields = {
        "device": "d-1",
        "amount": {"minor": 1234, "currency": "EUR", "rate": "1.1", "base_minor": 1357},
    }
    assert Order.device_risk.body(fields) == {
        "device": "d-1",
        "ip": None,
        "amount": {"amount": "12.34", "currency": "EUR"},
    }
    assert Order.tier.body(fields) is None


def test_external_signals_are_signals_and_features_of_their_type() -> None:
    assert Order.signals["device_risk"].unit == "number"
    assert Order.signals["tier"].values == ("a", "b")
    assert "device_risk" not in Order.payload_names()
    features = compile_lane("orders", [Order]).feature_set("order")
    assert features.names == ("device_risk", "tier", "double")
    assert features.features[1].vocabulary == ("a", "b")


def test_a_subclass_keeps_the_external_signals_of_its_base() -> None:
    class Special(Order):
        name = "special"
        features: Any = []

    assert set(Special.external_signals) == {"device_risk", "tier"}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"url": "ftp://risk.example"}, "is not an https:// address"),
        ({"url": "https://user:word@risk.example"}, "without a user name"),
        ({"url": "risk.example"}, "is not an https:// address"),
        ({"send": ()}, "send= names one or more fields"),
        ({"send": ("device",)}, "send= names one or more fields"),
        ({"gives": Text()}, r"gives= is a Number\(\), Category\(\) or Flag\(\)"),
        ({"gives": Flag(personal=True)}, "that is not personal"),
        ({"timeout": "80"}, "timeout='80' is not a length of time of at most 500 ms"),
        ({"timeout": "501ms"}, "at most 500 ms"),
        ({"cache": "25h"}, "cache='25h' is not a length of time of at most 24 h"),
        ({"secret": "my secret"}, "cannot name a secret"),
        ({"header": "X-Key"}, "is not a header for secret="),
        ({"secret": "key", "header": "X Key"}, "is not a header for secret="),
    ],
)
def test_a_wrong_declaration_is_refused_with_its_place(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(CatalogError, match=rf"test_external_signals, line \d+: .*{problem}"):
        declared(**options)


def test_a_signal_sends_fields_of_its_own_type_only() -> None:
    foreign = Entity()
    foreign.name = "foreign"
    with pytest.raises(CatalogError, match="has no field 'foreign' that risk could send"):
        type(
            "Wrong",
            (EventType,),
            {"name": "wrong", "lane": "x", "card": Entity(), "risk": declared(send=(foreign,))},
        )


def test_a_feature_of_another_types_signal_is_refused() -> None:
    class Other(EventType):
        name, lane = "other", "orders"
        device = Entity()
        features = [Order.device_risk]

    with pytest.raises(CatalogError, match="other has no field 'device_risk'"):
        compile_lane("orders", [Other])


def test_a_reserved_name_is_refused() -> None:
    with pytest.raises(CatalogError, match="'parse' is reserved"):
        type("Wrong", (EventType,), {"name": "wrong", "lane": "x", "parse": declared()})


def test_the_check_reports_missing_secrets_and_plain_http(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Plain(EventType):
        name, lane = "plain", "orders"
        device = Entity()
        risk = ExternalSignal(url="http://risk.example", send=(device,), gives=Number())
        tier = ExternalSignal(url="https://risk.example", send=(device,), gives=Number(), secret="tiers")

    settings.SIGNAL_SECRETS = {}
    monkeypatch.setattr(checks, "event_types", lambda: {"plain": Plain})
    plain, secret = checks.check_external_signals()
    assert "plain.risk would send values unencrypted to another machine" in plain.msg
    assert (
        "plain.tier needs the secret 'tiers', so it is never fetched. Set ASSAY_SIGNAL_SECRET_TIERS."
        in secret.msg
    )
    settings.SIGNAL_SECRETS, settings.EXTERNAL_SIGNALS_PLAIN_HTTP = {"tiers": "x"}, True
    assert checks.check_external_signals() == []
