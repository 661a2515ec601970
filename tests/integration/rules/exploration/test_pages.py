"""The pages of exploration: settings in percent and money, costs, and what was learned."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.rules.exploration.changing import change_exploration, exploration_of
from scoring.rules.exploration.explored_events import read_results
from scoring.rules.exploration.settings import Exploration
from scoring.rules.ruleset.stream import current_version
from tests.factories.exploring import decision, event, let_through
from tests.factories.log import labeled

pytestmark = pytest.mark.django_db

LIST, PAGE = "/admin/exploration/", "/admin/exploration/payment/"
GIVEN = {"share": "1.5", "amount_cap": "80", "daily_cap": "400.50", "reason": "Are blocks right?"}


def client_of(*codenames: str) -> Client:
    user = User.objects.create_user("lea", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())  # no-break spaces become spaces


def switch_on(share: float = 0.02) -> None:
    settings = Exploration("payment", share, amount_cap=20_000, daily_cap=100_000, salt="")
    change_exploration(settings, reason="to learn", actor="user/ben", now=timezone.now())


def explore(count: int, *, ago: timedelta = timedelta(0), label: str = "", **data: Any) -> None:
    at = timezone.now() - ago
    for place in range(count):
        receipt = event(f"{label}-{ago.days}-{place}", at=at)
        decision(receipt, at=at, **(let_through(0.1) | {"stake": 2_500} | data))
        if label:
            append([labeled(receipt.stream, value=label, effective=label, said={}, known_at=at)], now=at)


def test_it_is_off_until_it_is_switched_on() -> None:
    client = client_of("view_storedexploration")
    assert "Off:" in text_of(client.get(PAGE))
    assert "Exploration was never switched on." in text_of(client.get(PAGE))
    assert ">off</span>" in text_of(client.get(LIST))


def test_settings_are_given_in_percent_and_money() -> None:
    client = client_of("view_storedexploration", "set_exploration")
    text = text_of(client.post(PAGE, GIVEN, follow=True))
    assert "Exploration of payment is on, from the next events on." in text
    assert "1.50 % of the would-be blocks of payment go through, at most 80.00 USD each" in text
    assert "by user/lea: Are blocks right?" in text
    stored = exploration_of("payment")
    assert stored is not None
    assert (stored.share, stored.amount_cap, stored.daily_cap) == (0.015, 8_000, 40_050)


def test_the_salt_changes_only_on_request() -> None:
    client = client_of("view_storedexploration", "set_exploration")
    client.post(PAGE, GIVEN)
    first = exploration_of("payment")
    client.post(PAGE, GIVEN | {"share": "3"})
    kept = exploration_of("payment")
    client.post(PAGE, GIVEN | {"share": "3", "draw_anew": "on"})
    drawn_anew = exploration_of("payment")
    assert first
    assert kept
    assert drawn_anew
    assert first.salt == kept.salt != drawn_anew.salt


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"share": "60"}, "Ensure this value is less than or equal to 50.0."),
        ({"share": "0.001"}, "share: must be 0 (off) or 0.01% to 50%, not 1e-05"),
        ({"amount_cap": "1.005"}, "Ensure that there are no more than 2 decimal places."),
        ({"daily_cap": "79"}, "daily_cap: must be at least the cap of one event, 8,000, not 7,900"),
        ({"amount_cap": "0"}, "amount_cap: must be 1 to 1,000,000,000,000,000 minor units, not 0"),
        ({"reason": " "}, "This field is required."),
    ],
)
def test_settings_that_are_refused_are_shown_again_with_what_is_wrong(
    changed: dict[str, str], message: str
) -> None:
    client = client_of("view_storedexploration", "set_exploration")
    assert message in text_of(client.post(PAGE, GIVEN | changed))
    assert current_version() == 0


def test_those_who_may_only_look_change_nothing() -> None:
    switch_on()
    client = client_of("view_storedexploration")
    assert client.post(PAGE, GIVEN).status_code == 403
    text = text_of(client.get(PAGE))
    assert "Change exploration" not in text
    assert "Cap of a day" in text
    assert client_of_another().get(PAGE).status_code == 403


def test_only_scored_event_types_are_explored() -> None:
    client = client_of("view_storedexploration", "set_exploration")
    for event_type in ("parcel", "refund"):
        address = reverse("admin:exploration_of", args=[event_type])
        assert client.get(address).status_code == client.post(address, GIVEN).status_code == 404


def test_the_page_shows_costs_and_what_was_learned() -> None:
    switch_on()
    explore(2)
    explore(9, ago=timedelta(days=60), label="fraud")
    explore(3, ago=timedelta(days=60))
    client = client_of("view_storedexploration")
    text = text_of(client.get(PAGE))
    for figure in ("50.00 USD", "14", "225.00 USD", "9 known to be fraud so far", "25.0 %"):
        assert f">{figure}<" in text
    assert "of at most 1,000.00 USD" in text
    assert "25.0 %" in text_of(client.get(LIST))


def test_the_explored_decisions_are_listed_for_those_who_may_see_decisions() -> None:
    explore(2)
    decision(event("blocked"), at=timezone.now(), outcome="block")
    assert "propensity__isnull" not in text_of(client_of("view_storedexploration").get(PAGE))
    User.objects.all().delete()
    client = client_of("view_storedexploration", "view_decision")
    (address,) = re.findall(r'href="(/admin/scoring/decision/[?][^"]*)"', text_of(client.get(PAGE)))
    listed = text_of(client.get(address.replace("&amp;", "&")))
    assert listed.count("data-row") == 2


def test_results_are_of_the_last_decision_of_each_event_that_stands() -> None:
    now = timezone.now()
    twice, retracted = event("twice"), event("retracted")
    for revision, stake in ((0, 1_000), (1, 3_000)):
        decision(twice, at=now, revision=revision, **(let_through() | {"stake": stake}))
    decision(retracted, at=now, **let_through())
    retract(retracted)
    results = read_results("payment", now=now)
    assert (results.events, results.money) == (1, 3_000)


def test_a_correction_of_the_label_counts() -> None:
    now = timezone.now()
    receipt = event("T-1")
    decision(receipt, at=now, **let_through())
    append([labeled(receipt.stream)], now=now)
    assert read_results("payment", now=now).bad == 1
    legitimate = {"value": "legitimate", "effective": "legitimate", "previous": "fraud"}
    append([labeled(receipt.stream, version=2, **legitimate)], now=now)
    assert read_results("payment", now=now).bad == 0


def client_of_another() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("sam", is_staff=True))
    return client


def retract(receipt: Any) -> None:
    data = {"type": "payment", "event_position": receipt.position, "version": 1, "reason": "test"}
    append([NewEntry(receipt.stream, 2, "event.retracted", data)], now=timezone.now())
