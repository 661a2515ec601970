"""The shape of an uploaded file."""

from rest_framework import serializers

from scoring.api.schema.serializers.fields import LinkField
from scoring.content.media.models import MediaItem
from scoring.content.media.signatures import TYPES


class MediaLinksSerializer(serializers.Serializer):
    self = LinkField()


class MediaSerializer(serializers.Serializer):
    """An uploaded file. What is not known, or does not apply to its type, is null."""

    id = serializers.RegexField("^[0-9a-f]{64}$", help_text="SHA-256 of the content, in hex")
    type = serializers.ChoiceField(TYPES, help_text="What the content is")
    bytes = serializers.IntegerField(min_value=1)
    width = serializers.IntegerField(
        allow_null=True, help_text="In pixels, as shown: rotated if its EXIF data says so"
    )
    height = serializers.IntegerField(allow_null=True)
    frames = serializers.IntegerField(allow_null=True, help_text="Of a video: how many frames were hashed")
    seconds = serializers.FloatField(allow_null=True, help_text="Of a video")
    status = serializers.ChoiceField(MediaItem.Status.values)
    error = serializers.CharField(allow_blank=True, help_text="Why it could not be processed")
    quality = serializers.IntegerField(allow_null=True, help_text="Of its perceptual hash, 0 to 100")
    nsfw = serializers.FloatField(
        allow_null=True, help_text="Score of the classifier for sexual content, 0 to 1"
    )
    received_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True, help_text="When it was processed, or failed")
    removed_at = serializers.DateTimeField(allow_null=True, help_text="When the file itself was deleted")
    links = MediaLinksSerializer()
