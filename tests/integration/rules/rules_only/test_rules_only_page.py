"""The switch "rules only": who may move it, what it records, and where it is shown."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from monitoring.exposition import database_gauges
from scoring.errors import ScoringError
from scoring.log.projections import registered
from scoring.log.rebuild import rebuild_projections
from scoring.registry.routes import Arm, change_route
from scoring.rules.rules_only.errors import NoModelToSwitchOff, RulesOnlyUnchanged
from scoring.rules.rules_only.models import RulesOnlySwitch
from scoring.rules.rules_only.switching import decide_by_models, decide_by_rules_only, is_rules_only
from scoring.rules.ruleset.errors import ReasonRequired
from tests.integration.monitoring.made_up import add_model

pytestmark = pytest.mark.django_db

PAGE = "/admin/rules-only/"
BY: dict[str, Any] = {"actor": "user/lea", "now": datetime(2026, 3, 1, 12, tzinfo=UTC)}


@pytest.fixture
def model() -> str:
    """The name of a champion for payments."""
    name = add_model(1)
    change_route(
        "payment",
        arms=[Arm("champion", name, "champion", 1.0)],
        salt="payment/1",
        unit="customer",
        expected_version=0,
        reason="promoted",
        **BY,
    )
    return name


def client_of(*codenames: str) -> Client:
    user = User.objects.create_user("lea", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_log_says_who_switched_and_why(model: str) -> None:
    entry = decide_by_rules_only("payment", reason="wrong scores", **BY)
    assert (entry.type, entry.metadata["actor"]) == ("rules_only.changed", "user/lea")
    assert entry.data == {"event_type": "payment", "on": True, "reason": "wrong scores"}
    assert is_rules_only("payment")
    decide_by_models("payment", reason="repaired", **BY)
    assert not is_rules_only("payment")


def test_the_table_is_rebuilt_from_the_log(model: str) -> None:
    decide_by_rules_only("payment", reason="wrong scores", **BY)
    before = RulesOnlySwitch.objects.values().get()
    rebuild_projections([each for each in registered() if each.table.name == "scoring_rulesonlyswitch"])
    assert RulesOnlySwitch.objects.values().get() == before


def test_a_switch_that_would_change_nothing_is_refused(model: str) -> None:
    with pytest.raises(RulesOnlyUnchanged, match="payment is already decided by its models"):
        decide_by_models("payment", reason="repaired", **BY)
    with pytest.raises(ReasonRequired):
        decide_by_rules_only("payment", reason=" ", **BY)
    with pytest.raises(NoModelToSwitchOff, match="no model decides content yet"):
        decide_by_rules_only("content", reason="wrong scores", **BY)
    with pytest.raises(ScoringError):
        decide_by_rules_only("login", reason="wrong scores", **BY)
    assert not RulesOnlySwitch.objects.exists()


def test_the_page_switches_models_off_and_on(model: str) -> None:
    client = client_of("view_rulesonlyswitch", "set_rulesonly")
    assert f"decided by {model}" in text_of(client.get(PAGE))
    text = text_of(client.post(PAGE, {"off": "payment", "reason": "wrong scores"}, follow=True))
    assert "Rules only: no model decides payment, from the next events on." in text
    assert "payment: rules only, by user/lea: wrong scores" in text
    text = text_of(client.post(PAGE, {"on": "payment", "reason": "repaired"}, follow=True))
    assert "The models of payment decide again, from the next events on." in text
    text = text_of(client.post(PAGE, {"on": "payment", "reason": "again"}, follow=True))
    assert "Nothing changed: payment is already decided by its models." in text


def test_looking_is_not_switching(model: str) -> None:
    client = client_of("view_rulesonlyswitch")
    assert "Decide by rules only</button>" not in text_of(client.get(PAGE))
    assert client.post(PAGE, {"off": "payment", "reason": "wrong scores"}).status_code == 403
    assert not is_rules_only("payment")


def test_models_and_metrics_show_it(model: str) -> None:
    decide_by_rules_only("payment", reason="wrong scores", **BY)
    client = client_of("view_modelversion", "view_rulesonlyswitch")
    models = text_of(client.get(reverse("admin:scoring_modelversion_changelist")))
    assert "no model decides payment. user/lea switched its models off" in models
    gauges = {each.name: each.samples for each in database_gauges()}
    assert [(each.labels, each.value) for each in gauges["assay_rules_only"]] == [
        ({"event_type": "payment"}, 1)
    ]
