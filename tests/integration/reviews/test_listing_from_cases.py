"""An entity is put on a list from its case, and pages show which lists it is on."""

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.test import Client

from reviews.models import Case
from reviews.pages.list_panel import most_telling
from scoring.log import vault
from scoring.rules.lists.models import ListedValue
from tests.factories.lists import defined, listed
from tests.integration.reviews.browsing import WORK, Browse, ReviewCase, page_of, text_of

LIST = ("scoring.view_valuelist", "scoring.add_listedvalue")


@pytest.fixture
def ana(browse: Browse) -> Client:
    return browse("ana", *WORK, *LIST)


def put(client: Client, case: Case, **fields: str) -> str:
    """Send the dialog of a case's page, and return the text of the page after it."""
    given = {
        "entity": "card:c-1",
        "list": "stolen_cards",
        "days": "30",
        "reason": "Case T-1",
        "back": page_of(case),
    }
    return unescape(text_of(client.post("/admin/entities/list/", given | fields, follow=True)))


def now_listed(name: str, *values: str) -> None:
    listed(name, *values, now=datetime.now(UTC))


def test_a_card_is_blocked_from_its_case_for_thirty_days(ana: Client, review_case: ReviewCase) -> None:
    defined("stolen_cards")
    case = review_case()
    assert "On no list." in text_of(ana.get(page_of(case)))

    page = put(ana, case)

    row = ListedValue.objects.get()
    assert (row.value, row.reason, row.added_by) == ("c-1", "Case T-1", "user/ana")
    assert row.expires_at is not None
    assert timedelta(days=29) < row.expires_at - datetime.now(UTC) <= timedelta(days=30)
    assert f"Card c-1 is on Stolen cards, until {row.expires_at:%Y-%m-%d %H:%M} UTC." in page
    assert "On no list." not in page


def test_a_case_offers_allow_lists_only_to_users_who_may_change_them(
    browse: Browse, review_case: ReviewCase
) -> None:
    defined("stolen_cards")
    defined("trusted_cards", action="allow")
    case = review_case()
    analyst, lead = browse("ana", *WORK, *LIST), browse("lea", *WORK, *LIST, "scoring.allow_listedvalue")
    assert 'value="trusted_cards"' not in analyst.get(page_of(case)).content.decode()
    assert 'value="trusted_cards"' in lead.get(page_of(case)).content.decode()


def test_an_entity_that_is_on_the_list_gets_the_new_end(ana: Client, review_case: ReviewCase) -> None:
    defined("stolen_cards")
    case = review_case()
    now_listed("stolen_cards", "c-1")
    assert "Card c-1 stays on Stolen cards, without an end." in put(ana, case, days="", reason="again")
    assert ListedValue.objects.get(removed_version=None).reason == "again"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"list": "vip"}, "there is no list 'vip'"),
        ({"list": ""}, "there is no list ''"),
        ({"entity": "customer:u-1"}, "holds values of the kind card, not customer"),
        ({"reason": " "}, "The reason is missing; allowed: why, in 1 to 200 characters."),
        ({"days": "-1"}, "'-1' is not a number of days"),
    ],
)
def test_what_cannot_be_listed_is_said_and_nothing_is(
    ana: Client, review_case: ReviewCase, fields: dict[str, str], problem: str
) -> None:
    defined("stolen_cards")
    page = put(ana, review_case(), **fields)
    assert problem in page
    assert not ListedValue.objects.exists()


def test_an_unknown_entity_and_another_site_are_refused(ana: Client, review_case: ReviewCase) -> None:
    defined("stolen_cards")
    address = "/admin/entities/list/"
    assert ana.post(address, {"entity": "nothing"}).status_code == 400
    given = {"entity": "card:c-1", "list": "stolen_cards", "days": "7", "reason": "x"}
    for back in ("https://elsewhere.example/admin/", "//elsewhere.example", "/login/"):
        assert ana.post(address, given | {"back": back})["Location"] == "/admin/entities/"


def test_a_personal_value_is_listed_by_its_digest(ana: Client, review_case: ReviewCase) -> None:
    defined("addresses", kind="ip")
    vault.store([("ip", "203.0.113.7")])
    digest = vault.digest_of("ip", "203.0.113.7")
    case = review_case(ip=digest)
    page = put(ana, case, entity=f"ip:{digest}", list="addresses")
    assert bytes(ListedValue.objects.get().key).hex() == digest
    assert "203.0.113.x is on Addresses" in page
    assert "was erased" in put(ana, case, entity=f"ip:{'0' * 32}", list="addresses")


def test_the_dialogs_offer_entities_with_a_list_and_say_where_there_is_none(
    ana: Client, review_case: ReviewCase
) -> None:
    case = review_case(merchant="m-1")
    assert "A lead can define one under Deciding, Lists." in text_of(ana.get(page_of(case)))
    defined("bad_merchants", kind="merchant")
    defined("trusted", kind="card", action="tag")
    defined("networks", kind="card", match="sha256")
    context = ana.get(page_of(case)).context
    assert [each.value for each in context["block_dialog"].entities] == ["merchant:m-1"]
    assert context["block_dialog"].chosen.name == "bad_merchants"
    assert [each.value for each in context["tag_dialog"].entities] == ["card:c-1"]


def test_pages_show_every_kind_of_membership(ana: Client, review_case: ReviewCase) -> None:
    vault.store([("ip", "203.0.113.7")])
    case = review_case(ip=vault.digest_of("ip", "203.0.113.7"), category="gift_cards")
    defined("networks", kind="ip", match="network", action="watch")
    defined("risky_goods", kind="category", action="watch")
    defined("trusted", kind="card", action="tag")
    now_listed("networks", "203.0.113.0/24")
    now_listed("risky_goods", "gift_cards")
    now_listed("trusted", "c-1")
    for address in (page_of(case), f"/admin/events/{case.pk}/"):
        members = {(each.title, each.entity) for each in ana.get(address).context["memberships"]}
        assert members == {("Networks", "203.0.113.x"), ("Risky goods", "gift_cards"), ("Trusted", "c-1")}
    [member] = ana.get("/admin/entities/", {"kind": "card", "value": "c-1"}).context["memberships"]
    assert (member.title, member.action, member.reason) == ("Trusted", "tag", "test")


def test_users_who_may_not_see_lists_see_none(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case()
    page = text_of(browse("eve", *WORK).get(page_of(case)))
    assert "Lists and tags" not in page
    assert browse("eve", *WORK).post("/admin/entities/list/", {}).status_code == 403


def test_the_most_telling_entity_is_the_one_whose_features_raised_the_score_most() -> None:
    names = ["card", "customer", "merchant", "ip"]
    raised = {
        "ip_distinct_card_24h": 0.5,
        "customer_age": 0.3,
        "customer_distinct_card_30d": 0.3,
        "hour_of_day": 2.0,
    }
    assert most_telling(names, raised) == ["customer", "ip", "card", "merchant"]
    assert most_telling(names, {}) == names
