"""The OpenAPI document over HTTP: built once a process, for it depends on the code and its settings alone."""

from functools import cache
from threading import Lock

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

MAX_AGE_SECONDS = 300  # a release may change it
RENDERERS = {"yaml": OpenApiYamlRenderer, "json": OpenApiJsonRenderer}
_building = Lock()  # drf-spectacular's generator is not safe to use in two threads


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """The document as YAML; as JSON with `?format=json` or where the client asks for JSON alone."""
    asks_json = "json" in request.headers.get("Accept", "") and "yaml" not in request.headers["Accept"]
    form = request.GET.get("format", "json" if asks_json else "yaml")
    form = form if form in RENDERERS else "yaml"
    with _building:
        content = render_document(form)
    response = HttpResponse(content, content_type=RENDERERS[form].media_type)
    response.headers["Content-Disposition"] = f'inline; filename="Assay.{form}"'
    response.headers["Cache-Control"] = f"max-age={MAX_AGE_SECONDS}"
    response.headers["Vary"] = "Accept"
    return response


@cache
def render_document(form: str) -> bytes:
    """The document as `yaml` or `json`."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    rendered: bytes = RENDERERS[form]().render(document, renderer_context={})
    return rendered
