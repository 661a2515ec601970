"""Policies in the admin: what the pages say, what they change, and for whom."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from scoring.rules.policies.models import PolicyInUse, StoredPolicy
from scoring.rules.policies.policy import CAPACITY, COST, Capacity, Segment, Terms
from scoring.rules.ruleset.stream import current_version
from tests.factories.models import promote, train_small_models
from tests.factories.policies import costs, store_policy

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LOOK, DRAFT, ACTIVATE = "view_storedpolicy", "draft_policy", "activate_policy"
FIXED = {
    "action": "save",
    "based_on": "0",
    "segments": "0",
    "mode": "fixed",
    "description": "fewer insults",
    "thresholds.review": "20",
    "thresholds.block": "60,5 %",
}


@pytest.fixture
def champion(online_redis: Any, settings: Any, tmp_path: Any) -> str:
    settings.VAR_DIR = tmp_path / "var"
    [model] = train_small_models(20, fraud_share=0.2)
    promote(model)
    return model


def client_of(username: str, *codenames: str) -> Client:
    user = User.objects.create_user(username, is_staff=True)
    found = Permission.objects.filter(codename__in=codenames, content_type__app_label="scoring")
    user.user_permissions.set(found)
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, **query: str) -> str:
    answer = client.get(reverse("admin:policy", args=["payment"]), query)
    assert answer.status_code == 200
    return answer.content.decode().replace("\N{NO-BREAK SPACE}", " ").replace("&quot;", '"')


def act(client: Client, action: str, **given: str) -> str:
    address = reverse("admin:policy", args=["payment"])
    answer = client.post(address, {"action": action, "number": "1", **given}, follow=True)
    return answer.content.decode() if answer.status_code == 200 else str(answer.status_code)


def draft(client: Client, **changes: str) -> str:
    address = reverse("admin:policy_draft", args=["payment"])
    answer = client.post(address, {**FIXED, **changes}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode().replace("\N{NO-BREAK SPACE}", " ").replace("&#x27;", "'")


def test_without_a_model_the_page_says_why_there_is_nothing_to_measure(db: None) -> None:
    text = page(client_of("ana", LOOK))
    assert "No policy was activated, so models decide by themselves" in text
    assert "Without a model there are no scores" in text
    assert "No version was drafted yet. A data scientist or a lead can draft one." in text
    assert "Draft a new version" not in text


def test_the_overview_shows_the_policy_of_every_scored_type(db: None) -> None:
    store_policy("active")
    client = client_of("ana", LOOK)
    text = client.get(reverse("admin:policies")).content.decode()
    assert "Decides by fixed thresholds" in text
    assert "version 1" in text
    assert "refund" not in text.split("<main")[-1]
    assert client_of("bo").get(reverse("admin:policies")).status_code == 403


@pytest.mark.parametrize("name", ["refund", "paymnet"])
def test_types_that_are_not_scored_have_no_page(db: None, name: str) -> None:
    for address in ("admin:policy", "admin:policy_draft"):
        assert (
            client_of(f"ana-{address[-1]}", LOOK, DRAFT).get(reverse(address, args=[name])).status_code == 404
        )


def test_a_policy_is_drafted_requested_and_approved_by_another_person(db: None) -> None:
    ana, lea = client_of("ana", LOOK, DRAFT, ACTIVATE), client_of("lea", LOOK, ACTIVATE)
    assert "Version 1 is drafted. It decides nothing yet." in draft(ana)
    stored = StoredPolicy.objects.get()
    assert stored.terms["thresholds"] == {"review": 0.2, "block": 0.605}
    assert "Someone else must approve it" in act(ana, "request", reason="fewer insults")
    assert "You drafted this version" in page(ana)
    assert "user/ana drafted version 1" in act(ana, "approve")
    assert "Version 1 decides from the next batch of events on" in act(lea, "approve")
    assert PolicyInUse.objects.get().active == 1
    text = page(lea)
    assert "Events are reviewed from a score of 20.0 % and blocked from 60.5 %." in text
    assert "Version 1 activation requested" in text


def test_actions_need_their_permission(db: None) -> None:
    store_policy("active")
    store_policy(number=2, description="tighter")
    onlooker, drafter = client_of("cy", LOOK), client_of("ana", LOOK, DRAFT)
    for action in ("shadow", "request", "approve", "retire", "roll_back"):
        assert act(onlooker, action, number="2") == "403"
    for action in ("approve", "retire", "roll_back", "reject"):
        assert act(drafter, action, number="2") == "403"
    assert act(drafter, "archive", number="1", reason="x") == "403"  # the active one
    assert act(drafter, "dance") == "404"
    assert "has no version 9" in act(drafter, "shadow", number="9")
    assert onlooker.get(reverse("admin:policy_draft", args=["payment"])).status_code == 403
    assert StoredPolicy.objects.get(number=1).stage == "active"


def test_a_policy_is_retired_and_rolled_back_with_a_reason(db: None) -> None:
    store_policy("active")
    lea = client_of("lea", LOOK, ACTIVATE)
    assert "a reason must say why" in act(lea, "retire")
    assert "the models&#x27; thresholds decide" in act(lea, "retire", reason="a new model")
    assert "Version 1 decides again" in act(lea, "roll_back", reason="the model is worse")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"thresholds.review": "many"}, "'many' is not a percentage; allowed: a number such as 42.5"),
        ({"thresholds.block": "10"}, "0.1 is below that of review, which is less severe"),
        ({"thresholds.block": "120"}, "Is 1.2; allowed: a number from 0 to 1"),
        ({"thresholds.block": "", "thresholds.review": ""}, "Names no outcome; allowed: review, block"),
        ({"mode": "cost"}, "Is missing; allowed: a number from 0 to 1"),
        ({"mode": "cost", "costs.insult": "a lot"}, "'a lot' "),
        ({"mode": "capacity", "capacity.cases_a_day": "0"}, "'0' is not a number of cases"),
        ({"mode": "capacity", "capacity.cases_a_day": "50"}, "There are no scores yet to compute thresholds"),
        ({"segments": "1", "segments.1.mode": "model"}, "Is missing; allowed: 1 to 60 characters"),
        (
            {"segments": "1", "segments.1.mode": "model", "segments.1.name": "x",
             "segments.1.expression": "amuont > 5"},
            "Line 1, column 1",
        ),
        ({"description": "x" * 501}, "Is too long; allowed: at most 500 characters"),
        ({"mode": "magic"}, "'magic' is not a mode"),
    ],
)  # fmt: skip
def test_a_refused_draft_is_shown_again_with_its_problems(
    db: None, changes: dict[str, str], problem: str
) -> None:
    text = draft(client_of("ana", LOOK, DRAFT), **changes)
    assert "Nothing was saved" in text
    assert problem in text
    assert "fewer insults" in text or "description" in changes
    assert current_version() == 0


def test_a_draft_from_an_older_page_is_refused(db: None) -> None:
    store_policy()
    text = draft(client_of("ana", LOOK, DRAFT))
    assert "version 1 of the payment policy was drafted meanwhile" in text
    assert StoredPolicy.objects.count() == 1


def test_segments_are_added_and_removed_on_the_form(db: None) -> None:
    ana = client_of("ana", LOOK, DRAFT)
    text = draft(ana, action="add")
    assert "Segment 1</legend>" in text
    assert 'name="segments.1.thresholds.review" value="20"' in text
    two = {"segments": "2", "segments.1.name": "first", "segments.2.name": "second"}
    text = draft(ana, action="remove:1", **two)
    assert 'value="second"' in text
    assert 'value="first"' not in text
    assert "Segment 2</legend>" not in text


@pytest.mark.parametrize(
    "changes",
    [
        {"segments": "9" * 5_000},
        {"action": "remove:" + "9" * 5_000},
        {"action": "remove:²"},
        {"mode": "capacity", "capacity.cases_a_day": "9" * 5_000},
    ],
)
def test_numbers_without_sense_change_nothing(db: None, changes: dict[str, str]) -> None:
    draft(client_of("ana", LOOK, DRAFT), **changes)
    assert not StoredPolicy.objects.exists()


def test_effects_are_measured_on_the_champions_held_out_events(champion: str) -> None:
    store_policy("active", terms=Terms(COST, costs=costs()))
    store_policy(number=2, description="other")
    text = page(client_of("ana", LOOK, DRAFT))
    assert f"Measured on the held-out events of {champion}" in text
    assert "Version 2, draft" in text
    assert "An event of" in text
    assert "Precision and recall of blocks" in text
    moved = page(client_of("bo", LOOK, DRAFT), if_review="1", if_block="5")
    assert "What if" in moved
    assert "Draft these thresholds" in moved
    assert "if_review=1&amp;if_block=5" in moved
    refused = page(client_of("cy", LOOK), if_review="50", if_block="x")
    assert "Enter a percentage such as 42.5" in refused
    assert "What if" not in refused


def test_effects_are_told_by_segment(champion: str) -> None:
    large = Segment("large", "amount > 50.0", Terms("fixed", {"block": 0.1}))
    store_policy("active", segments=(large,))
    text = page(client_of("ana", LOOK), segment="large")
    assert "Effect by segment" in text
    assert "All other events" in text
    assert "amount &gt; 50.0" in text


def test_a_capacity_becomes_thresholds_and_is_out_of_date_under_another_model(champion: str) -> None:
    ana = client_of("ana", LOOK, DRAFT)
    capacity = {"mode": "capacity", "capacity.cases_a_day": "5", "capacity.thresholds.block": "90"}
    assert "Version 1 is drafted" in draft(ana, **capacity)
    terms = StoredPolicy.objects.get().terms
    assert terms["capacity"]["model"] == champion
    assert 0 < terms["thresholds"]["review"] <= terms["thresholds"]["block"] == 0.9
    old = Capacity(5, since="2026-01-01", until="2026-02-01", events=9, model="payment-0")
    store_policy("active", number=2, terms=Terms(CAPACITY, {"review": 0.3, "block": 0.9}, capacity=old))
    text = page(ana)
    assert "The thresholds are out of date" in text
    assert "they were computed from scores of payment-0" in text


def test_a_draft_is_tried_before_it_is_saved(champion: str) -> None:
    ana = client_of("ana", LOOK, DRAFT)
    text = draft(ana, action="try")
    assert "This draft" in text
    assert "Events are reviewed from a score of 20.0 % and blocked from 60.5 %." in text
    assert "a day" in text
    assert current_version() == 0


def test_versions_are_compared_value_by_value(db: None) -> None:
    store_policy("active")
    store_policy(number=2, terms=Terms(COST, costs=costs()))
    text = page(client_of("ana", LOOK))
    assert "<del>fixed thresholds</del> <ins>the least cost</ins>" in text
    assert "<ins>25.00 USD</ins>" in text


def test_the_pages_take_a_bounded_number_of_queries(
    champion: str, django_assert_max_num_queries: Any
) -> None:
    for number in range(1, 8):
        store_policy("active" if number == 1 else "draft", number=number, description=str(number))
    client = client_of("ana", LOOK, DRAFT, ACTIVATE)
    with django_assert_max_num_queries(85):  # most of them find the positions of times in the log
        page(client)
    with django_assert_max_num_queries(20):
        client.get(reverse("admin:policies"))
