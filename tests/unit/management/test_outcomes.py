"""Exit codes by kind of error, and the documentation of exit codes, JSON and the pipeline in Airflow."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.core.management.base import CommandParser

from scoring.batch.errors import UnknownBatchView
from scoring.errors import ScoringError
from scoring.ingest.errors import NoSuchImport, UnreadableImport
from scoring.learning.errors import (
    AlreadyJudged,
    GateFailed,
    InvalidTraining,
    LeakageSuspected,
    ModelNotPromotable,
    NothingToRollBackTo,
    ServedValuesDiffer,
)
from scoring.management.outcomes import as_command_error
from scoring.registry.errors import UnknownModel

DOCS = Path(settings.BASE_DIR) / "docs"
OURS = ("config", "demo", "scoring", "reviews", "experiments", "monitoring")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ScoringError("the lane is held"), 1),
        (OSError("the disk is full"), 1),
        (NoSuchImport("a.csv"), 2),
        (UnknownBatchView("payment.taste", ("payment.habits",)), 2),
        (UnreadableImport("a.csv", "it has no header line"), 1),
        (UnknownModel(name="payment-9", known=["payment-1"]), 2),
        (InvalidTraining("trees", 0, "at least 1"), 2),
        (GateFailed(name="payment-1", failed=["calibration"]), 3),
        (AlreadyJudged(name="payment-1", status="rejected", judged_by="user/lee"), 3),
        (ModelNotPromotable(name="payment-1", reason="it was trained on shuffled labels"), 3),
        (NothingToRollBackTo("payment"), 3),
        (LeakageSuspected(event_type="payment", features=[("verdict", 1.0, 1.0)]), 3),
        (ServedValuesDiffer(event_type="payment", features=[("amount", 9, 50)]), 3),
    ],
)
def test_the_exit_code_tells_failures_from_wrong_arguments_and_answers(error: Exception, code: int) -> None:
    raised = as_command_error(error)
    assert (raised.returncode, str(raised)) == (code, str(error))


def commands_with_json() -> set[str]:
    ours = {name: app for name, app in get_commands().items() if str(app).partition(".")[0] in OURS}
    return {name for name, app in ours.items() if "--json" in parser_of(str(app), name).format_help()}


def parser_of(app: str, name: str) -> CommandParser:
    return load_command_class(app, name).create_parser("manage.py", name)


def test_the_page_has_a_row_for_every_command_with_json() -> None:
    table = (DOCS / "reference" / "commands.md").read_text().partition("| command with `--json` |")[2]
    described = set(re.findall(r"^\| `(\w+)` \|", table.partition("\n\n")[0], re.MULTILINE))
    assert described == commands_with_json()
    assert {"train", "score", "replay"} <= described


def dag() -> ast.Module:
    text = (DOCS / "how-to" / "run-steps-in-airflow.md").read_text()
    [source] = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    compile(source, "assay_weekly.py", "exec")
    return ast.parse(source)


def commands_of(tree: ast.Module) -> Iterator[list[str]]:
    """The arguments of each call of `run`; a date stands for what is computed, as any of them accepts one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "run":
            yield [str(each.value) if isinstance(each, ast.Constant) else "2026-01-01" for each in node.args]


def test_the_commands_of_the_dag_are_accepted_with_json() -> None:
    found = list(commands_of(dag()))
    assert [name for name, *_ in found] == ["export", "train", "score", "promote", "replay"]
    for name, *arguments in found:
        assert parser_of("scoring", name).parse_args([*arguments, "--json"]).json


def test_the_dag_needs_no_interval_between_its_runs() -> None:
    """The data interval of a cron schedule is empty by default since Airflow 3: it starts where it ends."""
    names = {node.arg for node in ast.walk(dag()) if isinstance(node, ast.arg)}
    assert "data_interval_end" in names
    assert "data_interval_start" not in names
