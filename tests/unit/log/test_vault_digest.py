"""The digest that replaces a personal value in the log."""

import hashlib
import hmac

from pytest_django import Settings

from scoring.log.vault import digest_of


def test_a_digest_is_the_first_half_of_a_keyed_sha256(settings: Settings) -> None:
    settings.VAULT_KEY = "key"
    expected = hmac.new(b"key", b"ip\x1f203.0.113.7", hashlib.sha256).hexdigest()[:32]

    assert digest_of("ip", "203.0.113.7") == expected


def test_equal_values_of_two_kinds_cannot_be_linked() -> None:
    assert digest_of("name", "Paris") != digest_of("city", "Paris")


def test_another_key_gives_another_digest(settings: Settings) -> None:
    settings.VAULT_KEY = "one"
    first = digest_of("ip", "203.0.113.7")
    settings.VAULT_KEY = "two"

    assert digest_of("ip", "203.0.113.7") != first
