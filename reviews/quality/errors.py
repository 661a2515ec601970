"""Errors of quality checks. Each says what happened and carries the record it concerns."""

from collections.abc import Sequence

from reviews.errors import ReviewError
from scoring.errors import ScoringError, word_problems

FieldProblem = tuple[str, str, object]  # the setting, the problem, what is allowed


class QualityInvalid(ScoringError):
    """Settings of quality checks are refused. `problems`: every problem as in `FieldProblem`."""

    def __init__(self, event_type: str, problems: Sequence[FieldProblem]) -> None:
        super().__init__(f"the quality checks of {event_type} cannot be set: {word_problems(problems)}")
        self.event_type, self.problems = event_type, tuple(problems)


class QualityUnchanged(ScoringError):
    """The settings are those that already hold."""

    def __init__(self, event_type: str) -> None:
        super().__init__(f"the quality checks of {event_type} already have these settings")
        self.event_type = event_type


class NotForThisReviewer(ReviewError):
    """The reviewer has given a verdict on the case before; a quality check needs another one."""

    def __init__(self, case: str) -> None:
        self.case = case
        super().__init__(f"you have given a verdict on {case} before; another reviewer must take it")


class AdjudicatorNeeded(ReviewError):
    """Two reviewers disagree on the case, which takes the permission to adjudicate."""

    def __init__(self, case: str) -> None:
        self.case = case
        super().__init__(f"deciding {case} takes the permission to adjudicate, so take another case")


class CheckInProgress(ReviewError):
    """The verdict cannot be undone while a quality check of the case is open."""

    def __init__(self, case: str) -> None:
        self.case = case
        super().__init__(f"{case} is open for another reviewer; undo its verdict once that review is done")


class NotGolden(ReviewError):
    """The case cannot be a golden item: it has no verdict, or it is an appeal."""

    def __init__(self, case: str) -> None:
        self.case = case
        super().__init__(f"{case} cannot be a golden item: choose a decided case that is no appeal")
