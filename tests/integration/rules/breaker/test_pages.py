"""The pages of breakers: who sees what, who may do what, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from monitoring.exposition import exposition
from scoring.log.append import append
from scoring.rules.breaker.changing import change_settings, settings_of
from scoring.rules.breaker.configuration import BreakerConfiguration
from scoring.rules.breaker.models import BreakerState
from scoring.rules.breaker.settings import BreakerSettings
from scoring.rules.breaker.tripping import Breakers
from scoring.rules.ruleset.stream import current_version, iter_changes

pytestmark = pytest.mark.django_db

BREAKERS, LIMITS = "/admin/breakers/", "/admin/breakers/payment/"
GIVEN = {"max_share": "25", "min_events": "50", "max_blocks": "", "window": "5", "cool_down": "30"}
TEN = BreakerSettings(min_events=10)


def client_of(*codenames: str) -> Client:
    user = User.objects.create_user("lea", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def trip(*, ago: timedelta = timedelta(minutes=2), source: str = "shop", by: tuple[str, ...] = ()) -> None:
    at = timezone.now() - ago
    breakers = Breakers(BreakerConfiguration(0, {"payment": TEN}, {}))
    for _ in range(10):
        breakers.observe("payment", source, would_block=True, by=by, now=at)
    append(breakers.entries_to_append(), now=at)


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())  # no-break spaces become spaces


def test_without_an_open_breaker_the_page_says_so_and_shows_the_default_limits() -> None:
    text = text_of(client_of("view_breakerstate").get(BREAKERS))
    assert "No breaker is open." in text
    assert "more than 40 % of the latest 40 events" in text
    assert "No breaker has opened, and no limit was changed." in text
    assert "Open an event type to change its limits." not in text


def test_an_open_breaker_says_what_tripped_it_and_until_when() -> None:
    trip(by=("velocity", "country"))
    text = text_of(client_of("view_breakerstate").get(BREAKERS))
    assert "payment from shop: blocks become reviews" in text
    assert "10 of the latest 10 events would be blocked (100 %; the limit is 40" in text
    assert "Rule country asked for 10 of these blocks, rule velocity asked for 10." in text
    assert "It closes at" in text
    assert "A lead can reset it." in text
    assert "Reset the breaker" not in text


def test_a_breaker_whose_cool_down_is_over_waits_for_the_next_event() -> None:
    trip(ago=timedelta(minutes=16))
    text = text_of(client_of("view_breakerstate").get(BREAKERS))
    assert "The cool-down is over: the next event closes it" in text
    assert "The policy alone asked for these blocks." in text


def test_the_history_tells_opening_from_staying_open() -> None:
    at = timezone.now() - timedelta(minutes=30)
    breakers = Breakers(BreakerConfiguration(0, {"payment": TEN}, {}))
    for minutes in (0, 15):
        later = at + timedelta(minutes=minutes)
        for _ in range(10):
            breakers.observe("payment", "shop", would_block=True, now=later)
        append(breakers.entries_to_append(), now=later)
    text = text_of(client_of("view_breakerstate").get(BREAKERS))
    assert text.index("stayed open: 10 of the latest 10") < text.index("opened: 10 of the latest 10")


def test_a_lead_resets_it_with_a_reason() -> None:
    trip()
    client = client_of("view_breakerstate", "reset_breaker")
    done = client.post(BREAKERS, {"reset": "payment/shop", "reason": "The rule is archived."}, follow=True)
    assert "The breaker of payment from shop is closed. Blocks are counted anew." in text_of(done)
    state = BreakerState.objects.get()
    assert (state.until, state.closed_by) == (None, "user/lea")
    (entry,) = iter_changes()
    assert (entry.type, entry.data["reason"]) == ("breaker.reset", "The rule is archived.")
    assert "reset by user/lea: The rule is archived." in text_of(client.get(BREAKERS))
    again = client.post(BREAKERS, {"reset": "payment/shop", "reason": "Again."}, follow=True)
    assert "Nothing changed: the breaker of payment from shop is not open." in text_of(again)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"reset": "payment/shop", "reason": " "}, "a reason must say why the breaker of payment from shop"),
        ({"reset": "payment/elsewhere", "reason": "x"}, "the breaker of payment from elsewhere is not open"),
        ({}, "a reason must say why"),
    ],
)
def test_a_reset_that_is_refused_changes_nothing(given: dict[str, str], message: str) -> None:
    trip()
    client = client_of("view_breakerstate", "reset_breaker")
    assert message in text_of(client.post(BREAKERS, given, follow=True))
    assert current_version() == 0


def test_those_who_may_only_look_change_nothing() -> None:
    trip()
    client = client_of("view_breakerstate")
    assert client.post(BREAKERS, {"reset": "payment/shop", "reason": "x"}).status_code == 403
    assert client.post(LIMITS, GIVEN | {"reason": "x"}).status_code == 403
    text = text_of(client.get(LIMITS))
    assert "Change the limits" not in text
    assert "more than 40" in text
    assert current_version() == 0


def test_others_do_not_see_the_pages() -> None:
    client = client_of("view_decision")
    assert [client.get(page).status_code for page in (BREAKERS, LIMITS)] == [403, 403]


def test_limits_are_changed_in_percent_and_minutes() -> None:
    client = client_of("view_breakerstate", "set_breaker")
    done = client.post(LIMITS, GIVEN | {"reason": "Fewer false alarms."}, follow=True)
    assert "The limits of payment hold from the next events on." in text_of(done)
    assert settings_of("payment") == BreakerSettings(0.25, None, 50, 300, 1800)
    text = text_of(client.get(LIMITS))
    assert "user/lea" in text
    assert "Fewer false alarms." in text
    assert 'value="25"' in text


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"max_share": "0"}, "Ensure this value is greater than or equal to 0.1."),
        ({"min_events": "5"}, "Ensure this value is greater than or equal to 10."),
        ({"window": "x"}, "Enter a number."),
        ({"reason": ""}, "This field is required."),
        ({"max_share": "40", "min_events": "40", "window": "60", "cool_down": "15"}, "already have these"),
    ],
)
def test_limits_that_are_refused_are_shown_again_with_what_is_wrong(
    changed: dict[str, str], message: str
) -> None:
    client = client_of("view_breakerstate", "set_breaker")
    assert message in text_of(client.post(LIMITS, GIVEN | {"reason": "why"} | changed))
    assert current_version() == 0


@pytest.mark.parametrize("event_type", ["parcel", "refund"])
def test_only_scored_event_types_have_breakers(event_type: str) -> None:
    client = client_of("view_breakerstate", "set_breaker")
    address = reverse("admin:breaker_limits", args=[event_type])
    assert client.get(address).status_code == 404
    assert client.post(address, GIVEN | {"reason": "x"}).status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_breakers(django_assert_max_num_queries: Any) -> None:
    change_settings("payment", TEN, reason="small shop", actor="user/lea", now=timezone.now())
    for place in range(12):
        trip(source=f"shop-{place}", by=("velocity",))
    client = client_of("view_breakerstate", "reset_breaker")
    client.get(BREAKERS)
    with django_assert_max_num_queries(12):
        text_of(client.get(BREAKERS))


def test_metrics_name_open_breakers_and_those_that_have_closed(online_redis: object) -> None:
    trip()
    trip(source="partner")
    client = client_of("view_breakerstate", "reset_breaker")
    client.post(BREAKERS, {"reset": "payment/partner", "reason": "fixed"})
    lines = exposition().decode().splitlines()
    assert 'assay_breaker_open{event_type="payment",source="shop"} 1.0' in lines
    assert 'assay_breaker_open{event_type="payment",source="partner"} 0.0' in lines
