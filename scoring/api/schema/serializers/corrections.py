"""The shapes of corrections and retractions of events."""

from rest_framework import serializers

from scoring.api.schema.serializers.events import EventRecordSerializer
from scoring.api.schema.serializers.fields import ClosedSerializer, CorrectedEventField
from scoring.intake.amending.corrections import MAX_REASON_LENGTH

NOT_BLANK = r"\S"


class RetractionSerializer(ClosedSerializer):
    """A request to retract an event."""

    reason = serializers.RegexField(NOT_BLANK, min_length=1, max_length=MAX_REASON_LENGTH)


class CorrectionSerializer(ClosedSerializer):
    """A request to correct an event."""

    event = CorrectedEventField(help_text="The complete corrected event; `type` and `id` may be omitted")
    reason = serializers.RegexField(NOT_BLANK, min_length=1, max_length=MAX_REASON_LENGTH)
    version = serializers.IntegerField(
        min_value=1,
        required=False,
        allow_null=True,
        help_text="The version to correct; a conflict if the event is at another one",
    )


class AmendedEventSerializer(EventRecordSerializer):
    """The event after a correction or retraction, with its effect."""

    amendment = serializers.ChoiceField(choices=("recorded", "unchanged", "replayed"))
