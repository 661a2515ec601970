"""Hash banks are defined, filled and emptied by services; each change is an entry, and the tables follow."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from scoring.log.models import LogEntry
from scoring.rules.banks.changing.adding import add_items, change_item_expiry, remove_items
from scoring.rules.banks.changing.defining import archive_bank, define_bank, restore_bank
from scoring.rules.banks.changing.items import NewItem
from scoring.rules.banks.errors import BankArchived, InvalidBankChange, UnknownBank
from scoring.rules.banks.models import Bank, BankItem
from scoring.rules.lists.changing.listing import Added
from scoring.rules.ruleset.stream import current_version
from tests.factories.banks import ANA, NOW, TOMORROW, banked, defined_bank, pdq

pytestmark = pytest.mark.django_db

ONE, TWO, THREE = pdq(1), pdq(2), pdq(3)


def live(name: str = "known_abuse") -> dict[str, Any]:
    """The expiry of each hash that is in a bank."""
    rows = BankItem.objects.filter(bank_name=name, removed_version=None)
    return {row.hex: row.expires_at for row in rows}


def tables() -> list[list[dict[str, Any]]]:
    return [list(model.objects.order_by("pk").values()) for model in (Bank, BankItem)]


def test_a_bank_is_defined_with_a_reason_made_from_its_title() -> None:
    defined_bank(title="Known abuse")
    row = Bank.objects.get()
    assert (row.code, row.sentence) == (
        "BANK_KNOWN_ABUSE",
        "A picture or video like this one is banned: Known abuse",
    )
    assert (row.distance, row.min_quality, row.policy) == (31, 50, "")
    assert (row.version, row.defined_by, row.defined_at) == (1, ANA, NOW)


def test_every_problem_of_a_definition_is_named_with_what_is_allowed() -> None:
    with pytest.raises(InvalidBankChange) as refused:
        define_bank(
            name="Known abuse",
            title=" ",
            action="ban",
            distance=64,
            min_quality=-1,
            code="a b",
            policy="Not one",
            actor=ANA,
            now=NOW,
        )
    problems = {problem.field: problem for problem in refused.value.problems}
    assert set(problems) == {"name", "title", "code", "action", "distance", "min_quality", "policy"}
    assert problems["action"].allowed == ["block", "review", "limit", "label", "tag"]
    assert problems["distance"].allowed == "a whole number from 0 to 63"
    assert current_version() == 0


def test_a_new_bank_takes_no_name_of_another() -> None:
    defined_bank()
    with pytest.raises(InvalidBankChange, match="is taken by the bank"):
        defined_bank(is_new=True)


def test_an_edit_keeps_who_defined_it_and_an_equal_one_is_no_change() -> None:
    defined_bank()
    defined_bank()
    assert current_version() == 1
    define_bank(
        name="known_abuse", title="Known abuse", action="block", distance=20, actor="user/lea", now=TOMORROW
    )
    row = Bank.objects.get()
    assert (row.distance, row.defined_by, row.changed_by, row.changed_at) == (20, ANA, "user/lea", TOMORROW)


def test_hashes_are_added_once_and_stay_as_they_are() -> None:
    defined_bank()
    assert banked("known_abuse", ONE, TWO, until=TOMORROW) == Added(2)
    assert banked("known_abuse", ONE.upper(), THREE) == Added(1, 0, 1)
    assert live() == {ONE: TOMORROW, TWO: TOMORROW, THREE: None}
    assert Bank.objects.get().size == 3


def test_an_expired_hash_is_added_again_and_any_is_replaced_on_demand() -> None:
    defined_bank()
    banked("known_abuse", ONE, TWO, until=TOMORROW)
    assert banked("known_abuse", ONE, now=TOMORROW) == Added(1, 1, 0)
    assert banked("known_abuse", TWO, now=NOW, replace=True) == Added(1, 1, 0)
    assert live() == {ONE: None, TWO: None}
    assert BankItem.objects.exclude(removed_version=None).count() == 2


def test_a_bad_item_is_named_with_its_line_and_nothing_is_added() -> None:
    defined_bank()
    items = [
        NewItem(ONE, reason="x"),
        NewItem("no", reason=""),
        NewItem(ONE, quality=20, reason="x", media="m"),
    ]
    with pytest.raises(InvalidBankChange) as refused:
        add_items(bank="known_abuse", items=items, actor=ANA, now=NOW)
    fields = [problem.field for problem in refused.value.problems]
    assert fields == ["line 2, hash", "line 2, reason", "line 3, quality", "line 3, media"]
    assert live() == {}


def test_a_hash_that_is_given_twice_is_refused() -> None:
    defined_bank()
    with pytest.raises(InvalidBankChange, match="repeats line 1"):
        banked("known_abuse", ONE, ONE)


def test_whoever_may_only_add_replaces_no_hash_of_others() -> None:
    defined_bank()
    banked("known_abuse", ONE)
    items = [NewItem(ONE, reason="mine")]
    with pytest.raises(InvalidBankChange, match="was added by ana"):
        add_items(bank="known_abuse", items=items, actor="user/bob", now=NOW, replace=True, only_own=True)


def test_removed_hashes_stay_on_record_with_who_and_why() -> None:
    defined_bank()
    banked("known_abuse", ONE, TWO)
    ids = [row.pk for row in BankItem.objects.all() if row.hex == ONE]
    assert remove_items(bank="known_abuse", ids=ids, reason="a meme", actor="user/lea", now=TOMORROW) == 1
    assert remove_items(bank="known_abuse", ids=ids, reason="a meme", actor="user/lea", now=TOMORROW) == 0
    row = BankItem.objects.get(pk=ids[0])
    assert (row.removed_by, row.removed_reason, row.removed_at) == ("user/lea", "a meme", TOMORROW)
    assert (live(), Bank.objects.get().size) == ({TWO: None}, 1)
    with pytest.raises(InvalidBankChange, match="reason"):
        remove_items(bank="known_abuse", ids=[1], reason=" ", actor=ANA, now=NOW)


def test_another_expiry_makes_another_row_that_keeps_all_else() -> None:
    defined_bank()
    item = NewItem(ONE, 80, "StopNCII", "reported", None, ("a",), "f" * 64)
    add_items(bank="known_abuse", items=[item], actor=ANA, now=NOW)
    ids = list(BankItem.objects.values_list("pk", flat=True))
    assert change_item_expiry(bank="known_abuse", ids=ids, expires_at=TOMORROW, actor=ANA, now=NOW) == 1
    old, new = BankItem.objects.order_by("pk")
    assert old.removed_version is not None
    kept = ("hash", "quality", "source", "reason", "tags", "media")
    assert [getattr(old, each) for each in kept] == [getattr(new, each) for each in kept]
    assert new.expires_at == TOMORROW
    with pytest.raises(InvalidBankChange, match="has passed"):
        change_item_expiry(bank="known_abuse", ids=ids, expires_at=NOW, actor=ANA, now=NOW)


def test_an_archived_bank_takes_no_hashes_until_it_is_restored() -> None:
    defined_bank()
    archive_bank(name="known_abuse", reason="too many mistakes", actor=ANA, now=NOW)
    with pytest.raises(BankArchived):
        banked("known_abuse", ONE)
    with pytest.raises(BankArchived):
        archive_bank(name="known_abuse", reason="again", actor=ANA, now=NOW)
    restore_bank(name="known_abuse", actor=ANA, now=NOW)
    assert banked("known_abuse", ONE).added == 1


def test_an_unknown_bank_is_named_with_those_there_are() -> None:
    defined_bank()
    with pytest.raises(UnknownBank, match="there is no bank 'abuse'; there are known_abuse"):
        banked("abuse", ONE)


def test_a_thousand_hashes_are_an_entry() -> None:
    defined_bank()
    banked("known_abuse", *map(pdq, range(2_500)))
    sizes = [len(json.loads(entry.data)["items"]) for entry in _entries("bank.items_added")]
    assert (sizes, Bank.objects.get().size) == ([1_000, 1_000, 500], 2_500)


def test_every_change_names_who_made_it() -> None:
    defined_bank()
    banked("known_abuse", ONE)
    archive_bank(name="known_abuse", reason="test", actor=ANA, now=NOW)
    types = ["bank.defined", "bank.items_added", "bank.archived"]
    entries = [entry for entry_type in types for entry in _entries(entry_type)]
    assert [json.loads(entry.metadata)["actor"] for entry in entries] == [ANA] * 3


def test_a_rebuild_gives_the_same_rows() -> None:
    defined_bank()
    banked("known_abuse", ONE, TWO, until=TOMORROW, quality=70)
    banked("known_abuse", ONE, now=TOMORROW + timedelta(hours=1))
    remove_items(bank="known_abuse", ids=[2001], reason="test", actor=ANA, now=NOW)
    defined_bank("memes", action="label", policy="spam")
    archive_bank(name="memes", reason="test", actor=ANA, now=NOW)
    before = tables()
    call_command("rebuild", projection=["bank", "bankitem"], verbosity=0)
    assert tables() == before


def _entries(entry_type: str) -> list[Any]:
    return list(LogEntry.objects.filter(type=entry_type).order_by("position"))
