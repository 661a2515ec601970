"""Guardrails of deployed models: windows from the log, roll-backs, their limits, the pages."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from monitoring.guardrails.checking import MAX_A_DAY, check_guardrails
from monitoring.guardrails.errors import GuardrailsUnchanged
from monitoring.guardrails.forms import GuardrailsForm
from monitoring.guardrails.settings import GuardrailSettings
from monitoring.guardrails.stored import guardrail_settings
from monitoring.models import ArmWindow, GuardrailTrip
from monitoring.tasks import check_guardrails as check_task
from monitoring.windows.arms import ARMS
from scoring.configuration.type_settings.stored import SettingsByType
from scoring.learning.promotion import promote as promotion
from scoring.log.append import append
from scoring.log.consumers.registry import Consumer, catch_up, rebuild_consumer, run_consumer
from scoring.log.errors import StreamConflict
from scoring.log.read import read_stream
from scoring.registry.errors import FeatureSetMissing
from scoring.registry.models import ModelVersion
from scoring.registry.routes import arm_for, route_of
from scoring.rules.ruleset.errors import ReasonRequired
from tests.factories.log import NOW, decided, labeled, received
from tests.integration.monitoring.made_up import add_model, reference

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WHO: dict[str, Any] = {"actor": "user/bo", "now": NOW}
Traffic = Callable[..., None]


@pytest.fixture
def models(online_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three approved versions, the first of them champion; all can be run, as far as the route is asked."""
    monkeypatch.setattr(promotion, "require_usable", lambda version: None)
    names = [add_model(number) for number in (1, 2, 3)]
    ModelVersion.objects.update(status=ModelVersion.Status.APPROVED)
    promotion.promote(names[0], **WHO)
    return names


@pytest.fixture
def traffic() -> Traffic:
    """`traffic(60, blocked_by={"payment-2"})`: events of as many cards, decided by the model of their arm."""
    sent = 0

    def send(count: int, *, blocked_by: set[str] = frozenset(), now: Any = NOW) -> None:  # type: ignore[assignment]
        nonlocal sent
        route = route_of("payment")
        assert route is not None
        cards = [f"card-{sent + number}" for number in range(count)]
        events = append([received(card, card=card) for card in cards], now=now)
        sent += count
        arms = [arm_for(route, card) for card in cards]
        made = [
            decided(
                event,
                model=arm.model,
                arm=arm.name,
                route=route.version,
                unit=card,
                outcome="block" if arm.model in blocked_by else "allow",
            )
            for event, card, arm in zip(events, cards, arms, strict=True)
        ]
        append(made, now=now)
        catch_up(ARMS, now=now)

    return send


def champion() -> str:
    route = route_of("payment")
    assert route is not None
    return route.champion.model


def test_a_canary_that_blocks_everything_is_stopped_with_the_figures_in_the_log(
    models: list[str], traffic: Traffic
) -> None:
    promotion.start_canary(models[1], share=0.5, **WHO)
    traffic(200, blocked_by={models[1]})

    [entry] = check_guardrails(now=NOW + MINUTE)

    route = route_of("payment")
    assert route is not None
    assert (route.champion.model, route.canary) == (models[0], None)
    changed = read_stream("route/payment")[-1]
    assert changed.metadata["actor"] == "guardrails"
    assert changed.data["reason"].startswith("canary stopped: ")
    assert changed.data["guardrail"] == entry.data["figures"]
    assert (entry.data["figures"]["metric"], entry.data["figures"]["value"]) == ("blocks", 1.0)
    assert entry.data["figures"]["control"] == 0.0
    trip = GuardrailTrip.objects.get()
    assert (trip.model, trip.role, trip.action, trip.why_not) == (models[1], "canary", "rolled_back", "")
    assert check_guardrails(now=NOW + 2 * MINUTE) == []


