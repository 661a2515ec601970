"""A user whose group is limited to some event types meets no row of another type, on any page."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.people.limits.changing import change_limits
from monitoring.alerts.models import Alert
from reviews.console.entity_index import ENTITIES, events_of_entity, search_entities
from reviews.models import Case
from reviews.queue.opening import CASES
from scoring.admin_kit.row_rules.limits import Limits
from scoring.log.append import append
from scoring.log.consumers.registry import catch_up
from scoring.log.models import LogEntry
from scoring.signals import redis_connections as connections
from tests.factories.log import decided, labeled, model_trained, received
from tests.integration.accounts.test_permissions import EXPORTS, LISTS, PAGES

NOW = datetime.now(UTC)
CARD = "card-of-both"
SEEN = ["refund", "content"]
DECISION: dict[str, Any] = {"stake": 10_000, "feature_set": "0" * 64}

# Pages that show all event types at once, so that a limited user may not open them.
CLOSED = {
    *("group_limits", "limits_of_group", "configuration", "configuration_file", "erase_subject"),
    *("api_key", "api_key_new", "case_actions", "case_action_new", "case_action_editor"),
}
CLOSED_LISTS = {"scoring_apikey"}


def body(answer: HttpResponse) -> str:
    if answer.streaming:
        return b"".join(answer.streaming_content).decode(errors="replace")  # type: ignore[attr-defined]
    return answer.content.decode(errors="replace")


@pytest.fixture
def hidden(transactional_db: None, online_redis: redis.Redis) -> Case:
    """The case of a payment, which has a label; a refund with the same card is seen."""
    connections.client.cache_clear()
    append([model_trained(1)], now=NOW)
    [payment] = append([received("SECRET-1", card=CARD, merchant="SECRET-SHOP")], now=NOW)
    append([decided(payment, outcome="review", score=0.5, margin=0.0, **DECISION)], now=NOW)
    append([labeled(payment.stream)], now=NOW)
    append([received("SEEN-1", type="refund", card=CARD)], now=NOW)
    catch_up(CASES, now=NOW)
    catch_up(ENTITIES, now=NOW)
    return Case.objects.get(pk=payment.position)


def client_of(name: str) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(username=name))
    return client


@pytest.fixture
def user(transactional_db: None) -> User:
    """Has the permissions of administrators."""
    user = User.objects.create_user("ana", is_staff=True)
    group = Group.objects.create(name="content team")
    group.permissions.set(Group.objects.get(name="admin").permissions.all())
    user.groups.add(group)
    return user


@pytest.fixture
def limited(user: User) -> Client:
    limit(Limits.of(SEEN, {}))
    return client_of("ana")


def limit(limits: Limits) -> None:
    group = Group.objects.get(name="content team")
    change_limits(group, limits, reason="a team of its own", actor="user/root", now=NOW)


def addresses() -> Iterator[tuple[str, str]]:
    yield "index", reverse("admin:index")
    for name, (_, arguments) in PAGES.items():
        yield name, reverse(f"admin:{name}", kwargs=arguments)
    for name in LISTS:
        yield name, reverse(f"admin:{name}_changelist")
    for name in EXPORTS:
        yield f"{name}_export", reverse(f"admin:{name}_export")
    for text in ("SECRET-1", CARD, "payment/shop/SECRET-1"):
        yield f"find {text}", reverse("admin:entities") + f"?q={text}"
    yield "entity", reverse("admin:entities") + f"?kind=card&value={CARD}"


EXAMPLES = ('placeholder="payment-1"', "stream: model/payment-1")  # how to search
SHARED = {"list_new"}  # definitions for all types


def offers(text: str) -> list[str]:
    """The links, choices and names by which a page offers payments or tells of their model."""
    for example in EXAMPLES:
        text = text.replace(example, "")
    return re.findall(r'(?:[?&;]|&amp;)(?:event_)?type=payment\b|value="payment"|payment-1\b', text)


def tells(name: str, text: str, hidden: Case) -> bool:
    """Whether a page tells of the payment; the page of a search shows what was searched for anyhow."""
    is_linked = re.search(rf"/(events|cases|event|case|logentry)/{hidden.pk}/", text) is not None
    return is_linked or ("SECRET" in text and not name.startswith("find"))


def test_no_page_list_or_export_shows_a_row_of_a_hidden_type(hidden: Case, limited: Client) -> None:
    answers = {name: limited.get(address) for name, address in addresses()}
    assert {name for name, answer in answers.items() if answer.status_code == 403} == CLOSED | CLOSED_LISTS
    of_payments = {name for name, (_, arguments) in PAGES.items() if "payment" in arguments.values()}
    assert {name for name in of_payments if answers[name].status_code != 404} == set()
    assert [name for name, answer in answers.items() if answer.status_code >= 500] == []
    assert 'href="/admin/configuration/"' not in body(answers["index"])  # closed, so not in the sidebar
    pages = {name: body(answer) for name, answer in answers.items()}
    assert [name for name, text in pages.items() if tells(name, text, hidden)] == []
    offered = {name: found for name, text in pages.items() if (found := offers(text))}
    assert offered.keys() - SHARED == set(), offered


def test_without_limits_the_same_pages_show_it(hidden: Case, user: User) -> None:
    client, expected = client_of("ana"), dict(addresses())
    names = (
        *("queue", "reviews_case", "scoring_event", "scoring_decision", "scoring_label", "scoring_logentry"),
        *("reviews_case_export", "scoring_event_export", "scoring_label_export", "scoring_logentry_export"),
        *("find SECRET-1", "entity"),
    )
    silent = [name for name in names if not tells(name, body(client.get(expected[name])), hidden)]
    assert silent == []


def test_pages_of_a_hidden_event_do_not_exist(hidden: Case, limited: Client) -> None:
    pages = ("case", "event", "explanation", "event_links", "statement", "case_aside")
    for name in pages:
        answer = limited.get(reverse(f"admin:{name}", args=[hidden.pk]))
        assert answer.status_code == 404, name
    claimed = limited.post(reverse("admin:case", args=[hidden.pk]), {"action": "claim"})
    assert claimed.status_code == 404
    assert limited.get(reverse("admin:queue"), {"type": "payment"}).status_code == 404
    assert limited.get(reverse("admin:investigate"), {"type": "payment"}).status_code == 404


def test_the_events_behind_the_figures_of_a_hidden_model_do_not_exist(hidden: Case, limited: Client) -> None:
    for name in ("performance_events", "performance", "drift"):
        assert limited.get(reverse(f"admin:{name}"), {"model": "payment-1"}).status_code == 404, name


def test_the_next_case_is_none_of_a_hidden_type(hidden: Case, limited: Client) -> None:
    limited.post(reverse("admin:queue"))
    hidden.refresh_from_db()
    assert hidden.claimed_by == ""
    limit(Limits())
    client_of("ana").post(reverse("admin:queue"))
    hidden.refresh_from_db()
    assert hidden.claimed_by == "ana"


def test_entities_are_found_and_counted_by_the_events_that_are_seen(hidden: Case) -> None:
    assert [found.events for found in search_entities(CARD).entities] == [2]
    assert [found.events for found in search_entities(CARD, event_types=SEEN).entities] == [1]
    assert search_entities("SECRET-SHOP", event_types=SEEN).entities == []
    assert search_entities("SECRET-1", event_types=SEEN).events == []
    assert len(events_of_entity("card", CARD)) == 2
    assert len(events_of_entity("card", CARD, event_types=SEEN)) == 1


def test_a_superuser_has_no_limits(hidden: Case, user: User) -> None:
    limit(Limits.of(SEEN, {}))
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    assert client_of("ana").get(reverse("admin:case", args=[hidden.pk])).status_code == 200


def test_only_allowed_labels_are_offered_and_accepted(hidden: Case, user: User) -> None:
    limit(Limits.of([], {"payment": ["fraud"]}))
    client, page = client_of("ana"), reverse("admin:case", args=[hidden.pk])
    client.post(page, {"action": "claim"})
    text = body(client.get(page))
    assert 'value="fraud"' in text
    assert 'value="legitimate"' not in text
    sent = {"action": "decide", "verdict": "legitimate", "reason_code": "known_customer", "note": "known"}
    refused = client.post(page, sent)
    assert refused.status_code == 422
    assert "not among what your groups may use on a payment" in body(refused)
    client.post(page, {**sent, "verdict": "fraud", "reason_code": "stolen_card"})
    hidden.refresh_from_db()
    assert hidden.verdict == "fraud"


def test_limits_cost_a_request_no_query(db: None, user: User) -> None:
    def queries() -> int:
        client = client_of("ana")
        client.get(reverse("admin:own_reviews"))
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("admin:own_reviews"))
        return len(captured)

    without = queries()
    limit(Limits.of(SEEN, {}))
    assert queries() == without


def test_pages_of_models_and_figures_refuse_a_hidden_type(hidden: Case, limited: Client) -> None:
    of_type = (
        "drift",
        "performance",
        "business",
        "features",
        "label_coverage",
        "data_quality",
        "replay_check",
    )
    asked = [(name, {"type": "payment"}) for name in of_type]
    asked += [(name, {"model": "payment-1"}) for name in ("drift", "performance", "performance_events")]
    assert {(name, limited.get(reverse(f"admin:{name}"), given).status_code) for name, given in asked} == {
        (name, 404) for name, _ in asked
    }
    changes = [("rules_only", {"off": "payment"}), ("breakers", {"reset": "payment/shop"})]
    changes += [("training_start", {"event_type": "payment"})]
    answers = [limited.post(reverse(f"admin:{name}"), sent).status_code for name, sent in changes]
    assert answers == [404, 404, 404]


def test_the_overview_counts_the_types_that_are_seen(hidden: Case, user: User) -> None:
    def cases() -> list[str]:
        text = body(client_of("ana").get(reverse("admin:index")))
        return re.findall(r">Queue</a></dt>\s*<dd><strong[^>]*>([^<]*)<", text)

    assert cases() == ["1"]
    limit(Limits.of(SEEN, {}))
    assert cases() == ["0"]


def test_alerts_on_a_hidden_type_are_left_out(hidden: Case, limited: Client) -> None:
    for name, scope in (("drift", {"event_type": "payment", "model": "payment-1"}), ("lanes", {})):
        Alert.objects.create(
            key=f"{name}/1",
            rule=name,
            metric="lanes.parked",
            scope=scope,
            severity="warning",
            state="firing",
            value=1.0,
            threshold=0.0,
            because=f"SAID-{name}",
            since=NOW,
            fired_at=NOW,
        )
    text = body(limited.get(reverse("admin:alerts"))) + body(limited.get(reverse("admin:index")))
    assert "SAID-lanes" in text
    assert "SAID-drift" not in text
    assert limited.get(reverse("admin:alert", args=["drift", "1"])).status_code == 404
    assert limited.get(reverse("admin:alert", args=["lanes", "1"])).status_code == 200


def test_uploaded_labels_stay_within_the_limits(hidden: Case, user: User) -> None:
    def upload(label: str, *, event_type: str = "payment") -> str:
        file = SimpleUploadedFile("labels.csv", f"id,type,label\nSECRET-1,payment,{label}\n".encode())
        sent = {"source": "shop", "label_source": "review", "event_type": event_type, "action": "record"}
        columns = {"event_id": "id", "event_type_column": "type", "meaning": "column:label", "file": file}
        return body(client_of("ana").post(reverse("admin:label_upload"), {**sent, **columns}))

    limit(Limits.of(SEEN, {}))
    assert "is payment, which your groups do not see" in upload("retract", event_type="content")
    limit(Limits.of([], {"payment": ["fraud"]}))
    assert "is not among what your groups may use on a payment" in upload("legitimate")
    assert LogEntry.objects.filter(type__startswith="label.").count() == 1
    limit(Limits())
    upload("legitimate")
    assert LogEntry.objects.filter(type__startswith="label.").count() == 2
