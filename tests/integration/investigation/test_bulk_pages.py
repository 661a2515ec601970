"""The pages of bulk actions: from a result to a preview, the action and its undoing."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.people.limits.changing import change_limits
from reviews.four_eyes.settings import NEGATIVE, POSITIVE, ConfirmedLabel, FourEyesSettings
from reviews.four_eyes.stored import four_eyes_settings
from reviews.investigation.bulk import actions
from reviews.models import BulkAction, Case
from reviews.pages.investigations.bulk import preview_page
from reviews.queue.opening import CASES
from reviews.work.checks import choose_golden
from reviews.work.transitions import append_to_case
from scoring.admin_kit.row_rules.limits import Limits
from scoring.log import vault
from scoring.log.consumers.registry import catch_up
from scoring.log.read import read_stream
from scoring.rules.lists.changing.defining import define_list
from scoring.rules.lists.models import ListedValue
from scoring.signals import redis_connections as connections
from tests.integration.investigation.conftest import Pay

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def lanes_are_notified(online_redis: redis.Redis) -> Iterator[None]:
    connections.client.cache_clear()
    yield
    connections.client.cache_clear()


def sign_in(name: str = "lea", group: str = "lead") -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def address(kind: str, **query: str) -> str:
    given = "&".join(f"{name}={value}" for name, value in {"type": "payment", **query}.items())
    return f"{reverse('admin:bulk_preview', args=[kind])}?{given}"


def preview(client: Client, kind: str, *, status: int = 200, **terms: str) -> str:
    sent = {"action": "preview", "reason": "a ring", **terms}
    answer = client.post(address(kind), sent)
    assert answer.status_code == status, answer.content
    return unescape(answer.content.decode())


def do(client: Client, kind: str, text: str) -> BulkAction:
    [token] = re.findall(r'name="preview" value="([^"]+)"', text)
    answer = client.post(address(kind), {"action": "do", "preview": token})
    assert answer.status_code == 302
    return BulkAction.objects.get(number=int(answer["Location"].rstrip("/").rpartition("/")[2]))


def page_of(client: Client, action: BulkAction) -> str:
    return unescape(client.get(reverse("admin:bulk_action", args=[action.number])).content.decode())


def press(client: Client, action: BulkAction, button: str) -> str:
    there = reverse("admin:bulk_action", args=[action.number])
    return unescape(client.post(there, {"action": button}, follow=True).content.decode())


def open_cases(pay: Pay, *ids: str, **how: Any) -> list[Case]:
    now = timezone.now()
    events = [pay(each, at=now, card=each, decision={"outcome": "review"}, **how) for each in ids]
    catch_up(CASES, now=now)
    return [Case.objects.get(pk=event.position) for event in events]


def test_a_result_leads_to_a_verdict_for_all_of_it_and_back(pay: Pay) -> None:
    first, second = open_cases(pay, "t-1", "t-2")
    client = sign_in()
    console = client.get(reverse("admin:investigate"), {"type": "payment", "q": "amount > 1"})
    assert "investigate/bulk/verdict/?type=payment&q=amount+%3E+1" in unescape(console.content.decode())
    text = preview(client, "verdict", verdict="fraud||other", note="Same device as the ring")
    assert "The query found 2 cases." in text
    assert ">t-1</a>" in text
    action = do(client, "verdict", text)
    assert {case.verdict for case in Case.objects.all()} == {"fraud"}
    [entry] = [each for each in read_stream(f"case/{first.event_stream}") if each.type == "case.decided"]
    assert vault.reveal([entry.data["note"]]) == {entry.data["note"]: "Same device as the ring"}
    assert "Decide 2 cases as" in page_of(client, action)
    assert "Same device" not in str([each.data for each in read_stream(f"bulk_action/{action.number}")])
    undone = press(client, action, "undo")
    assert "Undo: decide 2 cases" in undone
    assert set(Case.objects.free(timezone.now()).values_list("pk", flat=True)) == {first.pk, second.pk}
    listed = client.get(reverse("admin:reviews_bulkaction_changelist")).content.decode()
    assert "2 done" in listed


def test_a_case_that_is_checked_blind_is_not_shown_in_an_action(pay: Pay) -> None:
    checked, _ = open_cases(pay, "t-checked", "t-other")
    client = sign_in()
    action = do(client, "verdict", preview(client, "verdict", verdict="fraud||other", note="a ring"))
    choose_golden(checked.pk, golden=True, reviewer="root", now=timezone.now())
    bo = sign_in("bo", "analyst")
    assert "t-checked" in page_of(bo, action)
    append_to_case(
        Case.objects.get(pk=checked.pk),
        "case.check_opened",
        {"check": "golden"},
        reviewer="",
        now=timezone.now(),
    )
    shown = page_of(bo, action)
    assert "t-checked" not in shown
    assert "t-other" in shown


def test_a_verdict_that_needs_a_second_person_is_left_out(pay: Pay) -> None:
    open_cases(pay, "small", minor=500)
    open_cases(pay, "large", minor=90_000)
    limits = FourEyesSettings((), (ConfirmedLabel(POSITIVE, False, 100.0), ConfirmedLabel(NEGATIVE)))
    four_eyes_settings.change("payment", limits, reason="test", actor="user/x", now=timezone.now())
    text = preview(sign_in(), "verdict", verdict="fraud||stolen_card")
    assert "Decide 1 case as" in text
    assert "needs a second person for this verdict" in text


def test_values_are_listed_with_an_end(pay: Pay) -> None:
    define_list(name="stolen", title="Stolen", action="block", kind="card", actor="x", now=timezone.now())
    pay("t-1", at=timezone.now(), card="c-7")
    client = sign_in()
    form = client.get(address("list")).content.decode()
    assert "No end" not in form
    text = preview(client, "list", target="stolen|card", days="7")
    assert "Put 1 value of card on Stolen until" in text
    do(client, "list", text)
    [row] = ListedValue.objects.all()
    assert (row.value, row.reason) == ("c-7", "a ring")
    assert row.expires_at is not None


@pytest.mark.parametrize(
    ("kind", "terms", "message"),
    [
        ("label", {"label": "odd"}, "Select a valid choice"),
        ("label", {"label": "fraud", "reason": ""}, "This field is required"),
        ("verdict", {"verdict": "fraud||other"}, "allowed: "),
        ("list", {"target": "none|card", "days": "7"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_with_the_form_is_at_its_field(
    pay: Pay, kind: str, terms: dict[str, str], message: str
) -> None:
    assert message in preview(sign_in(), kind, status=422, **terms)


def test_a_condition_that_is_not_valid_has_no_preview(pay: Pay) -> None:
    sent = {"action": "preview", "label": "fraud", "reason": "a ring"}
    answer = sign_in().post(address("label", q="amount+>"), sent)
    assert answer.status_code == 422
    assert "The condition is not valid" in answer.content.decode()


def test_a_preview_of_another_person_does_nothing(pay: Pay) -> None:
    pay("t-1", at=timezone.now())
    lea, mo = sign_in(), sign_in("mo")
    [token] = re.findall(r'name="preview" value="([^"]+)"', preview(lea, "label", label="fraud"))
    answer = mo.post(address("label"), {"action": "do", "preview": token}, follow=True)
    assert "Nothing was changed: the preview is not valid" in unescape(answer.content.decode())
    assert not BulkAction.objects.exists()


def test_a_large_action_waits_for_a_worker_and_can_be_cancelled(
    pay: Pay, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay("t-1", at=timezone.now())
    for module in (actions, preview_page):
        monkeypatch.setattr(module, "IMMEDIATE", 0)
    client = sign_in()
    action = do(client, "label", preview(client, "label", label="fraud"))
    assert "Waiting in the queue" in page_of(client, action)
    assert "was cancelled" in press(client, action, "cancel")
    assert read_stream("label/payment/shop/t-1") == []


def test_acting_takes_its_permission(pay: Pay) -> None:
    ana = sign_in("ana", "analyst")
    assert ana.get(address("label")).status_code == 403
    assert "investigate/bulk/" not in ana.get(reverse("admin:investigate")).content.decode()
    assert ana.get(reverse("admin:reviews_bulkaction_changelist")).status_code == 200
    assert sign_in().get(address("everything")).status_code == 404


def test_undoing_takes_the_permissions_that_acting_took(pay: Pay) -> None:
    define_list(name="stolen", title="Stolen", action="block", kind="card", actor="x", now=timezone.now())
    pay("t-1", at=timezone.now(), card="c-7")
    lea = sign_in()
    action = do(lea, "list", preview(lea, "list", target="stolen|card", days="7"))
    mo = User.objects.create_user("mo", is_staff=True)
    named = ("view_bulkaction", "bulk_act", "undo_verdict", "work_case")
    mo.user_permissions.set(Permission.objects.filter(codename__in=named))
    other = Client()
    other.force_login(mo)
    assert "it takes the permissions that the action took" in page_of(other, action)
    there = reverse("admin:bulk_action", args=[action.number])
    assert other.post(there, {"action": "undo"}).status_code == 403
    assert ListedValue.objects.filter(removed_version=None).count() == 1


def limit_leads(event_types: list[str], labels: dict[str, list[str]]) -> None:
    limits = Limits.of(event_types, labels)
    group = Group.objects.get(name="lead")
    change_limits(group, limits, reason="test", actor="user/root", now=timezone.now())


def test_the_limits_of_the_users_groups_hold(pay: Pay) -> None:
    open_cases(pay, "t-1")
    client = sign_in()
    limit_leads(["payment"], {"payment": ["legitimate"]})
    allowed = "is not among what your groups may use on a payment"
    assert allowed in preview(client, "verdict", status=422, verdict="fraud||stolen_card")
    assert allowed in preview(client, "label", status=422, label="fraud")
    assert "Decide 1 case as" in preview(client, "verdict", verdict="legitimate||trusted_party")
    limit_leads(["refund"], {})
    assert client.get(address("verdict")).status_code == 404
