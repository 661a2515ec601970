"""Stops a training at features that look like leakage, unless a person accepted them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from scoring.learning.dataset.training_set import TrainingSet
from scoring.learning.errors import LeakageSuspected
from scoring.learning.leakage.single_features import is_judged, telling_features


def check_leakage(
    data: TrainingSet, *, accepted: Sequence[str] = (), left_out: Collection[str] = ()
) -> dict[str, Any]:
    """What is stored in the lineage as `leakage`: {"judged", "accepted"}, the latter with figures.

    Features that are `left_out` of the trees do not matter. Raises LeakageSuspected for others that are too
    good to be true and not `accepted`.
    """
    telling = [each for each in telling_features(data) if each.name not in left_out]
    refused = [each for each in telling if each.name not in accepted]
    if refused:
        raise LeakageSuspected(
            event_type=data.event_type,
            features=[(each.name, each.roc_auc, each.average_precision) for each in refused],
        )
    return {"judged": is_judged(data), "accepted": [asdict(each) for each in telling]}


def accepted_in_words(lineage: Mapping[str, Any]) -> str:
    """The accepted features that are too good to be true, with their figures; "" without any."""
    return "; ".join(
        f"{each['name']} (alone: average precision {each['average_precision']:.3f},"
        f" ROC AUC {each['roc_auc']:.3f})"
        for each in lineage.get("leakage", {}).get("accepted", ())
    )
