"""The admin page on which the models of an event type are switched off and on."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from scoring.admin_kit.history import history_lines
from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.admin_kit.row_rules.visible import seen_scored_types, sees_type
from scoring.catalog.parsing.reasons import MAX_REASON_LENGTH
from scoring.catalog.registry import event_type as find_event_type
from scoring.errors import ScoringError
from scoring.log.entries import Entry
from scoring.registry.routes import current_routes
from scoring.rules.rules_only.models import RulesOnlySwitch
from scoring.rules.rules_only.switch import CHANGED
from scoring.rules.rules_only.switching import decide_by_models, decide_by_rules_only
from scoring.rules.ruleset.stream import iter_changes

SET = "scoring.set_rulesonly"


@dataclass(frozen=True)
class TypeSwitch:
    """The switch of an event type. `champion`: its model, "" if none decides yet; `outcome`: that of an
    event on which no list and no rule has a say.
    """

    event_type: str
    champion: str
    outcome: str
    stored: RulesOnlySwitch | None

    @property
    def on(self) -> bool:
        return self.stored is not None and self.stored.on


@register_page
class RulesOnlyPage(AdminPage):
    """The switch of every scored event type. Posting `off` or `on` with an event type switches its models."""

    path, name, title = "rules-only/", "rules_only", "Rules only"
    subtitle = "Lists and rules decide an event type alone, until its models are switched on again"
    permission = "scoring.view_rulesonlyswitch"
    template_name = "rules_only/rules_only.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        changes = iter_changes(types=[CHANGED])
        shown = (each for each in changes if sees_type(user, each.data["event_type"]))
        return super().get_context_data(
            types=read_switches(seen_scored_types(user)),
            may_set=user.has_perm(SET),
            max_reason=MAX_REASON_LENGTH,
            history=history_lines(shown, _change_text),
            **kwargs,
        )

    def shown_types(self) -> Iterable[str]:
        """Those to switch, too."""
        yield from super().shown_types()
        yield from (name for key in ("off", "on") if (name := self.request.POST.get(key)))

    def post(self, request: HttpRequest) -> HttpResponse:
        self.require(SET)
        by: dict[str, Any] = {
            "reason": request.POST.get("reason", ""),
            "actor": actor_of(request),
            "now": timezone.now(),
        }
        try:
            if off := request.POST.get("off", ""):
                decide_by_rules_only(off, **by)
                done = f"Rules only: no model decides {off}, from the next events on."
            else:
                on = request.POST.get("on", "")
                decide_by_models(on, **by)
                done = f"The models of {on} decide again, from the next events on."
        except ScoringError as error:
            messages.error(request, f"Nothing changed: {error}.")
        else:
            messages.success(request, done)
        return redirect("admin:rules_only")


def read_switches(types: Iterable[str]) -> list[TypeSwitch]:
    """The switch of each of these event types."""
    stored, routes = RulesOnlySwitch.objects.in_bulk(), current_routes()
    return [
        TypeSwitch(
            name,
            routes[name].champion.model if name in routes else "",
            find_event_type(name).failure_outcome,
            stored.get(name),
        )
        for name in types
    ]


def _change_text(entry: Entry) -> str:
    kind = entry.data["event_type"]
    return f"{kind}: rules only" if entry.data["on"] else f"{kind}: its models decide again"
