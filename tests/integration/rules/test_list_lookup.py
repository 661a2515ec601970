"""Hits as of any version of the ruleset, from the database alone."""

from datetime import timedelta
from typing import Any

import pytest

from scoring.log import vault
from scoring.log.models import VaultItem
from scoring.rules.lists.changing.defining import archive_list
from scoring.rules.lists.loading import load_index
from scoring.rules.lists.lookup import find_hits
from scoring.rules.ruleset.stream import current_version
from tests.factories.lists import ANA, NOW, TOMORROW, defined, listed

pytestmark = pytest.mark.django_db


def hits(version: int, now: Any = NOW, **fields: str) -> list[tuple[str, str]]:
    return [(hit.list, hit.action) for hit in find_hits("payment", fields, version=version, now=now)]


def test_a_list_hits_from_the_version_that_added_the_value_until_it_is_archived() -> None:
    defined()
    listed("stolen_cards", "c-1")
    archive_list(name="stolen_cards", reason="unused", actor=ANA, now=NOW)
    defined(action="watch")
    by_version = [hits(version, card="c-1") for version in range(5)]
    assert by_version == [[], [], [("stolen_cards", "block")], [], [("stolen_cards", "watch")]]


def test_an_expired_value_hits_before_its_expiry_only() -> None:
    defined()
    listed("stolen_cards", "c-1", until=TOMORROW)
    assert hits(2, TOMORROW - timedelta(microseconds=1), card="c-1")
    assert not hits(2, TOMORROW, card="c-1")


def test_an_erased_address_hits_by_its_digest_and_no_network() -> None:
    defined("addresses", kind="ip")
    defined("networks", kind="ip", match="network")
    listed("addresses", "203.0.113.7")
    listed("networks", "203.0.113.0/24")
    digest = vault.digest_of("ip", "203.0.113.7")
    assert hits(current_version(), ip=digest) == [("addresses", "block"), ("networks", "block")]
    VaultItem.objects.all().delete()
    assert hits(current_version(), ip=digest) == [("addresses", "block")]


def test_an_installation_without_lists_is_asked_little(django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(0):
        assert hits(0, card="c-1") == []
    defined()
    listed("stolen_cards", "c-1")
    with django_assert_max_num_queries(2):
        assert hits(2, card="c-1")


def test_an_index_is_loaded_with_what_the_list_said() -> None:
    defined()
    listed("stolen_cards", "c-1", "c-2", until=TOMORROW)
    index = load_index(2)
    [hit] = index.hits(index.keys_of("payment", {"card": "c-2"}, revealed={}), NOW)
    assert (hit.added, hit.index, hit.expires_at, hit.reason) == (2, 1, TOMORROW, "test")
    assert len(index) == 2
    assert len(load_index(1)) == 0
