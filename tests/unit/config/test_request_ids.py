"""Ids of requests: taken from clients or made, in the response, the log lines and the entries."""

import json
import logging

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from config.requests.ids import HEADER, RequestIds, request_id_for
from config.status.logs import LineFormatter
from scoring.log.entries import NewEntry
from scoring.log.writing.drafts import draft
from scoring.log.writing.request_ids import request_id


def test_the_id_of_a_client_is_returned() -> None:
    assert answered("checkout-7f3a:2") == "checkout-7f3a:2"


@pytest.mark.parametrize(
    "sent",
    ["", "two words", "a" * 65, "-x", "a\nb", "é", "4111111111111111", "4111-1111-1111-1111"],
    ids=["none", "a space", "long", "a leading dash", "a line break", "not ASCII", "card number", "grouped"],
)
def test_an_id_that_may_not_be_stored_is_replaced(sent: str) -> None:
    made = request_id_for(sent)
    assert (len(made), int(made, 16) >= 0) == (16, True)
    assert request_id_for(sent) != made


def test_log_lines_and_entries_name_the_request_only_while_it_lasts() -> None:
    seen: list[tuple[object, object]] = []
    answered("checkout-7f3a", seen)
    assert seen == [("checkout-7f3a", "checkout-7f3a")]
    assert "request_id" not in line()


def test_an_error_ends_the_request_too() -> None:
    def fail(request: HttpRequest) -> HttpResponse:
        raise LookupError("broken")

    with pytest.raises(LookupError, match="broken"):
        RequestIds(fail)(RequestFactory().get("/"))
    assert request_id.get() == ""


def test_an_entry_keeps_the_request_that_it_names_itself() -> None:
    token = request_id.set("the leader's")
    try:
        metadata = json.loads(draft(entry(metadata={"request_id": "its own"})).metadata)
    finally:
        request_id.reset(token)
    assert metadata == {"request_id": "its own"}


def answered(sent: str, seen: list[tuple[object, object]] | None = None) -> str:
    def view(request: HttpRequest) -> HttpResponse:
        if seen is not None:
            seen.append((line()["request_id"], json.loads(draft(entry()).metadata)["request_id"]))
        return HttpResponse()

    response = RequestIds(view)(RequestFactory().get("/", headers={HEADER: sent}))
    return str(response[HEADER])


def line() -> dict[str, object]:
    found: dict[str, object] = json.loads(LineFormatter().format(logging.makeLogRecord({"msg": "ready"})))
    return found


def entry(**about: dict[str, str]) -> NewEntry:
    return NewEntry(stream="payment/shop/T-1", expected_version=0, type="event.received", data={}, **about)