def test_a_new_champion_is_rolled_back_and_what_is_restored_is_not_watched(
    models: list[str], traffic: Traffic
) -> None:
    traffic(100)
    promotion.promote(models[1], **WHO)
    traffic(100, blocked_by={models[1]})

    assert len(check_guardrails(now=NOW + MINUTE)) == 1

    assert champion() == models[0]
    assert read_stream("route/payment")[-1].data["reason"].startswith("rolled back: 100 of 100 events")
    traffic(100, blocked_by={models[0]})
    assert check_guardrails(now=NOW + 2 * MINUTE) == []
    assert promotion.previous_champion("payment") is None  # the model that was rolled back is passed over


def test_a_model_that_blocks_as_before_stays(models: list[str], traffic: Traffic) -> None:
    promotion.start_canary(models[1], share=0.5, **WHO)
    traffic(300)
    traffic(10, blocked_by=set(models))
    assert check_guardrails(now=NOW + MINUTE) == []


def test_a_canary_that_was_good_for_hours_is_still_caught(models: list[str], traffic: Traffic) -> None:
    promotion.start_canary(models[1], share=0.5, **WHO)
    traffic(3_000)
    traffic(120, blocked_by={models[1]}, now=NOW + 3 * HOUR)  # 2 % of all, everything of the last hours
    assert len(check_guardrails(now=NOW + 3 * HOUR)) == 1


def test_nothing_happens_while_guardrails_are_off(models: list[str], traffic: Traffic) -> None:
    off = GuardrailSettings(on=False)
    guardrail_settings.change("payment", off, reason="A load test.", **WHO)
    promotion.start_canary(models[1], share=0.5, **WHO)
    traffic(200, blocked_by={models[1]})
    assert check_guardrails(now=NOW + MINUTE) == []
    guardrail_settings.change("payment", GuardrailSettings(), reason="The test is over.", **WHO)
    assert len(check_guardrails(now=NOW + 2 * MINUTE)) == 1


