"""A payment is blocked by a verdict. The customer appeals by a link, without an account, and it is restored.

The shop asks the API for the link, passes it on, and reads the outcome from the API.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from reviews.appeals import tries
from reviews.appeals.opening import APPEALS
from reviews.models import Case
from scoring.api.keys.issue import create_key
from scoring.intake.models import Label
from scoring.log.consumers.registry import catch_up
from tests.integration.reviews.browsing import (  # noqa: F401 - fixtures
    FRAUD,
    WORK,
    Browse,
    ReviewCase,
    browse,
    page_of,
    review_case,
    take,
    text_of,
)

GRANT = {"action": "decide", "verdict": "granted", "reason_code": "payment_legitimate"}


@pytest.fixture
def shop(transactional_db: None) -> Any:
    tries._counts.clear()
    _, token = create_key(
        name="shop", source="shop", scopes=["events:read"], now=datetime.now(UTC), actor="user/dana"
    )
    return Client(headers={"Authorization": f"Bearer {token}"})


def label_of(case: Case) -> str | None:
    return Label.objects.filter(event_stream=case.event_stream).latest("position").effective


def test_an_appeal_by_link_restores_a_payment(
    browse: Browse,  # noqa: F811
    review_case: ReviewCase,  # noqa: F811
    shop: Any,
) -> None:
    payment = review_case("T-1", amount={"minor": 20_000, "currency": "USD"})
    ana = browse("ana", *WORK)
    take(ana)
    ana.post(page_of(payment), FRAUD)
    assert shop.get("/api/v1/events/payment/T-1").json()["review"]["action"] == "block"

    url = shop.post("/api/v1/events/payment/T-1/appeal-link").json()["url"]
    link = "/appeals/" + url.split("/appeals/")[1]
    customer = Client()
    assert "Appeal the decision on a payment" in text_of(customer.get(link))
    sent = {"party": "affected", "text": "It was me, on holiday."}
    assert "Your appeal was received" in text_of(customer.post(link, sent))
    catch_up(APPEALS, now=datetime.now(UTC))

    appeal = Case.objects.get(why="appeal")
    assert "against your own verdict" in text_of(ana.post(page_of(appeal), {"action": "claim"}, follow=True))
    ben = browse("ben", *WORK, "scoring.view_label")
    assert take(ben) == page_of(appeal)
    page = text_of(ben.get(page_of(appeal)))
    assert "It was me, on holiday." in page
    assert "decided by ana" in page
    ben.post(page_of(appeal), GRANT)

    assert label_of(payment) == "legitimate"
    assert "The decision was overturned" in text_of(customer.get(link))
    review = shop.get("/api/v1/events/payment/T-1").json()["review"]
    assert (review["verdict"], review["overturned"], review["action"]) == ("legitimate", True, "allow")
    [told] = shop.get("/api/v1/events/payment/T-1/appeals").json()["appeals"]
    assert (told["party"], told["status"]) == ("affected", "overturned")
