from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from scoring.catalog.registry import event_type_modules

DECLARED = """
from scoring.catalog.event_type import EventType

class Visit(EventType):
    name, lane, scored = "visit", "visits", False
"""


def test_the_modules_of_a_package_of_event_types_are_found_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "shops" / "event_types"
    package.mkdir(parents=True)
    for module in ("__init__", "visit", "order"):
        (package / f"{module}.py").write_text(DECLARED if module == "visit" else "")
    (tmp_path / "shops" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, "shops"]):
        names = [name for name in event_type_modules() if name.startswith("shops")]
    assert names == ["shops.event_types", "shops.event_types.order", "shops.event_types.visit"]


def test_the_built_in_event_types_are_found_like_those_of_any_app() -> None:
    assert event_type_modules()[:8] == [
        "scoring.event_types",
        "scoring.event_types.appeal_parties",
        "scoring.event_types.content",
        "scoring.event_types.content_policies",
        "scoring.event_types.payment",
        "scoring.event_types.payment_appeal",
        "scoring.event_types.payment_verdicts",
        "scoring.event_types.refund",
    ]
