"""Which segment of a policy judged events are in: by their fields and the features that decisions logged."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.learning.policies.effect import NO_SEGMENT
from scoring.learning.policies.judged import ScoredEvents
from scoring.log.entries import Entry
from scoring.log.read import read_positions
from scoring.rules.policies.policy import Policy
from scoring.rules.policies.segments import LivePolicy, compile_policy
from scoring.rules.rules.trial.decided_events import FeatureColumns


def segments_of(policy: Policy, events: ScoredEvents) -> NDArray[np.int64]:
    """int64[n]: the place of each event's segment in the policy, NO_SEGMENT for none.

    Held-out events have no logged features, and lists are not looked up: a condition on what is missing does
    not hold.
    """
    found = np.full(len(events.score), NO_SEGMENT)
    if not policy.segments or not len(found):
        return found
    live = compile_policy(policy)
    places = {segment.name: place for place, segment in enumerate(policy.segments)}
    received = {entry.position: entry for entry in read_positions(np.unique(events.versions).tolist())}
    features = _features_of(live, events)
    for row, position in enumerate(events.versions.tolist()):
        if (entry := received.get(position)) is None:  # erased meanwhile
            continue
        chosen = live.choose(_receipt(entry), features=features.get(row, ()))
        if chosen.segment is not None:
            found[row] = places[chosen.segment.name]
    return found


def _receipt(entry: Entry) -> Mapping[str, Any]:
    """The data of a version with its source, which only the first version's data may have."""
    return {"source": entry.stream.split("/", 2)[1], **entry.data}


def _features_of(live: LivePolicy, events: ScoredEvents) -> dict[int, list[float | None]]:
    """The features that the conditions read, by row, where the event's decision logged them."""
    if not live.features or not len(events.decisions):
        return {}
    columns = FeatureColumns(events.event_type)
    logged = {entry.position: entry for entry in read_positions(np.unique(events.decisions).tolist())}
    found = {}
    for row, position in enumerate(events.decisions.tolist()):
        if (entry := logged.get(position)) is not None and entry.packed:
            known = columns.features_of(entry)
            found[row] = [known.get(name) for name in live.features]
    return found
