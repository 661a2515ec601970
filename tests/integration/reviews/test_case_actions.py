"""Actions of an installation's own: from the button on a case to a signed request, and what became of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from django.contrib.auth.models import Group, User

from reviews.actions.changing import address_of, define_action, retire_action
from reviews.actions.definition import ActionDefinition, Parameter
from reviews.actions.errors import (
    ActionAlreadyRequested,
    ActionChangedMeanwhile,
    ActionNotYours,
    RequestKeyTaken,
)
from reviews.actions.following import ACTIONS, UNDO_TIME
from reviews.actions.requesting import request_action
from reviews.actions.sending import KEPT, prune_requests, send_requests
from reviews.console.entity_index import EntityRef
from reviews.erasure.personal_data import personal_data_of
from reviews.models import ActionRequest, Case, CaseAction
from scoring.log.consumers.registry import catch_up
from scoring.log.read import read_stream
from scoring.log.rebuild import find_projection, rebuild_projections
from scoring.webhooks.posting import signature_headers
from tests.factories.services import FakeService, running_service
from tests.integration.reviews.browsing import LOOK, WORK, Browse, ReviewCase, page_of, take, text_of

pytestmark = pytest.mark.django_db(transaction=True)

REQUEST = "reviews.request_caseaction"
ACTOR = (*WORK, REQUEST)
SET = ("reviews.view_caseaction", "reviews.set_caseaction")
FRAUD = {"action": "decide", "verdict": "fraud", "reason_code": "stolen_card"}
REFUND = ActionDefinition(
    "refund",
    ("payment",),
    "Pays the amount back to the card.",
    key="R",
    parameters=(Parameter("amount", "amount"), Parameter("note", "text", required=False)),
)
CARD = EntityRef("card", "c-1", "c-1", personal=False)
LIST = "/admin/case-actions/"


@pytest.fixture
def service(settings: Any) -> Iterator[FakeService]:
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1"]
    with running_service() as started:
        yield started


def define(definition: ActionDefinition = REFUND, *, url: str = "", **changes: Any) -> CaseAction:
    terms = ActionDefinition.of({**definition.as_data(), **changes})
    return define_action(terms, url=url, reason="tests", actor="user/lea", now=datetime.now(UTC))


def ask(case: Case, *, key: UUID | None = None, **sent: str) -> ActionRequest:
    action = CaseAction.objects.get()
    return request_action(
        case.pk,
        action=action.name,
        number=action.number,
        sent={"amount": "5", **sent},
        key=key or uuid4(),
        reviewer="ana",
        now=datetime.now(UTC),
    )


def run(after: timedelta = timedelta()) -> int:
    """What the tasks do after that time."""
    now = datetime.now(UTC) + after
    catch_up(ACTIONS, now=datetime.now(UTC))
    return send_requests(now=now)


def steps_of(case: Case) -> list[str]:
    found = [entry.type for entry in read_stream(f"case/{case.event_stream}")]
    return [each.removeprefix("case.action_") for each in found if each.startswith("case.action_")]


def test_a_reviewer_refunds_a_payment_from_its_case(
    browse: Browse, review_case: ReviewCase, service: FakeService
) -> None:
    define(url=service.url)
    case, ana = review_case("T-9"), browse("ana", *ACTOR)
    address = f"{page_of(case)}actions/refund/"
    assert 'data-key="R"' in text_of(ana.get(page_of(case)))
    shown = ana.get(address)
    assert "Pays the amount back" in text_of(shown)
    assert 'value="12.34"' in text_of(shown)  # the event's amount
    form = {name: str(shown.context[name]) for name in ("number", "key")}
    refused = ana.post(address, {**form, "parameter-amount": "99"})
    assert refused.status_code == 422
    assert "more than the event&#x27;s amount" in refused.content.decode()
    sent = {**form, "parameter-amount": "10", "parameter-note": "Ada called."}
    for _ in range(2):  # a double click is one request
        assert ana.post(address, sent).headers["Location"] == page_of(case)
    assert run() == 1
    (body,), (headers,) = service.asked, service.seen
    assert body["type"] == "assay.action"
    assert body["data"]["event"] == {"type": "payment", "source": "shop", "id": "T-9"}
    assert body["data"]["parameters"] == {"amount": "10.00", "note": "Ada called."}
    assert (body["data"]["requested_by"], body["data"]["currency"]) == ("ana", "USD")
    assert headers["Idempotency-Key"] == body["data"]["request"] == form["key"]
    assert "Ada" not in str([entry.data for entry in read_stream(f"case/{case.event_stream}")])
    page = text_of(ana.get(page_of(case)))
    assert "delivered (200)" in page
    assert 'data-key="R"' not in page  # once per case
    assert "Refund requested: amount 10.00" in page


def test_who_may_act_reads_of_a_failed_action_until_it_is_made_anew(
    browse: Browse, review_case: ReviewCase, service: FakeService
) -> None:
    define(url=service.url)
    case = review_case("T-9")
    ana, bo = browse("ana", *ACTOR), browse("bo", *WORK)
    said = "Refund of T-9, requested"
    assert said not in text_of(ana.get("/admin/"))
    failed = ask(case)
    ActionRequest.objects.filter(pk=failed.pk).update(state="failed", error="the service answered 404")
    home = text_of(ana.get("/admin/"))
    assert said in home
    assert "was given up: the service answered 404." in home
    assert page_of(case) in home
    assert said not in text_of(bo.get("/admin/"))
    CaseAction.objects.update(terms={**CaseAction.objects.get().terms, "groups": ["finance"]})
    assert said not in text_of(ana.get("/admin/"))
    CaseAction.objects.update(terms={**CaseAction.objects.get().terms, "groups": []})
    ask(case)
    assert said not in text_of(ana.get("/admin/"))


def test_the_signature_is_of_what_was_sent(review_case: ReviewCase, service: FakeService) -> None:
    define(url=service.url)
    request = ask(review_case())
    now = datetime.now(UTC)
    send_requests(now=now)
    address = address_of("refund")
    assert address is not None
    expected = signature_headers(
        address.secret, message=f"act_{request.key}", body=orjson.dumps(service.asked[0]), now=now
    )
    found = {name.lower(): value for name, value in service.seen[0].items()}
    assert {name: found[name] for name in expected} == expected


def test_a_receiver_that_is_away_is_tried_again_under_the_same_key(
    review_case: ReviewCase, service: FakeService
) -> None:
    define(url=service.url)
    case = review_case()
    ask(case)
    service.status = 503
    run()
    service.status = 200
    assert run(timedelta(seconds=20)) == 0
    assert run(timedelta(seconds=40)) == 1
    assert len({each["Idempotency-Key"] for each in service.seen}) == 1
    assert service.asked[0] == service.asked[1]
    assert steps_of(case) == ["requested", "delivered"]


def test_a_refusal_is_final_and_the_action_can_be_requested_anew(
    browse: Browse, review_case: ReviewCase, service: FakeService
) -> None:
    define(url=service.url)
    case = review_case()
    ask(case)
    with pytest.raises(ActionAlreadyRequested):
        ask(case)
    service.status, service.body = 422, {"error": "already refunded"}
    run()
    assert run(timedelta(days=1)) == 0
    page = text_of(browse("ana", *ACTOR).get(page_of(case)))
    assert "refused (422)" in page
    assert "already refunded" in page
    assert "already refunded" not in str(read_stream(f"case/{case.event_stream}")[-1].data)
    assert ask(case).state == "pending"
    assert steps_of(case) == ["requested", "failed", "requested"]


def test_a_refusal_does_not_hold_up_the_requests_behind_it(
    review_case: ReviewCase, service: FakeService
) -> None:
    define(url=service.url)
    for each in ("T-1", "T-2", "T-3"):
        ask(review_case(each))
    service.status = 422
    run()
    assert [request.state for request in ActionRequest.objects.all()] == ["failed"] * 3


def test_the_address_must_be_public(review_case: ReviewCase, service: FakeService, settings: Any) -> None:
    define(url=service.url)
    ask(review_case())
    settings.WEBHOOK_PRIVATE_HOSTS = []
    run()
    assert ActionRequest.objects.get().state == "failed"
    assert service.asked == []


def test_only_members_of_its_groups_request_it(
    browse: Browse, review_case: ReviewCase, service: FakeService
) -> None:
    define(url=service.url, groups=["lead"])
    case, ana = review_case(), browse("ana", *ACTOR)
    assert 'data-key="R"' not in text_of(ana.get(page_of(case)))
    with pytest.raises(ActionNotYours, match="members of lead"):
        ask(case)
    Group.objects.get(name="lead").user_set.add(User.objects.get(username="ana"))
    assert 'data-key="R"' in text_of(ana.get(page_of(case)))
    assert ask(case).requested_by == "ana"


def test_without_the_permission_or_an_address_there_is_no_button(
    browse: Browse, review_case: ReviewCase
) -> None:
    define()
    case = review_case()
    assert 'data-key="R"' not in text_of(browse("ana", *ACTOR).get(page_of(case)))  # no address
    assert browse("otto", *LOOK).post(f"{page_of(case)}actions/refund/").status_code == 403


def test_a_request_names_the_version_that_was_confirmed(
    review_case: ReviewCase, service: FakeService
) -> None:
    define(url=service.url)
    with pytest.raises(ActionChangedMeanwhile):
        request_action(
            review_case().pk,
            action="refund",
            number=7,
            sent={},
            key=uuid4(),
            reviewer="ana",
            now=datetime.now(UTC),
        )


def test_a_key_makes_one_request_of_one_case(review_case: ReviewCase, service: FakeService) -> None:
    define(url=service.url)
    first, second, key = review_case("T-1"), review_case("T-2"), uuid4()
    assert ask(first, key=key) == ask(first, key=key)
    with pytest.raises(RequestKeyTaken, match="one of another case"):
        ask(second, key=key)
    assert steps_of(first) == ["requested"]
    assert steps_of(second) == []


def test_an_action_follows_a_verdict_after_the_time_to_undo_it(
    browse: Browse, review_case: ReviewCase, service: FakeService
) -> None:
    define(url=service.url, verdicts=["fraud"])
    case, ana = review_case(), browse("ana", *WORK)
    take(ana)
    ana.post(page_of(case), FRAUD)
    assert run() == 0
    assert run(UNDO_TIME) == 1
    (body,) = service.asked
    assert (body["data"]["case"]["verdict"], body["data"]["requested_by"]) == ("fraud", None)
    assert body["data"]["parameters"] == {"amount": "12.34"}


def test_a_verdict_that_is_undone_in_time_sends_nothing(
    browse: Browse, review_case: ReviewCase, service: FakeService
) -> None:
    define(url=service.url, verdicts=["fraud"])
    case, ana = review_case(), browse("ana", *WORK)
    take(ana)
    ana.post(page_of(case), FRAUD)
    run()
    ana.post(page_of(case), {"action": "undo"})
    assert ana.get(page_of(case)).context["draft"].value == "fraud"
    run(UNDO_TIME)
    assert service.asked == []
    assert ActionRequest.objects.get().error == "the verdict was undone before it was sent"


def test_a_verdict_before_the_definition_is_not_followed(
    browse: Browse, review_case: ReviewCase, service: FakeService
) -> None:
    case, ana = review_case(), browse("ana", *WORK)
    take(ana)
    ana.post(page_of(case), FRAUD)
    define(url=service.url, verdicts=["fraud"])
    run(UNDO_TIME)
    assert not ActionRequest.objects.exists()


def test_the_texts_of_an_action_are_erased_with_the_subject(
    review_case: ReviewCase, service: FakeService
) -> None:
    define(url=service.url)
    before = personal_data_of(CARD).notes
    ask(review_case(), note="Ada called.")
    assert len(personal_data_of(CARD).notes - before) == 1


def test_an_administrator_defines_an_action_tests_it_and_retires_it(
    browse: Browse, service: FakeService
) -> None:
    lea = browse("lea", *SET)
    rows = {"row-TOTAL_FORMS": "4", "row-INITIAL_FORMS": "0"}
    form = {
        **rows,
        "action": "save",
        "name": "refund",
        "purpose": "Pays it back.",
        "url": service.url,
        "event_types": ["payment"],
        "key": "R",
        "once": "on",
        "reason": "a new service",
        "row-0-name": "amount",
        "row-0-kind": "amount",
        "row-0-required": "on",
    }
    wrong = lea.post(f"{LIST}new/", {**form, "key": "r", "url": "http://elsewhere.example.org/"})
    assert wrong.status_code == 422
    assert "is not a capital letter" in wrong.content.decode()
    assert lea.post(f"{LIST}new/", form).headers["Location"] == f"{LIST}refund/"
    action = CaseAction.objects.get()
    assert action.terms["parameters"][0]["name"] == "amount"
    assert "url" not in action.terms
    address = address_of("refund")
    assert address is not None
    assert address.secret in text_of(lea.get(f"{LIST}refund/"))
    assert address.secret not in text_of(browse("otto", SET[0]).get(f"{LIST}refund/"))
    lea.post(f"{LIST}refund/", {"action": "test"})
    assert run() == 1
    assert service.asked[0]["type"] == "assay.action_test"
    assert "test by lea" in text_of(lea.get(LIST))
    changed = {**form, "purpose": "Pays all of it back.", "based_on": "1", "reason": "clearer"}
    assert lea.post(f"{LIST}refund/", changed).status_code == 302
    kept = address_of("refund")
    assert kept is not None
    assert kept.secret == address.secret  # the same address keeps it
    lea.post(f"{LIST}refund/", {"action": "retire"})
    assert CaseAction.objects.get().retired


def test_requests_and_definitions_outlive_a_rebuild(review_case: ReviewCase, service: FakeService) -> None:
    define(url=service.url)
    case = review_case()
    ask(case)
    run()
    before = list(CaseAction.objects.values()), Case.objects.values().get(pk=case.pk)
    rebuild_projections([find_projection("caseaction"), find_projection("case")])
    assert (list(CaseAction.objects.values()), Case.objects.values().get(pk=case.pk)) == before
    assert ActionRequest.objects.get().state == "sent"
    assert address_of("refund") is not None


def test_done_requests_are_deleted_after_a_while(review_case: ReviewCase, service: FakeService) -> None:
    define(url=service.url)
    ask(review_case())
    later = datetime.now(UTC) + KEPT + timedelta(days=1)
    assert prune_requests(now=later) == 0  # it waits
    run()
    assert prune_requests(now=later) == 1


def test_a_retired_action_is_not_offered(
    browse: Browse, review_case: ReviewCase, service: FakeService
) -> None:
    define(url=service.url)
    case = review_case()
    retire_action("refund", reason="no more", actor="user/lea", now=datetime.now(UTC))
    ana = browse("ana", *ACTOR)
    assert 'data-key="R"' not in text_of(ana.get(page_of(case)))
    assert ana.get(f"{page_of(case)}actions/refund/").status_code == 404
