"""Which parts of an event's texts tell: what the deciding model's text part says of their words."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reviews.console.event_details import EventDetail
from reviews.queue.sensitivity import likeliest_policy
from reviews.work.reason_codes import policy_titles
from scoring.admin_kit.personal.access import PersonalAccess
from scoring.catalog.fields import Text
from scoring.catalog.registry import event_type
from scoring.decisions.predictions.text_marks import Mark, explain_text
from scoring.registry.errors import ArtifactCorrupt, ArtifactMissing, NgramsChanged, UnknownModel
from scoring.registry.text_weights import ANY_POLICY, load_text_weights


class Telling(NamedTuple):
    """The marks of each text by field, and what they speak for: a policy's title or the positive label."""

    marks: Mapping[str, list[Mark]]
    speaks_for: str


NOTHING = Telling({}, "")


def telling_parts(detail: EventDetail, *, personal: PersonalAccess) -> Telling:
    """The marks of the policy that the decision finds likeliest broken, else those of any.

    Nothing without a model that has a text part, and of personal texts unless the viewer may read them.
    """
    decision, texts = detail.decision, _texts(detail, personal=personal)
    if decision is None or not decision.data.get("model") or not texts:
        return NOTHING
    likeliest = likeliest_policy(decision.data)
    heads = [likeliest.name] if likeliest else []
    found = _first_marked(decision.data["model"], texts, heads)
    if found is None:
        return NOTHING
    policy, marks = found
    kind = event_type(detail.type)
    return Telling(marks, policy_titles(kind).get(policy, kind.labels.positive))


def _first_marked(
    name: str, texts: Mapping[str, str], policies: Sequence[str]
) -> tuple[str, dict[str, list[Mark]]] | None:
    """The first head of the model that marks anything, with its marks by field; that of any policy last."""
    try:
        models = load_text_weights(name)
    except (UnknownModel, ArtifactMissing, ArtifactCorrupt, NgramsChanged):
        return None
    for head in (*policies, ANY_POLICY):
        marks = {field: explain_text(models, text, head, field=field) for field, text in texts.items()}
        if any(marks.values()):
            return head, {field: found for field, found in marks.items() if found}
    return None


def _texts(detail: EventDetail, *, personal: PersonalAccess) -> dict[str, str]:
    """The texts of an event that may be shown, by field."""
    found = {**detail.fields, **(detail.personal if personal.may_read else {})}
    fields = event_type(detail.type).fields.items()
    return {name: str(found[name]) for name, field in fields if isinstance(field, Text) and found.get(name)}
