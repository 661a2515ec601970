"""The investigation console: a query in the address of the page, and what it finds."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import capfirst

from reviews.investigation.errors import InvalidQuery, InvestigationError
from reviews.investigation.query.editing import comparison_text, comparisons_of, with_part
from reviews.investigation.query.operands import query_operands
from reviews.investigation.query.query import (
    CUSTOM,
    MAX_COLUMNS,
    MAX_TOP,
    PERIODS,
    Query,
    query_from,
    shown_operands,
)
from reviews.investigation.query.running import Run, cancel_run, run_of
from reviews.investigation.results.exporting import MAX_EXPORTED
from reviews.investigation.results.investigating import investigate
from reviews.investigation.results.matching import compile_query
from reviews.investigation.results.rows import MAX_ROWS, ROWS_A_PAGE
from reviews.investigation.saved.history import recent_queries, record_search
from reviews.investigation.saved.queries import (
    MAX_DESCRIPTION,
    MAX_NAME,
    delete_query,
    save_query,
    visible_queries,
)
from reviews.models.investigation import EVERYONE
from reviews.pages.investigations.actions_panel import actions_panel
from reviews.pages.investigations.panels import condition_parts, result_panels
from reviews.quality.blinding import withheld_cases
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import seen_scored_types, visible_to
from scoring.rules.expressions.completion import completion_data
from scoring.rules.expressions.errors import ExpressionInvalid
from scoring.rules.expressions.operands import NUMBER

INVESTIGATE, EXPORT = "reviews.investigate", "reviews.export_investigation"
RUN = "investigation_run"  # the cookie, and the parameter of "cancel"
EDITS = ("add_field", "add_column", "add_top")


@register_page
class InvestigationPage(AdminPage):
    """`?type=payment&q=amount > 500&period=7d&columns=card,amount&top=merchant&compare=yes`.

    With `add_field`, `add_comparison` and `add_value`, with `add_column` or `add_top`, it redirects to the
    query that has them too. POST: `action` is "check", which answers with the condition's problems as JSON,
    "save", "delete", or "cancel" for the run that is in its `investigation_run`.
    """

    path, name, title = "investigate/", "investigate", "Investigate"
    subtitle = "Decided events by any field, feature, score, outcome, rule, list or label"
    permission = INVESTIGATE
    template_name = "reviews/investigation/console.html"

    @cached_property
    def types(self) -> list[str]:
        """The event types that the user may ask for. Raises Http404 without any."""
        if not (found := seen_scored_types(self.request.user)):
            raise Http404("There are no decided events that you may see.")
        return found

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not any(request.GET.get(name) for name in EDITS):
            response = super().get(request, *args, **kwargs)
            # Leaving the page before cancels this run, which has ended. Loading it again is another run.
            response.delete_cookie(RUN, path=request.path, samesite="Strict")
            return response
        try:
            query = query_from(request.GET.dict(), now=timezone.now(), types=self.types)
            return redirect(request.path + _edited(query, request.GET.dict()))
        except InvalidQuery as error:
            messages.error(request, f"{capfirst(str(error))}.")
            return redirect(request.path)
        except ValueError as error:  # of what the form adds to a valid query
            messages.error(request, f"{capfirst(str(error))}.")
            return redirect(request.path + query.link())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, given = timezone.now(), self.request.GET.dict()
        try:
            query, problem = query_from(given, now=now, types=self.types), ""
        except InvalidQuery as error:
            usable = {"type": given["type"]} if given.get("type") in self.types else {}
            query, problem = query_from(usable, now=now, types=self.types), str(error)
        context = self._form(query)
        if problem:
            context["problem"] = problem
        else:
            context |= self._answer(query, page=_page_in(given.get("page", "")), now=now)
        return super().get_context_data(**context, **kwargs)

    def _answer(self, query: Query, *, page: int, now: Any) -> dict[str, Any]:
        """What the query finds, or why it has no answer."""
        user_name = self.request.user.get_username()
        withheld = list(withheld_cases(user_name).values_list("event_position", flat=True))
        try:
            result = investigate(query, now=now, page=page, withheld=withheld, run=self._run())
        except ExpressionInvalid as error:
            return {"invalid": error.problems}
        except InvestigationError as error:
            return {"problem": str(error)}
        record_search(query, matched=result.figures.count, user_name=user_name, now=now)
        last = min(result.figures.count, MAX_ROWS) > (page + 1) * ROWS_A_PAGE
        return {
            **result_panels(result),
            "page": page,
            "may_export": self.request.user.has_perm(EXPORT),
            "max_exported": MAX_EXPORTED,
            **actions_panel(query, user=self.request.user),
            "newer": query.link(page=str(page - 1)) if page else "",
            "older": query.link(page=str(page + 1)) if last else "",
        }

    def _form(self, query: Query) -> dict[str, Any]:
        """The context of the query's own form."""
        user_name, groups = self.request.user.get_username(), self._groups()
        shown = shown_operands(query.operands)
        return {
            "query": query,
            "types": self.types,
            "periods": (*PERIODS, CUSTOM),
            "parts": condition_parts(query),
            "operands": list(query.operands),
            "shown": shown,
            "numbers": [each for each in shown if each.type == NUMBER],
            "may_add_column": len(query.columns) < MAX_COLUMNS,
            "may_add_top": len(query.top) < MAX_TOP,
            "comparisons": {each.name: comparisons_of(each) for each in query.operands},
            "completion": completion_data(query.operands),
            "saved": visible_to(visible_queries(user_name, groups), self.request.user),
            "recent": [each for each in recent_queries(user_name) if each.parameters["type"] in self.types],
            "groups": groups,
            "everyone": EVERYONE,
            "max_name": MAX_NAME,
            "max_description": MAX_DESCRIPTION,
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        act = ACTIONS.get(request.POST.get("action", ""))
        if act is None:
            raise BadRequest(f"unknown action; use {', '.join(ACTIONS)}")
        return act(self)

    def check(self) -> HttpResponse:
        try:
            compile_query(self._sent())
        except ExpressionInvalid as error:
            problems = [
                {"line": each.line, "column": each.column, "message": each.message, "allowed": each.allowed}
                for each in error.problems
            ]
            return JsonResponse({"problems": problems})
        except InvalidQuery as error:
            place = {"line": 1, "column": 1, "allowed": ""}
            return JsonResponse({"problems": [{**place, "message": str(error)}]})
        return JsonResponse({"problems": []})

    def save(self) -> HttpResponse:
        given, query = self.request.POST, None
        try:
            query = self._sent()
            compile_query(query)
            name = save_query(
                query,
                name=given.get("name", ""),
                description=given.get("description", ""),
                shared_with=given.get("shared_with", ""),
                user_name=self.request.user.get_username(),
                groups=self._groups(),
                now=timezone.now(),
            )
        except (InvestigationError, ExpressionInvalid) as error:
            messages.error(self.request, f"Not saved: {error}.")
        else:
            messages.success(self.request, f"The query is saved as {name}.")
        return redirect(self.request.path + (query.link() if query else ""))

    def delete(self) -> HttpResponse:
        name = self.request.POST.get("name", "")
        try:
            delete_query(name, user_name=self.request.user.get_username(), now=timezone.now())
        except InvestigationError as error:
            messages.error(self.request, f"Not deleted: {error}.")
        else:
            messages.success(self.request, f"The saved query {name} is deleted.")
        return redirect(self.request.path)

    def _sent(self) -> Query:
        return query_from(self.request.POST.dict(), now=timezone.now(), types=self.types)

    def cancel(self) -> HttpResponse:
        """For the page that is left while its query runs."""
        cancel_run(run_of(self.request.user.get_username(), self.request.POST.get(RUN, "")))
        return HttpResponse(status=204)

    def _run(self) -> Run:
        """The run whose token the page of the form keeps in a cookie."""
        return run_of(self.request.user.get_username(), self.request.COOKIES.get(RUN, ""))

    def _groups(self) -> list[str]:
        return list(self.request.user.groups.order_by("name").values_list("name", flat=True))


ACTIONS: dict[str, Callable[[InvestigationPage], HttpResponse]] = {
    "check": InvestigationPage.check,
    "save": InvestigationPage.save,
    "delete": InvestigationPage.delete,
    "cancel": InvestigationPage.cancel,
}


def _edited(query: Query, given: dict[str, str]) -> str:
    """The address of the query with what a form adds. Raises ValueError for what does not fit."""
    if name := given.get("add_column"):
        return query.link(columns=",".join((*query.columns, name)))
    if name := given.get("add_top"):
        return query.link(top=",".join((*query.top, name)))
    operand = query_operands(query.event_type).by_name.get(given["add_field"])
    if operand is None:
        raise ValueError(f"{given['add_field']!r} is not a name of {query.event_type} events")
    part = comparison_text(operand, given.get("add_comparison", ""), given.get("add_value", ""))
    return query.link(q=with_part(query.condition, part))


def _page_in(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) < 5
    return min(int(text), MAX_ROWS // ROWS_A_PAGE - 1) if is_number else 0
