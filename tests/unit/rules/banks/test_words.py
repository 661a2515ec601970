"""Hash banks in words: how near a file is, and what people made of matches."""

import doctest

import pytest

from scoring.rules.banks import definitions
from scoring.rules.banks.matches import Overturns
from scoring.rules.banks.models import Bank
from scoring.rules.banks.pages import words
from scoring.rules.banks.pages.words import (
    ACTION_TONES,
    ACTION_WORDS,
    match_words,
    overturn_words,
    video_words,
)


@pytest.mark.parametrize(
    ("judged", "overturned", "told", "often"),
    [
        (0, 0, "", False),
        (1, 0, "People judged 1 matched event of this bank and overturned none.", False),
        (4, 4, "People judged 4 matched events of this bank and overturned 4 (100.0\xa0%).", False),
        (5, 1, "People judged 5 matched events of this bank and overturned 1 (20.0\xa0%).", True),
        (1_200, 100, "People judged 1,200 matched events of this bank and overturned 100 (8.3\xa0%).", False),
    ],
)
def test_overturns_are_told_and_often_ones_are_marked(
    judged: int, overturned: int, told: str, often: bool
) -> None:
    overturns = Overturns(judged, overturned)
    assert overturn_words(overturns) == told
    assert overturns.is_often is often


def test_a_match_says_how_many_bits_differ() -> None:
    assert match_words({"media": "a" * 64, "distance": 0}) == "File aaaaaaaaaaaa… has the same hash."
    assert match_words({"media": "b", "distance": 31}) == "File b differs by 31 of 256 bits."


def test_a_match_of_a_video_says_which_frame_is_near() -> None:
    frame = {"media": "b", "distance": 3, "match": "frame"}
    assert match_words(frame) == "A frame of file b differs by 3 of 256 bits."
    assert match_words({**frame, "match": "video"}) == "The nearest frame of file b differs by 3 of 256 bits."


def test_a_video_is_told_by_its_frames_and_length() -> None:
    assert video_words(["a,100,0.000"]) == "1 frame, 0:00"
    assert video_words(["a,100,0.000", "b,90,124.6"]) == "2 frames, 2:05"


def test_every_action_has_words_and_a_tone() -> None:
    assert set(ACTION_WORDS) == set(ACTION_TONES) == set(Bank.Action.values)


def test_the_examples_in_docstrings_hold() -> None:
    for module in (definitions, words):
        result = doctest.testmod(module)
        assert (result.failed, result.attempted > 0) == (0, True)
