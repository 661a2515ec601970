"""The shapes of lists: the result of each item that was sent, and pages of stored ones."""

from rest_framework import serializers

from scoring.api.schema.serializers.problems import ProblemSerializer


class ItemResultSerializer(serializers.Serializer):
    """The result of one item of a list."""

    index = serializers.IntegerField(min_value=0, help_text="Position in the submitted list, from 0")
    status = serializers.IntegerField(help_text="The HTTP status that the item would have on its own")
    replayed = serializers.BooleanField(required=False, help_text="Whether it was received before")
    problem = ProblemSerializer(required=False)


class PageSerializer(serializers.Serializer):
    """One page of a longer list."""

    next_after = serializers.IntegerField(allow_null=True, help_text="Value of `after` for the next page")
