"""The shapes of answers about events. What a payload may hold comes from the catalog instead."""

from rest_framework import serializers

from scoring.api.schema.serializers.fields import (
    CatalogChoiceField,
    EventFieldValueField,
    FeatureValueField,
    LinkField,
)
from scoring.api.schema.serializers.lists import ItemResultSerializer, PageSerializer
from scoring.catalog.registry import all_outcomes, event_types
from scoring.decisions.models import DECIDERS, Decision
from scoring.lanes.models import Pending

STATUSES = ("decided", "pending", "recorded", "parked")


class EventLinksSerializer(serializers.Serializer):
    """The link to the event."""

    self = LinkField()


class ReasonSerializer(serializers.Serializer):
    """A reason for a decision: a list, bank or rule that asked for an outcome, or a feature of the score."""

    source = serializers.ChoiceField(
        choices=("list", "bank", "rule", "model"), help_text="Reasons of lists, banks and rules come first"
    )
    code = serializers.CharField(help_text="Stable code of the reason")
    feature = serializers.CharField(allow_null=True, help_text="Null for a list, bank or rule")
    value = FeatureValueField(help_text="A number, or the name of a category; null for a list, bank or rule")
    usual = FeatureValueField(help_text="The entity's own mean, or the median of the population")
    contribution = serializers.FloatField(
        allow_null=True,
        help_text="Contribution to the margin (log-odds); contributions add up. Null for a list or rule",
    )
    text = serializers.CharField(help_text="The reason in plain words")


class PolicyUseSerializer(serializers.Serializer):
    """The policy that gave the thresholds of a decision."""

    number = serializers.IntegerField(min_value=1)
    mode = serializers.CharField()
    segment = serializers.CharField(required=False, help_text="The segment that the event was in, if any")


class BreakerUseSerializer(serializers.Serializer):
    """The breaker of the event's type and source, if it was open."""

    state = serializers.ChoiceField(choices=("open",))


class ExplorationUseSerializer(serializers.Serializer):
    """What exploration did with a would-be block."""

    share = serializers.FloatField()
    drawn = serializers.BooleanField()
    propensity = serializers.FloatField(
        help_text="The probability with which the event was let through, drawn or not"
    )
    stopped_by = serializers.CharField(help_text="The cap that stopped it; otherwise empty")


class HeldSerializer(serializers.Serializer):
    """The event is held until its media are processed."""

    outcome = CatalogChoiceField(all_outcomes)
    in_place_of = CatalogChoiceField(all_outcomes)
    media = serializers.ListField(
        child=serializers.CharField(), help_text="The ids of those that are pending"
    )


class PolicyReasonSerializer(serializers.Serializer):
    """A reason of the score of a policy."""

    code = serializers.CharField()
    text = serializers.CharField()
    value = FeatureValueField(allow_null=True)
    usual = FeatureValueField(allow_null=True)
    contribution = serializers.FloatField()
    feature = serializers.CharField()


class PolicyScoreSerializer(serializers.Serializer):
    """What the model says of one policy."""

    score = serializers.FloatField(help_text="Calibrated probability that the event breaks the policy")
    outcome = CatalogChoiceField(all_outcomes)
    thresholds = serializers.DictField(child=serializers.FloatField())
    policy = PolicyUseSerializer(
        allow_null=True, help_text="The version that set these thresholds; null if they are the model's own"
    )
    reasons = PolicyReasonSerializer(many=True, help_text="Empty unless the score reaches a threshold")


class DecisionSerializer(serializers.Serializer):
    """A decision on an event, with its reasons."""

    outcome = CatalogChoiceField(all_outcomes)
    score = serializers.FloatField(allow_null=True, help_text="Calibrated probability of fraud or abuse")
    basis = serializers.ChoiceField(choices=Decision.Basis.values)
    cause = serializers.CharField(
        help_text="Why the failure policy decided, or `corrected` after a correction, `enriched` after its"
        " media or texts were processed; otherwise empty"
    )
    model = serializers.CharField(help_text="Model version; empty if no model decided")
    decided_by = serializers.ChoiceField(
        choices=DECIDERS, help_text="What gave the outcome; `policy` if there was no score"
    )
    reasons = ReasonSerializer(many=True)
    thresholds = serializers.DictField(child=serializers.FloatField(), allow_null=True)
    ruleset = serializers.IntegerField(
        min_value=1, allow_null=True, help_text="Version of lists, rules and policies; null before the first"
    )
    policy = PolicyUseSerializer(allow_null=True, help_text="Null if the model's own thresholds held")
    breaker = BreakerUseSerializer(allow_null=True, help_text="Null unless it was open")
    exploration = ExplorationUseSerializer(allow_null=True, help_text="Null if it was not considered")
    held = HeldSerializer(
        allow_null=True, help_text="Null unless its outcome holds until media are processed"
    )
    decided_at = serializers.DateTimeField()
    revision = serializers.IntegerField(min_value=0)
    policies = serializers.DictField(
        child=PolicyScoreSerializer(),
        required=False,
        help_text="By policy, of an event type whose model has heads for them",
    )


