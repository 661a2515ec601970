"""The pages of experiments: the list, the start form, and the results of one experiment."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import Case, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from experiments.design.lifecycle import start_experiment, stop_experiment
from experiments.metrics import BY_NAME
from experiments.models import Experiment, ExperimentResult, Exposure
from experiments.pages.charts import course_plots
from experiments.pages.forms import StartForm
from experiments.results.conclusions import conclude, inferred_text
from experiments.results.metric_format import MetricFormat, currency_of, p_text
from experiments.results.metric_rows import metric_rows
from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.admin_kit.row_rules.visible import of_seen_types, visible_to
from scoring.decisions.models import Decision
from scoring.errors import ScoringError
from scoring.log.entries import Entry
from scoring.log.errors import StreamConflict
from scoring.log.read import read_stream
from scoring.registry.routes import RouteTable, current_routes
from scoring.timestamps import from_iso

MAX_SHOWN = 100
DECISIONS_SAMPLED = 10_000  # newest decisions of any type, for the current rates of one
TONES = {"running": "info", "stopped": "neutral", "interrupted": "warn"}


def show_error(request: HttpRequest, error: ScoringError) -> None:
    """Show the domain error as a message."""
    if isinstance(error, StreamConflict):
        messages.error(request, "Someone else changed this at the same time. Check it, then try again.")
    else:
        messages.error(request, f"Nothing changed: {error}.")


@register_page
class ExperimentsPage(AdminPage):
    path, name, title = "experiments/", "experiments", "Experiments"
    subtitle = "Compare two models on shares of an event type's traffic"
    permission = "experiments.view_experiment"
    template_name = "experiments/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        running_first = Case(When(state=Experiment.State.RUNNING, then=0), default=1)
        visible = visible_to(Experiment.objects.all(), self.request.user)
        shown = list(visible.order_by(running_first, "-started_at")[:MAX_SHOWN])
        results = ExperimentResult.objects.in_bulk([each.name for each in shown])
        rows = [
            {
                "experiment": each,
                "tone": TONES[each.state],
                "conclusion": conclude(each, _data(results.get(each.name))),
            }
            for each in shown
        ]
        may_start = self.request.user.has_perm("experiments.add_experiment")
        return super().get_context_data(rows=rows, may_start=may_start, most=MAX_SHOWN, **kwargs)


@register_page
class StartPage(AdminPage):
    """Starts an experiment or, if "plan" is posted, shows how many units it needs."""

    path, name, title = "experiments/start/", "experiment_start", "Start an experiment"
    subtitle = "The champion keeps part of its traffic; the treatment gets the rest"
    permission = "experiments.add_experiment"
    template_name = "experiments/start.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        kwargs.setdefault(
            "form", StartForm(user=user, initial={"treatment": self.request.GET.get("treatment")})
        )
        routes = of_seen_types(current_routes().values(), user)
        taken = [(route.event_type, _taken_by(route)) for route in routes if route.canary]
        champions = [(route.event_type, route.champion.model) for route in routes]
        rates = _rates_now(kwargs["form"].chosen_type)
        return super().get_context_data(champions=champions, taken=taken, rates=rates, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = StartForm(request.POST, user=request.user)
        if "plan" in request.POST:
            return self._show_plan(form)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        try:
            _start(form.cleaned_data, actor=actor_of(request))
        except ScoringError as error:
            show_error(request, error)
            return self.render_to_response(self.get_context_data(form=form))
        name = form.cleaned_data["name"]
        messages.success(request, f"{name} is running. First results appear within a minute.")
        return redirect("admin:experiment", name)

    def _show_plan(self, given: StartForm) -> HttpResponse:
        """The form as filled in, with the plan; empty fields are not errors yet."""
        plan, problems = given.planned()
        form = StartForm(user=self.request.user, initial=self.request.POST.dict())
        return self.render_to_response(self.get_context_data(form=form, plan=plan, plan_problems=problems))


def _taken_by(route: RouteTable) -> str:
    """What shares the type's traffic with the champion."""
    canary = route.canary.model if route.canary else ""
    return f"the experiment {route.experiment}" if route.experiment else f"the canary {canary}"


def _start(given: dict[str, Any], *, actor: str) -> None:
    names = ("event_type", "treatment", "name", "hypothesis", "primary_metric", "plan")
    chosen = {name: given[name] for name in names}
    start_experiment(**chosen, share=given["share"] / 100, actor=actor, now=timezone.now())


def _rates_now(event_type: str | None) -> dict[str, float] | None:
    """The shares of blocks and reviews among the type's newest decisions; None without any."""
    newest = Decision.objects.order_by("-position").values_list("event_type", "outcome")[:DECISIONS_SAMPLED]
    outcomes = [outcome for of_type, outcome in newest if of_type == event_type]
    if not outcomes:
        return None
    share = {outcome: outcomes.count(outcome) / len(outcomes) for outcome in ("block", "review")}
    return {**share, "decisions": len(outcomes)}


