"""The rules for Prometheus and the dashboard for Grafana name only what /metrics exposes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from monitoring.exposition import collect_metrics

pytestmark = pytest.mark.django_db

ROOT = Path(settings.BASE_DIR)
RULES: dict[str, Any] = yaml.safe_load((ROOT / "deploy/prometheus/assay-rules.yml").read_text())
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/assay.json").read_text())
EACH_RULE = [rule for group in RULES["groups"] for rule in group["rules"]]
TARGETS = [target for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]
EXPRESSIONS = [each["expr"] for each in (*EACH_RULE, *TARGETS)]
FUNCTIONS = {"rate", "increase", "histogram_quantile", "sum", "max", "topk", "vector"}
WORDS = {"by", "on", "and", "or", "offset"}
OF_PROMETHEUS = {"up": {"job", "instance"}}
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
TOKEN = re.compile(
    r"""(?P<text>"[^"]*") | (?P<span>\[\d+[smhd]\]) | (?P<duration>\d+[smhd]\b) | (?P<number>\d+(\.\d+)?)
      | (?P<name>[a-zA-Z_:][\w:]*) | (?P<sign>=~|!~|!=|==|>=|<=|[-+*/(){},=<>]) | (?P<space>\s+)""",
    re.VERBOSE,
)


def tokens(expression: str) -> Iterator[tuple[str, str]]:
    """The kinds and texts of an expression's tokens. Fails at one that is not of the language."""
    at = 0
    while at < len(expression):
        found = TOKEN.match(expression, at)
        assert found, f"not PromQL: {expression[at:]!r}"
        at = found.end()
        if found.lastgroup != "space":
            yield next(kind for kind, text in found.groupdict().items() if text is not None), found[0]


def exposed() -> dict[str, set[str]]:
    """Each sample name of /metrics and of the recording rules, with its labels."""
    names = {
        family.name + suffix: {*family._labelnames} | ({"le"} if suffix == "_bucket" else set())
        for family in collect_metrics()
        for suffix in SUFFIXES[family.type]
    }
    recorded = {each["record"]: grouped(each["expr"]) - {"le"} for each in EACH_RULE if "record" in each}
    return names | recorded | OF_PROMETHEUS


def grouped(expression: str) -> set[str]:
    return {
        label.strip() for inner in re.findall(r"by \(([^)]*)\)", expression) for label in inner.split(",")
    }


def selectors(expression: str) -> list[tuple[str, set[str]]]:
    """Each metric with the labels that it is selected by."""
    plain = re.sub(r"\b(?:by|on) \([^)]*\)", "", expression)
    found = re.findall(r"([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})?", re.sub(r"\[\d+[smhd]\]", "", plain))
    named = [(name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", inner))) for name, inner in found]
    return [each for each in named if ":" in each[0] or each[0].startswith(("assay_", "up"))]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_is_promql_over_exposed_metrics_and_their_labels(expression: str) -> None:
    names = exposed()
    signs = [text for kind, text in tokens(expression) if kind == "sign"]
    assert signs.count("(") == signs.count(")")
    assert signs.count("{") == signs.count("}")
    outside = re.sub(r"\{[^}]*\}|\b(?:by|on) \([^)]*\)|\[\w+\]", " ", expression)
    words = {text for kind, text in tokens(outside) if kind == "name"}
    assert words - FUNCTIONS - WORDS - names.keys() == set()
    selected = selectors(expression)
    assert selected
    for name, labels in selected:
        assert labels <= names[name], name
    assert grouped(expression) <= set().union(*(names[name] for name, _ in selected))


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    alerts = [each for each in EACH_RULE if "alert" in each]
    assert len({each["alert"] for each in alerts}) == len(alerts) > 15
    for each in alerts:
        assert each["labels"]["severity"] in {"warning", "critical"}
        assert {*each["annotations"]} == {"summary", "description"}


def test_texts_name_only_labels_that_the_result_has() -> None:
    names = exposed()
    for each in EACH_RULE:
        if "alert" in each:
            kept = grouped(each["expr"]) or set().union(*(names[name] for name, _ in selectors(each["expr"])))
            assert set(re.findall(r"\$labels\.(\w+)", each["annotations"]["summary"])) <= kept, each["alert"]
    for target in TARGETS:
        kept = grouped(target["expr"]) or names[selectors(target["expr"])[0][0]]
        assert set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", ""))) <= kept


def test_panels_have_numbers_of_their_own_and_do_not_overlap() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    covered = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(covered) == len(set(covered))
    assert all(0 <= x < 24 for x, _ in covered)


def test_every_metric_of_the_files_is_documented() -> None:
    page = (ROOT / "docs/reference/metrics.md").read_text()
    documented = set(re.findall(r"`(assay_\w+)`", page))
    stems = {re.sub(r"_(bucket|sum|count)$", "", name) for each in EXPRESSIONS for name, _ in selectors(each)}
    assert {name for name in stems if name.startswith("assay_")} - documented == set()
