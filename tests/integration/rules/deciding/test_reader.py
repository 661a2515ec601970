"""The ruleset of a process follows the log, reading only what changed; any version is the same fold."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring.rules.breaker.changing import change_settings
from scoring.rules.breaker.settings import BreakerSettings
from scoring.rules.deciding import reader as reading
from scoring.rules.deciding.reader import RulesetReader
from scoring.rules.deciding.rules_at import rules_at
from scoring.rules.deciding.ruleset import EMPTY, follow, ruleset_at
from scoring.rules.exploration.changing import change_exploration
from scoring.rules.exploration.settings import Exploration
from scoring.rules.lists.changing.defining import archive_list
from scoring.rules.rules.suppressing import suppress_rule
from scoring.rules.ruleset.stream import current_version
from tests.factories.lists import defined, listed
from tests.factories.policies import store_policy
from tests.factories.rules import store_rule

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def change_everything() -> None:
    store_rule("active", name="velocity")
    defined("stolen_cards")
    listed("stolen_cards", "card-1", "card-2")
    store_policy("active")
    exploration = Exploration("payment", 0.01, amount_cap=5_000, daily_cap=100_000, salt="s")
    change_exploration(exploration, reason="to learn", actor="user/lea", now=NOW)
    change_settings("payment", BreakerSettings(max_share=0.3), reason="tighter", actor="user/lea", now=NOW)
    suppress_rule(
        event_type="payment",
        name="velocity",
        field="card",
        value="card-9",
        until=NOW + timedelta(days=3),
        reason="a good customer",
        actor="user/lea",
        now=NOW,
    )


def test_every_version_is_the_fold_of_its_changes_however_it_was_reached() -> None:
    change_everything()
    at_once = ruleset_at(current_version())
    step_by_step = EMPTY
    for version in range(1, current_version() + 1):
        step_by_step = follow(step_by_step, version)
        assert step_by_step == ruleset_at(version)
    assert step_by_step == at_once
    assert at_once.version == current_version()
    assert [rule.version.name for rule in at_once.rules.live("payment")] == ["velocity"]
    assert at_once.explorations["payment"].share == 0.01
    assert at_once.breakers.settings_of("payment").max_share == 0.3
    assert set(at_once.lists) == {"stolen_cards"}


def test_an_unknown_version_is_an_error() -> None:
    with pytest.raises(LookupError, match="no version 3"):
        ruleset_at(3)


def test_a_reader_follows_by_reading_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    change_everything()
    reader = RulesetReader()
    reader.open()
    assert (reader.ruleset, len(reader.lists)) == (ruleset_at(current_version()), 2)
    before = reader.configuration("payment")
    listed("stolen_cards", "card-3")
    archive_list(name="stolen_cards", reason="old", actor="user/lea", now=NOW)
    read: list[Any] = []
    iter_changes = reading.iter_changes

    def recorded(**bounds: Any) -> Any:
        for entry in iter_changes(**bounds):
            read.append(entry.type)
            yield entry

    monkeypatch.setattr(reading, "iter_changes", recorded)
    reader.move_to(current_version())
    assert read == ["list.values_added", "list.archived"]
    assert (reader.ruleset, len(reader.lists)) == (ruleset_at(current_version()), 3)
    after = reader.configuration("payment")
    assert before
    assert after
    assert after.version == before.version + 2
    assert after.rules is before.rules  # nothing was compiled again
    assert after.policy is before.policy


def test_a_changed_rule_is_compiled_anew() -> None:
    store_rule("active", name="velocity")
    reader = RulesetReader()
    reader.open()
    before = reader.configuration("payment")
    store_rule("active", name="other")
    reader.move_to(current_version())
    after = reader.configuration("payment")
    assert before
    assert after
    assert [rule.version.name for rule in before.rules.rules] == ["velocity"]
    assert [rule.version.name for rule in after.rules.rules] == ["other", "velocity"]


def test_a_reader_that_fails_reads_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store_rule("active", name="velocity")
    reader = RulesetReader()
    reader.open()
    defined("stolen_cards")
    with monkeypatch.context() as failing:
        failing.setattr(type(reader.lists), "after", lambda index, entries: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            reader.move_to(current_version())
    assert reader.ruleset.version == 2
    reader.move_to(current_version())
    assert set(reader.lists.definitions) == {"stolen_cards"}


def test_a_reader_forgets_the_ruleset_of_another_database() -> None:
    store_rule("active", name="velocity")
    reader = RulesetReader()
    reader.open()
    reader._position -= 1  # as if another entry had made this version
    reader.open()
    assert reader._position == reading.position_of(reader.ruleset.version)


def test_nothing_is_configured_before_the_first_change() -> None:
    reader = RulesetReader()
    reader.open()
    assert reader.configuration("payment") is None


def test_rules_of_past_versions_are_compiled_once() -> None:
    store_rule("active", name="velocity")
    version = current_version()
    first = rules_at(version, "payment")
    store_rule("active", name="other")
    assert rules_at(version, "payment") is first
    assert len(rules_at(current_version(), "payment").rules) == 2
