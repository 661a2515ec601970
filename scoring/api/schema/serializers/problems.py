"""The shape of a problem (RFC 9457)."""

from rest_framework import serializers

from scoring.api.schema.serializers.fields import LinkField


class FieldProblemSerializer(serializers.Serializer):
    """What is wrong with one field of a request."""

    field = serializers.CharField()
    problem = serializers.CharField()
    allowed = serializers.JSONField(help_text="What is allowed: a text or a list")


class ProblemSerializer(serializers.Serializer):
    """A problem as in RFC 9457. Some have members of their own, such as `fields` of a conflict."""

    type = LinkField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FieldProblemSerializer(many=True, required=False)
