"""The download of a model's artifact."""

from base64 import b64encode
from io import BytesIO
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.content.media.pages import safe_file
from scoring.learning.cards.artifacts import download_artifact
from scoring.registry.errors import ArtifactCorrupt, UnknownModel


@register_page
@method_decorator(never_cache, name="dispatch")
class ArtifactDownload(AdminPage):
    """The artifact as a file named by its digest, which also stands in `Repr-Digest` (RFC 9530)."""

    path, name, title = "models/<str:model>/artifact/", "model_artifact", "Artifact"
    permission = "scoring.download_modelversion"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        name = kwargs["model"]
        try:
            artifact = download_artifact(name, actor=actor_of(request), now=timezone.now())
        except (UnknownModel, ArtifactCorrupt) as error:
            raise Http404(str(error)) from error
        digest = artifact.digest
        response = safe_file(
            BytesIO(artifact.packed),
            content_type="application/octet-stream",
            name=f"{name}-{digest}.bin",
            as_attachment=True,
        )
        response["Repr-Digest"] = f"sha-256=:{b64encode(bytes.fromhex(digest)).decode()}:"
        return response
