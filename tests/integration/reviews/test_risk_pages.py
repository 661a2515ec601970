"""The pages of risk profiles: the list by risk, one entity with its reasons, and the override form."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group, Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from reviews.pages.risks.panel import risk_link
from scoring.batch.publishing import publish
from scoring.batch.risk.consumers import PROFILES
from scoring.batch.risk.models import RiskOverride
from scoring.batch.risk.overrides import override_risk
from scoring.event_types.payment import Payment
from scoring.log.append import append
from scoring.log.consumers.registry import catch_up
from scoring.log.entries import Entry
from tests.factories.log import decided, received

pytestmark = pytest.mark.django_db(transaction=True)

KEY = "payment.customer_risk"


@pytest.fixture
def events(transactional_db: None, online_redis: redis.Redis, tmp_path: Any, settings: Any) -> list[Entry]:
    """A published version: ann is risky, bo is not."""
    settings.OFFLINE_URL = str(tmp_path / "offline")
    now = timezone.now()
    made = []
    for number, (customer, score) in enumerate((("ann", 0.9), ("ann", 0.1), ("bo", 0.05))):
        entry = received(f"r-{number}", customer=customer, merchant="m-1")
        entry.data["occurred_at"] = (now - timedelta(hours=1)).isoformat()
        (event,) = append([entry], now=now)
        append([decided(event, score=score, margin=0.0)], now=now)
        made.append(event)
    publish_now()
    return made


def publish_now() -> None:
    publish(Payment.customer_risk, now=timezone.now())
    catch_up(PROFILES, now=timezone.now())


def signed_in(group: str) -> Client:
    user = User.objects.create_user(group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_is_by_risk_and_can_be_searched(events: list[Entry]) -> None:
    client = signed_in("analyst")
    text = page(client, reverse("admin:risk_profiles"))
    assert text.index(">ann<") < text.index(">bo<")
    assert reverse("admin:event", args=[events[0].position]) in text
    found = page(client, reverse("admin:risk_profiles") + f"?view={KEY}&q=b")
    assert ">bo<" in found
    assert ">ann<" not in found
    assert "No profile begins with" in page(client, reverse("admin:risk_profiles") + "?q=zoe")
    assert client.get(reverse("admin:risk_profiles") + "?view=payment.taste").status_code == 404


def test_a_profile_shows_the_events_that_it_is_due_to(events: list[Entry]) -> None:
    text = page(signed_in("analyst"), risk_link(KEY, "ann"))
    assert reverse("admin:event", args=[events[0].position]) in text
    assert reverse("admin:event", args=[events[2].position]) not in text
    assert "Set the risk" not in text  # an analyst may not
    assert "No risk: no event of this customer" in page(signed_in("auditor"), risk_link(KEY, "zoe"))


def test_a_lead_sets_a_risk_and_ends_it(events: list[Entry]) -> None:
    client, address = signed_in("lead"), risk_link(KEY, "bo")
    sent = {"action": "override", "percent": "95", "days": "7", "reason": "Sold fakes"}
    answer = client.post(address, sent, follow=True)
    text = answer.content.decode()
    assert "The change is recorded" in text
    assert "Events read the change from the next version on" in text
    row = RiskOverride.objects.get()
    assert (row.entity, row.score, row.set_by, row.reason) == ("bo", 0.95, "user/lead", "Sold fakes")
    publish_now()
    text = page(client, address)
    assert "Events read the change" not in text
    assert "95.0\N{NO-BREAK SPACE}%" in text
    assert "badge" in page(client, reverse("admin:risk_profiles"))
    client.post(address, {"action": "end", "reason": "Mistaken identity"})
    assert RiskOverride.objects.get().ended_by == "user/lead"
    assert "Mistaken identity" in page(client, address)


def test_only_those_who_may_override_change_a_risk(events: list[Entry]) -> None:
    client = signed_in("analyst")
    for action in ("override", "end"):
        sent = {"action": action, "percent": "95", "days": "7", "reason": "Sold fakes"}
        assert client.post(risk_link(KEY, "bo"), sent).status_code == 403
    assert not RiskOverride.objects.exists()


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"action": "override", "percent": "120", "days": "7", "reason": "x"}, "less than or equal to 100"),
        ({"action": "override", "percent": "20", "days": "7", "reason": ""}, "required"),
        ({"action": "override", "percent": "20", "days": "400", "reason": "x"}, "less than or equal to 366"),
        ({"action": "end", "reason": "x"}, "Nothing changed: no override of payment.customer_risk holds"),
    ],
)
def test_a_refused_form_is_shown_again(sent: dict[str, str], problem: str, events: list[Entry]) -> None:
    answer = signed_in("lead").post(risk_link(KEY, "bo"), sent)
    assert problem in answer.content.decode()
    assert not RiskOverride.objects.exists()


def test_the_page_of_an_event_shows_the_risks_of_its_entities(events: list[Entry]) -> None:
    client = signed_in("analyst")
    for address in (
        reverse("admin:event", args=[events[0].position]),
        reverse("admin:entities") + "?kind=customer&value=ann",
    ):
        assert risk_link(KEY, "ann").replace("&", "&amp;") in page(client, address)


def test_risks_are_shown_only_to_those_who_may_see_profiles(events: list[Entry]) -> None:
    client = signed_in("analyst")
    Group.objects.get(name="analyst").permissions.remove(Permission.objects.get(codename="view_riskprofile"))
    assert client.get(risk_link(KEY, "ann")).status_code == 403
    text = page(client, reverse("admin:event", args=[events[0].position]))
    assert risk_link(KEY, "ann").replace("&", "&amp;") not in text


def test_the_command_prints_profiles(events: list[Entry]) -> None:
    out = StringIO()
    call_command("risk_profiles", view=KEY, json=True, stdout=out)
    ann, bo = json.loads(out.getvalue())["profiles"]
    assert (ann["entity"], bo["entity"]) == ("ann", "bo")
    assert ann["strongest"][0]["event_position"] == events[0].position
    assert ann["override"] is None
    now = timezone.now()
    override_risk(
        view=KEY,
        entity="bo",
        score=0.5,
        reason="Sold fakes",
        expires_at=now + timedelta(days=1),
        actor="user/lee",
        now=now,
    )
    out = StringIO()
    call_command("risk_profiles", view=KEY, json=True, stdout=out)
    ann, bo = json.loads(out.getvalue())["profiles"]
    assert ann["override"] is None
    assert (bo["override"]["score"], bo["override"]["by"]) == (0.5, "user/lee")
    out = StringIO()
    call_command("risk_profiles", view=KEY, entity="bo", stdout=out)
    assert out.getvalue().split()[:3] == [KEY, "5.0%", "bo"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [({"view": "payment.taste"}, 2), ({"entity": "ann"}, 2), ({"view": KEY, "entity": "zoe"}, 3)],
)
def test_exit_codes_of_the_command(arguments: dict[str, str], code: int, db: None) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("risk_profiles", **arguments)
    assert refused.value.returncode == code
