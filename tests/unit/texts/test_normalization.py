"""What a reader takes a text for, and where in the original it stands."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.texts import characters, disguises, normalization, tracked
from scoring.texts.normalization import normalize_text

DISGUISED = [
    # written, read
    ("FR\u0415\u0415 m0ney", "free money"),  # Cyrillic letters
    ("M\u0456\u217dr\u03bf\u0455\u03bf\u0455\u03bft", "micrososot"),  # Cyrillic, Greek and a Roman numeral
    ("\u0440\u0430\u0443 us by card", "pay us by card"),  # all of the word
    ("v\u0456p\u043a\u0430", "vipka"),
    ("fr33 v1agra, cl!ck $ubscribe ca$h p@ssw0rd", "free viagra, click subscribe cash password"),
    ("f r e e   i p h o n e", "free iphone"),
    ("f.r.e.e  c-l-i-c-k  n o w", "free click now"),
    ("f r 3 3", "free"),
    ("f\u200br\u200ce\u2060e\ufeff", "free"),
    ("\u202eeerf\u202c money", "free money"),
    ("f\u0336r\u0336e\u0336e\u0336", "free"),
    ("f\u0301\u0302\u0303re\u0304\u0305e", "free"),
    ("\uff46\uff52\uff45\uff45 \u24d5\u24e1\u24d4\u24d4", "free free"),
    ("\U0001d41f\U0001d42b\U0001d41e\U0001d41e", "free"),
    ("\ua730\u0280\u1d07\u1d07 \U0001f175\U0001f181\U0001f174\U0001f174", "free free"),
    ("&#102;ree &amp; easy", "free & easy"),
    ("Fr\u00e9\u00e9 \u0142and", "free land"),
    ("goooood!!!!!!", "good!!!"),
    ("  two\n\nlines ", "two lines"),
    ("see example[.]com or example (dot) com", "see example.com or example.com"),
]  # fmt: skip

HONEST = [
    # written; read as it is, in small letters
    "это честный отзыв о песне, и я рад",
    "а вот и он, в доме",
    "це гарна пісня",
    "αυτό το τραγούδι είναι υπέροχο",
    "هذه أغنية جميلة جداً",
    "यह गाना बहुत अच्छा है",
    "这首歌真好听。谢谢",
    "我 爱 你 们",
    "この曲はとても良いです",
    "이 노래 정말 좋아요",
    "השיר הזה יפה",
    "เพลงนี้เพราะมาก",
    "mp3, mp4, h2o, covid19, 2nd, 1st, 4k, 100% in 2013",
    "wow!great, e.g. this; i.e. that",
    "see https://a1b.example/p0st or me@ex4mple.com",
    "it costs $100 or 5€",
    "👍 ❤ 🎉",
]


@pytest.mark.parametrize(("written", "read"), DISGUISED)
def test_a_disguised_text_is_read_as_people_read_it(written: str, read: str) -> None:
    assert normalize_text(written).text == read


@pytest.mark.parametrize("text", HONEST)
def test_an_honest_text_stays_itself(text: str) -> None:
    normalized = normalize_text(text)
    assert (normalized.text, normalized.disguises, normalized.disguised_share) == (text, 0, 0.0)


def test_accents_and_case_are_no_disguise() -> None:
    normalized = normalize_text("Élan Ñandú, Việt Nam")
    assert (normalized.text, normalized.disguises) == ("elan nandu, viet nam", 0)


def test_a_word_of_lookalikes_stays_beside_words_of_its_own_script() -> None:
    assert normalize_text("he said: сосо жук and left the room").text == "he said: сосо жук and left the room"


@pytest.mark.parametrize(
    ("written", "words"),
    [("fr33 m0ney now", 2), ("f r e e money", 1), ("f\u200br\u200be\u200be", 1), ("free money now", 0)],
)
def test_words_in_disguise_are_counted(written: str, words: int) -> None:
    assert normalize_text(written).disguises == words


def test_the_share_in_disguise_is_of_the_original() -> None:
    assert normalize_text("m0ney now").disguised_share == 1 / 9


@pytest.mark.parametrize(
    ("written", "word", "original"),
    [
        ("get f-r-e-e money", "free", "f-r-e-e"),
        ("a \U0001d41f\U0001d42bee one", "free", "\U0001d41f\U0001d42bee"),
        ("a f\u200br\u200bee one", "free", "f\u200br\u200bee"),
        ("so &#102;ree now", "free", "&#102;ree"),
        ("x \u202eeerf\u202c y", "free", "eerf"),
        ("the ﬁrst", "first", "ﬁrst"),
    ],
)  # fmt: skip
def test_what_was_read_is_found_in_the_original(written: str, word: str, original: str) -> None:
    normalized = normalize_text(written)
    at = normalized.text.index(word)
    start, end = normalized.span(at, at + len(word))
    assert written[start:end] == original


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_every_character_has_a_place_in_the_original(text: str) -> None:
    normalized = normalize_text(text)
    assert len(normalized.text) == len(normalized.tracked.starts) == len(normalized.tracked.ends)
    for place in range(len(normalized.text)):
        start, end = normalized.span(place, place + 1)
        assert 0 <= start < end <= len(text)


@given(st.text(alphabet="aеоfr3e .-\u200b\u0301!0$@\U0001d41f", max_size=40))
def test_a_text_that_was_read_is_read_the_same_again(text: str) -> None:
    once = normalize_text(text).text
    assert normalize_text(normalize_text(once).text).text == normalize_text(once).text


@pytest.mark.parametrize(
    "text",
    [
        "a1" * 25_000,
        "a," * 25_000 + "ab",
        "a , " * 12_500 + "ab",
        "\u202ea\u202c" * 16_000,
        "e\u0301\u0302" * 16_000,
        "@" * 50_000,
        "&#" * 25_000,
        "." * 50_000,
        "\u0430a" * 25_000,
    ],
)
def test_hostile_texts_are_read_in_linear_time(text: str) -> None:
    """Quadratic steps would take minutes here."""
    assert normalize_text(text).text is not None


@pytest.mark.parametrize("module", [characters, disguises, normalization, tracked])
def test_the_examples_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