@register_page
class ExperimentPage(AdminPage):
    """The results of an experiment. Posting `stop` as "control" or "treatment" ends it with that winner."""

    path, name, title = "experiments/<str:experiment>/", "experiment", "Experiment"
    permission = "experiments.view_experiment"
    template_name = "experiments/experiment.html"

    def shown_types(self) -> Iterable[str]:
        yield from super().shown_types()
        yield _found(self.kwargs["experiment"]).event_type

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        experiment = _found(self.kwargs["experiment"])
        row = ExperimentResult.objects.filter(pk=experiment.name).first()
        result = _data(row)
        self.title, self.subtitle = f"Experiment {experiment.name}", experiment.hypothesis
        may_stop = self.request.user.has_perm("experiments.change_experiment")
        return super().get_context_data(
            **{**kwargs, "experiment": experiment},
            tone=TONES[experiment.state],
            metric=BY_NAME[experiment.primary_metric],
            conclusion=conclude(experiment, result),
            result=result,
            as_of=row.as_of if row else None,
            arms=_arms(experiment, result),
            currency=currency_of(experiment),
            metric_rows=metric_rows(experiment, result) if result else [],
            inferred=inferred_text(result) if result else "",
            plots=course_plots(experiment, result.get("over_time", [])),
            matures_from=from_iso(result["matures_from"]) if result else None,
            p_ratio=p_text(result["sample_ratio"]["p_value"]) if result.get("sample_ratio") else "",
            **_progress(experiment, result),
            history=[_history_line(entry) for entry in reversed(read_stream(experiment.stream))],
            may_stop=may_stop and experiment.state == Experiment.State.RUNNING,
            may_promote=self.request.user.has_perm("scoring.promote_modelversion"),
        )

    def post(self, request: HttpRequest, experiment: str) -> HttpResponse:
        self.require("experiments.change_experiment")
        winner = request.POST.get("stop")
        if winner not in Exposure.Arm.values:
            raise Http404("An experiment is stopped with the control or the treatment as winner.")
        if winner == Exposure.Arm.TREATMENT:
            self.require("scoring.promote_modelversion")
        reason = request.POST.get("reason", "").strip() or "stopped in the admin"
        try:
            stop_experiment(
                experiment,
                actor=actor_of(request),
                reason=reason[:500],
                winner="treatment" if winner == Exposure.Arm.TREATMENT else "control",
                now=timezone.now(),
            )
        except ScoringError as error:
            show_error(request, error)
        else:
            messages.success(
                request, f"{experiment} is stopped. The {winner} decides all events from now on."
            )
        return redirect("admin:experiment", experiment)


def _found(name: str) -> Experiment:
    found = Experiment.objects.filter(pk=name).first()
    if found is None:
        raise Http404(f"There is no experiment named {name!r}.")
    return found


def _data(row: ExperimentResult | None) -> dict[str, Any]:
    return row.data if row else {}


def _arms(experiment: Experiment, result: dict[str, Any]) -> list[dict[str, Any]]:
    """Both arms with their counts; `planned` is their planned share of units."""
    if not result:
        return []
    models = {"control": experiment.control, "treatment": experiment.treatment}
    planned = {"control": 1 - experiment.share, "treatment": experiment.share}
    units = sum(result["arms"][name]["units"] for name in models)
    currency = currency_of(experiment)
    return [
        {
            "name": name,
            "model": model,
            "planned": planned[name],
            "share": result["arms"][name]["units"] / units if units else None,
            **result["arms"][name],
            "lost": _lost(result["arms"][name]["loss"], currency),
        }
        for name, model in models.items()
    ]


def _lost(total: dict[str, Any], currency: str) -> tuple[str, str]:
    """The loss of an arm and its interval ("" without one), without the currency."""
    written = MetricFormat(is_share=False, currency=currency)
    return written.plain(total["value"]), written.level_span(total)


def _progress(experiment: Experiment, result: dict[str, Any]) -> dict[str, Any]:
    """Progress toward the planned units: units so far, their share, and a bar width in percent."""
    plan = experiment.plan
    units = sum(arm["units"] for arm in result["arms"].values()) if result else 0
    if not plan:
        return {"units": units, "plan_share": None}
    share = units / plan["units"]
    return {
        "units": units,
        "plan_share": share,
        "plan_width": round(100 * min(share, 1.0), 1),
        "plan_becomes": plan["baseline"] + plan["effect"],
    }


def _history_line(entry: Entry) -> dict[str, Any]:
    """An entry of the experiment's stream as text."""
    data = entry.data
    match entry.type:
        case "experiment.started":
            text = (
                f"started by {data['started_by']}: {data['treatment']} gets"
                f" {100 * data['share']:g}\N{NO-BREAK SPACE}% of the {data['unit']}s,"
                f" {data['control']} the rest (route version {data['route_version']})"
            )
        case "experiment.stopped":
            text = f"stopped by {data['by']}: {data['reason']}; the {data['winner']} decides all events"
        case _:
            text = f"interrupted: {data['why']}"
    return {"text": text, "at": entry.recorded_at}
