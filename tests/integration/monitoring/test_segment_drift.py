"""Drift by segment: one category changes, its events show it, and those of the others do not."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from monitoring.drift.groups.segment_windows import count_segments, to_window
from monitoring.models import ModelSegmentWindow
from monitoring.windows.model_windows import MODEL_WINDOWS
from monitoring.windows.segments import KEPT, prune_segments
from scoring.features.logged_vectors import pack_vectors
from scoring.log.append import append
from scoring.log.consumers.registry import catch_up
from scoring.registry.models import ModelVersion
from tests.factories.log import decided, received
from tests.factories.performed import deploy_model, feature_set

pytestmark = pytest.mark.django_db(transaction=True)

DAYS, A_WINDOW = 9, 60
LENGTH = ModelSegmentWindow.LENGTH


def reference() -> dict[str, Any]:
    """10,000 rows, half of them below 0 in every feature, and a third in each category."""
    columns = [
        {"name": name, "edges": [0.0], "counts": [5_000, 5_000], "missing": 0}
        if name != "category"
        else {"name": name, "edges": [1.5, 2.5], "counts": [3_333, 3_333, 3_334], "missing": 0}
        for name in feature_set().names
    ]
    return {
        "rows": 10_000,
        "features": columns,
        "score": {"edges": [0.2, 0.4, 0.6, 0.8], "counts": [8_000, 1_000, 500, 300, 200]},
        "outcomes": {"allow": 9_000, "review": 800, "block": 200},
    }


def decide_window(model: str, start: datetime, *, travel_is_higher: bool) -> None:
    """Decisions one hour after `start`, spread over three categories; travel is the second one."""
    rng, names = np.random.default_rng(start.hour + 100 * start.day), feature_set().names
    now = start + timedelta(hours=1)
    events = append([received(f"{start:%m%d%H}-{at}") for at in range(A_WINDOW)], now=now)
    made = []
    for at, event in enumerate(events):
        vector = rng.normal(0, 1, len(names))
        code = vector[names.index("category")] = at % 3 + 1
        if travel_is_higher and code == 2:
            vector[names.index("amount")] = 5.0
        contributions = np.full(len(names) + 1, 0.01)
        new = decided(event, model=model, score=0.5 if at == 0 else 0.05)
        made.append(replace(new, packed=pack_vectors(vector, contributions)))
    append(made, now=now)


@pytest.fixture
def model() -> str:
    """A model with nine days of decisions; since a day, travel has higher amounts."""
    name, end = deploy_model(), to_window(timezone.now())
    ModelVersion.objects.filter(name=name).update(reference=reference())
    for ago in range(6 * DAYS, 0, -1):
        decide_window(name, end - ago * LENGTH, travel_is_higher=ago <= 5)
    catch_up(MODEL_WINDOWS, now=timezone.now())
    return name


@pytest.fixture
def visitor() -> Client:
    user = User.objects.create_user("visitor", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_modelwindow", "investigate"]))
    client = Client()
    client.force_login(user)
    return client


def text_of(client: Client, **asked: str) -> str:
    return " ".join(client.get("/admin/drift/", asked).content.decode().split())


def test_a_segment_that_changes_is_named_and_the_others_are_not(model: str, visitor: Client) -> None:
    now = timezone.now() + timedelta(minutes=11)
    while count_segments(now=now):
        pass
    windows = ModelSegmentWindow.objects.filter(field="category")
    assert {each.value: each.rows for each in windows if each.start == windows[0].start} == {
        "grocery": 20,
        "travel": 20,
        "jewelry": 20,
    }
    assert windows.values("start").distinct().count() == 6 * DAYS
    assert set(ModelSegmentWindow.objects.values_list("field", flat=True)) == {"category", "card_since_first"}

    page = text_of(visitor, model=model, field="category")
    assert page.count(">nothing<") == 2
    assert "amount (higher by 0." in page.split("Segments by category")[1].split("Senders")[0]

    travel = text_of(visitor, model=model, field="category", segment="travel")
    assert "Only events with <strong>category: travel</strong>" in travel
    assert "1 of " in travel.split("ws-lead")[1]
    assert "category+%3D%3D+%22travel%22" in travel  # the events behind it
    grocery = text_of(visitor, model=model, field="category", segment="grocery")
    assert "None of the " in grocery
    assert "Segments by" not in text_of(visitor, model=model, field="card")
    assert "cannot be compared" in text_of(visitor, model=model, field="category", segment="fuel")

    assert prune_segments(now=now + KEPT) > 0
    assert not ModelSegmentWindow.objects.exists()
