"""The shapes of labels: statements, receipts and labels held until their event arrives."""

from rest_framework import serializers

from scoring.api.schema.serializers.fields import CatalogChoiceField, ClosedSerializer, LinkField, NullField
from scoring.api.schema.serializers.lists import ItemResultSerializer, PageSerializer
from scoring.catalog.event_type import MAX_ID_LENGTH
from scoring.catalog.parsing.characters import NAME_PATTERN
from scoring.catalog.policies import names_of
from scoring.catalog.registry import event_types, scored_types
from scoring.intake.label_sources import MAX_SOURCE_LENGTH, PRECEDENCE


def label_values() -> list[str]:
    """Every label of the scored event types."""
    kinds = event_types()
    return sorted({value for name in scored_types() for value in kinds[name].labels.values})


def policy_names() -> list[str]:
    """Every policy of the scored event types."""
    kinds = event_types()
    return sorted({name for each in scored_types() for name in names_of(kinds[each].policies)})


class StatementSerializer(ClosedSerializer):
    """A source's statement about an event."""

    event_type = CatalogChoiceField(scored_types)
    event_id = serializers.RegexField(NAME_PATTERN, min_length=1, max_length=MAX_ID_LENGTH)
    source = serializers.RegexField(
        NAME_PATTERN,
        min_length=1,
        max_length=MAX_SOURCE_LENGTH,
        help_text=(
            "The label source; the key must be allowed to use it."
            f" {', '.join(PRECEDENCE)} rank in this order, whatever their case; any other source ranks after"
            " them. A chargeback that became known after the review outranks it"
        ),
    )
    known_at = serializers.DateTimeField(
        required=False,
        allow_null=True,
        help_text="When the sender learned it, kept as `reported_at`; not before the event or in the future",
    )


class LabelStatementSerializer(StatementSerializer):
    """Records a label of a source."""

    label = CatalogChoiceField(label_values)
    retract = serializers.ChoiceField(choices=(False,), default=False)
    policies = serializers.ListField(
        child=CatalogChoiceField(policy_names),
        required=False,
        allow_null=True,
        help_text=(
            "The policies of the event type that the event breaks, with its positive label only. Without any,"
            " the label does not say which"
        ),
    )


class LabelRetractionSerializer(StatementSerializer):
    """Retracts the label of a source."""

    label = NullField(required=False)
    retract = serializers.ChoiceField(choices=(True,), help_text="Retracts the label of the source")


class LabelLinksSerializer(serializers.Serializer):
    """The link to the label's event."""

    event = LinkField()


class StoredLabelSerializer(serializers.Serializer):
    """A label as it was stored."""

    event_type = serializers.CharField()
    event_id = serializers.CharField()
    label = serializers.CharField(allow_null=True)
    source = serializers.CharField()
    known_at = serializers.DateTimeField(allow_null=True)
    reported_at = serializers.DateTimeField(allow_null=True)
    links = LabelLinksSerializer()
    policies = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Of an event type with policies"
    )


class HeldLabelSerializer(StoredLabelSerializer):
    """A label whose event has not arrived."""


class HeldLabelsSerializer(PageSerializer):
    """A page of labels whose events have not arrived."""

    results = HeldLabelSerializer(many=True)


class LabelReceiptSerializer(StoredLabelSerializer):
    """The receipt of a label."""

    status = serializers.ChoiceField(choices=("recorded", "held", "unchanged"))
    effective = serializers.CharField(
        allow_null=True, help_text="The event's effective label, by the precedence of the sources"
    )
    warnings = serializers.ListField(
        child=serializers.CharField(),
        help_text="Accepted, but possibly unintended: for example, a source without a rank",
    )


class LabelResultSerializer(ItemResultSerializer):
    """The result of one label of a list: the receipt, or the problem with it."""

    result = LabelReceiptSerializer(required=False)


class LabelResultsSerializer(serializers.Serializer):
    """A result for each label of a list, in order."""

    results = LabelResultSerializer(many=True)
