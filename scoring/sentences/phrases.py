"""The things that features speak of, in plain words: "payments with this card", "the largest amount"."""

from collections.abc import Sequence

from scoring import declare
from scoring.catalog.currency import EXPONENTS, format_minor
from scoring.catalog.fields import Money
from scoring.declare import NamedField
from scoring.features.specs import FeatureSpec
from scoring.sentences.figures import short_number


def words_of(name: str) -> str:
    return name.replace("_", " ")


def plural_of(noun: str) -> str:
    """The plural by the rules of spelling: "categories", "days", "addresses"."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "z", "ch", "sh")) else f"{noun}s"


def span_text(label: str) -> str:
    """A window's label as text: "1h" is "1 h"; minutes are not metres."""
    return f"{label[:-1]} {'min' if label[-1] == 'm' else label[-1]}"


def subject_text(spec: FeatureSpec, feature: declare.OnEntity, number: float = 2) -> str:
    """The counted events: "payments with this card"."""
    noun = words_of(feature.of) or spec.subject
    whose = feature.says or whose_text(spec, feature.keys, feature.role_names)
    return f"{noun if number == 1 else plural_of(noun)} {whose}"


def entity_noun(spec: FeatureSpec, name: str) -> str:
    """What reasons call a field: "address" where the entity says "from this address"."""
    _, this, noun = spec.phrases.get(name, "").rpartition("this ")
    return noun if this else words_of(name)


def this_text(spec: FeatureSpec, feature: declare.OnEntity) -> str:
    """The entities, and as what they are counted if that is another role: "this sender as receiver"."""
    return _these(spec, feature.keys, feature.role_names)


def _these(spec: FeatureSpec, keys: Sequence[NamedField], role: Sequence[str]) -> str:
    these = zip(keys, role or [""] * len(keys), strict=True)
    return " and ".join(
        f"this {entity_noun(spec, key.name)}"
        + (f" as {words_of(name)}" if name not in ("", key.name) else "")
        for key, name in these
    )


def whose_text(spec: FeatureSpec, keys: Sequence[NamedField], role: Sequence[str] = ()) -> str:
    """Whose events are meant: "with this card at this merchant", "with this sender as receiver"."""
    if any(role):
        return f"with {_these(spec, keys, role)}"
    text = " ".join(spec.phrases.get(key.name, f"with this {words_of(key.name)}") for key in keys)
    if len(keys) > 1 and text.startswith("with this "):
        return text[:1] + text[1:].replace(" with this ", " and this ")
    return text


def counted_text(spec: FeatureSpec, feature: declare.Aggregate | declare.Distinct, number: float = 2) -> str:
    """What a window counts: "payments with this card in 1 h (amount below 5.00 USD)"."""
    span = span_text(feature.window.label)
    return f"{subject_text(spec, feature, number)} in {span}{where_text(spec, feature.where)}"


def last_text(spec: FeatureSpec, feature: declare.OnEntity) -> str:
    """The event that came before: "the last payment with this card"."""
    return f"the last {subject_text(spec, feature, 1)}"


def labelled_span(feature: declare.Labelled) -> str:
    """When labelled events happened: "over 7 d, ending 14 d ago"."""
    ending = f", ending {span_text(feature.delay.label)} ago" if feature.delay.us else ""
    return f"over {span_text(feature.window.label)}{ending}"


def session_start(feature: declare.InSession) -> str:
    return f"since the last pause of {span_text(feature.gap.label)}"


def where_text(spec: FeatureSpec, where: declare.Condition | None) -> str:
    """A condition in brackets, after a blank; empty without one."""
    return f" ({condition_text(spec, where)})" if where is not None else ""


def condition_text(spec: FeatureSpec, condition: declare.Condition) -> str:
    """A condition in plain words: "amount below 5.00 USD, category travel or hotel"."""
    if isinstance(condition, declare.AllOf):
        return ", ".join(condition_text(spec, part) for part in condition.parts)
    if isinstance(condition, declare.Comparison):
        return (
            f"{words_of(condition.field.name)} {words_of(condition.operator)} {_bound_text(spec, condition)}"
        )
    if isinstance(condition, declare.OneOf):
        name = words_of(condition.field.name)
        if isinstance(condition.values[0], bool):
            return name if condition.values[0] else f"not {name}"
        return f"{name} {' or '.join(str(value) for value in condition.values)}"
    if isinstance(condition, declare.IsNight):
        return f"{condition.start:02d}:00 to {condition.end:02d}:00 UTC"
    return "at the weekend"


def _bound_text(spec: FeatureSpec, condition: declare.Comparison) -> str:
    if isinstance(condition.field, Money):
        return format_minor(condition.bound * 10 ** EXPONENTS[spec.currency], spec.currency)
    return short_number(condition.bound)
