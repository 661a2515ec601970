"""What an event's page says of its signals."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.urls import reverse

from scoring.log.append import append
from tests.factories.catalog import catalog_with
from tests.factories.log import received
from tests.integration.reviews.browsing import LOOK, Browse, text_of

pytestmark = pytest.mark.django_db


def page_with(browse: Browse, fields: dict[str, Any], **data: Any) -> str:
    entry = received("X-1", type="order")
    [event] = append([replace(entry, data={**entry.data, "fields": fields, **data})], now=datetime.now(UTC))
    page = text_of(browse("otto", *LOOK).get(reverse("admin:event", args=[event.position])))
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_measured_and_external_signals_are_in_words(browse: Browse) -> None:
    signals = {"ip.is_private": False, "risk": 0.25, "proxy": True}
    external = {
        "risk": {"origin": "fetched", "ms": 12.3},
        "tier": {"origin": "absent", "cause": "breaker_open"},
        "proxy": {"origin": "cached"},
    }
    with catalog_with("tests.factories.orders"):
        page = page_with(browse, {"device": "d-1", "ip": "0" * 32}, signals=signals, external=external)
    assert "Signals 4" in page
    assert "Risk 0.25 (fetched in 12 ms)" in page
    assert "Tier no answer: breaker open" in page
    assert "Proxy yes (answered before)" in page
    assert "Ip: is private no" in page


def test_a_service_that_knew_nothing_is_told_from_one_that_failed(browse: Browse) -> None:
    with catalog_with("tests.factories.orders"):
        external = {"risk": {"origin": "fetched", "cause": "no_value", "ms": 9.0}}
        assert "Risk the service knew nothing" in page_with(browse, {"device": "d-1"}, external=external)


def test_an_event_without_signals_has_no_such_part(browse: Browse) -> None:
    with catalog_with("tests.factories.orders"):
        assert "Signals" not in page_with(browse, {"device": "d-1"})
