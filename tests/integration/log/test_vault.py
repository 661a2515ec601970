"""Personal values are in the vault; the log holds only their digests."""

import pytest
from django.db import connection

from scoring.intake.receive import receive_events
from scoring.log import vault
from scoring.log.models import VaultItem
from tests.factories.log import NOW
from tests.factories.payments import payments

pytestmark = pytest.mark.django_db

ADDRESS = "203.0.113.77"


def test_values_are_stored_once_and_revealed_by_digest() -> None:
    vault.store([("ip", ADDRESS), ("ip", ADDRESS), ("email", "a@example.org")])
    vault.store([("ip", ADDRESS)])

    digest = vault.digest_of("ip", ADDRESS)
    assert VaultItem.objects.count() == 2
    assert vault.reveal([digest, "0" * 32]) == {digest: ADDRESS}


def test_an_erased_value_is_no_longer_revealed() -> None:
    vault.store([("ip", ADDRESS)])
    digest = vault.digest_of("ip", ADDRESS)

    VaultItem.objects.filter(digest=digest).delete()

    assert vault.reveal([digest]) == {}


def test_no_personal_value_of_an_event_reaches_the_log() -> None:
    receive_events(payments(1, ip=ADDRESS), source="shop", now=NOW)

    with connection.cursor() as cursor:
        cursor.execute("SELECT e::text, convert_from(coalesce(packed, ''), 'latin1') FROM scoring_logentry e")
        written = cursor.fetchall()
    assert len(written) == 1
    assert ADDRESS not in str(written)
    digest = vault.digest_of("ip", ADDRESS)
    assert digest in str(written)
    assert vault.reveal([digest]) == {digest: ADDRESS}


def test_a_value_is_indexed_by_its_digest_alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'scoring_vaultitem'")

        assert cursor.fetchall() == [("scoring_vaultitem_pkey",)]
