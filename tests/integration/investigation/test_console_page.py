"""The console's page: a query in its address, refined by links and forms, saved, shared, and recorded."""

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from reviews.investigation.saved.queries import visible_queries
from reviews.pages.investigations.console import RUN
from scoring.log.read import read_stream
from tests.integration.investigation.conftest import Pay

pytestmark = pytest.mark.django_db(transaction=True)
SignIn = Callable[..., Client]


@pytest.fixture
def sign_in(transactional_db: None) -> SignIn:
    def sign_in(name: str = "ana", group: str = "analyst") -> Client:
        user = User.objects.create_user(name, is_staff=True)
        user.groups.add(Group.objects.get(name=group))
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def paid(pay: Pay) -> None:
    now = timezone.now()
    pay("t-1", at=now, merchant="m-1", minor=90_000, label="fraud", decision={"outcome": "block"})
    pay("t-2", at=now, merchant='shop "x"', minor=500)


def page(client: Client, **given: str) -> str:
    answer = client.get(reverse("admin:investigate"), {"type": "payment", **given})
    assert answer.status_code == 200
    return answer.content.decode()


def links(text: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="(\?[^"]*)"', text)]


def test_a_query_shows_its_figures_tables_and_events(paid: None, sign_in: SignIn) -> None:
    text = page(sign_in(), q="amount > 100", top="merchant", columns="merchant,amount", compare="yes")
    assert "Matching events" in text
    assert "50.0\N{NO-BREAK SPACE}% of the 2 events" in text
    assert "none in the period before" in text
    assert ">m-1</a>" in text
    assert "900</td>" in text


def test_a_value_refines_the_query_by_a_link(paid: None, sign_in: SignIn) -> None:
    client = sign_in()
    address = reverse("admin:investigate")
    text = page(client, q="amount > 1 || outcome == 'block'", top="merchant")
    [only] = [link for link in links(text) if "shop" in link and "%21" not in link]
    refined = client.get(address + only).content.decode()
    assert "50.0\N{NO-BREAK SPACE}% of the 2 events" in refined
    assert "(amount &gt; 1 || outcome == &#x27;block&#x27;)" in refined
    assert "merchant == &quot;shop \\&quot;x\\&quot;&quot;" in refined


def test_forms_add_conditions_columns_and_tables(paid: None, sign_in: SignIn) -> None:
    client, address = sign_in(), reverse("admin:investigate")
    given = {"type": "payment", "q": "score < 1", "columns": "amount", "top": "merchant"}
    added = {"add_field": "amount", "add_comparison": ">=", "add_value": "1,000"}
    assert "amount+%3E%3D+1000" in client.get(address, {**given, **added})["Location"]
    assert "columns=amount%2Coutcome" in client.get(address, {**given, "add_column": "outcome"})["Location"]
    assert "top=merchant%2Crules" in client.get(address, {**given, "add_top": "rules"})["Location"]
    wrong = client.get(address, {**given, **added, "add_value": "many"}, follow=True).content.decode()
    assert "is not a number" in wrong
    assert "is not scored" in client.get(address, {**added, "type": "x"}, follow=True).content.decode()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"q": "amount >"}, "The condition is not valid"),
        ({"q": "amuont > 1"}, "amuont"),
        ({"type": "nothing"}, "is not scored"),
        ({"period": "2y"}, "is unknown"),
        ({"period": "custom", "since": "x", "until": "y"}, "is not a time"),
        ({"period": "custom", "since": "0001-01-01T00:00", "until": "0001-01-02T00:00"}, "is out of range"),
        (
            {"period": "custom", "since": "2026-01-02T00:00", "until": "2026-01-01T00:00"},
            "is empty or too long",
        ),
        ({"columns": "ip"}, "is personal"),
        ({"top": "nothing"}, "is not a name of payment events"),
        ({"distribution": "merchant"}, "is no number"),
    ],
)
def test_what_is_wrong_is_named(sign_in: SignIn, given: dict[str, str], message: str) -> None:
    assert message in unescape(page(sign_in(), **given))


def test_problems_of_a_condition_come_as_json(sign_in: SignIn) -> None:
    client = sign_in()
    given = {"action": "check", "type": "payment"}
    answer = client.post(reverse("admin:investigate"), {**given, "q": 'outcome == "block" && amount >'})
    [problem] = json.loads(answer.content)["problems"]
    assert (problem["line"], problem["column"]) == (1, 31)
    fine = client.post(reverse("admin:investigate"), {**given, "q": 'outcome == "block"'})
    assert json.loads(fine.content) == {"problems": []}
    assert client.post(reverse("admin:investigate"), {"action": "dance"}).status_code == 400


