"""The list of routes names the models with their roles and shares."""

import pytest
from django.contrib import admin

from scoring.registry.admin import RouteAdmin
from scoring.registry.models import Route

CHAMPION = {"model": "payment-1", "role": "champion", "share": 1.0}


@pytest.mark.parametrize(
    ("arms", "text"),
    [
        ([CHAMPION], "payment-1 (champion)"),
        (
            [CHAMPION | {"share": 0.875}, {"model": "payment-2", "role": "canary", "share": 0.125}],
            "payment-1 (champion 87.5 %), payment-2 (canary 12.5 %)",
        ),
        (
            [CHAMPION, {"model": "payment-3", "role": "shadow", "share": 1.0}],
            "payment-1 (champion), payment-3 (shadow)",
        ),
    ],
)
def test_a_share_below_100_percent_is_given_on_one_line_with_its_role(arms, text):
    shown = RouteAdmin(Route, admin.site).models(Route(event_type="payment", arms=arms))
    assert shown.replace("\N{NO-BREAK SPACE}", " ") == text
    assert all("\N{NO-BREAK SPACE}%" in part for part in shown.split("(") if "%" in part)
