"""A case shows the texts nearest to its own that people found to break a policy."""

from datetime import UTC, datetime
from typing import Any

import pytest

from reviews.models import Case
from scoring.content.embeddings.embedders.current import use_model
from scoring.content.embeddings.following import TEXTS
from scoring.content.embeddings.processing import process_batch
from scoring.log.consumers.registry import catch_up
from scoring.log.models import VaultItem
from scoring.log.vault import digest_of
from tests.factories.embedders import NAME, HashedWords
from tests.integration.reviews.browsing import LOOK, WORK, Browse, page_of, text_of
from tests.integration.reviews.moderation import SPAM, judge, notes, open_note  # noqa: F401 (a fixture)

pytestmark = pytest.mark.usefixtures("notes")

BUY = "buy cheap followers for your channel today"
ALIKE = "get cheap followers for your channel now"
THREAT: dict[str, Any] = {
    "verdict": "violating", "policies": {"threat": "announces_violence"}, "action": "block",
}  # fmt: skip


@pytest.fixture(autouse=True)
def model(settings: Any) -> None:
    settings.TEXT_EMBEDDINGS = NAME


def note(number: int, text: str) -> Case:
    return open_note(f"N-{number}", text=text, now=now())


def now() -> datetime:
    return datetime.now(UTC)


def embed() -> None:
    embedder = HashedWords()
    model = use_model(embedder, now=now())
    catch_up(TEXTS, now=now())
    while process_batch(embedder, model, now=now()):
        pass


def panel(page: str) -> str:
    """The words of the panel, "" without one."""
    found = page.partition('id="known-title"')[2].partition("</section>")[0]
    return " ".join(found.replace("\u202f", " ").replace("\u00a0", " ").split())


def test_the_nearest_known_texts_are_shown_with_what_was_found(browse: Browse) -> None:
    judge(note(1, BUY), now=now())
    judge(note(2, f"{BUY} please"), now=now(), **THREAT)
    case = note(3, ALIKE)
    embed()
    shown = panel(text_of(browse("ana", *WORK).get(page_of(case))))
    assert BUY in shown
    assert shown.index("71.4 %") < shown.index("66.8 %")
    assert "similar · Spam ·" in shown
    assert "similar · Threats ·" in shown
    assert f'href="/admin/events/{Case.objects.get(event_stream="note/shop/N-1").pk}/"' in shown
    assert shown.count("Show the text") == 1  # threats are a sensitive policy
    assert "approximate" not in shown


def test_texts_are_hidden_from_those_who_may_not_see_personal_values(browse: Browse) -> None:
    judge(note(1, BUY), now=now())
    case = note(2, ALIKE)
    embed()
    shown = panel(text_of(browse("otto", *LOOK).get(page_of(case))))
    assert "similar · Spam ·" in shown
    assert "followers" not in shown


def test_an_erased_text_is_not_shown_any_more(browse: Browse) -> None:
    judge(note(1, BUY), now=now())
    case = note(2, ALIKE)
    embed()
    VaultItem.objects.filter(digest=digest_of("text", BUY)).delete()
    shown = panel(text_of(browse("ana", *WORK).get(page_of(case))))
    assert "No known text is similar." in shown


def test_a_case_says_that_its_text_was_not_compared_yet(browse: Browse) -> None:
    case = note(1, ALIKE)
    ana = browse("ana", *WORK)
    assert "has not been compared" in panel(text_of(ana.get(page_of(case))))
    embed()
    assert "No known text is similar." in panel(text_of(ana.get(page_of(case))))


def test_there_is_no_panel_while_no_model_is_set(browse: Browse, settings: Any) -> None:
    settings.TEXT_EMBEDDINGS = ""
    page = text_of(browse("ana", *WORK).get(page_of(note(1, BUY))))
    assert panel(page) == ""


def test_a_copy_of_one_known_text_is_shown_once(browse: Browse) -> None:
    for number in (1, 2, 3):
        judge(note(number, BUY), now=now())
    case = note(4, ALIKE)
    embed()
    shown = panel(text_of(browse("ana", *WORK).get(page_of(case))))
    assert shown.count("similar · Spam") == 1
