"""The pages of the feature catalog: all features of an event type, one feature, its sets, a comparison."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils import timezone

from monitoring.drift.report import SPANS, since_of
from monitoring.feature_pages import plots
from monitoring.feature_pages.batch_view_rows import read_view_rows, views_in
from monitoring.feature_pages.drift_over_time import read_by_sender, read_feature_history
from monitoring.feature_pages.feature_catalog import FeatureCatalog, read_feature_catalog
from monitoring.feature_pages.feature_sets import (
    compare_sets,
    find_set,
    last_declaration,
    memberships,
    read_set_rows,
)
from monitoring.feature_pages.feature_table import STATES, FeatureFilter, FeatureRow, choose, make_rows
from monitoring.feature_pages.health import LiveModel, read_checked_by_hour, read_lane
from monitoring.feature_pages.judgments import judge, summarize
from monitoring.feature_pages.losses import read_losses
from monitoring.feature_pages.model_usage import ModelUse, users_of
from monitoring.windows.feature_weights import Weight
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import require_scored_types, seen_scored_types
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
# The sort orders of the list, and its columns with their sort order.
ORDERS = (
    *(("", "as declared"), ("attention", "problems first"), ("name", "by name"), ("psi", "largest drift")),
    *(("missing", "most missing"), ("consistency", "most inconsistent"), ("weight", "largest effect")),
)
COLUMNS = (
    *(("name", "Feature"), ("", "Training and now"), ("psi", "Drift"), ("missing", "Missing")),
    *(("consistency", "Reproduced"), ("weight", "Effect"), ("", "Read by")),
)


class FeatureCatalogPage(AdminPage):
    """What the pages share: an event type from the address or the query string."""

    permission = "scoring.view_featuresetversion"
    subtitle = ""

    @property
    def event_type(self) -> str:
        """By default the first type with a champion. Raises Http404."""
        types = require_scored_types(self.request.user)
        asked = self.kwargs.get("event_type") or self.request.GET.get("type")
        if not asked:
            routes = current_routes()
            return next((name for name in types if name in routes), types[0])
        if asked not in types:
            raise Http404(f"There is no scored event type {asked!r}; use {', '.join(types)}.")
        return str(asked)

    @property
    def span(self) -> str:
        """The period that counts as "now". Raises Http404."""
        span = self.request.GET.get("span") or DEFAULT_SPAN
        if span not in SPANS:
            raise Http404(f"Unknown span {span!r}; use {', '.join(SPANS)}.")
        return span


@register_page
class FeaturesPage(FeatureCatalogPage):
    """All features of an event type with their meaning and health."""

    path, name, title = "features/", "features", "Features"
    template_name = "monitoring/feature_pages/features.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, event_type, span = timezone.now(), self.event_type, self.span
        catalog = read_feature_catalog(event_type, since=since_of(span, now=now))
        rows = rows_of(catalog)
        choice = self._choice()
        return super().get_context_data(
            event_type=event_type,
            types=seen_scored_types(self.request.user),
            span=span,
            spans=list(SPANS),
            catalog=catalog,
            choice=choice,
            rows=choose(rows, choice),
            total=len(rows),
            summary=summarize(rows, catalog.live),
            states=[(state, words, sum(map(test, rows))) for state, (words, test) in STATES.items()],
            kinds=sorted({row.spec.kind for row in rows}),
            entities=sorted({entity for row in rows for entity in row.entities}),
            heaviest=max((row.weight.mean for row in rows if row.weight), default=0.0),
            live_models=[model for model in catalog.models if model.live],
            lane=read_lane(find_event_type(event_type).lane),
            query=self._query(),
            orders=ORDERS,
            columns=COLUMNS,
            **kwargs,
        )

    def _choice(self) -> FeatureFilter:
        asked = {name: self.request.GET.get(name, "") for name in ("kind", "entity", "state", "sort")}
        return FeatureFilter(text=self.request.GET.get("q", "").strip(), **asked)

    def _query(self) -> str:
        """The query string without the sort order, for links that change it."""
        kept = self.request.GET.copy()
        kept.pop("sort", None)
        return kept.urlencode()


def rows_of(catalog: FeatureCatalog) -> list[FeatureRow]:
    """A row for each feature of the catalog."""
    return make_rows(
        catalog.specs,
        live=catalog.live,
        models=catalog.models,
        checked=catalog.checked,
        sets_of=catalog.sets_of,
    )


@dataclass(frozen=True)
class Definition:
    """A feature in words: its meaning, the coverage of its windows, its value without history and usually."""

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
class FeaturePage(FeatureCatalogPage):
    """One feature: its definition, health and models. Also for features that are no longer declared."""

    path, name, title = "features/<str:event_type>/<str:feature>/", "feature", "Feature"
    template_name = "monitoring/feature_pages/feature.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, feature = timezone.now(), self.kwargs["feature"]
        self.title = f"Feature {feature}"
        catalog = read_feature_catalog(self.event_type, since=since_of(self.span, now=now))
        row = next((row for row in rows_of(catalog) if row.spec.name == feature), None)
        past = memberships(feature, catalog.sets)
        if row is None and not past:
            raise Http404(f"{catalog.event_type} has never had a feature {feature!r}.")
        return super().get_context_data(
            **kwargs,
            span=self.span,
            spans=list(SPANS),
            catalog=catalog,
            row=row,
            memberships=past,
            last=None if row else last_declaration(feature, catalog.sets),
            users=weighed_users(catalog, feature),
            **(_declared(catalog, row, now=now) if row else {}),
        )


def weighed_users(catalog: FeatureCatalog, feature: str) -> list[tuple[ModelUse, Weight | None]]:
    """The models that read a feature, each with its weight if that was counted."""
    weights = {live.model.name: live.weights.get(feature) for live in catalog.live}
    return [(model, weights.get(model.name)) for model in users_of(feature, catalog.models)]


def _declared(catalog: FeatureCatalog, row: FeatureRow, *, now: datetime) -> dict[str, Any]:
    """The context of a feature that the code currently declares."""
    spec, since = row.spec, catalog.since
    views = read_view_rows(views_in(spec), now=now)
    lane_name = find_event_type(catalog.event_type).lane
    losses = read_losses(spec, event_type=catalog.event_type, lane=lane_name, entities=row.entities)
    by_hour = read_checked_by_hour(catalog.event_type, spec.name, since=since)
    live = next((each for each in catalog.live if each.model.name == row.model), None)
    return {
        "spec": spec,
        "definition": Definition.of(spec),
        "judgments": judge(row, lane=read_lane(lane_name), losses=losses, views=views, now=now),
        "views": views,
        "by_sender": read_by_sender(spec.name, live, specs=catalog.specs, since=since) if live else [],
        "plots": [
            *(_seen_plots(live, row, catalog, now=now) if live else []),
            plots.consistency_plot(by_hour, since=since, now=now),
        ],
    }


def _seen_plots(live: LiveModel, row: FeatureRow, catalog: FeatureCatalog, *, now: datetime) -> list[Any]:
    name, since = row.spec.name, catalog.since
    return [
        plots.history_plot(read_feature_history(live, specs=catalog.specs, now=now), name),
        plots.distribution_plot(live.drifts[name], row.spec),
        plots.missing_plot(live, name, since=since, now=now),
    ]


@register_page
class FeatureSetsPage(FeatureCatalogPage):
    """The feature sets of an event type over time, with the models on each."""

    path, name, title = "features/<str:event_type>/sets/", "feature_sets", "Feature sets"
    template_name = "monitoring/feature_pages/sets.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        types, rows = seen_scored_types(self.request.user), read_set_rows(self.event_type)
        return super().get_context_data(**kwargs, types=types, rows=rows)


@register_page
class FeatureSetDiffPage(FeatureCatalogPage):
    """Two feature sets compared: features added, removed and changed."""

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
