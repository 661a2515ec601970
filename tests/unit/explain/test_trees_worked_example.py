"""docs/reference/explanations.md: the numbers of the worked example."""

import re
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from scoring.explain.tables import tabulate
from scoring.explain.trees import Ensemble, Tree
from scoring.explain.treeshap import TableExplainer

PAGE = (Path(settings.BASE_DIR) / "docs" / "reference" / "explanations.md").read_text()
ROWS = re.findall(r"^\| (yes|no) \| (yes|no) \| (\S+) \| (\S+) \| (\S+) \|$", PAGE, re.MULTILINE)

AMOUNT, DEVICE = 0, 1
# The device is 1 if it is known, else 0; known devices go right, because values below 0.5 go left.
TREE = Tree(
    left=[1, -1, 3, -1, -1],
    right=[2, -1, 4, -1, -1],
    feature=[AMOUNT, 0, DEVICE, 0, 0],
    threshold=np.array([100, -1, 0.5, 3, 0.5], dtype=np.float32),
    missing_left=[0, 0, 0, 0, 0],
    cover=[100, 60, 40, 10, 30],
)


@pytest.fixture(scope="module")
def explainer():
    return TableExplainer(tabulate(Ensemble([TREE], np.float32(0), 2)), 2)


def test_the_page_shows_all_answers():
    assert {row[:2] for row in ROWS} == {("yes", "yes"), ("yes", "no"), ("no", "yes"), ("no", "no")}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"below 100 {row[0]}, known device {row[1]}")
def test_a_row_of_the_table_equals_the_kernels_result(row, explainer):
    below, known, *printed = row
    event = [[50.0 if below == "yes" else 250.0, 1.0 if known == "yes" else 0.0]]
    margins, contributions = explainer.explain(np.array(event))
    assert [*contributions[0, :2], margins[0]] == pytest.approx([float(text) for text in printed], abs=1e-6)
    assert contributions[0, 2] == pytest.approx(-0.15)


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        (set(), "- nothing: .* = (\\S+), which is the bias;"),
        ({AMOUNT}, "- the amount: .* = (\\S+);"),
        ({DEVICE}, "- the device: .* = (\\S+);"),
        ({AMOUNT, DEVICE}, "- both: (\\S+)\\."),
    ],
    ids=["nothing", "the amount", "the device", "both"],
)
def test_the_pages_worked_example_equals_the_trees_result(known, sentence):
    (printed,) = re.findall(sentence, PAGE)
    assert answer(0, event=(250, 0), known=known) == pytest.approx(float(printed))


def answer(node, *, event, known):
    """By the words of the page: the mean of both ways where the feature is unknown."""
    if TREE.is_leaf(node):
        return TREE.threshold[node]
    below = [answer(child, event=event, known=known) for child in (TREE.left[node], TREE.right[node])]
    if TREE.feature[node] in known:
        goes_left = event[TREE.feature[node]] < TREE.threshold[node]
        return below[0] if goes_left else below[1]
    return TREE.share(node, True) * below[0] + TREE.share(node, False) * below[1]
