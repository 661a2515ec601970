"""Reference pages are complete: every command, and every type of log entry."""

import ast
from pathlib import Path

from django.conf import settings
from django.core.management import get_commands

ROOT = Path(settings.BASE_DIR)
OURS = ("config", "demo", "scoring", "reviews", "experiments", "monitoring")


def page(name: str) -> str:
    return (ROOT / "docs" / "reference" / f"{name}.md").read_text()


def entry_types() -> set[str]:
    """Strings of the code that are types of entries, such as "case.opened"."""
    subjects = {
        *("event", "decision", "label", "lane", "case", "feature_set", "vocabulary", "batch", "training"),
        *("gate", "guardrail", "trigger", "model", "route", "experiment", "import", "api_key", "risk"),
        *("alert", "alert_rule", "notification", "review_quality", "four_eyes", "review_queue"),
        *("investigation", "saved_query", "review_sources"),
    }
    sources = [path for app in OURS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
    texts = {
        node.value
        for source in sources
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    parts = {text: text.split(".") for text in texts if text.count(".") == 1}
    return {text for text, (subject, verb) in parts.items() if subject in subjects and verb.isidentifier()}


def test_every_command_is_on_the_page() -> None:
    ours = {name for name, app in get_commands().items() if str(app).partition(".")[0] in OURS}
    assert {name for name in ours if f"`{name}" not in page("commands")} == set()


def test_every_type_of_entry_is_on_the_page() -> None:
    assert len(entry_types()) > 30
    assert {name for name in entry_types() if f"`{name}`" not in page("log")} == set()