class AnswerSerializer(serializers.Serializer):
    """The response to a submission."""

    id = serializers.CharField()
    type = CatalogChoiceField(event_types)
    status = serializers.ChoiceField(choices=STATUSES)
    occurred_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()
    decision = DecisionSerializer(allow_null=True, help_text="The first decision")
    links = EventLinksSerializer()


class EventResultSerializer(ItemResultSerializer):
    """The result of one event of a list: the response, or the problem with it."""

    result = AnswerSerializer(required=False)


class EventResultsSerializer(serializers.Serializer):
    """A result for each event of a list, in order."""

    results = EventResultSerializer(many=True)


class EventRetractionSerializer(serializers.Serializer):
    """Why and when an event was retracted."""

    reason = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class EventCorrectionSerializer(serializers.Serializer):
    """A correction that was recorded."""

    version = serializers.IntegerField(min_value=2, help_text="The version that it created")
    changed = serializers.ListField(
        child=serializers.CharField(), help_text="Names of the fields that changed"
    )
    reason = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class EventLabelSerializer(serializers.Serializer):
    """A label that a source recorded or retracted."""

    label = serializers.CharField(allow_null=True)
    retracted = serializers.BooleanField()
    source = serializers.CharField()
    known_at = serializers.DateTimeField()
    reported_at = serializers.DateTimeField(allow_null=True)
    recorded_at = serializers.DateTimeField()


class EventReviewSerializer(serializers.Serializer):
    """What people decided on an event, as it holds now."""

    verdict = serializers.CharField(help_text="A label of the event type")
    policies = serializers.ListField(child=serializers.CharField(), help_text="The policies that it breaks")
    action = serializers.CharField(
        allow_null=True, help_text="The outcome that they gave it; null for types without policies"
    )
    strike = serializers.BooleanField(help_text="Whether its author got a strike that stands")
    overturned = serializers.BooleanField(help_text="Whether an appeal against the decision was granted")
    decided_at = serializers.DateTimeField()


class EventRecordSerializer(AnswerSerializer):
    """Everything that is known about an event."""

    status = serializers.ChoiceField(
        choices=(*STATUSES, "retracted"), help_text="Status of the current version"
    )
    fields = serializers.DictField(
        child=EventFieldValueField(),
        help_text="As sent, or as corrected; personal fields are omitted",
    )
    computed = serializers.DictField(
        required=False,
        help_text="Fields that follow from others, without personal ones; absent if the type has none",
    )
    history = serializers.BooleanField()
    version = serializers.IntegerField(min_value=1, help_text="1 as received; each correction adds 1")
    corrections = EventCorrectionSerializer(many=True)
    retraction = EventRetractionSerializer(allow_null=True)
    current_decision = DecisionSerializer(allow_null=True)
    revisions = DecisionSerializer(many=True)
    label = serializers.CharField(
        allow_null=True, help_text="The effective label, by the precedence of the sources"
    )
    labels = EventLabelSerializer(many=True)
    review = EventReviewSerializer(allow_null=True)


class ParkedEventSerializer(serializers.Serializer):
    """An event that could not be processed."""

    type = serializers.CharField()
    id = serializers.CharField()
    what = serializers.ChoiceField(choices=Pending.Kind.values)
    error = serializers.CharField()
    received_at = serializers.DateTimeField()
    links = EventLinksSerializer()


class ParkedEventsSerializer(PageSerializer):
    """A page of events that could not be processed."""

    results = ParkedEventSerializer(many=True)
