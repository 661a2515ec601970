"""Admin pages of exploration: its settings, what it costs, and what it has taught."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from scoring.admin_kit.formatting import money_text, percent_text
from scoring.admin_kit.history import HistoryLine, history_lines
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import seen_scored_types
from scoring.admin_kit.settings_pages import EventTypeSettingsPage
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type as find_event_type
from scoring.rules.exploration.changing import change_exploration, exploration_of
from scoring.rules.exploration.explored_events import LOOK_BACK, read_results
from scoring.rules.exploration.figures import figures_of
from scoring.rules.exploration.forms import ExplorationForm
from scoring.rules.exploration.learned import ExplorationResults
from scoring.rules.exploration.models import StoredExploration
from scoring.rules.exploration.settings import Exploration
from scoring.rules.exploration.spending import read_explorer
from scoring.rules.ruleset.stream import iter_changes

SET = "scoring.set_exploration"


@dataclass(frozen=True)
class TypeExploration:
    """The exploration of an event type as its pages show it; `spent`: today, in minor units."""

    event_type: str
    currency: str
    exploration: Exploration | None
    spent: int
    results: ExplorationResults

    @property
    def is_on(self) -> bool:
        return self.exploration is not None and self.exploration.is_on


@register_page
class ExplorationsPage(AdminPage):
    """The exploration of every scored event type."""

    path, name, title = "exploration/", "exploration", "Exploration"
    subtitle = "A small random share of blocks goes through, to learn whether blocks are right"
    permission = "scoring.view_storedexploration"
    template_name = "exploration/explorations.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        return super().get_context_data(
            types=[
                read_type(find_event_type(name), now=now) for name in seen_scored_types(self.request.user)
            ],
            look_back=LOOK_BACK,
            may_set=self.request.user.has_perm(SET),
            **kwargs,
        )


@register_page
class ExplorationPage(EventTypeSettingsPage):
    """The settings of an event type's exploration, its results and its history."""

    path, name, title = "exploration/<str:event_type>/", "exploration_of", "Exploration"
    permission, set_permission = "scoring.view_storedexploration", SET
    template_name = "exploration/exploration.html"

    @property
    def kind(self) -> type[EventType]:
        return find_event_type(self.event_type)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kind = self.kind
        self.title = f"Exploration of {kind.name}"
        shown = read_type(kind, now=timezone.now())
        kwargs.setdefault("form", ExplorationForm(kind=kind, exploration=shown.exploration))
        return super().get_context_data(
            **kwargs,
            shown=shown,
            stored=StoredExploration.objects.filter(pk=kind.name).first(),
            figures=figures_of(
                shown.results,
                kind=kind,
                exploration=shown.exploration,
                spent=shown.spent,
                decisions=self._explored_decisions(kind.name),
            ),
            look_back=LOOK_BACK,
            history=history_of(kind),
        )

    def posted_form(self) -> ExplorationForm:
        return ExplorationForm(self.request.POST, kind=self.kind, exploration=exploration_of(self.event_type))

    def change(self, form: ExplorationForm, **by: Any) -> str:
        wanted = form.exploration()
        change_exploration(wanted, reason=form.cleaned_data["reason"], **by)
        state = "is on" if wanted.is_on else "is off"
        return f"Exploration of {self.event_type} {state}, from the next events on."

    def _explored_decisions(self, event_type: str) -> str:
        """The address of the decisions that let events through, "" if the user may not see them."""
        if not self.request.user.has_perm("scoring.view_decision"):
            return ""
        wanted = urlencode({"propensity__isnull": "False", "event_type": event_type})
        return f"{reverse('admin:scoring_decision_changelist')}?{wanted}"


def read_type(kind: type[EventType], *, now: datetime) -> TypeExploration:
    """The settings, the money of the day and the results of an event type."""
    return TypeExploration(
        kind.name,
        kind.base_currency,
        exploration_of(kind.name),
        spent=read_explorer([kind.name], now=now).spent(kind.name),
        results=read_results(kind.name, now=now),
    )


def history_of(kind: type[EventType]) -> list[HistoryLine]:
    """The latest changes of an event type's exploration, newest first."""
    changes = iter_changes(types=["exploration.changed"])
    return history_lines(
        (entry for entry in changes if entry.data["event_type"] == kind.name),
        lambda entry: _settings_text(Exploration.of(entry.data), currency=kind.base_currency),
    )


def _settings_text(exploration: Exploration, *, currency: str) -> str:
    if not exploration.is_on:
        return "switched off"
    amount, daily = (money_text(cap, currency) for cap in (exploration.amount_cap, exploration.daily_cap))
    share = percent_text(exploration.share, 2)
    return f"{share} of would-be blocks, at most {amount} each and {daily} a day"
