"""What became of comments as they came, in windows."""

from math import isnan

import pytest

from benchmarks.moderation_windows import NO_MODEL, CommentWindow, DecidedComment, table_lines, windows_of


def comment(*, spam: bool, outcome: str = "allow", score: float | None = None) -> DecidedComment:
    return DecidedComment(spam, outcome, score, NO_MODEL if score is None else "model")


MIXED = (
    comment(spam=True),
    comment(spam=True, outcome="block", score=0.9),
    comment(spam=True, outcome="review", score=0.4),
    comment(spam=False, outcome="block", score=0.8),
    comment(spam=False, outcome="review", score=0.3),
    comment(spam=False, score=0.01),
    comment(spam=True, outcome="review", score=0.5),
    comment(spam=False, score=0.02),
)


def test_the_spam_is_removed_reviewed_or_missed():
    window = CommentWindow(0, MIXED)
    shares = [window.share_of_spam(outcome) for outcome in ("block", "review", "allow")]
    assert shares == [0.25, 0.5, 0.25]
    assert window.precision_of_removal == 0.5


def test_comments_that_no_model_scored_are_not_called_spam():
    window = CommentWindow(0, MIXED)
    assert window.without_model == 1
    assert window.precision == pytest.approx(2 / 3)
    assert window.recall == 0.5


def test_what_is_sent_to_review_is_not_unattended():
    assert CommentWindow(0, MIXED).unattended == 5 / 8


def test_shares_of_nothing_are_unknown():
    window = CommentWindow(0, MIXED[5:6])
    assert isnan(window.share_of_spam("block"))
    assert isnan(window.precision_of_removal)
    assert isnan(window.precision)


def test_windows_cover_all_comments_once():
    windows = list(windows_of(MIXED, 3))
    assert [(window.first, len(window.comments)) for window in windows] == [(0, 3), (3, 3), (6, 2)]


def test_the_table_has_a_line_a_window_and_one_of_all():
    first, last = table_lines(MIXED, 4)[2], table_lines(MIXED, 4)[-1]
    assert first == "| 1 to 4 | 3 | 1 | 33% | 50% | 33% | 33% | 75% | 50% | 33% |"
    assert last.startswith("| 1 to 8 | 4 | 1 |")
