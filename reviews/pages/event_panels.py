"""The panels that the pages of a case and of an event share: fields, reasons, labels, decisions."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from reviews.console.entity_index import EntityRef
from reviews.console.event_details import AmendmentDetail, EventDetail, FieldChange, SourceLabel
from reviews.duplicates.finding import is_fingerprint
from reviews.pages.findings_panel import findings_panel
from reviews.pages.reasons.waterfall import score_explanation
from reviews.pages.signal_rows import signal_rows
from scoring.admin_kit.personal.access import ERASED, HIDDEN, PersonalAccess
from scoring.catalog.fields import Canonical, Entity, Field, Flag, Money, Number, Text
from scoring.catalog.media.attachments import Attachments
from scoring.catalog.registry import event_type
from scoring.decisions.explanation import explain_decision
from scoring.intake.answers import decided_by
from scoring.intake.label_sources import PRECEDENCE
from scoring.log import vault
from scoring.log.entries import Entry


class FieldRow(NamedTuple):
    """A field of an event as sent; `link` leads to its entity, "" if it is none.

    `digest`: of a masked value, to ask for it; "" for one that is shown or cannot be.
    """

    name: str
    value: str
    link: str
    help: str
    missing: bool = False  # `value` says why
    digest: str = ""


class DecisionRow(NamedTuple):
    """A decision, and why it was a fallback or a revision; "-" for an ordinary one.

    `by`: what gave the outcome.
    """

    entry: Entry
    why: str
    by: str


class ChangedField(NamedTuple):
    """A field that a correction changed, as text; "-" where the event lacked it."""

    name: str
    before: str
    after: str


class AmendmentRow(NamedTuple):
    """A correction or the retraction (version 0), with its author ("" if unknown)."""

    detail: AmendmentDetail
    who: str
    changed: list[ChangedField]


class LabelRow(NamedTuple):
    """A source's label; `is_current`: neither superseded nor retracted; `is_effective`: it decides."""

    statement: SourceLabel
    is_current: bool
    is_effective: bool

    @property
    def who(self) -> str:
        """The user or key that sent it, "" if unknown."""
        return self.statement.actor.removeprefix("user/")


def event_panels(detail: EventDetail, *, personal: PersonalAccess) -> dict[str, Any]:
    """The template context of an event's panels, with personal values as `personal` has them."""
    return {
        "detail": detail,
        "scored": event_type(detail.type).scored,
        "positive": event_type(detail.type).labels.positive,
        "facts": field_rows(detail, personal=personal),
        "not_sent": not_sent(detail),
        "signals": signal_rows(detail),
        "findings": findings_panel(detail.decision.data) if detail.decision else None,
        "reasons": score_explanation(explain_decision(detail.decision)) if detail.decision else None,
        "labels": label_rows(detail.labels, effective=detail.label),
        "ranking": PRECEDENCE,
        "decisions": [DecisionRow(entry, _why(entry), decided_by(entry.data)) for entry in detail.decisions],
        "amendments": amendments_of(detail, personal=personal),
    }


def amendments_of(detail: EventDetail, *, personal: PersonalAccess) -> list[AmendmentRow]:
    """The event's corrections and retraction, latest first."""
    fields = event_type(detail.type).fields
    changes = [change for each in detail.amendments for change in each.changes]
    digests = {str(value) for change in changes if change.personal for value in (change.before, change.after)}
    values = vault.reveal(digests) if digests and personal.may_read else {}
    return [
        AmendmentRow(
            each,
            each.actor.partition("/")[2] or each.actor,
            [_changed(change, fields, values, personal=personal) for change in each.changes],
        )
        for each in reversed(detail.amendments)
    ]


def entity_link(ref: EntityRef) -> str:
    """The address of an entity's page. Personal values appear as digests, never in the address."""
    return f"{reverse('admin:entities')}?{urlencode({'kind': ref.kind, 'value': ref.value})}"


def entity_words(ref: EntityRef, *, personal: PersonalAccess) -> str:
    """An entity's value for display, or why it cannot be shown."""
    if not ref.personal:
        return ref.shown
    return personal.words_of_kind(ref.shown, ref.kind, digest=ref.value)


