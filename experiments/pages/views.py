"""Experiments in the admin: the list, the form that starts one, and the page that reads one."""

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
from experiments.results.conclusions import answer, inferred_text, lines
from experiments.results.metric_format import Scale, currency_of, p_text
from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.decisions.models import Decision
from scoring.errors import ScoringError
from scoring.log.entries import Entry
from scoring.log.errors import StreamConflict
from scoring.log.read import read_stream
from scoring.registry.routes import RouteTable, current_routes
from scoring.timestamps import from_iso

MOST_SHOWN = 100
DECISIONS_LOOKED_AT = 10_000  # of any type, for what the rates of one are now
TONES = {"running": "info", "stopped": "neutral", "interrupted": "warn"}


def say_refusal(request: HttpRequest, error: ScoringError) -> None:
    """Why nothing was done, in the domain's own words."""
    if isinstance(error, StreamConflict):
        messages.error(
            request, "Somebody changed this at the same moment. Look at it once more, then try again."
        )
    else:
        messages.error(request, f"Nothing was done: {error}.")


@register_page
class ExperimentsPage(AdminPage):
    path, name, title = "experiments/", "experiments", "Experiments"
    subtitle = "Two models share an event type's traffic, and what follows is compared"
    permission = "experiments.view_experiment"
    template_name = "experiments/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        running_first = Case(When(state=Experiment.State.RUNNING, then=0), default=1)
        shown = list(Experiment.objects.order_by(running_first, "-started_at")[:MOST_SHOWN])
        results = ExperimentResult.objects.in_bulk([each.name for each in shown])
        rows = [
            {
                "experiment": each,
                "tone": TONES[each.state],
                "answer": answer(each, _data(results.get(each.name))),
            }
            for each in shown
        ]
        may_start = self.request.user.has_perm("experiments.add_experiment")
        return super().get_context_data(rows=rows, may_start=may_start, most=MOST_SHOWN, **kwargs)


@register_page
class StartPage(AdminPage):
    """Works out a plan ("plan" in the form's data) or starts."""

    path, name, title = "experiments/start/", "experiment_start", "Start an experiment"
    subtitle = "The champion keeps a part of its traffic, the treatment gets the rest"
    permission = "experiments.add_experiment"
    template_name = "experiments/start.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", StartForm(initial={"treatment": self.request.GET.get("treatment")}))
        routes = list(current_routes().values())
        taken = [(route.event_type, _taken_by(route)) for route in routes if route.canary]
        champions = [(route.event_type, route.champion.model) for route in routes]
        rates = _rates_now(kwargs["form"].chosen_type)
        return super().get_context_data(champions=champions, taken=taken, rates=rates, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = StartForm(request.POST)
        if "plan" in request.POST:
            return self._show_plan(form)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        try:
            _start(form.cleaned_data, actor=actor_of(request))
        except ScoringError as error:
            say_refusal(request, error)
            return self.render_to_response(self.get_context_data(form=form))
        name = form.cleaned_data["name"]
        messages.success(request, f"{name} runs. The first results are here within a minute.")
        return redirect("admin:experiment", name)

    def _show_plan(self, given: StartForm) -> HttpResponse:
        """The form as it was filled in, with what the plan comes to; what is still empty is no error yet."""
        plan, problems = given.planned()
        form = StartForm(initial=self.request.POST.dict())
        return self.render_to_response(self.get_context_data(form=form, plan=plan, plan_problems=problems))


def _taken_by(route: RouteTable) -> str:
    """What has a share of the type's traffic beside the champion."""
    canary = route.canary.model if route.canary else ""
    return f"the experiment {route.experiment}" if route.experiment else f"the canary {canary}"


def _start(given: dict[str, Any], *, actor: str) -> None:
    names = ("event_type", "treatment", "name", "hypothesis", "primary_metric", "plan")
    chosen = {name: given[name] for name in names}
    start_experiment(**chosen, share=given["share"] / 100, actor=actor, now=timezone.now())


def _rates_now(event_type: str | None) -> dict[str, float] | None:
    """Shares of blocks and reviews among the type's newest decisions; None without any."""
    newest = Decision.objects.order_by("-position").values_list("event_type", "outcome")[:DECISIONS_LOOKED_AT]
    outcomes = [outcome for of_type, outcome in newest if of_type == event_type]
    if not outcomes:
        return None
    share = {outcome: outcomes.count(outcome) / len(outcomes) for outcome in ("block", "review")}
    return {**share, "decisions": len(outcomes)}


@register_page
class ExperimentPage(AdminPage):
    """Reads one row of results. Posting `stop` ends the experiment for the "control" or the "treatment"."""

    path, name, title = "experiments/<str:experiment>/", "experiment", "Experiment"
    permission = "experiments.view_experiment"
    template_name = "experiments/experiment.html"

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
            answer=answer(experiment, result),
            result=result,
            as_of=row.as_of if row else None,
            arms=_arms(experiment, result),
            currency=currency_of(experiment),
            lines=lines(experiment, result) if result else [],
            inferred=inferred_text(result) if result else "",
            plots=course_plots(experiment, result.get("over_time", [])),
            matures_from=from_iso(result["matures_from"]) if result else None,
            p_ratio=p_text(result["sample_ratio"]["p_value"]) if result.get("sample_ratio") else "",
            **_progress(experiment, result),
            history=[_told(entry) for entry in reversed(read_stream(experiment.stream))],
            may_stop=may_stop and experiment.state == Experiment.State.RUNNING,
            may_promote=self.request.user.has_perm("scoring.promote_modelversion"),
        )

    def post(self, request: HttpRequest, experiment: str) -> HttpResponse:
        self.require("experiments.change_experiment")
        winner = request.POST.get("stop")
        if winner not in Exposure.Arm.values:
            raise Http404("an experiment is stopped for the control or for the treatment")
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
            say_refusal(request, error)
        else:
            messages.success(request, f"{experiment} is stopped; the {winner} decides everything again.")
        return redirect("admin:experiment", experiment)


def _found(name: str) -> Experiment:
    found = Experiment.objects.filter(pk=name).first()
    if found is None:
        raise Http404(f"There is no experiment named {name!r}.")
    return found


def _data(row: ExperimentResult | None) -> dict[str, Any]:
    return row.data if row else {}


def _arms(experiment: Experiment, result: dict[str, Any]) -> list[dict[str, Any]]:
    """Both arms with their counts; `planned` is the share of units they should have."""
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
    """Money lost in an arm, and its interval or "", without the currency."""
    scale = Scale(is_share=False, currency=currency)
    return scale.plain(total["value"]), scale.level_span(total)


def _progress(experiment: Experiment, result: dict[str, Any]) -> dict[str, Any]:
    """How far the plan is, if there is one: units so far, their share of the planned, a width in per cent."""
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


def _told(entry: Entry) -> dict[str, Any]:
    """An entry of the experiment's stream as a line of its history."""
    data = entry.data
    match entry.type:
        case "experiment.started":
            text = (
                f"started by {data['started_by']}: {data['treatment']} gets {100 * data['share']:g} % of the"
                f" {data['unit']}s, {data['control']} the rest (route version {data['route_version']})"
            )
        case "experiment.stopped":
            text = f"stopped by {data['by']}: {data['reason']}; the {data['winner']} decides everything"
        case _:
            text = f"interrupted: {data['why']}"
    return {"text": text, "at": entry.recorded_at}
