"""The shapes of drift and alerts."""

from rest_framework import serializers

from monitoring.alerts.rules.rule import Severity
from monitoring.drift.distance import State


class ComparedSerializer(serializers.Serializer):
    """A distribution against that of training."""

    state = serializers.ChoiceField(choices=[state.value for state in State])
    psi = serializers.FloatField(allow_null=True, help_text="null where the two were not compared")
    threshold = serializers.FloatField(
        allow_null=True, help_text="What chance, ordinary days and the rule of thumb allow"
    )


class MissingSerializer(serializers.Serializer):
    """The share of events without a value."""

    then = serializers.FloatField()
    now = serializers.FloatField()


class FeatureDriftSerializer(ComparedSerializer):
    """A feature of a model."""

    name = serializers.CharField()
    share = serializers.FloatField(allow_null=True, help_text="Its share of the model's explanations")
    effect = serializers.FloatField(allow_null=True, help_text="PSI beyond chance times that share")
    missing = MissingSerializer()
    shift = serializers.FloatField(
        allow_null=True, help_text="Which way its values moved, -1 to 1; null without an order"
    )
    distances = serializers.DictField(child=serializers.FloatField(), help_text="Every distance by its name")


class ChangedFeatureSerializer(FeatureDriftSerializer):
    """A feature of what a sender sends."""

    since = serializers.DateTimeField()


class SenderDriftSerializer(serializers.Serializer):
    """What a sender sends, against its own last weeks."""

    source = serializers.CharField()  # type: ignore[assignment]
    rows = serializers.IntegerField()
    share = serializers.FloatField(help_text="Of the model's events")
    compared = serializers.BooleanField()
    changed = ChangedFeatureSerializer(many=True)


class ModelDriftSerializer(serializers.Serializer):
    """The last day of a champion."""

    model = serializers.CharField()
    since = serializers.DateTimeField()
    rows = serializers.IntegerField()
    has_drifted = serializers.BooleanField(help_text="Whether it deserves attention, as the overview says")
    effect = serializers.FloatField()
    effect_threshold = serializers.FloatField()
    drifted_share = serializers.FloatField(help_text="Of the explanations, on features that have drifted")
    scores = ComparedSerializer()
    features = FeatureDriftSerializer(many=True)
    senders = SenderDriftSerializer(many=True)


class DriftSerializer(serializers.Serializer):
    """The drift of each champion that decided events within a day."""

    models = ModelDriftSerializer(many=True)


class AlertSerializer(serializers.Serializer):
    """A firing alert."""

    key = serializers.CharField()
    rule = serializers.CharField()
    metric = serializers.CharField()
    scope = serializers.DictField(child=serializers.CharField(), help_text="What it is about")
    severity = serializers.ChoiceField(choices=[severity.value for severity in Severity])
    owner = serializers.CharField()
    value = serializers.FloatField(help_text="When it fired")
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    rows = serializers.IntegerField()
    side = serializers.ChoiceField(choices=("above", "below"))
    threshold = serializers.FloatField()
    since = serializers.DateTimeField()
    fired_at = serializers.DateTimeField()
    because = serializers.CharField(allow_blank=True)
    parent = serializers.CharField(  # type: ignore[assignment]
        allow_blank=True, help_text="The first alert of the same cause; empty for that one itself"
    )
    flapping = serializers.BooleanField()
    runbook = serializers.CharField(allow_blank=True)
    acknowledged_by = serializers.CharField(allow_blank=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    snoozed_until = serializers.DateTimeField(allow_null=True)
    in_hand = serializers.BooleanField(help_text="Whether it is acknowledged or snoozed")


class AlertsSerializer(serializers.Serializer):
    """The alerts that fire."""

    alerts = AlertSerializer(many=True)
