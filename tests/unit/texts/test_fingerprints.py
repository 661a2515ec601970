"""Fingerprints: copies share them, however they are disguised; near-duplicates share bands."""

import doctest

import pytest

from scoring.texts import fingerprints
from scoring.texts.fingerprints import MAX_BANDS, text_band, text_fingerprint

OFFER = "Visit my page for cheap sneakers, new ones arrive every day of the week!"


def bands(text: str) -> list[str | None]:
    return [text_band(text, number=number) for number in range(1, 5)]


@pytest.mark.parametrize(
    "copy",
    [
        OFFER.upper(),
        "V\u0456sit my p\u0430ge f\u043er che\u0430p sneakers, new ones arrive every day of the week",
        "V1sit my p@ge for cheap sn3akers... new ones arrive every day of the weeeek!!!",
        "Visit my p-a-g-e for\ncheap   sneak\u200bers 😀 new ones arrive every day of the week",
    ],
)
def test_a_disguised_copy_has_the_same_fingerprint_and_bands(copy: str) -> None:
    assert text_fingerprint(copy) == text_fingerprint(OFFER)
    assert bands(copy) == bands(OFFER)


def test_nearly_all_near_duplicates_share_a_band_but_not_the_fingerprint() -> None:
    words = OFFER.split()
    variants = [
        " ".join([*words[:place], new, *words[place + kept :]])
        for place in range(len(words))
        for new, kept in (("really", 0), ("great", 1), ("", 1))
    ]
    assert text_fingerprint(OFFER) not in {text_fingerprint(variant) for variant in variants}
    sharing = [variant for variant in variants if set(bands(variant)) & set(bands(OFFER))]
    assert len(sharing) / len(variants) > 0.9


@pytest.mark.parametrize(
    "other",
    [
        "We went to the lake on Sunday and had a picnic with the children",
        "Does anybody know when the next train to the city leaves tonight?",
        "Мы сегодня ходили в театр и смотрели новый спектакль",
    ],
)
def test_other_texts_share_nothing(other: str) -> None:
    assert text_fingerprint(other) != text_fingerprint(OFFER)
    assert not set(bands(other)) & set(bands(OFFER))


@pytest.mark.parametrize("text", ["", "thank you", "😀😀😀😀😀😀😀😀😀😀😀😀", "so so so so", "............"])
def test_short_texts_have_none(text: str) -> None:
    assert text_fingerprint(text) is None
    assert bands(text) == [None] * 4


def test_other_scripts_have_fingerprints_of_their_own() -> None:
    assert text_fingerprint("это совершенно честный отзыв") != text_fingerprint(
        "eto sovershenno chestnyi otzyv"
    )
    assert text_fingerprint("这首歌真的很好听我非常喜欢它") is not None


def test_fingerprints_never_change() -> None:
    """They are states' keys and listed values: a change here orphans them."""
    assert text_fingerprint(OFFER) == "7a1d60a1f6c3513230f13bc4ea8061f5"
    assert text_band(OFFER, number=1) == "8427b5f3f90b74a1"
    assert text_band(OFFER, number=MAX_BANDS) == "224761ee6d8e341a"


def test_the_bands_of_a_text_differ() -> None:
    assert len({text_band(OFFER, number=number) for number in range(1, MAX_BANDS + 1)}) == MAX_BANDS


def test_the_examples_hold() -> None:
    assert doctest.testmod(fingerprints).failed == 0
