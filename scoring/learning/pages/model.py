"""The admin page of a model version: its metrics, checks, lineage and history, and the actions on it."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.errors import ScoringError
from scoring.learning.heads.table import policies_without_head, policy_rows
from scoring.learning.metrics.weighted_shares import effective_text
from scoring.learning.noise.double_reviews import count_double_reviews
from scoring.learning.noise.words import noise_in_words
from scoring.learning.pages.actions import ACTIONS, APPROVE, GROUPS, PROMOTE
from scoring.learning.pages.curve_plots import curve_plots
from scoring.learning.pages.evaluations.panel import evaluation_panel
from scoring.learning.pages.explanation_plots import explanation_panel
from scoring.learning.pages.gate_table import check_rows, why_not_compared
from scoring.learning.pages.history import history_of
from scoring.learning.pages.lineage import lineage_rows, parameter_rows
from scoring.learning.pages.metric_table import difference_in_words, metric_rows
from scoring.learning.pages.search_section import section_of_model
from scoring.learning.pages.slice_tables import slice_tables
from scoring.learning.pages.thresholds.panel import thresholds_panel
from scoring.learning.promotion.gate import not_overridable
from scoring.learning.promotion.promote import champions_in_order
from scoring.learning.promotion.stages import ModelStage, stage_of
from scoring.log.entries import Entry
from scoring.log.read import read_streams
from scoring.registry.model_versions import find_analysis
from scoring.registry.models import ModelVersion
from scoring.registry.routes import CHAMPION, route_of
from scoring.rules.rules_only.switching import is_rules_only


@register_page
class ModelPage(AdminPage):
    """Shows a version and handles the actions on it."""

    path, name, title = "models/<str:model>/", "model", "Model"
    permission = "scoring.view_modelversion"
    template_name = "learning/model.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version = self._version()
        self.title = f"Model {version.name}"
        own, past = read_streams_of(version)
        route = route_of(version.event_type)
        stage = stage_of(version, route, past)
        analysis = find_analysis(version.name)
        champion = str(version.comparison.get("champion") or "")
        thresholds = thresholds_panel(version, self.request.GET.dict())
        return super().get_context_data(
            version=version,
            stage=stage,
            route=route,
            rules_only=stage.share is not None and is_rules_only(version.event_type),
            may=self._choices(version, stage, past),
            passed=sum(check["passed"] for check in version.checks),
            checks=check_rows(version),
            metrics=metric_rows(version),
            effective=effective_text(version.metrics),
            noise=noise_in_words(
                count_double_reviews(version.event_type, now=timezone.now()), version.metrics
            ),
            why_not_compared=why_not_compared(version),
            difference=difference_in_words(version.comparison),
            thresholds=thresholds,
            plots=curve_plots(version, thresholds.standings if thresholds else ()),
            slices=slice_tables(analysis.slices),
            evaluation=evaluation_panel(version),
            explanation=explanation_panel(analysis.explanation, _explanation_of(champion)),
            compared_with=champion,
            policies=policy_rows(version),
            without_head=policies_without_head(version),
            lineage=lineage_rows(version),
            parameters=parameter_rows(version),
            history=history_of(version, own, past),
            search=section_of_model(version.lineage.get("search")),
            **kwargs,
        )

    def post(self, request: HttpRequest, model: str) -> HttpResponse:
        version, action = self._version(), ACTIONS.get(request.POST.get("action", ""))
        if action is None:
            raise Http404
        self.require(action.permission)
        try:
            given = {**request.POST.dict(), GROUPS: "\n".join(self._groups())}
            done = action.act(version, given, actor_of(request), timezone.now())
            messages.success(request, done)
        except ScoringError as error:
            messages.error(request, f"Nothing changed: {error}.")
        return redirect("admin:model", model=model)

    def _groups(self) -> list[str]:
        return list(self.request.user.groups.values_list("name", flat=True))

    def _version(self) -> ModelVersion:
        version = ModelVersion.objects.filter(name=self.kwargs["model"]).first()
        if version is None:
            raise Http404
        return version

    def _choices(self, version: ModelVersion, stage: ModelStage, route: list[Entry]) -> dict[str, Any]:
        """The actions that the user can take on the version in its stage, for the template."""
        champions = champions_in_order(route)
        candidate = version.status == ModelVersion.Status.CANDIDATE
        ready = version.status == ModelVersion.Status.APPROVED and stage.name != CHAMPION
        judging, promoting = (self.request.user.has_perm(each) for each in (APPROVE, PROMOTE))
        return {
            "judge": candidate and judging,
            "own": candidate and version.trained_by == actor_of(self.request),
            "failed": [check["name"] for check in version.checks if not check["passed"]],
            "overridden": bool(version.checks) and not not_overridable(version.checks, self._groups()),
            "promote": ready and promoting,
            "join": ready and promoting and bool(champions) and stage.share is None,
            "stop": ready and promoting and stage.share is not None,
            "canary": ready and promoting and stage.name == "canary",
            "back_to": champions[-2] if stage.name == CHAMPION and promoting and len(champions) > 1 else "",
        }


def _explanation_of(name: str) -> Mapping[str, Any]:
    """The stored explanation of a version; {} for none."""
    return find_analysis(name).explanation if name else {}


def read_streams_of(version: ModelVersion) -> tuple[list[Entry], list[Entry]]:
    """The log entries of the version and of its event type's route."""
    own, route = f"model/{version.name}", f"route/{version.event_type}"
    found = read_streams([own, route])
    return found.get(own, []), found.get(route, [])
