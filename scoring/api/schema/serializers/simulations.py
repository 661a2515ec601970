"""The shapes of simulations: a request, and what each stage did."""

from rest_framework import serializers

from scoring.api.schema.serializers.events import DecisionSerializer, ReasonSerializer
from scoring.api.schema.serializers.explanations import DECIDED_BY
from scoring.api.schema.serializers.fields import (
    CatalogChoiceField,
    ClosedSerializer,
    EventFieldValueField,
    OperandValueField,
    SimulatedEventField,
)
from scoring.catalog.registry import event_types
from scoring.decisions.models import Decision

RESULTS = ("matched", "not_matched", "unknown", "not_applied", "failed")


class SimulationSerializer(ClosedSerializer):
    """A request to simulate an event."""

    event = SimulatedEventField(
        help_text="An event as for a submission; `id` and `occurred_at` may be omitted"
    )
    expressions = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        max_length=20,
        help_text="Conditions to try on the event, in the language of rules",
    )


class EventAsReadSerializer(serializers.Serializer):
    """The event as it was read."""

    type = CatalogChoiceField(event_types)
    source = serializers.CharField()
    id = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    fields = serializers.DictField(child=EventFieldValueField(), help_text="Without personal ones")


class StatesSerializer(serializers.Serializer):
    """The entity states that features were computed from."""

    lane = serializers.CharField()
    seq = serializers.IntegerField(help_text="The lane's last item that they reflect")


class ListedValueSerializer(serializers.Serializer):
    """A field whose value is on a list."""

    list = serializers.CharField()
    title = serializers.CharField()
    action = serializers.ChoiceField(choices=("allow", "block", "watch", "tag"))
    outcome = serializers.CharField(help_text="The outcome that it asks for; empty for a tag")
    field = serializers.CharField()
    listed_by_change = serializers.IntegerField(help_text="The ruleset's version that listed the value")
    reason = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)
    code = serializers.CharField()
    text = serializers.CharField()


class BankMatchSerializer(serializers.Serializer):
    """A file of the event that matches a hash bank, by the nearest item."""

    bank = serializers.CharField()
    title = serializers.CharField()
    action = serializers.ChoiceField(choices=("block", "review", "limit", "label", "tag"))
    outcome = serializers.CharField(help_text="The outcome that it asks for; empty for a tag")
    media = serializers.CharField(help_text="The id of the file")
    distance = serializers.IntegerField(help_text="The number of bits that differ")
    item = serializers.IntegerField()
    match = serializers.CharField(required=False, help_text="`frame` or `video` of a video's match")
    query_share = serializers.FloatField(required=False, help_text="Share of the event's frames that match")
    known_share = serializers.FloatField(required=False, help_text="Share of the known video's frames")
    added_by_change = serializers.IntegerField(help_text="The ruleset's version that added the item")
    reason = serializers.CharField()
    source = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)
    code = serializers.CharField()
    text = serializers.CharField()


class BanksStageSerializer(serializers.Serializer):
    """What hash banks found."""

    matches = BankMatchSerializer(many=True)
    unseen = serializers.ListField(
        child=serializers.CharField(), help_text="Banks too large to be looked up in a simulation"
    )


class TriedExpressionSerializer(serializers.Serializer):
    """What a condition answers about the event."""

    expression = serializers.CharField()
    result = serializers.ChoiceField(
        choices=RESULTS,
        help_text=(
            "`unknown`: it depends on a missing value; `not_applied`: it matches, but the event is outside of"
            " the rule's roll-out or exempt"
        ),
    )
    values = serializers.DictField(child=OperandValueField(), help_text="What it read; null where missing")
    missing = serializers.ListField(child=serializers.CharField())
    error = serializers.CharField(required=False)


