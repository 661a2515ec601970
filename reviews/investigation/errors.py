"""Errors of the investigation console."""

from scoring.errors import ScoringError


class InvestigationError(ScoringError):
    """Why a query has no answer."""


class QueryTooSlow(InvestigationError):
    def __init__(self, *, limit: float) -> None:
        super().__init__(
            f"the query took longer than {limit:g} s and was stopped; choose a shorter period, or a condition"
            " that reads fewer fields"
        )


class QueryTooLarge(InvestigationError):
    def __init__(self) -> None:
        super().__init__("the query needs more memory than it may have; choose a shorter period")


class QueryCancelled(InvestigationError):
    def __init__(self) -> None:
        super().__init__("the query was cancelled, or you have started another one; run it again")


class ConditionTooNested(InvestigationError):
    def __init__(self) -> None:
        super().__init__("the condition nests choices and calculations too deeply; divide it")


class ConsoleOff(InvestigationError):
    def __init__(self) -> None:
        super().__init__("no decisions are kept for queries; set ASSAY_INVESTIGATION_DAYS to keep some")


class ConsoleBusy(InvestigationError):
    def __init__(self, *, limit: int) -> None:
        super().__init__(f"{limit} queries are running already; try again in a moment")


class InvalidQuery(InvestigationError):
    """A part of a query that is not allowed. `field`: its name in the address."""

    def __init__(self, field: str, problem: str, allowed: str) -> None:
        self.field = field
        super().__init__(f"{field}: {problem}; allowed: {allowed}")


class UnknownSavedQuery(InvestigationError):
    def __init__(self, name: str) -> None:
        super().__init__(f"there is no saved query {name!r}")


class NotYourQuery(InvestigationError):
    def __init__(self, name: str, *, owner: str) -> None:
        super().__init__(f"the query {name!r} belongs to {owner}; choose another name")
