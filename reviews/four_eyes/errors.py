"""Errors of four-eyes. Each says what happened and carries the record it concerns."""

from reviews.errors import ReviewError
from scoring.configuration.type_settings.errors import SettingsInvalid, SettingsUnchanged


class FourEyesInvalid(SettingsInvalid):
    """Settings of four-eyes are refused."""

    kind = "four-eyes settings"


class FourEyesUnchanged(SettingsUnchanged):
    """The settings are those that already hold."""

    kind = "four-eyes settings"


class ConfirmationNeeded(ReviewError):
    """The verdict needs a second person, so it cannot be given to a case together with others."""

    def __init__(self, case: str) -> None:
        self.case = case
        super().__init__(f"the verdict on {case} needs a second person; decide it by itself")


class OwnProposal(ReviewError):
    """The reviewer proposed the verdict, so another person must confirm it."""

    def __init__(self, case: str) -> None:
        self.case = case
        super().__init__(f"you proposed the verdict on {case}; another person must confirm it")


class ConfirmerNeeded(ReviewError):
    """The case has a proposed verdict, which takes the permission to confirm."""

    def __init__(self, case: str, *, by: str) -> None:
        self.case, self.by = case, by
        super().__init__(
            f"{by} proposed a verdict on {case}; confirming takes the permission to confirm verdicts, so take"
            " another case"
        )
