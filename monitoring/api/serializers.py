"""The shapes of drift and alerts."""

from rest_framework import serializers

from monitoring.alerts.rules.rule import Severity
from monitoring.drift.distance import State


class EstimateSerializer(serializers.Serializer):
    """A value with its 95 % interval, or with the bounds between which it lies."""

    value = serializers.FloatField(allow_null=True, help_text="null where only the bounds are known")
    low = serializers.FloatField()
    high = serializers.FloatField()


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
    estimated_loss = EstimateSerializer(
        allow_null=True,
        help_text="The relative loss of average precision that scores let expect; null with few decisions",
    )
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


class BusinessPeriodSerializer(serializers.Serializer):
    """A day or week of an event type or of a segment; money in minor units."""

    segment = serializers.CharField(allow_null=True, help_text="null for all events")
    since = serializers.DateField()
    until = serializers.DateField(help_text="The last day, included")
    mature = serializers.BooleanField(help_text="Whether its labels are complete")
    decided = serializers.IntegerField()
    approval_rate = EstimateSerializer(allow_null=True)
    block_share = EstimateSerializer(allow_null=True)
    insult_rate = EstimateSerializer(allow_null=True, help_text="The share of good events that were blocked")
    fraud_loss = serializers.IntegerField(help_text="Fraud let through, as labels show it so far")
    loss_avoided = EstimateSerializer()
    verdicts = serializers.IntegerField()
    verdicts_fraud = serializers.IntegerField()
    review_hours = serializers.FloatField()
    found_per_hour = serializers.FloatField(
        allow_null=True, help_text="Fraud found for each hour of review; null without a verdict of known time"
    )


class BusinessSerializer(serializers.Serializer):
    """What the decisions of an event type led to."""

    event_type = serializers.CharField()
    currency = serializers.CharField()
    by = serializers.ChoiceField(choices=("day", "week"))
    field = serializers.CharField(
        allow_null=True, help_text="By whose values segments are divided; null without segments"
    )
    periods = BusinessPeriodSerializer(many=True)
