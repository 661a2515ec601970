"""The shape of an explanation: everything behind a decision."""

from rest_framework import serializers

from scoring.api.schema.serializers.events import PolicyScoreSerializer, ReasonSerializer
from scoring.api.schema.serializers.fields import (
    CatalogChoiceField,
    EventFieldValueField,
    FeatureValueField,
)
from scoring.catalog.registry import all_outcomes, event_types
from scoring.decisions.models import Decision

DECIDED_BY = ("list", "bank", "rule", "model", "policy")


class ExplainedEventSerializer(serializers.Serializer):
    """The event as it was when it was decided."""

    type = CatalogChoiceField(event_types)
    source = serializers.CharField()
    id = serializers.CharField()
    position = serializers.IntegerField(help_text="Position of its receipt in the log")
    version = serializers.IntegerField(min_value=1, help_text="1 as received; each correction adds 1")
    occurred_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()
    fields = serializers.DictField(child=EventFieldValueField(), help_text="Without personal ones")
    signals = serializers.DictField(
        child=EventFieldValueField(), help_text="What was measured of its values, or answered by services"
    )
    external = serializers.DictField(help_text="How each external signal was answered")
    withheld = serializers.ListField(
        child=serializers.CharField(), help_text="The personal fields, which are not shown"
    )


class ToldDecisionSerializer(serializers.Serializer):
    """A decision in short."""

    revision = serializers.IntegerField(min_value=0)
    outcome = CatalogChoiceField(all_outcomes)
    score = serializers.FloatField(allow_null=True, help_text="Calibrated probability of fraud or abuse")
    basis = serializers.ChoiceField(choices=Decision.Basis.values)
    cause = serializers.CharField()
    model = serializers.CharField(help_text="Model version; empty if no model decided")
    decided_at = serializers.DateTimeField()
    position = serializers.IntegerField(help_text="Position of its entry in the log")


class ExplainedDecisionSerializer(ToldDecisionSerializer):
    """The decision that is explained, and each step that led to its outcome."""

    thresholds = serializers.DictField(child=serializers.FloatField(), allow_null=True)
    reasons = ReasonSerializer(many=True)
    decided_by = serializers.ChoiceField(choices=DECIDED_BY)
    initial = serializers.CharField(
        help_text="The outcome before a breaker or exploration changed it; empty if neither did"
    )
    margin = serializers.FloatField(allow_null=True, help_text="The model's answer in log-odds")
    stake = serializers.CharField(allow_null=True, help_text="The money at stake")
    currency = serializers.CharField()
    exploration = serializers.DictField(required=False)
    breaker = serializers.DictField(required=False)
    unseen = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="What a fallback could not evaluate"
    )
    rule_errors = serializers.ListField(child=serializers.DictField(), required=False)
    policies = serializers.DictField(
        child=PolicyScoreSerializer(),
        required=False,
        help_text="By content policy, of an event type whose model has heads for them",
    )
    is_current = serializers.BooleanField(help_text="Whether no later decision replaced it")


class ExplainedVersionsSerializer(serializers.Serializer):
    """Every version that the decision rests on."""

    model = serializers.CharField()
    artifact = serializers.CharField(help_text="SHA-256 of the model's files")
    trained_as_of = serializers.DateTimeField(allow_null=True)
    feature_set = serializers.CharField(help_text="Hash of the feature set")
    ruleset = serializers.IntegerField(
        required=False, help_text="Number of changes of lists, rules and policies that held"
    )
    route = serializers.IntegerField(allow_null=True)
    arm = serializers.CharField()
    role = serializers.CharField()
    experiment = serializers.CharField()
    unit = serializers.CharField()
    batch = serializers.DictField(required=False, help_text="Version of each batch view that was read")
    runtime = serializers.CharField(help_text="Versions of the libraries")


class ExplainedChangeSerializer(serializers.Serializer):
    """Who changed the ruleset, when and why."""

    version = serializers.IntegerField(help_text="The ruleset's version after the change")
    position = serializers.IntegerField()
    by = serializers.CharField()
    at = serializers.DateTimeField()
    stage = serializers.CharField(required=False)
    reason = serializers.CharField(required=False)


