"""Which texts are compared, and in which form."""

import pytest

from scoring.content.embeddings.texts import EventText, prepare_text, texts_of
from scoring.log.vault import digest_of
from tests.factories.letters import Letter


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Check   OUT my channel", "check out my channel"),
        ("ch\u0435ck o.u.t my ch4nnel", "check out my channel"),
        ("ok, thx", ""),
        ("   ", ""),
    ],
    ids=["case and blanks", "in disguise", "too short", "blank"],
)
def test_a_text_is_compared_as_people_read_it(text: str, read: str) -> None:
    assert prepare_text(text) == read


def test_long_texts_are_cut() -> None:
    assert len(prepare_text("word " * 20_000)) == 4_000


def test_personal_texts_have_the_digest_of_the_vault_and_others_get_one() -> None:
    found = texts_of(Letter, {"author": "ann", "body": "d" * 32, "motto": "carpe diem"})
    assert found == [
        EventText("body", "d" * 32, None),
        EventText("motto", digest_of("motto", "carpe diem"), "carpe diem"),
    ]
    assert texts_of(Letter, {"author": "ann"}) == []
