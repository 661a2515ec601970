"""What a reviewer sees while a case is open for a second review, or is a golden item: not its verdict."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from reviews.actions.changing import define_action
from reviews.actions.definition import ActionDefinition
from reviews.models import Case
from reviews.models.quality import GivenVerdict
from reviews.quality.settings import GOLDEN, SECOND, CheckShare, QualitySettings
from reviews.quality.stored import quality_settings
from reviews.work.checks import choose_golden
from scoring.intake.labels import LabelStatement, record_labels
from tests.integration.reviews.browsing import FRAUD, QUEUE, WORK, Browse, ReviewCase, page_of, take, text_of

SEE = (*WORK, "scoring.view_label")
LEAD = (*SEE, "reviews.adjudicate_case", "reviews.choose_golden", "reviews.view_givenverdict")
NOTE = "The customer never had this card."
LEGITIMATE = {"action": "decide", "verdict": "legitimate", "reason_code": "confirmed_by_customer"}


def check_all(*, second: float = 1.0, golden: float = 0.0, tell: bool = False) -> None:
    checks = (CheckShare(SECOND, second), CheckShare(GOLDEN, golden))
    settings = QualitySettings(tell_missed=tell, checks=checks)
    quality_settings.change("payment", settings, reason="test", actor="user/lea", now=datetime.now(UTC))


def decide(client: Client, case: Case, verdict: dict[str, str] = FRAUD) -> str:
    """The verdict by the page of the case; the page that follows."""
    client.post(page_of(case), {"action": "claim"})
    answer = client.post(page_of(case), {**verdict, "note": NOTE}, follow=True)
    return answer.content.decode()


def addresses(case: Case) -> list[str]:
    card = f"/admin/entities/?kind=card&value={case.event_stream}"
    return [
        page_of(case),
        f"/admin/events/{case.pk}/",
        QUEUE,
        card,
        "/admin/entities/?kind=card&value=card-1",
        "/admin/reviews/case/",
        f"/admin/scoring/label/?q={case.event_stream}",
    ]


def told(client: Client, case: Case, words: tuple[str, ...]) -> set[tuple[str, str]]:
    """Which pages say which of these words."""
    pages = {address: client.get(address).content.decode() for address in addresses(case)}
    return {(address, word) for address, page in pages.items() for word in words if word in page}


def test_no_page_tells_the_second_reviewer_the_first_verdict(browse: Browse, review_case: ReviewCase) -> None:
    check_all()
    case = review_case("T-1", card="card-1")
    ana, bo = browse("ana", *SEE), browse("bo", *SEE)
    decide(ana, case)
    secret = ('ws-badge--bad">fraud', "Decided as", "by ana", "ana,", NOTE, "Stolen or copied card</span>,")
    assert told(ana, case, ("Decided as",)) != set()
    assert told(bo, case, secret[1:5]) == set()
    assert take(bo) == page_of(case)
    assert told(bo, case, secret[1:5]) == set()
    page = text_of(bo.get(page_of(case)))
    assert "No labels yet" in page
    assert "second review" not in page
    decide(bo, case)
    assert "by ana" in text_of(bo.get(page_of(case)))  # once it is given, the case is as others see it


def test_a_second_reviewer_requests_no_action_which_would_tell_the_verdict(
    browse: Browse, review_case: ReviewCase
) -> None:
    check_all()
    case = review_case("T-1")
    refund = ActionDefinition("refund", ("payment",), "Pays the amount back.")
    define_action(refund, url=None, reason="test", actor="user/lea", now=datetime.now(UTC))
    ana, bo = (browse(name, *SEE, "reviews.request_caseaction") for name in ("ana", "bo"))
    decide(ana, case)
    page = f"{page_of(case)}actions/refund/"
    assert "verdict (fraud)" in text_of(ana.get(page))
    assert bo.get(page).status_code == 404
    assert bo.post(page, {"number": "1", "key": str(uuid4())}).status_code == 404


def test_lists_and_histories_leave_the_label_out(browse: Browse, review_case: ReviewCase) -> None:
    check_all()
    case = review_case("T-1", card="card-1")
    ana, bo = browse("ana", *SEE), browse("bo", *SEE)
    decide(ana, case)
    entity, labels = "/admin/entities/?kind=card&value=card-1", f"/admin/scoring/label/?q={case.event_stream}"
    for client, seen in ((ana, "fraud"), (bo, None)):
        assert [line.row.label for line in client.get(entity).context["lines"]] == [seen]
        assert [line.row.label for line in client.get(page_of(case)).context["history"].lines] == [seen]
        found = client.get(labels).context["cl"].result_list
        assert [label.effective for label in found] == [seen] * bool(seen)
        rows = text_of(client.get("/admin/reviews/case/")).partition('id="result_list"')[2]
        assert ("fraud" in rows.partition("</table>")[0]) == bool(seen)
    assert [line.label for line in bo.get(QUEUE).context["lines"]] == [None]


def test_labels_of_before_the_first_verdict_stay_and_later_ones_do_not(
    browse: Browse, review_case: ReviewCase
) -> None:
    def say(source: str, at: datetime) -> None:
        statement = LabelStatement("payment", "T-1", "fraud", source)
        record_labels([statement], source="shop", now=at, actor="api_key/k")

    check_all()
    case = review_case("T-1", card="card-1")
    say("customer", datetime.now(UTC))
    decide(browse("ana", *SEE), case)
    say("chargeback", datetime.now(UTC) + timedelta(seconds=1))
    page = text_of(browse("bo", *SEE).get(page_of(case)))
    assert '<span class="ws-strong">customer</span>' in page
    assert '<span class="ws-strong">chargeback</span>' not in page
    assert '<span class="ws-strong">review</span>' not in page


def test_the_first_reviewer_still_sees_and_undoes_their_verdict(
    browse: Browse, review_case: ReviewCase
) -> None:
    check_all()
    case, ana = review_case("T-1"), browse("ana", *SEE)
    decide(ana, case)
    page = text_of(ana.get(page_of(case)))
    assert "Undo this verdict" in page
    assert "T-1" not in text_of(ana.get(QUEUE)).split("Open cases, most urgent first")[1]
    ana.post(page_of(case), {"action": "undo"})
    case.refresh_from_db()
    assert (case.state, case.claimed_by, case.quality_check) == ("claimed", "ana", "")


def test_adjudicators_see_both_verdicts_and_others_no_disagreement(
    browse: Browse, review_case: ReviewCase
) -> None:
    check_all()
    case = review_case("T-1")
    decide(browse("ana", *SEE), case)
    decide(browse("bo", *SEE), case, LEGITIMATE)
    lea, cy = browse("lea", *LEAD), browse("cy", *SEE)
    assert page_of(case) not in text_of(cy.get(QUEUE))
    assert page_of(case) in text_of(lea.get(f"{QUEUE}?why=adjudication"))
    assert take(cy) == QUEUE
    assert take(lea) == page_of(case)
    page = text_of(lea.get(page_of(case)))
    for words in ("Two reviewers disagree.", "First verdict", "Second review", "ana,", "bo,"):
        assert words in page
    decide(lea, case, LEGITIMATE)
    case.refresh_from_db()
    assert (case.verdict, case.decided_by) == ("legitimate", "lea")


@pytest.mark.parametrize("tell", [True, False])
def test_a_missed_golden_item_is_told_only_if_the_setting_says_so(
    browse: Browse, review_case: ReviewCase, monkeypatch: pytest.MonkeyPatch, tell: bool
) -> None:
    known = review_case("T-known", card="card-1")
    decide(browse("ana", *SEE), known)
    choose_golden(known.pk, golden=True, reviewer="lea", now=datetime.now(UTC))
    review_case("T-next", stake=1_000)
    check_all(second=0.0, golden=0.2, tell=tell)
    monkeypatch.setattr("reviews.work.checks.gets_golden_item", lambda *args, **how: True)
    bo = browse("bo", *SEE)
    assert take(bo) == page_of(known)
    page = text_of(bo.get(page_of(known)))
    assert "golden" not in page
    assert "Your verdict" in page
    after = decide(bo, known, LEGITIMATE)
    assert ("That was a golden item: its known answer is fraud" in after) == tell
    seen = text_of(bo.get(page_of(known)))
    assert ("by ana" in seen) == tell
    assert ("by bo" in seen) != tell
    event = text_of(bo.get(f"/admin/events/{known.pk}/"))
    assert ("legitimate" in event) != tell  # the label that the verdict of any other case would have given
    assert told(bo, known, ("by ana",)) == (set() if not tell else told(bo, known, ("by ana",)))
    assert GivenVerdict.objects.get(kind="golden").told == tell


def test_leads_choose_golden_items_on_the_page(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case("T-1")
    decide(browse("ana", *SEE), case)
    lea = browse("lea", *LEAD)
    lea.post(page_of(case), {"action": "golden", "golden": "yes"})
    assert "No longer a golden item" in text_of(lea.get(page_of(case)))
    lea.post(page_of(case), {"action": "golden"})
    case.refresh_from_db()
    assert case.golden == ""
