"""The statement of reasons on one sheet to print; also as JSON."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from reviews.errors import NoStatement
from reviews.quality.blinding import withheld_cases
from reviews.statements.statement import statement_of
from scoring.admin_kit.formatting import shortened
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.intake.models import Event
from scoring.timestamps import from_iso


@register_page
class StatementPage(AdminPage):
    """The reasons for the restriction of an event; `format=json` as a file. 404 if nothing restricts it."""

    path, name, title = "events/<int:position>/statement/", "statement", "Statement of reasons"
    permission = "reviews.view_case"
    template_name = "reviews/statement.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        stated = _stated(kwargs["position"], viewer=request.user.get_username())
        if request.GET.get("format") != "json":
            return super().get(request, *args, stated=stated, **kwargs)
        response = JsonResponse(stated, json_dumps_params={"indent": 2, "ensure_ascii": False})
        name = f"statement-{stated['event']['type']}-{kwargs['position']}.json"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        stated = kwargs["stated"]
        self.title = f"Statement of reasons for {shortened(stated['event']['id'])}"
        times = {
            "occurred": from_iso(stated["event"]["occurred_at"]),
            "decided": from_iso(stated["decision"]["decided_at"]),
            "issued": from_iso(stated["issued_at"]),
            "until": from_iso(stated["redress"]["internal_complaint"]["until"]),
        }
        ended = stated["decision"]["ended_at"]
        return super().get_context_data(
            it=stated, times=times, ended=from_iso(ended) if ended else None, **kwargs
        )


def _stated(position: int, *, viewer: str) -> dict[str, Any]:
    event = Event.objects.filter(position=position).first()
    if event is None:
        raise Http404(f"No event was received at position {position}.")
    if withheld_cases(viewer).filter(pk=position).exists():
        raise Http404("There is no statement of reasons while the case is open.")
    try:
        return statement_of(event.stream, now=timezone.now())
    except NoStatement as error:
        raise Http404(str(error)) from error
