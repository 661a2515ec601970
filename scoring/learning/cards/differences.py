"""What differs between two model versions: recipe, features, data, metrics, thresholds, libraries, code."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from scoring.admin_kit.formatting import NO_VALUE
from scoring.catalog.registry import event_type
from scoring.learning.cards.slices import slices_in_time
from scoring.learning.pages.metric_table import (
    METRICS,
    MetricDescription,
    compare_values,
    difference_in_words,
)
from scoring.learning.recipes.differences import recipe_differences
from scoring.registry.models import ModelVersion
from scoring.timestamps import to_iso

# Names of `ModelVersion.lineage` that say which events and labels were learned from.
DATA = {
    "rows": "events",
    "positives": "positive",
    "inferred_negatives": "negative by maturity alone",
    "unknown_blocks": "blocked without a label",
    "explored": "explored",
    "matures_after_days": "labels mature after (days)",
    "since": "events from",
    "test_until": "test until",
    "log_position": "log position",
    "cut_by": "slices split by",
}


@dataclass(frozen=True)
class VersionFacts:
    """A version with what its row does not hold.

    `thresholds`: None if its artifact is missing. `features`: name -> digest of its definition, "" if that is
    not known.
    """

    version: ModelVersion
    thresholds: Mapping[str, float] | None
    features: Mapping[str, str]


@dataclass(frozen=True)
class DifferenceRow:
    """A value of both versions in words. `result`: for the second one, if one of the two is better."""

    name: str
    before: str
    after: str
    result: str = ""


@dataclass(frozen=True)
class DifferenceSection:
    """One kind of difference; no rows if there are none. `note`: what to know about the rows."""

    key: str
    title: str
    rows: Sequence[DifferenceRow]
    note: str = ""


def version_differences(before: VersionFacts, after: VersionFacts) -> list[DifferenceSection]:
    """Everything that differs, in sections; the metrics are all listed, for they nearly always differ."""
    first, second = before.version, after.version
    return [
        DifferenceSection("recipe", "Recipe", _recipe(first, second)),
        DifferenceSection("features", "Features", _features(before.features, after.features)),
        DifferenceSection("data", "Data", _rows(_data(first), _data(second))),
        DifferenceSection("metrics", "Metrics", _metrics(first, second), metrics_note(first, second)),
        DifferenceSection("thresholds", "Thresholds", _rows(_thresholds(before), _thresholds(after))),
        DifferenceSection("libraries", "Libraries", _rows(_libraries(first), _libraries(second))),
        DifferenceSection("code", "Code and artifact", _rows(_code(first), _code(second))),
    ]


class ComparedMetrics(NamedTuple):
    """The metrics of two versions. `on_same_events`: so that differences say which version is better."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    on_same_events: bool


def compared_metrics(first: ModelVersion, second: ModelVersion) -> ComparedMetrics:
    """Those on the same events, where one version was the champion that the other was compared with."""
    if found := _of_champion(second, first):
        return ComparedMetrics(found, second.metrics, True)
    if found := _of_champion(first, second):
        return ComparedMetrics(first.metrics, found, True)
    return ComparedMetrics(first.metrics, second.metrics, _test(first) == _test(second))


def _of_champion(version: ModelVersion, champion: ModelVersion) -> Mapping[str, Any] | None:
    """The champion's metrics on the held-out events of the version that was compared with it."""
    compared = version.comparison
    return compared.get("champion_metrics") if compared.get("champion") == champion.name else None


def metrics_note(first: ModelVersion, second: ModelVersion) -> str:
    """Whether the metrics may be compared, with the tested difference if there is one."""
    for one, other in ((second, first), (first, second)):
        if one.comparison.get("champion") == other.name and one.comparison.get("difference"):
            tested = difference_in_words(one.comparison)
            return f"{one.name} was compared with {other.name} on the same events. {tested}"
    if _test(first) == _test(second):
        return "Both were measured on events of the same period; the differences were not tested."
    return (
        "Each was measured on its own held-out events, so differences may be those of the events. On the same"
        f" events: manage.py evaluate --model {second.name} --against {first.name}"
    )