def test_a_model_without_a_usable_predecessor_stays_and_is_tried_once(
    models: list[str], traffic: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = timezone.now()
    promotion.promote(models[1], actor="user/bo", now=today)
    traffic(100, blocked_by={models[1]}, now=today)

    def missing(version: ModelVersion) -> None:
        raise FeatureSetMissing(version.name, needed="f" * 64, number=None)

    monkeypatch.setattr(promotion, "require_usable", missing)
    [entry] = check_guardrails(now=today + MINUTE)
    assert (entry.data["action"], champion()) == ("none", models[1])
    assert models[0] in entry.data["why_not"]
    assert check_guardrails(now=today + 2 * MINUTE) == []
    assert len(read_stream("route/payment")) == 2

    page = person("lead").get(reverse("admin:index")).content.decode()
    assert "exceeded a guardrail" in page
    assert "It was not rolled back: " in page


def test_roll_backs_end_after_some_in_a_day(models: list[str], traffic: Traffic) -> None:
    for number in range(MAX_A_DAY + 1):
        now = NOW + number * HOUR
        promotion.start_canary(models[1], share=0.5, actor="user/bo", now=now)
        traffic(200, blocked_by={models[1]}, now=now)
        [entry] = check_guardrails(now=now + MINUTE)
        last = number == MAX_A_DAY
        assert entry.data["action"] == ("none" if last else "rolled_back")
    route = route_of("payment")
    assert route is not None
    assert route.canary is not None
    assert "the cause may be elsewhere" in entry.data["why_not"]


def test_labels_of_blocks_roll_back_a_model(models: list[str], traffic: Traffic) -> None:
    promotion.promote(models[1], **WHO)
    traffic(25, blocked_by={models[1]})  # fewer than the guardrail of blocks needs
    assert check_guardrails(now=NOW + MINUTE) == []
    wrong = [labeled(f"payment/shop/card-{n}", effective="legitimate", previous=None) for n in range(20)]
    append(wrong, now=NOW)
    catch_up(ARMS, now=NOW)
    [entry] = check_guardrails(now=NOW + MINUTE)
    figures = entry.data["figures"]
    assert (figures["metric"], figures["count"], figures["events"]) == ("wrong_blocks", 20, 20)


def test_windows_are_the_same_however_entries_were_batched(models: list[str], traffic: Traffic) -> None:
    promotion.start_canary(models[1], share=0.5, **WHO)
    traffic(40, blocked_by={models[1]})
    append([labeled("payment/shop/card-3"), labeled("payment/shop/card-4", effective="legitimate")], now=NOW)
    catch_up(ARMS, now=NOW)
    before = rows()
    assert sum(row["decided"] for row in before) == 40
    rebuild_consumer(ARMS, now=NOW)
    assert rows() == before
    assert ARMS.reset is not None
    ARMS.reset()
    assert rows() == []
    from_start(limit=3)
    assert rows() == before
    scores = [sum(memoryview(row["scores"]).cast("q")) for row in before]
    assert scores == [row["decided"] for row in before]
    assert len(reference()["score"]["counts"]) * 8 == len(before[0]["scores"])


def from_start(*, limit: int) -> None:
    """Count the whole log in small batches."""
    rebuilt = Consumer("monitoring.arms.test", ARMS.types, ARMS.handle, ARMS.reset)
    while not run_consumer(rebuilt, now=NOW, limit=limit).caught_up:
        pass


def rows() -> list[dict[str, Any]]:
    found = ArmWindow.objects.order_by("model", "route", "start").values()
    return [
        {name: bytes(value) if name == "scores" else value for name, value in row.items() if name != "id"}
        for row in found
    ]


def test_the_task_checks_at_the_present_time(models: list[str]) -> None:
    assert check_task() == []


def test_settings_are_changed_with_a_reason_and_only_if_they_differ(db: None) -> None:
    with pytest.raises(ReasonRequired):
        guardrail_settings.change("payment", GuardrailSettings(on=False), reason=" ", **WHO)
    with pytest.raises(GuardrailsUnchanged):
        guardrail_settings.change("payment", GuardrailSettings(), reason="No change.", **WHO)
    changed = GuardrailSettings(watch_hours=48)
    guardrail_settings.change("payment", changed, reason="Longer.", **WHO)
    assert guardrail_settings.of("payment") == changed
    assert guardrail_settings.of("content") == GuardrailSettings()


def test_a_change_after_the_settings_were_read_is_a_conflict(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = GuardrailSettings(watch_hours=12), GuardrailSettings(watch_hours=48)
    with monkeypatch.context() as patched:

        def read_late(kind: Any, row: Any) -> GuardrailSettings:
            """The settings in the row; another person changes them after it was read."""
            patched.undo()
            guardrail_settings.change("payment", first, reason="Shorter.", **WHO)
            return guardrail_settings.in_row(row)

        patched.setattr(SettingsByType, "in_row", read_late)
        with pytest.raises(StreamConflict):
            guardrail_settings.change("payment", second, reason="Longer.", **WHO)
    assert guardrail_settings.of("payment") == first


def test_the_pages_show_watched_models_and_change_settings(models: list[str], traffic: Traffic) -> None:
    today = timezone.now()
    promotion.start_canary(models[1], share=0.5, actor="user/bo", now=today)
    traffic(200, now=today)
    lead, analyst = person("lead"), person("auditor")
    page = lead.get(reverse("admin:guardrails")).content.decode()
    assert f"{models[1]}</a>, canary of payment" in page
    assert ">within<" in page

    address = reverse("admin:guardrail_limits", args=["payment"])
    initial = GuardrailsForm.showing(GuardrailSettings()).initial
    sent = {name: value for name, value in initial.items() if value is not False}
    assert lead.post(address, {**sent, "blocks_limit": "0", "reason": "x"}).status_code == 200
    assert lead.post(address, {**sent, "reason": "The same."}).status_code == 200
    assert lead.post(address, {**sent, "watch_hours": 72, "reason": "Longer."}).status_code == 302
    assert guardrail_settings.of("payment").watch_hours == 72
    assert "by user/lead: Longer." in lead.get(address).content.decode()
    assert "watched for 72 h" in analyst.get(address).content.decode()
    assert lead.get(reverse("admin:guardrail_limits", args=["refund"])).status_code == 404


def person(group: str) -> Client:
    user = User.objects.create_user(group, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client