def field_rows(detail: EventDetail, *, personal: PersonalAccess) -> list[FieldRow]:
    """The fields of an event, in declaration order."""
    links = dict(zip(entity_names(detail), map(entity_link, detail.entities), strict=True))
    return [
        _fact(name, field, detail, link=links.get(name, ""), personal=personal)
        for name, field in event_type(detail.type).fields.items()
        if (name in detail.fields or name in detail.personal) and not _is_shown_above(detail, field)
    ]


def _is_shown_above(detail: EventDetail, field: Field) -> bool:
    """Whether the content panel shows a field: texts, files, and fingerprints as near-duplicates."""
    policed = bool(event_type(detail.type).policies)
    return policed and (isinstance(field, (Text, Attachments)) or is_fingerprint(field.kind))


def not_sent(detail: EventDetail) -> list[str]:
    """The names of optional fields that were not sent."""
    return [
        field_words(name, field)
        for name, field in event_type(detail.type).fields.items()
        if name not in detail.fields and name not in detail.personal and not field.computed
    ]


def label_rows(statements: Sequence[SourceLabel], *, effective: str | None) -> list[LabelRow]:
    """Every label with whether it counts, latest first. `effective`: the label that holds."""
    latest = {statement.source: statement for statement in statements}
    return [
        LabelRow(
            statement=each,
            is_current=latest[each.source] is each and each.value is not None,
            is_effective=latest[each.source] is each and each.value is not None and each.value == effective,
        )
        for each in reversed(statements)
    ]


def words_of_name(name: str) -> str:
    """A field's name for display: "customer_city_pop" is "Customer city pop", "ip" is "IP"."""
    return name.upper() if len(name) == 2 else name.replace("_", " ").capitalize()


def field_words(name: str, field: Field | None) -> str:
    """How pages name a field; one that the catalog no longer has, by its name."""
    return (field.verbose_name if field else "") or words_of_name(name)


def _fact(name: str, field: Field, detail: EventDetail, *, link: str, personal: PersonalAccess) -> FieldRow:
    if name in detail.personal:
        return _personal_fact(name, field, detail.personal[name], link=link, personal=personal)
    return FieldRow(field_words(name, field), _value_text(field, detail.fields, name), link, field.help)


def _personal_fact(name: str, field: Field, value: str, *, link: str, personal: PersonalAccess) -> FieldRow:
    digest = vault.digest_of(name, value)
    words = personal.words(value, field, name=name, digest=digest)
    return FieldRow(
        field_words(name, field),
        words,
        link,
        field.help,
        missing=words in (HIDDEN, ERASED),
        digest=digest if personal.masks(digest) and value else "",
    )


def _value_text(field: Field, sent: Mapping[str, Canonical], name: str) -> str:
    value: Any = sent[name]
    if isinstance(field, Money):
        return f"{Decimal(str(value)):,f} {sent['currency']}"
    if isinstance(field, Flag):
        return "yes" if value else "no"
    if isinstance(field, Number):
        return f"{value:,}" + (f" {field.unit}" if field.unit else "") if _counts(field) else f"{value:g}"
    return str(value)


def _changed(
    change: FieldChange, fields: Mapping[str, Field], values: Mapping[str, str], *, personal: PersonalAccess
) -> ChangedField:
    texts = [
        _changed_text(change, str(value), fields.get(change.field), values, personal=personal)
        for value in (change.before, change.after)
    ]
    before, after = (text if value != "" else "-" for text, value in zip(texts, change[1:3], strict=True))
    return ChangedField(field_words(change.field, fields.get(change.field)), before, after)


def _changed_text(
    change: FieldChange,
    value: str,
    field: Field | None,
    values: Mapping[str, str],
    *,
    personal: PersonalAccess,
) -> str:
    """One side of a change; of a personal field `value` is a digest, "" for none."""
    if not change.personal or not value:
        return value
    return personal.words(values.get(value, ""), field, name=change.field, digest=value)


def _why(decision: Entry) -> str:
    return str(decision.data["cause"]).replace("_", " ").capitalize() or "-"


def _counts(field: Number) -> bool:
    """Whether to group digits: for amounts and counts, not for a year or a coordinate."""
    return bool(field.unit) or field.minimum == 0


def entity_names(detail: EventDetail) -> list[str]:
    """The fields that `detail.entities` come from, in the same order."""
    there = detail.fields.keys() | detail.personal.keys()
    fields = event_type(detail.type).fields.items()
    return [name for name, field in fields if isinstance(field, Entity) and name in there]
