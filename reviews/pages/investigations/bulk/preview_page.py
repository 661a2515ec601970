"""The preview of a bulk action: what it would change, and what it leaves out and why."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.text import capfirst

from reviews.errors import ReviewError
from reviews.investigation.bulk.actions import IMMEDIATE, action_data, request_action
from reviews.investigation.bulk.errors import TooManyBulkActions
from reviews.investigation.bulk.previewing import Preview, preview, sealed, unsealed
from reviews.investigation.bulk.reviewer import BULK_ACT, Reviewer, reviewer_of
from reviews.investigation.bulk.running import run_action
from reviews.investigation.bulk.terms import KINDS, Terms
from reviews.investigation.errors import InvestigationError
from reviews.investigation.query.query import Query, query_from
from reviews.pages.investigations.bulk.forms import FORMS, BulkForm
from reviews.pages.investigations.bulk.permissions import NEEDED, needed_for
from reviews.pages.investigations.bulk.samples import sample_rows
from reviews.pages.investigations.bulk.words import TITLES, UNITS, query_link, words_for
from reviews.quality.blinding import withheld_cases
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import require_visible, seen_scored_types
from scoring.catalog.registry import scored_type
from scoring.rules.expressions.errors import ExpressionInvalid
from scoring.rules.lists.errors import ListArchived, UnknownList

SAMPLE = 10  # rows of each table


@register_page
class BulkPreviewPage(AdminPage):
    """`?type=payment&q=amount > 500&period=7d`: a form for what to do with all that the query finds.

    POST: `action` is "preview", which changes nothing, or "do", with the `preview` that the page gave.
    """

    path, name, title = "investigate/bulk/<str:kind>/", "bulk_preview", "Bulk action"
    permission = BULK_ACT
    template_name = "reviews/investigation/bulk/preview.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if kwargs["kind"] not in KINDS:
            raise Http404(f"There is no bulk action {kwargs['kind']!r}; use {', '.join(KINDS)}.")
        if request.user.is_authenticated:
            self.require(NEEDED[kwargs["kind"]])
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kind, query = self.kwargs["kind"], self._query()
        self.title, self.subtitle = TITLES[kind], "Everything that a query found, previewed first"
        kwargs.setdefault("form", self._form(query))
        return super().get_context_data(
            query=query,
            unit=UNITS[kind][1],
            kinds=[(each, TITLES[each]) for each in KINDS if self.request.user.has_perm(NEEDED[each])],
            console=query_link(query.parameters()),
            **kwargs,
        )

    def post(self, request: HttpRequest, kind: str) -> HttpResponse:
        act = {"preview": self._preview, "do": self._do}.get(request.POST.get("action", ""))
        if act is None:
            raise BadRequest("unknown action; use preview, do")
        return act()

    def _preview(self) -> HttpResponse:
        now, query = timezone.now(), self._query()
        form = self._form(query, self.request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form, **self.kwargs), status=422)
        terms, reviewer = form.terms(now=now), reviewer_of(self.request.user)
        withheld = list(withheld_cases(reviewer.name).values_list("event_position", flat=True))
        try:
            found = preview(query, terms, reviewer=reviewer, withheld=withheld, now=now)
        except ExpressionInvalid as error:
            return self._refused(form, f"The condition is not valid: {error}.")
        except (InvestigationError, UnknownList, ListArchived) as error:
            return self._refused(form, f"{capfirst(str(error))}.")
        shown = self._shown(query, terms, found, form, reviewer)
        return self.render_to_response(self.get_context_data(form=form, **shown, **self.kwargs))

    def _shown(
        self, query: Query, terms: Terms, found: Preview, form: BulkForm, reviewer: Reviewer
    ) -> dict[str, Any]:
        """The context of a preview, with the text that the button sends back."""
        kind, data = self.kwargs["kind"], terms.as_data()
        rows = [*found.chosen[:SAMPLE], *(example for _, _, example in found.causes)]
        samples = sample_rows(kind, rows, event_type=query.event_type, terms=data)
        action = action_data(
            kind=kind,
            event_type=query.event_type,
            terms=terms,
            items=[each.item for each in found.chosen],
            found=found.found,
            parameters=query.parameters(),
            reason=form.cleaned_data["reason"],
        )
        return {
            "preview": found,
            "what": words_for(kind, data, len(found.chosen), event_type=query.event_type),
            "sample": [samples[each.item] for each in found.chosen[:SAMPLE]],
            "causes": [(why, count, samples[each.item]) for why, count, each in found.causes],
            "sealed": sealed({"action": action, "note": form.note_text}, reviewer=reviewer),
            "is_immediate": len(found.chosen) <= IMMEDIATE,
        }

    def _do(self) -> HttpResponse:
        now, reviewer = timezone.now(), reviewer_of(self.request.user)
        again = f"{self.request.path}?{self.request.GET.urlencode()}"
        try:
            sent = unsealed(self.request.POST.get("preview", ""), reviewer=reviewer)
            action = sent["action"]
            require_visible(self.request.user, [action["event_type"]])
            for permission in needed_for(action["kind"], action["terms"]):
                self.require(permission)
            number = request_action(action, note=sent["note"], reviewer=reviewer, now=now)
        except (InvestigationError, ReviewError, TooManyBulkActions) as error:
            messages.error(self.request, f"Nothing was changed: {error}.")
            return redirect(again)
        if len(action["items"]) <= IMMEDIATE:
            run_action(number)
        return redirect("admin:bulk_action", number=number)

    def _refused(self, form: BulkForm, problem: str) -> HttpResponse:
        context = self.get_context_data(form=form, problem=problem, **self.kwargs)
        return self.render_to_response(context, status=422)

    def _query(self) -> Query:
        types = seen_scored_types(self.request.user)
        try:
            return query_from(self.request.GET.dict(), now=timezone.now(), types=types)
        except InvestigationError as error:
            raise BadRequest(str(error)) from error

    def _form(self, query: Query, data: Any = None) -> BulkForm:
        form = FORMS[self.kwargs["kind"]]
        return form(data, kind=scored_type(query.event_type), user=self.request.user)
