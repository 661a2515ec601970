"""The list and the page of rules: who sees what, who may do what, and what a page costs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from scoring.log.append import append
from scoring.rules.rules.models import Rule, RuleSuppression, StoredRuleVersion
from scoring.rules.rules.pages.actions import ACTIONS
from scoring.rules.ruleset.stream import append_changes, current_version
from tests.factories.log import received
from tests.factories.rules import NOW, staged, store_rule

pytestmark = pytest.mark.django_db(transaction=True)

DRAFTER = ("view_rule", "draft_rule")
LEAD = (*DRAFTER, "activate_rule", "suppress_rule")
PAGE = "/admin/rules/payment/velocity/"


def client_of(username: str, *codenames: str) -> Client:
    user = User.objects.create_user(username, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, **asked: Any) -> str:
    answer = client.get(PAGE, asked)
    assert answer.status_code == 200
    return answer.content.decode()


def act(client: Client, action: str, **given: Any) -> str:
    """The page after an action; the status if it was refused."""
    answer = client.post(PAGE, {"action": action, "number": "1"} | given, follow=True)
    return answer.content.decode() if answer.status_code == 200 else str(answer.status_code)


def stages() -> list[str]:
    return list(StoredRuleVersion.objects.order_by("number").values_list("stage", flat=True))


def test_a_rule_goes_from_draft_through_shadow_to_active_with_four_eyes() -> None:
    ana, lea = client_of("ana", *DRAFTER), client_of("lea", *LEAD)
    store_rule(actor="user/ana")
    assert "runs in shadow" in act(ana, "shadow")
    assert "Someone else must approve it" in act(ana, "request", reason="twelve hits, all fraud")
    shown = page(lea)
    for expected in ("Activation of version 1 requested", "twelve hits, all fraud", "Approve and activate"):
        assert expected in shown
    assert "Version 1 of velocity is active" in act(lea, "approve")
    assert stages() == ["active"]


def test_an_author_who_may_activate_still_needs_someone_else() -> None:
    lea = client_of("lea", *LEAD)
    store_rule("shadow", actor="user/lea")
    act(lea, "request")
    shown = page(lea)
    assert "You drafted this version" in shown
    assert "Approve and activate" not in shown
    assert "so someone else must approve it" in act(lea, "approve")
    assert stages() == ["shadow"]


def test_the_requester_is_told_and_may_withdraw() -> None:
    lea, max_ = client_of("lea", *LEAD), client_of("max", *LEAD)
    store_rule("shadow", actor="user/ana")
    act(lea, "request")
    assert "You requested this activation" in page(lea)
    assert act(max_, "withdraw") == "403"
    assert "You withdrew the request" in act(lea, "withdraw")
    assert Rule.objects.get().requested is None


def test_a_rejection_needs_a_reason() -> None:
    lea = client_of("lea", *LEAD)
    store_rule("shadow", actor="user/ana")
    act(client_of("ana", *DRAFTER), "request")
    assert "Nothing changed: a reason must say why" in act(lea, "reject", reason="")
    assert "was rejected" in act(lea, "reject", reason="too broad")


def test_those_who_only_look_get_no_buttons_and_are_refused() -> None:
    store_rule("active")
    auditor = client_of("uma", "view_rule")
    shown = page(auditor)
    assert "velocity" in shown
    for button in ("Draft a new version", "Take out of use", "Suppress for an entity", "Archive the rule"):
        assert button not in shown
    assert {act(auditor, action) for action in ACTIONS} == {"403"}


def test_an_analyst_cannot_take_an_active_version_out_of_use() -> None:
    store_rule("active")
    ana = client_of("ana", *DRAFTER)
    shown = page(ana)
    assert "Take out of use" not in shown
    before = current_version()
    actions = ("shadow", "draft", "archive_version", "take_out", "retire", "roll_back", "archive", "approve")
    assert {act(ana, action, reason="x") for action in actions} == {"403"}
    assert (stages(), current_version()) == (["active"], before)


def test_a_lead_takes_out_and_rolls_back() -> None:
    first = store_rule("active")
    append_changes([staged(first, "archived")], actor="user/lea", now=NOW)
    store_rule("active", number=2, expression="amount > 900.0")
    lea = client_of("lea", *LEAD)
    act(lea, "take_out", number="2", reason="it blocks good customers")
    assert Rule.objects.get().active is None
    assert "Version 1 of velocity is active again" in act(lea, "roll_back", reason="the one before was fine")
    assert "a reason must say why" in act(lea, "retire", reason="")
    act(lea, "archive", reason="a model does it")
    assert set(stages()) == {"archived"}


def test_suppressing_and_lifting_from_the_page() -> None:
    store_rule("active")
    lea = client_of("lea", *LEAD)
    until = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    given = {"field": "card", "value": "card-1", "reason": "a wholesaler"}
    assert "does not apply to this card" in act(lea, "suppress", until=until, **given)
    assert "a wholesaler" in page(lea)
    for wrong, said in (("soon", "is not a date"), ("2020-01-01", "is past")):
        assert said in act(lea, "suppress", until=wrong, **given)
    key = RuleSuppression.objects.get().value_key
    assert "applies to this card again" in act(lea, "lift", field="card", key=key)
    assert "is not suppressed for this card" in act(lea, "lift", field="card", key=key)


def test_an_event_leads_to_a_suppression_for_one_of_its_entities() -> None:
    store_rule("active")
    [receipt] = append([received("T-1")], now=NOW)
    lea = client_of("lea", *LEAD)
    assert '<option value="card">card c-1</option>' in page(lea, event=receipt.position)
    assert "As the sender writes it" in page(lea, event="999999")
    until = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    sent = {"event": receipt.position, "field": "card", "until": until, "reason": "a wholesaler"}
    assert "does not apply to this card" in act(lea, "suppress", **sent)
    assert RuleSuppression.objects.get().value == "c-1"


def test_two_versions_are_compared_word_by_word() -> None:
    store_rule("active")
    store_rule(number=2, expression="amount > 900.0", outcome="block", share=0.1, unit="customer")
    shown = page(client_of("uma", "view_rule"))
    assert "amount &gt; <del>500.0</del><ins>900.0</ins>" in shown
    for before, after in (("review", "block"), ("100.0", "10.0")):
        assert f"<del>{before}" in shown
        assert f"<ins>{after}" in shown
    act(client_of("ana", *DRAFTER), "request", number="2")
    store_rule(number=3, expression="amount > 950.0")
    assert "<del>500.0</del><ins>900.0</ins>" in page(client_of("ule", "view_rule"))  # the requested one
    reverse_order = page(client_of("una", "view_rule"), **{"from": "2", "to": "1"})
    assert "amount &gt; <del>900.0</del><ins>500.0</ins>" in reverse_order
    assert "Choose two different versions" in page(client_of("ula", "view_rule"), **{"from": "1", "to": "1"})
    assert page(client_of("ulf", "view_rule"), **{"from": "\N{SUPERSCRIPT TWO}", "to": "99"})


def test_a_rule_that_can_no_longer_be_evaluated_says_so() -> None:
    store_rule("active", expression="gone_feature > 5.0")
    assert "can no longer be evaluated" in page(client_of("uma", "view_rule"))


def test_what_does_not_exist_is_not_found_or_said() -> None:
    lea = client_of("lea", *LEAD)
    assert lea.get("/admin/rules/payment/nothing/").status_code == 404
    store_rule()
    assert act(lea, "explode") == "404"
    for number in ("7", "x", "", "\N{SUPERSCRIPT TWO}", "9" * 5_000):
        assert "has no version" in act(lea, "shadow", number=number)


def test_a_page_with_many_versions_stays_within_its_queries(django_assert_max_num_queries: Any) -> None:
    store_rule("active")
    for number in range(2, 12):
        store_rule(number=number, expression=f"amount > {number}.0")
    lea = client_of("lea", *LEAD)
    page(lea)
    with django_assert_max_num_queries(14):
        assert page(lea).count("Edit as new version") == 11


def test_the_list_shows_rules_by_stage_and_those_that_wait_first(django_assert_max_num_queries: Any) -> None:
    store_rule("active", name="aged")
    store_rule("shadow", name="busy", share=0.25, unit="card")
    store_rule(name="calm")
    store_rule("shadow", name="dull", actor="user/ana")
    ana = client_of("ana", *DRAFTER)
    ana.post("/admin/rules/payment/dull/", {"action": "request", "number": "1"})
    address = reverse("admin:scoring_rule_changelist")
    ana.get(address)
    with django_assert_max_num_queries(12):
        text = ana.get(address).content.decode()
    for expected in ("active v1", "shadow v1", "not in use", "approval requested v1", "25", "by card"):
        assert expected in text
    places = [text.index(f">{name}</a>") for name in ("dull", "aged", "busy", "calm")]
    assert places == sorted(places)
    in_shadow = ana.get(address, {"stage": "shadow"}).content.decode()
    assert ">busy</a>" in in_shadow
    assert ">aged</a>" not in in_shadow
    assert ana.get(reverse("admin:scoring_rule_change", args=["payment/calm"])).headers["Location"] == (
        "/admin/rules/payment/calm/"
    )


def test_an_empty_list_says_what_a_rule_is_and_offers_the_first() -> None:
    shown = client_of("ana", *DRAFTER).get(reverse("admin:scoring_rule_changelist")).content.decode()
    assert "Draft a rule" in shown
    assert "activated once a second person approves it" in shown


def test_a_rule_of_an_event_type_that_is_gone_can_be_read_and_archived() -> None:
    store_rule("active", event_type="transfer")
    lea = client_of("lea", *LEAD)
    shown = lea.get("/admin/rules/transfer/velocity/").content.decode()
    assert "can no longer be evaluated" in shown
    lea.post("/admin/rules/transfer/velocity/", {"action": "archive", "reason": "gone"})
    assert stages() == ["archived"]


def test_the_overview_tells_those_who_may_approve(online_redis: Any) -> None:
    store_rule("shadow", actor="user/ana")
    ana, lea = client_of("ana", *DRAFTER), client_of("lea", *LEAD)
    act(lea, "request")
    max_ = client_of("max", *LEAD)
    requested = "lea requested the activation of version 1 of rule velocity"
    assert requested in max_.get("/admin/").content.decode()
    for client in (ana, lea):
        assert requested not in client.get("/admin/").content.decode()