class ExplainedFindingSerializer(serializers.Serializer):
    """A hit on a list, a match of a hash bank, or a rule that matched, with its definition."""

    kind = serializers.ChoiceField(choices=("list", "bank", "rule"))
    name = serializers.CharField()
    number = serializers.IntegerField(
        help_text="The rule's version, or the ruleset's version that listed the value or hash"
    )
    stage = serializers.ChoiceField(choices=("active", "shadow"))
    outcome = serializers.CharField(help_text="The outcome that it asked for; empty for a tag")
    code = serializers.CharField()
    text = serializers.CharField()
    field = serializers.CharField(required=False)
    overrides_lists = serializers.BooleanField(required=False)
    distance = serializers.IntegerField(required=False, help_text="Of a bank: the bits that differ")
    item = serializers.IntegerField(required=False, help_text="Of a bank: the nearest item")
    media = serializers.CharField(required=False, help_text="Of a bank: the id of the file")
    match = serializers.CharField(
        required=False,
        help_text="Of a bank: `frame` if a frame of a video matched a picture, `video` if the video matched a"
        " known one",
    )
    query_share = serializers.FloatField(
        required=False, help_text="Of two videos: the share of the event's frames that match, 0 to 1"
    )
    known_share = serializers.FloatField(
        required=False, help_text="Of two videos: the share of the known video's frames that match, 0 to 1"
    )
    policy = serializers.CharField(required=False, help_text="Of a bank: the policy that a match breaks")
    definition = serializers.DictField(allow_null=True)
    drafted = ExplainedChangeSerializer(allow_null=True, required=False)
    staged = ExplainedChangeSerializer(allow_null=True, required=False)
    listed = ExplainedChangeSerializer(allow_null=True, required=False)


class ExplainedPolicySerializer(serializers.Serializer):
    """The version of the policy that gave the thresholds."""

    number = serializers.IntegerField()
    mode = serializers.CharField(required=False)
    segment = serializers.CharField(required=False, allow_null=True)
    definition = serializers.DictField(allow_null=True)
    drafted = ExplainedChangeSerializer(allow_null=True)
    staged = ExplainedChangeSerializer(allow_null=True)


class ContributionSerializer(serializers.Serializer):
    """What one feature adds to the margin."""

    feature = serializers.CharField()
    code = serializers.CharField()
    text = serializers.CharField()
    value = FeatureValueField()
    usual = FeatureValueField()
    contribution = serializers.FloatField(help_text="In log-odds")
    odds = serializers.FloatField(allow_null=True, help_text="The factor on the odds of the score")


class ExplainedScoreSerializer(serializers.Serializer):
    """margin = bias + the sum of the contributions; score = sigmoid(slope * margin + intercept)."""

    complete = serializers.BooleanField(help_text="Whether all contributions are known")
    why_not = serializers.CharField()
    bias = serializers.FloatField(allow_null=True)
    margin = serializers.FloatField(allow_null=True)
    score = serializers.FloatField(allow_null=True)
    start = serializers.FloatField(allow_null=True, help_text="The score of the bias alone")
    slope = serializers.FloatField(allow_null=True)
    intercept = serializers.FloatField(allow_null=True)
    contributions = ContributionSerializer(many=True)


class ExplainedLabelSerializer(serializers.Serializer):
    """A label of the event."""

    label = serializers.CharField(allow_null=True)
    source = serializers.CharField()
    known_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    position = serializers.IntegerField()


class LogProofSerializer(serializers.Serializer):
    """The place of an entry in the log, and the digest of what is stored there."""

    position = serializers.IntegerField()
    stream = serializers.CharField()
    version = serializers.IntegerField()
    type = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    sha256 = serializers.CharField(help_text="SHA-256 of its data")
    packed_sha256 = serializers.CharField(help_text="SHA-256 of its arrays; empty without any")


class ExplanationSerializer(serializers.Serializer):
    """Everything behind one decision."""

    format = serializers.CharField()
    generated_at = serializers.DateTimeField()
    event = ExplainedEventSerializer()
    decision = ExplainedDecisionSerializer()
    versions = ExplainedVersionsSerializer()
    findings = ExplainedFindingSerializer(many=True)
    policy = ExplainedPolicySerializer(allow_null=True)
    score = ExplainedScoreSerializer()
    decisions = ToldDecisionSerializer(many=True)
    labels = ExplainedLabelSerializer(many=True)
    entries = LogProofSerializer(many=True)
