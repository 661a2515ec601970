from monitoring.replay_check.aspects import ASPECTS_IN_WORDS
from scoring.replay.compare import ASPECTS


def test_every_compared_aspect_has_words_in_the_same_order() -> None:
    assert tuple(ASPECTS_IN_WORDS) == ASPECTS
