"""Lists are defined, filled and emptied by services; each change is an entry, and the tables follow."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection

from scoring.catalog.fields import Entity
from scoring.log import vault
from scoring.log.models import LogEntry
from scoring.rules.lists.changing.defining import archive_list, define_list
from scoring.rules.lists.changing.listing import Added, add_values, change_expiry, remove_rows, remove_values
from scoring.rules.lists.changing.values import NewValue
from scoring.rules.lists.errors import InvalidListChange, ListArchived, UnknownList
from scoring.rules.lists.kinds import ListedKind
from scoring.rules.lists.models import ListedValue, ValueList
from scoring.rules.ruleset.stream import current_version
from tests.factories.lists import ANA, NOW, TOMORROW, defined, listed

pytestmark = pytest.mark.django_db


def live(name: str = "stolen_cards") -> dict[str, Any]:
    """The expiry of each value that is on a list."""
    rows = ListedValue.objects.filter(list_name=name, removed_version=None)
    return dict(rows.values_list("value", "expires_at"))


def tables() -> list[list[dict[str, Any]]]:
    def plain(row: dict[str, Any]) -> dict[str, Any]:
        return {name: bytes(value) if name == "key" else value for name, value in row.items()}

    return [list(map(plain, model.objects.order_by("pk").values())) for model in (ValueList, ListedValue)]


def test_a_list_is_defined_with_a_reason_made_from_its_title() -> None:
    defined("stolen_cards", title="Stolen cards")
    row = ValueList.objects.get()
    assert (row.code, row.sentence) == ("LIST_STOLEN_CARDS", "The card is blocked: Stolen cards")
    assert (row.version, row.defined_by, row.defined_at) == (1, ANA, NOW)


def test_every_problem_of_a_definition_is_named_with_what_is_allowed() -> None:
    with pytest.raises(InvalidListChange) as refused:
        define_list(name="Stolen cards", title=" ", action="ban", kind="crad", code="a b", actor=ANA, now=NOW)
    problems = {problem.field: problem for problem in refused.value.problems}
    assert set(problems) == {"name", "title", "code", "action", "kind"}
    assert problems["action"].allowed == ["allow", "block", "watch", "tag"]
    assert "card" in problems["kind"].allowed
    assert current_version() == 0


def test_a_match_must_fit_the_kind() -> None:
    with pytest.raises(InvalidListChange, match="'domain' does not fit IP address"):
        defined(kind="ip", match="domain")
    with pytest.raises(InvalidListChange, match="'network' does not fit card"):
        defined(kind="card", match="network")


def test_a_new_list_needs_a_name_of_its_own_and_an_unchanged_one_is_no_change() -> None:
    defined()
    defined()
    assert current_version() == 1
    with pytest.raises(InvalidListChange, match="is taken by the list 'Stolen cards'"):
        defined(is_new=True)


def test_a_list_that_has_had_values_keeps_its_kind() -> None:
    defined()
    defined(kind="customer")
    listed("stolen_cards", "c-1")
    with pytest.raises(InvalidListChange, match="kind: cannot change, because the list has had values"):
        defined(kind="card")


def test_an_archived_list_keeps_its_values_and_takes_no_more_until_it_is_restored() -> None:
    defined()
    listed("stolen_cards", "c-1")
    archive_list(name="stolen_cards", reason="unused", actor=ANA, now=NOW)
    with pytest.raises(ListArchived, match="restore it"):
        listed("stolen_cards", "c-2")
    with pytest.raises(ListArchived):
        archive_list(name="stolen_cards", reason="unused", actor=ANA, now=NOW)
    defined()
    listed("stolen_cards", "c-2")
    assert set(live()) == {"c-1", "c-2"}


def test_an_unknown_list_error_names_the_known_ones() -> None:
    with pytest.raises(UnknownList, match="'stolen'; there are no lists yet"):
        listed("stolen", "c-1")
    defined()
    with pytest.raises(UnknownList, match="'stolen'; there are stolen_cards"):
        listed("stolen", "c-1")


def test_values_are_added_once_and_counted() -> None:
    defined()
    assert listed("stolen_cards", "c-1", "c-2") == Added(added=2)
    assert listed("stolen_cards", " c-2", "c-3", until=TOMORROW) == Added(added=1, unchanged=1)
    assert live() == {"c-1": None, "c-2": None, "c-3": TOMORROW}
    assert current_version() == 3


def test_a_bad_line_is_named_and_nothing_is_saved() -> None:
    defined()
    values = [
        NewValue("c-1", "stolen"),
        NewValue("", "stolen"),
        NewValue("c-2", "", expires_at=NOW - timedelta(days=1)),
        NewValue("c-1", "stolen"),
    ]
    with pytest.raises(InvalidListChange) as refused:
        add_values(list_name="stolen_cards", values=values, actor=ANA, now=NOW)
    assert [(problem.field, problem.problem) for problem in refused.value.problems] == [
        ("line 2, value", "is missing"),
        ("line 3, reason", "is missing"),
        ("line 3, expires_at", "is 2026-02-28T12:30:00Z, which has passed"),
        ("line 4, value", "repeats line 1"),
    ]
    assert live() == {}
    assert current_version() == 1


def test_an_expired_value_is_replaced_when_it_is_added_again() -> None:
    defined()
    listed("stolen_cards", "c-1", until=TOMORROW)
    later = TOMORROW + timedelta(seconds=1)
    assert listed("stolen_cards", "c-1", now=later) == Added(added=1, replaced=1)
    assert live() == {"c-1": None}
    assert ListedValue.objects.exclude(removed_version=None).get().removed_reason == "expired"


def test_a_value_gets_a_new_reason_and_expiry_where_asked() -> None:
    defined()
    listed("stolen_cards", "c-1", "c-2", until=TOMORROW)
    assert listed("stolen_cards", "c-1", replace=True) == Added(added=1, replaced=1)
    assert live() == {"c-1": None, "c-2": TOMORROW}


def test_the_expiry_of_values_changes_and_what_held_before_stays_on_record() -> None:
    defined()
    listed("stolen_cards", "c-1", "c-2", until=TOMORROW)
    ids = list(ListedValue.objects.order_by("id").values_list("id", flat=True))
    later = TOMORROW + timedelta(days=30)
    assert change_expiry(list_name="stolen_cards", ids=ids, expires_at=later, actor=ANA, now=NOW) == 2
    assert live() == {"c-1": later, "c-2": later}
    assert change_expiry(list_name="stolen_cards", ids=ids, expires_at=None, actor=ANA, now=NOW) == 0
    old = ListedValue.objects.get(id=ids[0])
    assert (old.expires_at, old.removed_version, old.removed_reason) == (TOMORROW, 3, "expiry changed")
    with pytest.raises(InvalidListChange, match="has passed"):
        change_expiry(list_name="stolen_cards", ids=ids, expires_at=NOW, actor=ANA, now=NOW)


def test_values_are_removed_all_or_none() -> None:
    defined()
    listed("stolen_cards", "c-1", "c-2")
    with pytest.raises(InvalidListChange) as refused:
        remove_values(list_name="stolen_cards", values=["c-1", "c-9"], reason="found", actor=ANA, now=NOW)
    assert [problem.field for problem in refused.value.problems] == ["line 2, value"]
    with pytest.raises(InvalidListChange, match="reason: is missing"):
        remove_values(list_name="stolen_cards", values=["c-1"], reason="", actor=ANA, now=NOW)
    assert set(live()) == {"c-1", "c-2"}

    assert remove_values(list_name="stolen_cards", values=["c-1"], reason="found", actor=ANA, now=NOW) == 1
    assert set(live()) == {"c-2"}
    row = ListedValue.objects.get(value="c-2")
    assert remove_rows(list_name="stolen_cards", ids=[row.pk], reason="found", actor=ANA, now=NOW) == 1
    assert remove_rows(list_name="stolen_cards", ids=[row.pk], reason="found", actor=ANA, now=NOW) == 0
    assert live() == {}


def test_personal_values_are_in_the_vault_and_not_in_the_log() -> None:
    defined("bad_addresses", kind="ip")
    listed("bad_addresses", "203.0.113.7")
    row = ListedValue.objects.get()
    assert row.value == ""
    assert bytes(row.key).hex() == vault.digest_of("ip", "203.0.113.7")
    assert vault.reveal([bytes(row.key).hex()]) == {bytes(row.key).hex(): "203.0.113.7"}
    assert not LogEntry.objects.filter(data__contains="203.0.113.7").exists()


def test_a_personal_value_of_several_fields_is_added_changed_and_removed_as_a_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fields = tuple((name, Entity(personal=True, kind="email")) for name in ("email", "contact"))
    kinds = {"email": ListedKind("email", fields)}
    for module in ("defining", "listing", "values"):
        monkeypatch.setattr(f"scoring.rules.lists.changing.{module}.listed_kinds", lambda: kinds)
    defined("addresses", kind="email")
    assert listed("addresses", "ana@mail.example") == Added(added=1)
    keys = {vault.digest_of(name, "ana@mail.example") for name in ("email", "contact")}
    assert {bytes(row.key).hex() for row in ListedValue.objects.all()} == keys

    first = ListedValue.objects.earliest("id").pk
    change_expiry(list_name="addresses", ids=[first], expires_at=TOMORROW, actor=ANA, now=NOW)
    rows = ListedValue.objects.filter(removed_version=None)
    assert {(bytes(row.key).hex(), row.expires_at) for row in rows} == {(key, TOMORROW) for key in keys}
    remove_rows(list_name="addresses", ids=[rows[0].pk], reason="test", actor=ANA, now=NOW)
    assert not rows.all().exists()


def test_more_than_a_thousand_values_are_several_entries_of_one_change() -> None:
    defined()
    result = listed("stolen_cards", *(f"c-{number}" for number in range(2_500)))
    assert result == Added(added=2_500)
    sizes = [
        ListedValue.objects.filter(added_version=version).count()
        for version in range(2, current_version() + 1)
    ]
    assert sizes == [1_000, 1_000, 500]
    assert live().keys() == {f"c-{number}" for number in range(2_500)}


def test_a_value_is_on_a_list_once() -> None:
    defined()
    listed("stolen_cards", "c-1")
    row = ListedValue.objects.get()
    row.id += 1
    with pytest.raises(IntegrityError, match="listedvalue_live_once"):
        row.save(force_insert=True)


def test_rebuilt_tables_equal_the_appended_ones_row_for_row() -> None:
    defined()
    defined("bad_addresses", kind="ip", match="network")
    listed("bad_addresses", "203.0.113.7", "198.51.100.0/24")
    listed("stolen_cards", *(f"c-{number}" for number in range(1_500)), until=TOMORROW)
    listed("stolen_cards", "c-3", replace=True)
    remove_values(list_name="stolen_cards", values=["c-4"], reason="found", actor=ANA, now=NOW)
    listed("stolen_cards", "c-4", now=TOMORROW + timedelta(days=1))
    archive_list(name="bad_addresses", reason="unused", actor=ANA, now=NOW)
    before = tables()
    assert len(before[1]) == 1_504

    call_command("rebuild", projection=["valuelist", "listedvalue"], verbosity=0)

    assert tables() == before


@pytest.mark.django_db(transaction=True)
def test_two_people_add_the_same_value_at_once_and_it_is_listed_once() -> None:
    defined()
    results: list[Added] = []

    def add() -> None:
        results.append(listed("stolen_cards", "c-1"))
        connection.close()

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((result.added, result.unchanged) for result in results) == [(0, 1), (0, 1), (1, 0)]
    assert live() == {"c-1": None}
