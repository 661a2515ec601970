"""Kinds of listed values in the words of a sentence."""

import pytest

from scoring.catalog.client_fields import IpAddress
from scoring.catalog.fields import Entity
from scoring.rules.lists.kinds import ListedKind

CARD, ADDRESS = Entity(), IpAddress()


@pytest.mark.parametrize(
    ("name", "field", "words"),
    [
        ("card", CARD, "card"),
        ("billing_address", CARD, "billing address"),
        ("ip", ADDRESS, "IP address"),
        ("ip", CARD, "ip"),  # not an address, whatever it is named
        ("proxy_ip", ADDRESS, "proxy ip"),
    ],
)
def test_a_kind_is_named_in_words(name: str, field: Entity, words: str) -> None:
    assert ListedKind(name, ((name, field),)).words == words
