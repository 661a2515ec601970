"""The decided cases whose events got their scores for the most similar reasons."""

from collections.abc import Mapping
from typing import NamedTuple

from reviews.models import Case
from reviews.pages.reasons.waterfall import ScoreExplanation
from reviews.quality.blinding import withheld_cases
from reviews.similar.search import Neighbor, similar_cases
from reviews.similar.vectors import explanation_vector, main_contributions
from reviews.work.reason_codes import words_of

SHOWN = 5
CANDIDATES = 25  # the verdicts of some are withheld from the viewer
LIKENESS = (
    (0.95, "nearly the same reasons"),
    (0.8, "much the same reasons"),
    (0.6, "partly the same reasons"),
    (0.3, "some of the same reasons"),
)
UNLIKE = "few reasons in common"


class SimilarCase(NamedTuple):
    """A decided case. `likeness`: the similarity in words; `reason`: that of the verdict; `shared`: the main
    reasons that both have, as this event's texts.
    """

    case: Case
    similarity: float
    likeness: str
    reason: str
    shared: list[str]


class SimilarPanel(NamedTuple):
    """The most similar cases, and how many reasons each is compared by; see also `SimilarCases`."""

    cases: list[SimilarCase]
    main: int
    approximate: bool
    newest: int


def similar_panel(case: Case, reasons: ScoreExplanation | None, *, viewer: str) -> SimilarPanel | None:
    """The panel of a case; None for an event without contributions to a score."""
    if reasons is None:
        return None
    parts = {bar.contribution.feature: bar.contribution for bar in reasons.bars}
    contributions = {name: part.contribution for name, part in parts.items()}
    vector = explanation_vector(case.event_type, contributions)
    if vector is None:
        return None
    search = similar_cases(case.event_type, vector, position=case.pk, limit=CANDIDATES)
    cases = _visible(search.found, viewer)
    main = dict(main_contributions(contributions))
    shown = [
        _row(cases[neighbor.position], neighbor, main, {name: part.text for name, part in parts.items()})
        for neighbor in search.found
        if neighbor.position in cases
    ]
    return SimilarPanel(shown[:SHOWN], len(main), search.approximate, search.newest)


def _visible(found: list[Neighbor], viewer: str) -> dict[int, Case]:
    """The cases whose verdict a viewer may see, by position."""
    cases = Case.objects.with_verdict().filter(pk__in=[neighbor.position for neighbor in found])
    return {case.pk: case for case in cases.exclude(pk__in=withheld_cases(viewer).values("pk"))}


def _row(case: Case, neighbor: Neighbor, main: Mapping[str, float], texts: Mapping[str, str]) -> SimilarCase:
    return SimilarCase(
        case=case,
        similarity=neighbor.similarity,
        likeness=likeness_of(neighbor.similarity),
        reason=words_of(case.reason_code),
        shared=[texts[name] for name in shared_reasons(main, neighbor.main)],
    )


def likeness_of(similarity: float) -> str:
    """A cosine in words.

    >>> likeness_of(0.97)
    'nearly the same reasons'
    """
    return next((words for least, words in LIKENESS if similarity >= least), UNLIKE)


def shared_reasons(main: Mapping[str, float], others: Mapping[str, float]) -> list[str]:
    """The features among the main ones of both events that change both scores in the same direction.

    >>> shared_reasons({"amount": 1.5, "hour": 0.4}, {"hour": -0.3, "amount": 0.9})
    ['amount']
    """
    return [name for name, size in main.items() if name in others and (others[name] > 0) == (size > 0)]
