"""The known texts that are nearest to those of an event: what people found to break a policy before."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from reviews.console.event_details import EventDetail
from reviews.pages.content.snapshots import Snapshot, snapshots_of
from reviews.quality.blinding import withheld_streams
from reviews.work.reason_codes import policy_titles
from scoring.admin_kit.personal.access import PersonalAccess
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type
from scoring.content.embeddings.embedders.current import current_model
from scoring.content.embeddings.known.nearest import (
    Asked,
    Neighbor,
    filled_scopes,
    is_approximate,
    nearest_known,
)
from scoring.content.embeddings.known.stored import read_embeddings
from scoring.content.embeddings.subjects import policy_in, scopes_of_type
from scoring.log import vault

MAX_SHOWN = 5
NOT_COMPARED = "The text has not been compared with known texts yet."


class KnownLine(NamedTuple):
    """A known text. `similarity`: 0 to 1; `found`: the policies in words; `known_at`: of the verdict.

    `veiled`: it breaks a policy whose content may harm those who look at it.
    """

    event: Snapshot
    similarity: float
    found: str
    known_at: datetime
    veiled: bool


class KnownTexts(NamedTuple):
    """The panel. `note` says why there is nothing; `approximate`: the search may have missed some."""

    lines: list[KnownLine]
    note: str = ""
    approximate: bool = False


def known_texts_panel(detail: EventDetail, *, personal: PersonalAccess, viewer: str) -> KnownTexts | None:
    """The panel of an event with texts; None while texts are not compared.

    Texts whose verdict is withheld from the viewer are left out.
    """
    asked = [Asked(digest, detail.position) for digest in _digests(detail)]
    if not settings.TEXT_EMBEDDINGS or not asked:
        return None
    model, kind = current_model(), event_type(detail.type)
    if model is None or not read_embeddings([each.digest for each in asked], model=model):
        return KnownTexts([], NOT_COMPARED)
    scopes = filled_scopes(scopes_of_type(kind))
    found = nearest_known(asked, scopes=scopes, limit=MAX_SHOWN, model=model)
    best = _best(neighbor for each in found for neighbor in each)
    events = snapshots_of(sorted({group[0].position for group in best}), personal=personal)
    hidden = withheld_streams(viewer, among=[event.stream for event in events.values()])
    best = [group for group in best if events[group[0].position].stream not in hidden]
    return _panel(kind, best, events, approximate=is_approximate(scopes, model))


def _panel(
    kind: type[EventType],
    best: Sequence[Sequence[Neighbor]],
    events: Mapping[int, Snapshot],
    *,
    approximate: bool,
) -> KnownTexts:
    titles = policy_titles(kind)
    sensitive = {policy.name for policy in kind.policies if policy.sensitive}
    lines = []
    for group in best:
        policies = sorted({policy_in(each.scope) for each in group})
        found = ", ".join(titles.get(policy, kind.labels.positive) for policy in policies)
        nearest = group[0]
        lines.append(
            KnownLine(
                event=events[nearest.position],
                similarity=min(nearest.similarity, 1.0),
                found=found,
                known_at=nearest.known_at,
                veiled=not sensitive.isdisjoint(policies),
            )
        )
    return KnownTexts(lines, "" if lines else "No known text is similar.", approximate)


def _best(found: Iterable[Neighbor]) -> list[list[Neighbor]]:
    """The nearest different texts that are similar, each with all policies that it is known for."""
    by_digest: dict[str, list[Neighbor]] = {}
    for each in sorted(found, key=lambda neighbor: -neighbor.similarity):
        if each.similarity >= settings.TEXT_SIMILARITY_MIN:
            by_digest.setdefault(each.digest, []).append(each)
    return list(by_digest.values())[:MAX_SHOWN]


def _digests(detail: EventDetail) -> list[str]:
    """The digests of an event's texts; none of those that were erased."""
    values = {**detail.fields, **detail.personal}
    names = event_type(detail.type).compared_texts()
    return [vault.digest_of(name, str(values[name])) for name in names if values.get(name)]
