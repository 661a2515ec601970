"""Which parts of an event's texts tell: what the deciding model's text part says of their words."""

from collections.abc import Mapping
from typing import NamedTuple

from reviews.console.event_details import EventDetail
from reviews.queue.sensitivity import likeliest_policy
from reviews.work.reason_codes import policy_titles
from scoring.catalog.fields import Text
from scoring.catalog.registry import event_type
from scoring.decisions.predictions.telling_words import Mark, explain_text
from scoring.registry.errors import ArtifactCorrupt, ArtifactMissing, UnknownModel
from scoring.registry.loaded_models import load_model
from scoring.registry.text_models import ANY_POLICY


class Telling(NamedTuple):
    """The marks of each text by field, and what they speak for: a policy's title or the positive label."""

    marks: Mapping[str, list[Mark]]
    speaks_for: str


NOTHING = Telling({}, "")


def telling_parts(detail: EventDetail, *, personal: bool) -> Telling:
    """The marks of the policy that the decision finds likeliest broken, else those of any.

    Nothing without a model that has a text part, and of texts that are personal unless `personal`.
    """
    decision = detail.decision
    if decision is None or not decision.data.get("model"):
        return NOTHING
    try:
        model = load_model(decision.data["model"])
    except (UnknownModel, ArtifactMissing, ArtifactCorrupt):
        return NOTHING
    kind = event_type(detail.type)
    likeliest = likeliest_policy(decision.data)
    for head in (likeliest.name if likeliest else ANY_POLICY, ANY_POLICY):
        texts = _texts(detail, personal=personal)
        marks = {name: explain_text(model, text, head, field=name) for name, text in texts.items()}
        if any(marks.values()):
            title = policy_titles(kind).get(head, kind.labels.positive)
            return Telling({name: found for name, found in marks.items() if found}, title)
    return NOTHING


def _texts(detail: EventDetail, *, personal: bool) -> dict[str, str]:
    """The texts of an event that may be shown, by field."""
    found = {**detail.fields, **(detail.personal if personal else {})}
    fields = event_type(detail.type).fields.items()
    return {name: str(found[name]) for name, field in fields if isinstance(field, Text) and found.get(name)}
