"""Errors of quality checks. Each says what happened and carries the record it concerns."""

from reviews.errors import ReviewError
from scoring.configuration.type_settings.errors import SettingsInvalid, SettingsUnchanged


class QualityInvalid(SettingsInvalid):
    """Settings of quality checks are refused."""

    kind = "quality checks"


class QualityUnchanged(SettingsUnchanged):
    """The quality checks are those that already hold."""

    kind = "quality checks"


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
