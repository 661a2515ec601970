"""The catalogue's pages: all features of an event type, one of them, its sets, and two sets side by side."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils import timezone

from monitoring.drift.page import scored_types
from monitoring.drift.report import SPANS, since_of
from monitoring.feature_pages import plots
from monitoring.feature_pages.batch_view_rows import read_view_rows, views_in
from monitoring.feature_pages.feature_catalog import Catalogue, read_catalogue
from monitoring.feature_pages.feature_sets import (
    compare_sets,
    find_set,
    last_declaration,
    memberships,
    read_set_rows,
)
from monitoring.feature_pages.feature_table import STATES, Choice, FeatureRow, choose, make_rows
from monitoring.feature_pages.health import Live, read_checked_by_hour, read_lane
from monitoring.feature_pages.judgments import judge, summarise
from monitoring.feature_pages.model_usage import ModelUse, Weight, users_of
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.catalog.registry import event_type as find_event_type
from scoring.features.compile.specs import FeatureSpec
from scoring.registry.routes import current_routes
from scoring.sentences.feature_descriptions import (
    describe_coverage,
    describe_feature,
    describe_missing,
    describe_usual,
)

DEFAULT_SPAN = "day"
# The orders of the list, and its columns with the order that each stands for.
ORDERS = (
    *(("", "as declared"), ("attention", "troubles first"), ("name", "by name"), ("psi", "furthest moved")),
    *(("missing", "most missing"), ("consistency", "least reproduced"), ("weight", "greatest effect")),
)
COLUMNS = (
    *(("name", "Feature"), ("", "Then and now"), ("psi", "Drift"), ("missing", "Missing")),
    *(("consistency", "From the log"), ("weight", "Effect"), ("", "Read by")),
)


class CataloguePage(AdminPage):
    """What the pages have in common: an event type, which the address names or its query."""

    permission = "scoring.view_featuresetversion"
    subtitle = ""

    @property
    def event_type(self) -> str:
        """By default the first type that a model decides. Raises Http404."""
        types = scored_types()
        asked = self.kwargs.get("event_type") or self.request.GET.get("type")
        if not asked:
            routes = current_routes()
            return next((name for name in types if name in routes), types[0])
        if asked not in types:
            raise Http404(f"There is no scored event type {asked!r} ({', '.join(types)}).")
        return str(asked)

    @property
    def span(self) -> str:
        """Which stretch of time "now" is. Raises Http404."""
        span = self.request.GET.get("span") or DEFAULT_SPAN
        if span not in SPANS:
            raise Http404(f"There is no span {span!r} ({', '.join(SPANS)}).")
        return span


@register_page
class FeaturesPage(CataloguePage):
    """All features of an event type: what each is, and whether it is as it should be."""

    path, name, title = "features/", "features", "Features"
    template_name = "monitoring/feature_pages/features.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, event_type, span = timezone.now(), self.event_type, self.span
        catalogue = read_catalogue(event_type, since=since_of(span, now=now))
        rows = rows_of(catalogue)
        choice = self._choice()
        return super().get_context_data(
            event_type=event_type,
            types=scored_types(),
            span=span,
            spans=list(SPANS),
            catalogue=catalogue,
            choice=choice,
            rows=choose(rows, choice),
            total=len(rows),
            summary=summarise(rows, catalogue.live),
            states=[(state, words, sum(map(test, rows))) for state, (words, test) in STATES.items()],
            kinds=sorted({row.spec.kind for row in rows}),
            entities=sorted({entity for row in rows for entity in row.entities}),
            heaviest=max((row.weight.mean for row in rows if row.weight), default=0.0),
            live_models=[model for model in catalogue.models if model.live],
            lane=read_lane(find_event_type(event_type).lane),
            query=self._query(),
            orders=ORDERS,
            columns=COLUMNS,
            **kwargs,
        )

    def _choice(self) -> Choice:
        asked = {name: self.request.GET.get(name, "") for name in ("kind", "entity", "state", "sort")}
        return Choice(text=self.request.GET.get("q", "").strip(), **asked)

    def _query(self) -> str:
        """The address's query without the order, for links that change it."""
        kept = self.request.GET.copy()
        kept.pop("sort", None)
        return kept.urlencode()


