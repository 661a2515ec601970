"""The pages of the queue and of a case, as seen by a browser without JavaScript."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from reviews.work import claims, verdicts
from scoring.features.compile.plan import lane_plan
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.models import Label
from scoring.log import vault
from tests.integration.reviews.browsing import (
    FRAUD,
    LOOK,
    QUEUE,
    REASON,
    SEE,
    WORK,
    Browse,
    ReviewCase,
    kept,
    page_of,
    take,
    text_of,
)
from tests.integration.reviews.test_explained_decisions import decide_one, small_model  # noqa: F401 (a fixture)


def test_posting_to_an_unknown_case_gives_404(browse: Browse) -> None:
    ana = browse("ana", *WORK)
    for action in ("claim", "decide", "undo"):
        assert ana.post(reverse("admin:case", args=[404]), {"action": action}).status_code == 404


def test_an_address_with_a_nul_character_is_not_found(browse: Browse) -> None:
    ana = browse("ana", *WORK)
    for query in ("queue/?type=%00", "queue/?why=%00", "entities/?q=%00", "entities/?kind=card&value=%00"):
        assert ana.get(f"/admin/{query}").status_code == 404


def test_the_queue_shows_open_cases_with_reasons_the_largest_loss_first(
    browse: Browse, review_case: ReviewCase
) -> None:
    small, large = review_case("T-small", stake=1_000), review_case("T-large", stake=99_000)
    page = text_of(browse("ana", *WORK).get(QUEUE))
    assert page.index("T-large") < page.index("T-small")
    for told in (
        page_of(small),
        page_of(large),
        "495.00 USD",
        "50.0\N{NO-BREAK SPACE}%",
        REASON["text"],
        "sent to review",
    ):
        assert told in page


def test_the_queue_shows_who_has_claimed_a_case(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case()
    claims.claim_case(case.pk, reviewer="ben", now=datetime.now(UTC))
    page = text_of(browse("ana", *WORK).get(QUEUE))
    assert "claimed by ben until" in page


@pytest.mark.parametrize(
    ("query", "found"), [("", 1), ("?why=review", 1), ("?why=sample", 0), ("?type=payment", 1)]
)
def test_the_queue_is_narrowed_by_type_and_cause(
    browse: Browse, review_case: ReviewCase, query: str, found: int
) -> None:
    review_case("T-one")
    assert text_of(browse("ana", *WORK).get(QUEUE + query)).count("T-one") == found


def test_the_queue_takes_few_queries_however_long(
    browse: Browse, review_case: ReviewCase, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        review_case(f"T-{number}")
    client = browse("ana", *WORK)
    with django_assert_max_num_queries(24):
        client.get(QUEUE)


def test_a_view_only_user_is_offered_no_actions(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case()
    client = browse("otto", *LOOK)
    assert "Take the next case" not in text_of(client.get(QUEUE))
    assert "Claim this case" not in text_of(client.get(page_of(case)))
    assert client.post(QUEUE).status_code == 403
    for action in ("claim", "keep", "release", "decide", "undo"):
        assert client.post(page_of(case), {"action": action}).status_code == 403
    case.refresh_from_db()
    assert case.state == "open"


def test_without_the_permission_there_is_no_queue(browse: Browse) -> None:
    assert browse("eve").get(QUEUE).status_code == 403


def test_taking_leads_to_the_most_urgent_case_and_then_back_to_it(
    browse: Browse, review_case: ReviewCase
) -> None:
    review_case("T-small", stake=1_000)
    large = review_case("T-large", stake=99_000)
    client = browse("ana", *WORK)
    assert take(client) == page_of(large)
    assert "Your verdict" in text_of(client.get(page_of(large)))
    assert "Continue your case" in text_of(client.get(QUEUE))
    assert take(client) == page_of(large)


def test_an_empty_queue_says_how_it_fills(browse: Browse) -> None:
    client = browse("ana", *WORK)
    assert "Cases appear here automatically" in text_of(client.get(QUEUE))
    assert "No cases to claim" in text_of(client.post(QUEUE, follow=True))


def test_a_row_of_the_queue_names_entities_and_the_label_so_far(
    browse: Browse, review_case: ReviewCase
) -> None:
    review_case("T-1", card="card-77", merchant="market-5")
    statement = LabelStatement("payment", "T-1", "fraud", "chargeback")
    record_labels([statement], source="shop", now=datetime.now(UTC))
    page = text_of(browse("ana", *WORK).get(QUEUE))
    assert "card-77" in page
    assert "market-5" in page
    assert "Label so far" in page


def test_a_case_shows_what_is_known(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case("T-7", merchant="m-1", customer="cu-1", category="travel")
    page = text_of(browse("ana", *WORK).get(page_of(case)))
    for told in (
        "Case T-7",
        "50.0\N{NO-BREAK SPACE}%",
        "probability of fraud",
        "12.34 USD",  # at stake
        "50.00 USD",  # the loss to expect
        "review from 5\N{NO-BREAK SPACE}%, block from 80\N{NO-BREAK SPACE}%",
        REASON["text"],
        "+1.25",
        "can no longer be read",  # the model of the decision is gone, and the page says so
        "travel",
        "?kind=merchant&amp;value=m-1",
        "this payment",
        "Opened: sent to review",
        "No labels yet",
        "Claim this case",
    ):
        assert told in page


def test_a_model_without_a_block_threshold_says_that_it_blocks_nothing(
    browse: Browse, review_case: ReviewCase
) -> None:
    page = text_of(browse("ana", *WORK).get(page_of(review_case(block_from=1.0000000000000002))))
    assert "review from 5\N{NO-BREAK SPACE}%, no score is enough to block" in page


def test_a_reason_links_to_its_feature_for_users_who_may_see_it(
    browse: Browse, review_case: ReviewCase
) -> None:
    case, link = review_case(), 'href="/admin/features/payment/card_is_new_merchant/"'
    assert link not in text_of(browse("ana", *WORK).get(page_of(case)))
    assert link in text_of(browse("lee", *WORK, "scoring.view_featuresetversion").get(page_of(case)))


def test_the_whole_explanation_of_a_model_is_shown(small_model, browse: Browse) -> None:  # noqa: F811
    small_model()
    decision = decide_one()
    client = browse("ana", *WORK)
    page = text_of(client.get(reverse("admin:event", args=[decision.data["event_position"]])))
    count = len(lane_plan("commerce").feature_set("payment").names)
    assert page.count('class="rv-why__bar"') == count + 1  # and a step for all but the main ones
    assert f"Show all {count}" in page
    assert "start " in page
    assert "= margin" in page


def test_a_case_takes_few_queries(
    browse: Browse, review_case: ReviewCase, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = browse("ana", *WORK)
    first, second = review_case("T-1", stake=99_000, ip=kept("192.0.2.1")), review_case("T-2")
    take(client)
    client.post(page_of(first), FRAUD | {"note": "seen"})
    client.post(page_of(second), {"action": "release"})
    for case in (first, second):
        with django_assert_max_num_queries(25):
            client.get(page_of(case))


def test_a_verdict_labels_the_event_and_leads_to_the_next_case(
    browse: Browse, review_case: ReviewCase
) -> None:
    first, second = review_case("T-1", stake=99_000), review_case("T-2")
    client = browse("ana", *WORK)
    take(client)

    answer = client.post(page_of(first), FRAUD | {"note": "Called the bank."})

    assert answer.headers["Location"] == page_of(second)
    assert Label.objects.get(event_stream=first.event_stream).effective == "fraud"
    page = text_of(client.get(page_of(second)))
    assert "Your verdict" in page
    assert f'action="{page_of(first)}" class="rv-undo"' in page
    decided_page = text_of(client.get(page_of(first)))
    assert "Stolen or copied card" in decided_page
    assert "Called the bank." in decided_page


def test_after_the_last_case_comes_the_queue_with_the_undo(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case()
    client = browse("ana", *WORK)
    take(client)
    answer = client.post(page_of(case), FRAUD, follow=True)
    assert answer.redirect_chain[-1][0] == QUEUE
    assert 'class="rv-undo"' in text_of(answer)


def test_an_undone_verdict_comes_back_as_it_was_given(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case()
    client = browse("ana", *WORK)
    take(client)
    client.post(page_of(case), FRAUD | {"note": "Called the bank."})

    page = text_of(client.post(page_of(case), {"action": "undo"}, follow=True))

    assert "You have claimed the case" in page
    assert "Verdict undone" in page
    assert ">Called the bank.</textarea>" in page
    assert 'value="stolen_card" data-key="2" aria-keyshortcuts="2" checked' in page
    assert 'class="rv-undo"' not in page
    assert Label.objects.order_by("position").last().effective is None


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"verdict": ""}, "is not a label of payment"),
        ({"reason_code": "usual_behaviour"}, "does not support fraud"),
        ({"reason_code": ""}, "does not support fraud"),
        ({"note": "x" * 2_001}, "at most 2,000"),
    ],
)
def test_a_refused_verdict_says_why_and_keeps_the_note(
    browse: Browse, review_case: ReviewCase, given: dict[str, str], why: str
) -> None:
    case = review_case()
    client = browse("ana", *WORK)
    take(client)
    answer = client.post(page_of(case), FRAUD | {"note": "Called the bank."} | given)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert why in page
    assert (given.get("note") or "Called the bank.") in page
    assert not Label.objects.exists()


def test_a_lost_claim_names_the_new_holder_and_keeps_the_note(
    browse: Browse, review_case: ReviewCase
) -> None:
    case = review_case()
    client = browse("ana", *WORK)
    claims.claim_case(case.pk, reviewer="ana", now=datetime.now(UTC) - timedelta(hours=1))
    claims.claim_case(case.pk, reviewer="ben", now=datetime.now(UTC))

    answer = client.post(page_of(case), FRAUD | {"note": "Called the bank."})

    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Claimed by ben" in page
    assert ">Called the bank.</textarea>" in page
    assert not Label.objects.exists()


def test_a_case_claimed_by_another_cannot_be_claimed(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case()
    claims.claim_case(case.pk, reviewer="ben", now=datetime.now(UTC))
    client = browse("ana", *WORK)
    assert "Claim this case" not in text_of(client.get(page_of(case)))
    page = text_of(client.post(page_of(case), {"action": "claim"}, follow=True))
    assert "Ben has claimed payment/shop/T-1 until" in page


def test_a_released_case_is_free_again(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case()
    client = browse("ana", *WORK)
    take(client)
    answer = client.post(page_of(case), {"action": "release"}, follow=True)
    assert answer.redirect_chain[-1][0] == QUEUE
    assert "back in the queue" in text_of(answer)
    assert "Claim this case" in text_of(client.get(page_of(case)))


def test_the_lease_is_renewed_while_the_page_is_active(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case()
    claims.claim_case(case.pk, reviewer="ana", now=datetime.now(UTC) - claims.LEASE * 0.9)
    client = browse("ana", *WORK)
    answer = client.post(page_of(case), {"action": "keep"}).json()
    assert answer["held"]
    assert datetime.fromisoformat(answer["until"]) > datetime.now(UTC) + claims.LEASE * 0.9

    answer = browse("cleo", *WORK).post(page_of(case), {"action": "keep"}).json()
    assert (answer["held"], answer["why"]) == (
        False,
        "Ana has claimed payment/shop/T-1 in the meantime; take another case.",
    )


def test_undoing_anothers_verdict_takes_a_lead(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case()
    ana = browse("ana", *WORK)
    take(ana)
    ana.post(page_of(case), FRAUD)

    ben = browse("ben", *WORK)
    assert "Undo this verdict" not in text_of(ben.get(page_of(case)))
    assert "is ana&#x27;s" in text_of(ben.post(page_of(case), {"action": "undo"}, follow=True))

    lea = browse("lea", *WORK, "reviews.undo_verdict")
    assert "Undo this verdict" in text_of(lea.get(page_of(case)))
    assert "Your verdict" in text_of(lea.post(page_of(case), {"action": "undo"}, follow=True))


def test_an_unknown_action_is_refused(browse: Browse, review_case: ReviewCase) -> None:
    assert browse("ana", *WORK).post(page_of(review_case()), {"action": "burn"}).status_code == 400


def test_personal_values_are_hidden_from_users_who_do_not_work_cases(
    browse: Browse, review_case: ReviewCase
) -> None:
    case = review_case("T-1", ip=kept("192.0.2.77"))
    claims.claim_case(case.pk, reviewer="ana", now=datetime.now(UTC))
    verdicts.decide_case(
        case.pk,
        reviewer="ana",
        verdict="fraud",
        reason_code="stolen_card",
        note="Spoke to Jo",
        now=datetime.now(UTC),
    )
    address = f"/admin/entities/?kind=ip&value={vault.digest_of('ip', '192.0.2.77')}"
    for page, secret in (
        (page_of(case), "192.0.2.77"),
        (page_of(case), "Spoke to Jo"),
        (address, "192.0.2.77"),
    ):
        assert secret in text_of(browse("ana", *SEE).get(page))
        assert secret not in text_of(browse("otto", *LOOK).get(page))


def test_searching_personal_values_needs_the_permission_too(browse: Browse, review_case: ReviewCase) -> None:
    review_case("T-1", ip=kept("192.0.2.77"))
    search = "/admin/entities/?q=192.0.2.77"
    assert "1 event" in text_of(browse("ana", *WORK).get(search))
    assert "No match for" in text_of(browse("otto", *LOOK).get(search))


def test_conflicting_labels_are_shown_with_the_one_that_counts(
    browse: Browse, review_case: ReviewCase
) -> None:
    case = review_case()
    client = browse("ana", *WORK)
    statement = LabelStatement("payment", "T-1", "legitimate", "chargeback")
    record_labels([statement], source="shop", now=datetime.now(UTC))
    take(client)
    assert "This contradicts the label from chargeback. Say why in the note." in text_of(
        client.get(page_of(case))
    )
    assert client.post(page_of(case), FRAUD).status_code == 422
    client.post(page_of(case), FRAUD | {"note": "The customer has an alibi."})
    page = text_of(client.get(page_of(case)))
    assert "The sources disagree" in page
    assert page.index("says fraud") < page.index("says legitimate")


def test_the_history_of_each_entity_is_a_tab_with_pages(browse: Browse, review_case: ReviewCase) -> None:
    cases = [review_case(f"T-{number}", card="c-1", merchant=f"market-{number}") for number in range(14)]
    client = browse("ana", *WORK)
    newest = text_of(client.get(page_of(cases[-1])))
    assert "this payment" in newest
    row = 'data-row href="/admin/events/'
    assert newest.count(row) == 11  # twelve rows, of which one is this event itself
    assert "market-0" not in newest
    before = cases[2].pk
    assert f"?entity=0&amp;before={before}" in newest
    older = text_of(client.get(page_of(cases[-1]), {"entity": 0, "before": before}))
    assert "market-0" in older
    assert "the oldest events" in older
    assert text_of(client.get(page_of(cases[-1]), {"entity": 1})).count(row) == 0


def test_skipping_takes_the_next_case(browse: Browse, review_case: ReviewCase) -> None:
    first, second = review_case("T-1", stake=90_000), review_case("T-2", stake=1_000)
    client = browse("ana", *WORK)
    take(client)
    answer = client.post(page_of(first), {"action": "release", "then": "next"})
    assert answer.headers["Location"] == page_of(second)