def save(client: Client, name: str, **given: str) -> HttpResponse:
    sent = {"action": "save", "type": "payment", "q": "amount > 100", "name": name, **given}
    return client.post(reverse("admin:investigate"), sent, follow=True)


def test_a_saved_query_is_shared_as_its_owner_says(sign_in: SignIn) -> None:
    ana, bo, lea = sign_in(), sign_in("bo"), sign_in("lea", "lead")
    save(ana, "private")
    save(ana, "of analysts", shared_with="analyst", description="Large ones")
    save(ana, "of all", shared_with="*")
    assert "is not a group of yours" in unescape(save(ana, "x", shared_with="lead").content.decode())
    shown = {name: page(client) for name, client in (("ana", ana), ("bo", bo), ("lea", lea))}
    assert {name for name, text in shown.items() if ">private</a>" in text} == {"ana"}
    assert {name for name, text in shown.items() if "Large ones" in text} == {"ana", "bo"}
    assert all(">of all</a>" in text for text in shown.values())


def test_only_the_owner_replaces_or_deletes_a_saved_query(sign_in: SignIn) -> None:
    ana, bo = sign_in(), sign_in("bo")
    save(ana, "large", shared_with="*")
    assert "belongs to ana" in save(bo, "large").content.decode()
    delete = {"action": "delete", "name": "large"}
    assert "belongs to ana" in bo.post(reverse("admin:investigate"), delete, follow=True).content.decode()
    save(ana, "large", q="amount > 200")
    [kept] = visible_queries("ana", [])
    assert kept.parameters["q"] == "amount > 200"
    assert "is deleted" in ana.post(reverse("admin:investigate"), delete, follow=True).content.decode()
    assert not visible_queries("ana", [])
    assert [entry.type for entry in read_stream("saved_query/large")] == [
        "saved_query.saved",
        "saved_query.saved",
        "saved_query.deleted",
    ]


def test_a_query_becomes_a_queue_by_the_form_with_its_condition(paid: None, sign_in: SignIn) -> None:
    lead = sign_in("lea", "lead")
    [link] = re.findall(r'href="([^"]*review-queues/new/[^"]*)"', page(lead, q="amount > 100"))
    form = lead.get(unescape(link)).content.decode()
    assert "amount &gt; 100</textarea>" in form
    assert '<input type="hidden" name="event_type" value="payment">' in form
    assert "Make a queue" not in page(sign_in(), q="amount > 100")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ('outcome == "block" && amount > 1', "<code>outcome</code> is not known yet"),
        ('has(label) || "velocity" in rules', "<code>label</code>, <code>rules</code> are not known yet"),
        ("", "With a condition"),
    ],
)
def test_a_query_that_routing_cannot_ask_says_why(
    paid: None, sign_in: SignIn, condition: str, message: str
) -> None:
    text = page(sign_in("lea", "lead"), q=condition)
    assert message in text
    assert "review-queues/new/" not in text


def test_every_search_is_in_the_log_once(paid: None, sign_in: SignIn) -> None:
    client = sign_in()
    page(client, q="amount > 100")
    page(client, q="amount > 100", page="1")
    text = page(client, q="amount > 200")
    entries = read_stream("investigation/ana")
    assert [entry.type for entry in entries] == ["investigation.searched"] * 2
    assert entries[0].data["parameters"]["q"] == "amount > 100"
    assert (entries[0].data["matched"], entries[0].metadata["actor"]) == (1, "user/ana")
    assert "<code>amount &gt; 100</code>" in text


def test_loading_the_page_again_is_another_run(paid: None, sign_in: SignIn) -> None:
    client = sign_in()
    client.cookies[RUN] = "a1b2"  # of the page before, which cancels this run when it is left
    page(client, q="amount > 100")
    assert client.cookies[RUN].value == ""


def test_without_the_permission_there_is_no_console(sign_in: SignIn) -> None:
    User.objects.create_user("sam", is_staff=True)
    client = Client()
    client.force_login(User.objects.get(username="sam"))
    assert client.get(reverse("admin:investigate")).status_code == 403


def test_without_days_the_console_is_off(sign_in: SignIn, settings: Any) -> None:
    settings.INVESTIGATION_DAYS = 0
    assert "set ASSAY_INVESTIGATION_DAYS" in page(sign_in())