def rows_of(catalogue: Catalogue) -> list[FeatureRow]:
    """A row for every feature of a catalogue."""
    return make_rows(
        catalogue.specs,
        live=catalogue.live,
        models=catalogue.models,
        checked=catalogue.checked,
        sets_of=catalogue.sets_of,
    )


@dataclass(frozen=True)
class Definition:
    """A feature in words: what it is, what its windows cover, its value without a past, what is usual."""

    meaning: str
    coverage: list[str]
    without_past: str
    usual: str

    @classmethod
    def of(cls, spec: FeatureSpec) -> "Definition":
        return cls(
            describe_feature(spec), describe_coverage(spec), describe_missing(spec), describe_usual(spec)
        )


@register_page
class FeaturePage(CataloguePage):
    """One feature: what it is exactly, who reads it, and how it does. Also of sets that are no more."""

    path, name, title = "features/<str:event_type>/<str:feature>/", "feature", "Feature"
    template_name = "monitoring/feature_pages/feature.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, feature = timezone.now(), self.kwargs["feature"]
        self.title = f"Feature {feature}"
        catalogue = read_catalogue(self.event_type, since=since_of(self.span, now=now))
        row = next((row for row in rows_of(catalogue) if row.spec.name == feature), None)
        past = memberships(feature, catalogue.sets)
        if row is None and not past:
            raise Http404(f"{catalogue.event_type} has no feature {feature!r}, and never had one.")
        return super().get_context_data(
            **kwargs,
            span=self.span,
            spans=list(SPANS),
            catalogue=catalogue,
            row=row,
            memberships=past,
            last=None if row else last_declaration(feature, catalogue.sets),
            users=weighed_users(catalogue, feature),
            **(_declared(catalogue, row, now=now) if row else {}),
        )


def weighed_users(catalogue: Catalogue, feature: str) -> list[tuple[ModelUse, Weight | None]]:
    """The models that read a feature, each with what it does to their scores where that was counted."""
    weights = {live.model.name: live.weights.get(feature) for live in catalogue.live}
    return [(model, weights.get(model.name)) for model in users_of(feature, catalogue.models)]


def _declared(catalogue: Catalogue, row: FeatureRow, *, now: datetime) -> dict[str, Any]:
    """What there is to show of a feature that the code declares today."""
    spec, since = row.spec, catalogue.since
    views = read_view_rows(views_in(spec), now=now)
    lane = read_lane(find_event_type(catalogue.event_type).lane)
    by_hour = read_checked_by_hour(catalogue.event_type, spec.name, since=since)
    live = next((each for each in catalogue.live if each.model.name == row.model), None)
    return {
        "spec": spec,
        "definition": Definition.of(spec),
        "judgements": judge(row, lane=lane, views=views, now=now),
        "views": views,
        "plots": [
            *(_seen_plots(live, row, since=since, now=now) if live else []),
            plots.consistency_plot(by_hour, since=since, now=now),
        ],
    }


def _seen_plots(live: Live, row: FeatureRow, *, since: datetime, now: datetime) -> list[Any]:
    name = row.spec.name
    return [
        plots.distribution_plot(live.drifts[name], unit=plots.axis_of(row.spec)),
        plots.missing_plot(live, name, since=since, now=now),
    ]


@register_page
class FeatureSetsPage(CataloguePage):
    """The sets of an event type as they were declared over time, and the models on each."""

    path, name, title = "features/<str:event_type>/sets/", "feature_sets", "Feature sets"
    template_name = "monitoring/feature_pages/sets.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, types=scored_types(), rows=read_set_rows(self.event_type))


@register_page
class FeatureSetDiffPage(CataloguePage):
    """Two sets side by side: what was added, removed and changed from one to the other."""

    path, name, title = "features/<str:event_type>/diff/", "feature_set_diff", "Compare feature sets"
    template_name = "monitoring/feature_pages/diff.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = read_set_rows(self.event_type)
        if not rows:
            return super().get_context_data(**kwargs, rows=rows)
        after = find_set(rows, self.request.GET.get("to"), default=rows[0])
        before = find_set(rows, self.request.GET.get("from"), default=rows[min(1, len(rows) - 1)])
        return super().get_context_data(
            **kwargs,
            rows=rows,
            sides=[before, after],
            difference=compare_sets(before.version.features, after.version.features),
        )
