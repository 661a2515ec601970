"""The items of claimed entries: one each, except for events that were corrected or retracted."""

from collections.abc import Sequence
from typing import NamedTuple

from scoring.features.folding.encode import LaneItem
from scoring.lanes.amendments import AmendedEvents, read_amended
from scoring.lanes.claiming import Claim
from scoring.lanes.order import (
    Effect,
    Effects,
    LaneHead,
    effect_item,
    event_item,
    label_item,
)


class Placed(NamedTuple):
    """An item of a batch and its claim. `effect`: None if the entry alone determines the item."""

    claim: Claim
    item: LaneItem
    effect: Effect | None = None


def place_claims(claims: Sequence[Claim], *, head: LaneHead) -> list[Placed]:
    """The items of these claims, none of them a rescore, with the seqs that follow `head`."""
    if not any(claim.amended for claim in claims):
        return [Placed(claim, _item(head.seq + 1 + place, claim)) for place, claim in enumerate(claims)]
    amended = read_amended({claim.event_stream for claim in claims if claim.amended})
    placed: list[Placed] = []
    for claim in claims:
        effects = amended.effects_of(claim.position)
        if effects is None:
            placed.append(Placed(claim, _item(head.seq + 1 + len(placed), claim)))
        for effect in effects or ():
            item = _item_of(head.seq + 1 + len(placed), effect, amended, claim)
            placed.append(Placed(claim, item, effect))
    return placed


def effects_of(placed: Sequence[Placed]) -> Effects:
    """The effects to record with the order, by seq."""
    return {each.item.seq: each.effect for each in placed if each.effect is not None}


def up_to_repeated_event(claims: Sequence[Claim]) -> list[Claim]:
    """The claims before the first that concerns the same amended event as an earlier one.

    Its effects, and the version of the event's stream that it builds on, depend on the earlier claim.
    """
    seen: set[str] = set()
    for place, claim in enumerate(claims):
        if claim.amended and claim.event_stream in seen:
            return list(claims[:place])
        seen.add(claim.event_stream)
    return list(claims)


def _item(seq: int, claim: Claim) -> LaneItem:
    if claim.kind == "label":
        return label_item(seq, claim.data, claim.event)
    return event_item(seq, claim.event)


def _item_of(seq: int, effect: Effect, amended: AmendedEvents, claim: Claim) -> LaneItem:
    event = amended.by_position[claim.position]
    return effect_item(seq, effect, event.versions.get(effect.version) or claim.event)
