"""The editor of rules: what it checks, tries, counts and saves."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from scoring.intake.models import Event
from scoring.rules.lists.changing.defining import define_list
from scoring.rules.lists.changing.listing import add_values
from scoring.rules.lists.changing.values import NewValue
from scoring.rules.rules.models import StoredRuleVersion
from scoring.rules.ruleset.stream import current_version
from tests.factories.models import promote, train_small_models
from tests.factories.rules import store_rule
from tests.integration.rules.rules.conftest import Decide
from tests.integration.rules.rules.test_rule_pages import DRAFTER, client_of

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "/admin/rules/new/"
EDIT = "/admin/rules/payment/velocity/edit/"
GIVEN = {
    "action": "save",
    "event_type": "payment",
    "name": "velocity",
    "expression": "amount > 500 &&\r\n  card_count_1h > 5",
    "outcome": "review",
    "sentence": "A large amount on a busy card",
    "percent": "100",
    "unit": "customer",
}


@pytest.fixture
def ana() -> Client:
    return client_of("ana", *DRAFTER)


def save(client: Client, address: str = NEW, **changes: str) -> tuple[int, str]:
    answer = client.post(address, {**GIVEN, **changes}, follow=True)
    return answer.status_code, answer.content.decode()


def ask(client: Client, action: str, expression: str, **more: str) -> str:
    answer = client.post(NEW, {"action": action, "event_type": "payment", "expression": expression, **more})
    assert answer.status_code == 200
    return answer.content.decode()


def problems(client: Client, expression: str) -> list[dict[str, Any]]:
    sent = {"action": "check", "event_type": "payment", "expression": expression}
    found: list[dict[str, Any]] = client.post(NEW, sent).json()["problems"]
    return found


def test_a_rule_is_saved_as_a_draft(ana: Client) -> None:
    status, shown = save(ana)
    assert (status, "Version 1 of velocity is saved as a draft" in shown) == (200, True)
    stored = StoredRuleVersion.objects.get()
    assert (stored.expression, stored.code) == ("amount > 500 &&\n  card_count_1h > 5", "VELOCITY")
    assert stored.drafted_by == "user/ana"


def test_a_refused_draft_keeps_what_was_typed_and_marks_each_field(ana: Client) -> None:
    status, shown = save(ana, name="Bad name", expression="amont > 5", sentence="", percent="0,0")
    assert (status, current_version()) == (422, 0)
    for expected in (
        "Nothing was saved",
        "amont &gt; 5",
        "Bad name",
        "is not a rule&#x27;s name",
        "column 1",
    ):
        assert expected in shown
    assert "This is missing. Allowed: what reviewers read" in shown
    assert "0 is not a share" in shown
    assert "&#x27;much&#x27; is not a percentage" in save(ana, percent="much")[1]


def test_a_name_that_is_taken_is_refused(ana: Client) -> None:
    save(ana)
    status, shown = save(ana, expression="amount > 1")
    assert status == 422
    assert "Payment already has a rule &#x27;velocity&#x27;" in shown


def test_the_next_version_begins_as_the_newest_or_the_one_asked_for(ana: Client) -> None:
    store_rule("active")
    store_rule(number=2, expression="amount > 900.0")
    assert "amount &gt; 900.0</textarea>" in ana.get(EDIT).content.decode()
    shown = ana.get(EDIT, {"version": "1"}).content.decode()
    assert "amount &gt; 500.0</textarea>" in shown
    assert "Saved as version 3, starting from version 1" in shown
    assert save(ana, EDIT, based_on="2", expression="amount > 1000")[0] == 200
    assert StoredRuleVersion.objects.filter(number=3, stage="draft").exists()


def test_a_version_drafted_meanwhile_is_not_overwritten(ana: Client) -> None:
    store_rule()
    save(ana, EDIT, based_on="1", expression="amount > 900")
    status, shown = save(ana, EDIT, based_on="1", expression="amount > 700")
    assert status == 422
    assert "version 2 of velocity was drafted meanwhile" in shown
    assert "amount &gt; 700</textarea>" in shown
    assert save(ana, EDIT, based_on="")[0] == 400


@pytest.mark.parametrize("name", ["", "other"])
def test_the_next_version_is_one_of_the_rule_in_the_address(ana: Client, name: str) -> None:
    store_rule()
    assert save(ana, EDIT, based_on="1", name=name, expression="amont > 1")[0] == 422
    assert save(ana, EDIT, based_on="1", name=name, expression="amount > 1")[0] == 200
    assert list(StoredRuleVersion.objects.values_list("name", flat=True)) == ["velocity", "velocity"]


def test_problems_have_their_place_and_what_is_allowed(ana: Client) -> None:
    assert problems(ana, "amount > 500") == []
    [problem] = problems(ana, "amount > 5 &&\r\n  amont > 3")
    assert (problem["line"], problem["column"]) == (2, 3)
    assert "amont" in problem["message"]
    assert "amount" in problem["allowed"]


def test_a_list_is_known_once_it_is_defined(ana: Client) -> None:
    assert problems(ana, 'listed(card, "stolen")')
    define_list(
        name="stolen", title="Stolen", action="block", kind="card", actor="user/ana", now=datetime.now(UTC)
    )
    assert problems(ana, 'listed(card, "stolen")') == []
    assert '"name": "stolen"' in ana.get(NEW).content.decode()


def test_a_condition_is_tried_on_the_latest_events_or_a_named_one(
    ana: Client, decide_payments: Decide
) -> None:
    decide_payments(6)
    tried = ask(ana, "try", "amount > 14 && card_count_1h >= 1")
    assert tried.count("<tr>") == 7
    assert tried.count(">matched<") == 1  # the second payment of card-0
    assert "15.50 USD" in tried
    one = ask(ana, "try", "customer_lat > 5 && amount > 1", event="T-3")
    assert one.count("<tr>") == 2
    assert ">unknown<" in one
    assert ">missing<" in one
    assert "No payment has the id, stream or position T-99" in ask(ana, "try", "amount > 1", event="T-99")
    assert "T-3" in ask(ana, "try", "amount > 1", event="payment/shop/T-3")
    assert "No payment has the id, stream or position 999" in ask(ana, "try", "amount > 1", event="9" * 5_000)


def test_lists_and_tags_are_those_of_now(ana: Client, decide_payments: Decide) -> None:
    decide_payments(6)
    now = datetime.now(UTC)
    who = {"actor": "user/ana", "now": now}
    define_list(name="stolen", title="Stolen", action="block", kind="card", **who)
    define_list(name="offices", title="Offices", action="tag", kind="ip", match="network", **who)
    add_values(list_name="stolen", values=[NewValue("card-0", "seen")], **who)
    add_values(list_name="offices", values=[NewValue("192.0.2.0/30", "ours")], **who)
    listed = ask(ana, "try", 'listed(card, "stolen")')
    assert listed.count(">matched<") == 2
    assert "listed(card, &#x27;stolen&#x27;)" in listed
    assert ask(ana, "try", '!tagged(ip, "offices")').count(">matched<") == 2  # 192.0.2.4 and 192.0.2.5
    both = ask(ana, "preview", 'listed(card, "stolen") && tagged(ip, "offices")')
    assert '<strong class="rl-figure">1</strong> of 6 events' in both


def test_personal_values_are_not_shown(ana: Client, decide_payments: Decide) -> None:
    decide_payments(1)
    tried = ask(ana, "try", "has(ip)")
    assert ">has a value<" in tried
    assert "192.0.2" not in tried


def test_without_events_the_editor_says_so(ana: Client) -> None:
    assert "No payment has been received yet" in ask(ana, "try", "amount > 1")
    assert "No payment was decided in the last 30 days" in ask(ana, "preview", "amount > 1")
    assert "Correct the condition" in ask(ana, "preview", "amont > 1")


def test_the_hits_of_the_last_days_are_counted_with_examples(ana: Client, decide_payments: Decide) -> None:
    decide_payments(13)
    found = ask(ana, "preview", "amount >= 20")
    assert '<strong class="rl-figure">3</strong> of 13 events' in found
    for event in ("T-10", "T-11", "T-12"):
        assert f">{event}</" in found
    assert "For 13 the answer is unknown" in ask(ana, "preview", "customer_lat > 5")


def test_a_draft_begins_with_the_reasons_of_a_case_and_meets_it(ana: Client, decide_payments: Decide) -> None:
    [model] = train_small_models(15)
    promote(model)
    decide_payments(6)
    event = Event.objects.get(external_id="T-5")
    shown = ana.get(NEW, {"event": event.pk}).content.decode()
    assert "Drafted from event T-5" in shown
    expression = shown.split('id="expression"')[1].split(">", 1)[1].split("</textarea>")[0]
    expression = (
        expression.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&").replace("&quot;", '"')
    )
    assert expression.strip()
    assert problems(ana, expression) == []
    assert ">matched<" in ask(ana, "try", expression, event="T-5")


def test_an_unknown_event_begins_an_empty_draft(ana: Client) -> None:
    for event in ("999999", "x", "-1", "\N{SUPERSCRIPT TWO}", "9" * 5_000):
        assert "Draft a rule" in ana.get(NEW, {"event": event}).content.decode()
    assert ana.get(NEW, {"type": "refund"}).status_code == 404
    assert ana.get("/admin/rules/payment/nothing/edit/").status_code == 404
    store_rule()
    assert ana.get(EDIT, {"version": "9" * 15}).status_code == 404
    assert ana.get("/admin/rules/nothing/velocity/edit/").status_code == 404


def test_the_editor_needs_its_permission_and_a_known_action(ana: Client) -> None:
    auditor = client_of("uma", "view_rule")
    store_rule()
    for address in (NEW, EDIT):
        assert auditor.get(address).status_code == 403
        for action in ("save", "check", "try", "preview"):
            assert auditor.post(address, {"action": action}).status_code == 403
    assert ana.post(NEW, {"action": "explode"}).status_code == 400
    assert Client(enforce_csrf_checks=True).post(NEW, {"action": "check"}).status_code in (302, 403)


def test_a_check_is_cheap(ana: Client, django_assert_max_num_queries: Any) -> None:
    problems(ana, "amount > 500")
    with django_assert_max_num_queries(7):
        problems(ana, "amount > 500 && card_count_1h > 5")


def test_a_trial_and_a_preview_stay_within_their_queries(
    ana: Client, decide_payments: Decide, django_assert_max_num_queries: Any
) -> None:
    decide_payments(40)
    ask(ana, "try", "amount > 1")
    with django_assert_max_num_queries(12):
        ask(ana, "try", "amount > 1")
    with django_assert_max_num_queries(32):  # the bisection of the log among them
        ask(ana, "preview", "amount > 1")
