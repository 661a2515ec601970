"""The shape of a statement of reasons."""

from rest_framework import serializers

from reviews.appeals.following import STATUSES
from scoring.api.schema.serializers.fields import CatalogChoiceField
from scoring.catalog.registry import all_outcomes, event_types


class StatedEventSerializer(serializers.Serializer):
    """The event that is restricted."""

    type = CatalogChoiceField(event_types)
    source = serializers.CharField()  # type: ignore[assignment]
    id = serializers.CharField()
    occurred_at = serializers.DateTimeField()


class StatedDecisionSerializer(serializers.Serializer):
    """The restriction, its scope and its duration."""

    action = CatalogChoiceField(all_outcomes)
    title = serializers.CharField(help_text="The action in words")
    restriction = serializers.ChoiceField(choices=("removal", "demotion", "labeling", "other"))
    decided_at = serializers.DateTimeField()
    territorial_scope = serializers.CharField()
    duration = serializers.CharField()
    ended_at = serializers.DateTimeField(allow_null=True, help_text="When an appeal was granted")
    reduced_from = serializers.CharField(
        allow_null=True, help_text="The action before an appeal made it milder"
    )
    strike = serializers.BooleanField(help_text="Whether it came with a strike that stands")
    overturned = serializers.BooleanField()


class StatedFactsSerializer(serializers.Serializer):
    """The facts and circumstances."""

    found = serializers.ListField(child=serializers.CharField())
    origin = serializers.ChoiceField(
        choices=("notice", "own_initiative"), help_text="Whether others had reported it"
    )
    reports = serializers.IntegerField(
        help_text="How many reports there were when it was decided, counted up to 200"
    )
    content = serializers.CharField()


class AutomatedMeansSerializer(serializers.Serializer):
    """What software had to do with it."""

    detection = serializers.BooleanField(help_text="Whether software found it")
    decision = serializers.BooleanField(help_text="Whether software decided it without a person")
    decided_by = serializers.ChoiceField(choices=("person", "list", "bank", "rule", "model", "policy"))
    explanation = serializers.CharField()


class GroundSerializer(serializers.Serializer):
    """A policy that was broken, and its legal or contractual ground."""

    policy = serializers.CharField(allow_null=True, help_text="null where none is named: then the terms")
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=("contractual", "legal"))
    reference = serializers.CharField()
    explanation = serializers.CharField()
    reason_code = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_null=True)


class InternalComplaintSerializer(serializers.Serializer):
    """How to object to the service itself."""

    how = serializers.CharField()
    until = serializers.DateTimeField()
    free = serializers.BooleanField()


class RedressSerializer(serializers.Serializer):
    """How the author can object."""

    internal_complaint = InternalComplaintSerializer()
    out_of_court = serializers.CharField()
    judicial = serializers.CharField()


class StatementSerializer(serializers.Serializer):
    """A statement of reasons."""

    event = StatedEventSerializer()
    decision = StatedDecisionSerializer()
    facts = StatedFactsSerializer()
    automated_means = AutomatedMeansSerializer()
    grounds = GroundSerializer(many=True)
    redress = RedressSerializer()
    issued_at = serializers.DateTimeField()


class AppealLinkSerializer(serializers.Serializer):
    """A link to appeal against a decision."""

    url = serializers.CharField()
    appeal = serializers.CharField(help_text="The id that the appeal will have")
    expires_at = serializers.DateTimeField()


class AppealSerializer(serializers.Serializer):
    """An appeal, and how it stands."""

    id = serializers.CharField()
    party = serializers.CharField(allow_null=True, help_text="Who appeals, if the appeal says so")
    status = serializers.ChoiceField(choices=STATUSES)
    received_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


class AppealsSerializer(serializers.Serializer):
    """The appeals against the decision on an event, oldest first."""

    appeals = AppealSerializer(many=True)