def _recipe(first: ModelVersion, second: ModelVersion) -> list[DifferenceRow]:
    found = recipe_differences(first.parameters, second.parameters)
    return [DifferenceRow(each.path, _text(each.before), _text(each.after)) for each in found]


def _features(before: Mapping[str, str], after: Mapping[str, str]) -> list[DifferenceRow]:
    rows = [DifferenceRow(name, "used", NO_VALUE) for name in before if name not in after]
    rows += [DifferenceRow(name, NO_VALUE, "used") for name in after if name not in before]
    changed = [name for name in before if before[name] and after.get(name) and before[name] != after[name]]
    return rows + [
        DifferenceRow(name, f"definition {before[name][:12]}", f"definition {after[name][:12]}")
        for name in changed
    ]


def _metrics(first: ModelVersion, second: ModelVersion) -> list[DifferenceRow]:
    before, after, on_same_events = compared_metrics(first, second)
    kind = event_type(second.event_type)
    return [
        DifferenceRow(
            metric.name.format(positive=kind.labels.positive),
            metric.text(before, currency=kind.base_currency),
            metric.text(after, currency=kind.base_currency),
            _change(metric, before.get(metric.key), after.get(metric.key), currency=kind.base_currency)
            if on_same_events
            else "",
        )
        for metric in METRICS
    ]


def _change(metric: MetricDescription, before: float | None, after: float | None, *, currency: str) -> str:
    """ "+0.0120 better", "" if one of the values is missing."""
    if before is None or after is None:
        return ""
    result = compare_values(after, before, better=metric.better)
    if result == "same":
        return result
    change = metric.text({metric.key: after - before}, currency=currency) if metric.money else ""
    return f"{change or f'{after - before:+.4f}'} {result}"


def _thresholds(facts: VersionFacts) -> dict[str, str]:
    return {name: f"{threshold:.4f}" for name, threshold in (facts.thresholds or {}).items()}


def _rows(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[DifferenceRow]:
    names = [*before, *(name for name in after if name not in before)]
    return [
        DifferenceRow(name, _text(before.get(name)), _text(after.get(name)))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _data(version: ModelVersion) -> dict[str, Any]:
    stored = {name: version.lineage.get(key) for key, name in DATA.items()}
    return {
        "event type": version.event_type,
        "cut-off": to_iso(version.as_of),
        **stored,
        **dict(_slices(version)),
    }


def _slices(version: ModelVersion) -> Iterator[tuple[str, str]]:
    for name, part in slices_in_time(version):
        yield f"slice {name}", f"{part['from'][:10]} to {part['to'][:10]}, {part['rows']:,} events"


def _test(version: ModelVersion) -> tuple[Any, ...]:
    part = version.metrics.get("slices", {}).get("test", {})
    return (version.event_type, part.get("from"), part.get("to"), part.get("rows"))


def _libraries(version: ModelVersion) -> dict[str, Any]:
    return dict(version.lineage.get("libraries", {}))


def _code(version: ModelVersion) -> dict[str, Any]:
    lineage = version.lineage
    return {
        "code": lineage.get("code", "")[:16],
        "feature set": version.feature_set[:12],
        "parent": lineage.get("parent"),
        "artifact": version.artifact[:16],
    }


def _text(value: Any) -> str:
    if value is None:
        return NO_VALUE
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def difference_lines(before: str, after: str, sections: Sequence[DifferenceSection]) -> list[str]:
    """The sections for a terminal, those without a difference on one line each."""
    lines = [f"{before} -> {after}"]
    for section in sections:
        lines += ["", section.title.lower() + ("" if section.rows else ": no difference")]
        width = max((len(row.name) for row in section.rows), default=0)
        lines += [
            f"  {row.name:<{width}}  {row.before} -> {row.after}  {row.result}".rstrip()
            for row in section.rows
        ]
        lines += [f"  {section.note}"] if section.note else []
    return lines
