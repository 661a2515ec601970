"""What the drift page compares: the event type, the model, the period and the reference."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest

from monitoring.drift.groups.segments import segment_fields
from monitoring.drift.report import SPANS, feature_specs
from scoring.admin_kit.row_rules.visible import require_scored_types
from scoring.catalog.registry import event_types
from scoring.registry.models import ModelVersion
from scoring.registry.routes import RouteTable, current_routes

MAX_MODELS = 20  # newest versions to choose from
TRAINING, RECENT = "training", "recent"
REFERENCES = {TRAINING: "training", RECENT: "the four weeks before"}


@dataclass(frozen=True)
class DriftSelection:
    """The selected event type, model version (None if there is none), time span and reference.

    `field`: by whose values segments are listed, `segment`: the one that is shown; "" for none.
    """

    event_type: str
    model: str | None
    span: str
    models: list[str]
    route: RouteTable | None
    reference: str = TRAINING
    field: str = ""
    segment: str = ""

    @property
    def models_with_roles(self) -> list[tuple[str, str]]:
        """The selectable models with their role in the route, "" without one."""
        arms = self.route.arms if self.route else ()
        roles = {arm.model: arm.role for arm in arms}
        return [(model, roles.get(model, "")) for model in self.models]

    @property
    def role(self) -> str:
        return dict(self.models_with_roles).get(self.model or "", "")


def read_selection(request: HttpRequest) -> DriftSelection:
    """The selection in the query string; by default the type of the given model, or a champion.

    Raises Http404 for unknown values.
    """
    types = require_scored_types(request.user)
    routes = current_routes()
    event_type = request.GET.get("type") or _type_of(request.GET.get("model"))
    event_type = event_type or next((name for name in types if name in routes), types[0])
    span = request.GET.get("span") or "day"
    if event_type not in types or span not in SPANS:
        raise Http404(f"Unknown event type {event_type!r} or span {span!r}; spans are {', '.join(SPANS)}.")
    route = routes.get(event_type)
    models = _newest_models(event_type)
    arms = [arm.model for arm in route.arms] if route else []
    models = [*arms, *(name for name in models if name not in arms)]
    model = request.GET.get("model") or next(iter(models), None)
    if model is not None and model not in models:
        raise Http404(f"{model!r} is not one of the newest versions for {event_type}.")
    reference = request.GET.get("reference") or TRAINING
    if reference not in REFERENCES:
        raise Http404(f"Unknown reference {reference!r}; references are {', '.join(REFERENCES)}.")
    field = request.GET.get("field", "")
    if field not in fields_of(event_type):  # that of the type that was shown before
        field = ""
    segment = request.GET.get("segment", "") if field else ""
    if segment:
        reference = RECENT  # what is ordinary of all events is not what is ordinary of a segment
    return DriftSelection(event_type, model, span, models, route, reference, field, segment)


def fields_of(event_type: str) -> list[str]:
    """The features by whose values a model's drift may be divided."""
    return segment_fields(event_types()[event_type], feature_specs(event_type, {}))


def _type_of(model: str | None) -> str | None:
    return ModelVersion.objects.filter(name=model).values_list("event_type", flat=True).first()


def _newest_models(event_type: str) -> list[str]:
    rows = ModelVersion.objects.filter(event_type=event_type).order_by("-number")
    return list(rows.values_list("name", flat=True)[:MAX_MODELS])
