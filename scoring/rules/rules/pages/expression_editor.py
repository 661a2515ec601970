"""An editor of a condition on events of one type: it checks and tries the condition while it is typed."""

from dataclasses import replace
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage
from scoring.admin_kit.row_rules.visible import sees_type
from scoring.catalog.event_type import EventType
from scoring.rules.expressions.completion import completion_data
from scoring.rules.expressions.errors import ExpressionInvalid, Problem
from scoring.rules.rules.compiling import compile_draft, operands_now
from scoring.rules.rules.trial.finding import find_events
from scoring.rules.rules.trial.trying import Trial


class ExpressionEditor(AdminPage):
    """A page whose form has the condition as `expression`; its script is rules/editor.js.

    The script posts the form with an `action`: "check" is answered by `check`, "try" by `try_out`.
    """

    @property
    def kind(self) -> type[EventType]:
        """The event type whose events the condition is about."""
        raise NotImplementedError

    @property
    def expression(self) -> str:
        """The condition as it was sent; line ends are those of expressions."""
        return self.request.POST.get("expression", "").replace("\r\n", "\n")

    def check(self) -> HttpResponse:
        """The problems of the condition as JSON."""
        try:
            compile_draft(self.expression, self.kind.name)
        except ExpressionInvalid as error:
            return JsonResponse({"problems": [_problem(each) for each in error.problems]})
        return JsonResponse({"problems": []})

    def try_out(self) -> HttpResponse:
        """What the condition says of the event that is asked for, or of the latest, as a part of the page."""
        now, wanted = timezone.now(), self.request.POST.get("event", "").strip()
        found = find_events(self.kind.name, wanted)
        if not sees_type(self.request.user, found.other_type):
            found = replace(found, other_type="")
        context: dict[str, Any] = {"wanted": wanted, "found": found}
        try:
            compiled = compile_draft(self.expression, self.kind.name)
        except ExpressionInvalid:
            return self.part("rules/_tried.html", {**context, "invalid": True})
        tried = Trial(compiled, now=now).try_on(found.events)
        return self.part("rules/_tried.html", {**context, "tried": tried})

    def part(self, template: str, context: dict[str, Any]) -> HttpResponse:
        """A part of the page, for its script."""
        return render(self.request, template, {"kind": self.kind, **context})

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        completion = completion_data(operands_now(self.kind.name))
        return super().get_context_data(**{"kind": self.kind, "completion": completion, **kwargs})


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "allowed": problem.allowed,
    }
