"""Exploration is changed in the ruleset, and its daily cap holds across holders of the lane."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scoring.catalog.errors import UnknownEventType
from scoring.log.projections import registered
from scoring.log.rebuild import rebuild_projections
from scoring.rules.exploration.changing import change_exploration, exploration_of
from scoring.rules.exploration.errors import ExplorationInvalid, ExplorationUnchanged
from scoring.rules.exploration.models import StoredExploration
from scoring.rules.exploration.settings import Exploration
from scoring.rules.exploration.spending import read_explorer
from scoring.rules.ruleset.stream import current_version, iter_changes
from tests.factories.exploring import decide_all, decision, event, let_through
from tests.factories.log import NOW

pytestmark = pytest.mark.django_db

SETTINGS = Exploration("payment", 0.01, amount_cap=10_000, daily_cap=50_000, salt="spring")


def change(exploration: Exploration) -> None:
    change_exploration(exploration, reason="to measure blocks", actor="user/lea", now=NOW)


def test_a_change_is_an_entry_of_the_ruleset_with_its_reason_and_author() -> None:
    change(SETTINGS)
    (entry,) = iter_changes()
    assert (entry.type, entry.metadata["actor"]) == ("exploration.changed", "user/lea")
    assert entry.data == {**SETTINGS.as_data(), "reason": "to measure blocks"}
    stored = StoredExploration.objects.get()
    assert (stored.changed_by, stored.reason, stored.ruleset) == ("user/lea", "to measure blocks", 1)


def test_it_is_off_until_it_is_set() -> None:
    assert exploration_of("payment") is None


def test_the_salt_is_drawn_once_and_kept() -> None:
    change(replace(SETTINGS, salt=""))
    first = exploration_of("payment")
    assert first is not None
    assert len(first.salt) == 16
    change(replace(SETTINGS, salt="", share=0.02))
    assert exploration_of("payment") == replace(first, share=0.02)


def test_what_is_not_allowed_changes_nothing() -> None:
    change(SETTINGS)
    with pytest.raises(ExplorationInvalid):
        change(replace(SETTINGS, share=0.9))
    with pytest.raises(ExplorationUnchanged):
        change(SETTINGS)
    with pytest.raises(UnknownEventType):
        change(replace(SETTINGS, event_type="parcel"))
    assert current_version() == 1


def test_a_rebuild_gives_the_same_row() -> None:
    change(SETTINGS)
    change(replace(SETTINGS, share=0))
    before = StoredExploration.objects.values().get()
    rebuild_projections([each for each in registered() if each.table.name == "scoring_storedexploration"])
    assert StoredExploration.objects.values().get() == before


def test_a_new_holder_knows_what_was_let_through_today() -> None:
    decide_all([let_through(), {"outcome": "block"}, let_through(), let_through() | {"stake": None}])
    decision(event("yesterday", at=NOW - timedelta(days=1)), at=NOW - timedelta(days=1), **let_through())
    explorer = read_explorer(["payment", "refund"], now=NOW)
    nominal = 5_000  # of a payment without an amount
    assert (explorer.spent("payment"), explorer.spent("refund")) == (2 * 1234 + nominal, 0)


def test_a_drawn_event_that_a_cap_stopped_was_not_let_through() -> None:
    stopped = let_through()
    stopped["exploration"]["stopped_by"] = "daily_cap"
    decide_all([stopped | {"outcome": "block", "initial": ""}])
    assert read_explorer(["payment"], now=NOW).spent("payment") == 0
