"""The pages of rule quality: figures on mature labels, dead and needless rules, overlap, permissions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from scoring.log.append import append
from scoring.log.consumers.registry import catch_up
from scoring.rules.quality.consumers import RULE_QUALITY
from scoring.rules.quality.report import Period, qualities_of, read_days, read_totals, weekly
from tests.factories.findings import rule_found, value_found
from tests.factories.lists import defined
from tests.factories.log import decided, labeled, received
from tests.factories.rules import store_rule

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=60)  # mature
PAGE = "admin:rule_quality"


def decide(name: str, *findings: dict[str, Any], at: datetime = OLD, **data: Any) -> None:
    (event,) = append([received(name)], now=at)
    told = {"thresholds": {"review": 0.5, "block": 0.9}, "findings": list(findings), **data}
    append([decided(event, decided_at=at, **told)], now=at)


def label(name: str, value: str) -> None:
    append([labeled(f"payment/shop/{name}", value=value, effective=value)], now=NOW)


def viewer(*permissions: str) -> Client:
    user = User.objects.create_user("ana", password="secret", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def analyst(transactional_db: None) -> Client:
    return viewer("view_ruleday", "view_rulehit", "view_rule", "view_event", "draft_rule")


def text_of(client: Client, address: str) -> str:
    catch_up(RULE_QUALITY, now=NOW)
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_precision_counts_mature_events_without_a_label_as_good_unless_blocked() -> None:
    for number in range(4):
        decide(f"let-{number}", rule_found("r", "review"), outcome="review")
    for number in range(3):
        decide(f"blocked-{number}", rule_found("r", "review"), outcome="block", score=0.95)
    decide("young", rule_found("r", "review"), outcome="review", at=NOW)
    label("let-0", "fraud")
    label("blocked-0", "fraud")
    label("young", "fraud")
    catch_up(RULE_QUALITY, now=NOW)
    period = Period.last("payment", days=90, now=NOW)
    (quality,) = qualities_of(read_days(period), period)
    mature = quality.counted.mature
    assert (quality.counted.hits, mature.positives, mature.inferred, mature.unknown) == (8, 2, 3, 2)
    assert (quality.counted.precision("review").hits, quality.counted.precision("review").rows) == (2, 5)
    totals = read_totals(period)
    assert (totals.decisions, totals.mature_decisions, totals.positives) == (8, 7, 2)
    weeks = weekly(read_days(period), period)
    assert sum(counted.hits for counted in weeks.values()) == 8
    assert sorted(counted.hits for counted in weeks.values() if counted.hits) == [1, 7]


def test_rules_in_use_without_hits_are_dead_after_a_month(analyst: Client) -> None:
    store_rule("active", name="idle", now=OLD)
    store_rule("active", name="fresh", now=NOW)
    page = text_of(analyst, f"{reverse(PAGE)}?type=payment")
    idle, fresh = page.index(">idle</a>"), page.index(">fresh</a>")
    assert page.count("no hit in 30 days") == 1
    assert idle < page.index("no hit in 30 days") or fresh > idle


def test_a_rule_whose_hits_the_model_blocks_anyway_is_needless(analyst: Client) -> None:
    store_rule("active", name="r", outcome="block", now=OLD)
    for number in range(50):
        decide(f"T-{number}", rule_found("r", "block"), outcome="block", score=0.95)
    assert "the model decides the same" in text_of(analyst, reverse(PAGE))


def test_a_shadow_rule_says_what_it_would_change(analyst: Client) -> None:
    store_rule("shadow", name="r", now=OLD)
    decide("T-1", rule_found("r", "review", stage="shadow"))
    page = text_of(analyst, reverse(PAGE))
    assert "Rules in shadow: what if they were active?" in page
    assert "None is active" in page


def test_errors_of_a_shadow_rule_stand_with_it(analyst: Client) -> None:
    store_rule("shadow", name="r", now=OLD)
    decide("T-1", rule_errors=[{"name": "r", "number": 1, "error": "no such key"}])
    page = text_of(analyst, reverse(PAGE))
    assert page.index("Rules in shadow") < page.index("1 errors")
    assert "None is active" in page


def test_two_rules_that_hit_the_same_events_overlap(analyst: Client) -> None:
    decide("T-1", rule_found("a"), rule_found("b"), outcome="block")
    decide("T-2", rule_found("a"), outcome="block")
    page = text_of(analyst, reverse(PAGE))
    assert '<td style="--share: 0.500" title="1 events">50 %</td>' in page


def test_the_page_of_a_list_shows_its_hits_by_class(analyst: Client) -> None:
    defined("stolen-cards".replace("-", "_"))
    decide("T-1", value_found("stolen_cards"), outcome="block")
    decide("T-2", value_found("stolen_cards"), outcome="block")
    label("T-1", "legitimate")
    address = reverse("admin:rule_quality_of", args=["payment", "list", "stolen_cards"])
    every, good = text_of(analyst, address), text_of(analyst, address + "?show=good")
    assert "T-1</a>" in every
    assert "T-2</a>" in every
    assert "T-1</a>" in good
    assert "T-2</a>" not in good


def test_the_list_of_rules_and_the_page_of_one_show_quality(analyst: Client) -> None:
    store_rule("active", name="r", now=OLD)
    for number in range(3):
        decide(f"T-{number}", rule_found("r", "review"), outcome="review")
    label("T-0", "fraud")
    rules = text_of(analyst, reverse("admin:scoring_rule_changelist"))
    assert "33.3 %" in rules
    page = text_of(analyst, reverse("admin:rule", args=["payment", "r"]))
    assert "3 of 3 events" in page
    assert "from 3 mature events" in page


def test_without_rules_the_page_says_so(analyst: Client) -> None:
    assert "No rule or list is in use" in text_of(analyst, reverse(PAGE))


@pytest.mark.parametrize("days", ["²", "9" * 5_000, "-30"])
def test_a_period_that_is_not_offered_shows_the_usual_one(analyst: Client, days: str) -> None:
    assert analyst.get(reverse(PAGE), {"days": days}).status_code == 200


def test_what_was_never_in_use_has_no_page(analyst: Client) -> None:
    for arguments in (["payment", "rule", "x"], ["payment", "case", "x"], ["refund", "rule", "x"]):
        assert analyst.get(reverse("admin:rule_quality_of", args=arguments)).status_code == 404


def test_only_those_permitted_see_it(transactional_db: None) -> None:
    assert viewer("view_rule").get(reverse(PAGE)).status_code == 403


def test_the_number_of_queries_does_not_grow_with_rules_and_days(
    analyst: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        decide(f"T-{number}", rule_found(f"r-{number}"), at=OLD + timedelta(days=number), outcome="block")
    text_of(analyst, reverse(PAGE))
    with django_assert_max_num_queries(20):
        analyst.get(reverse(PAGE))