class AskedRuleSerializer(serializers.Serializer):
    """A live rule and what it answered. A rule that this code cannot compile has only the first members."""

    name = serializers.CharField()
    number = serializers.IntegerField()
    result = serializers.ChoiceField(choices=RESULTS)
    error = serializers.CharField(required=False)
    stage = serializers.ChoiceField(choices=("active", "shadow"), required=False)
    outcome = serializers.CharField(required=False)
    code = serializers.CharField(required=False)
    text = serializers.CharField(required=False)
    expression = serializers.CharField(required=False)
    values = serializers.DictField(child=OperandValueField(), required=False)
    missing = serializers.ListField(child=serializers.CharField(), required=False)


class ModelStageSerializer(serializers.Serializer):
    """What the model answered."""

    model = serializers.CharField()
    arm = serializers.CharField()
    role = serializers.CharField()
    basis = serializers.ChoiceField(choices=Decision.Basis.values)
    cause = serializers.CharField()
    score = serializers.FloatField(allow_null=True)
    margin = serializers.FloatField(allow_null=True)
    reasons = ReasonSerializer(many=True)


class HeadStageSerializer(serializers.Serializer):
    """The outcome of the score of one content policy, and where its thresholds come from."""

    score = serializers.FloatField()
    outcome = serializers.CharField()
    thresholds = serializers.DictField(child=serializers.FloatField())
    number = serializers.IntegerField(required=False, help_text="The version of the ruleset's policy")
    mode = serializers.CharField(required=False)

    def get_fields(self) -> dict[str, serializers.Field]:
        return {**super().get_fields(), "from": serializers.ChoiceField(choices=("policy", "model"))}


class PolicyStageSerializer(serializers.Serializer):
    """The outcome of the score alone, and where its thresholds come from."""

    outcome = serializers.CharField()
    thresholds = serializers.DictField(child=serializers.FloatField(), allow_null=True)
    number = serializers.IntegerField(required=False, help_text="The version of the policy")
    mode = serializers.CharField(required=False)
    segment = serializers.CharField(required=False)
    policies = serializers.DictField(
        child=HeadStageSerializer(),
        required=False,
        help_text="By content policy, of an event type whose model has heads for them",
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        origin = serializers.ChoiceField(choices=("policy", "model", "event_type"))
        return {**super().get_fields(), "from": origin}


class PrecedenceStageSerializer(serializers.Serializer):
    """The outcome of lists, rules and score together, before breaker and exploration."""

    outcome = serializers.CharField()
    decided_by = serializers.ChoiceField(choices=DECIDED_BY)


class BreakerStageSerializer(serializers.Serializer):
    """The breaker of the event's type and source."""

    on = serializers.BooleanField()
    state = serializers.ChoiceField(choices=("open", "closed"))
    held = serializers.BooleanField(help_text="Whether it made a review of a block")


class ExplorationStageSerializer(serializers.Serializer):
    """What exploration did; without a block that it may let through only `on` and `let_through`."""

    on = serializers.BooleanField()
    let_through = serializers.BooleanField()
    share = serializers.FloatField(required=False)
    drawn = serializers.BooleanField(required=False)
    propensity = serializers.FloatField(required=False)
    stopped_by = serializers.CharField(required=False)


class StagesSerializer(serializers.Serializer):
    """What each stage did, in the order in which they decide."""

    lists = ListedValueSerializer(many=True)
    banks = BanksStageSerializer()
    rules = AskedRuleSerializer(many=True)
    model = ModelStageSerializer()
    policy = PolicyStageSerializer()
    precedence = PrecedenceStageSerializer()
    breaker = BreakerStageSerializer()
    exploration = ExplorationStageSerializer()


class SimulatedSerializer(serializers.Serializer):
    """The decision that the event would get, and what led to it."""

    event = EventAsReadSerializer()
    decision = DecisionSerializer(help_text="The decision that the event would get")
    ruleset = serializers.IntegerField(help_text="The version of the ruleset that holds now")
    states = StatesSerializer()
    stages = StagesSerializer()
    expressions = TriedExpressionSerializer(many=True)
