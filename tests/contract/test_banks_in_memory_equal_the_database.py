"""Hash banks in memory answer as the database does, and as the changes say, at any version and time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.images import hash_index
from scoring.rules.banks.changing.adding import remove_items
from scoring.rules.banks.changing.defining import archive_bank
from scoring.rules.banks.definitions import bank_definitions_as_of
from scoring.rules.banks.errors import BankArchived
from scoring.rules.banks.models import BankItem, bits_of_hex
from scoring.rules.banks.search import lookup
from scoring.rules.banks.search.hits import BankHit, media_of
from scoring.rules.banks.search.index import NO_BANKS
from scoring.rules.banks.search.loading import load_banks, load_history
from scoring.rules.banks.search.lookup import find_bank_hits
from scoring.rules.banks.search.matching import hits_among
from scoring.rules.ruleset.stream import current_version, iter_changes
from tests.factories.banks import ANA, NOW, banked, defined_bank, differing, pdq, picture, video

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
BANKS: dict[str, dict[str, Any]] = {
    "abuse": {"action": "block"},
    "memes": {"action": "label", "distance": 10, "min_quality": 0},
    "wide": {"action": "tag", "distance": 63, "min_quality": 80},
}
# Some near each other and some not, so that nearest items, equals and misses all occur.
HASHES = tuple(
    differing(pdq(seed), bits, start=start)
    for seed in (1, 2)
    for bits, start in ((0, 0), (8, 0), (8, 40), (40, 0))
)
EVENTS: tuple[list[dict[str, Any]], ...] = (
    [picture(pdq(1))],
    [picture(differing(pdq(1), 4), turned=5, quality=60), picture(differing(pdq(2), 31, start=100))],
    [video(pdq(3), differing(pdq(2), 12), differing(pdq(1), 50)), picture(pdq(2), quality=20)],
    [picture(pdq(4))],
    [],
)
CHANGES = st.one_of(
    st.tuples(
        st.just("add"),
        st.sampled_from(sorted(BANKS)),
        st.sampled_from(HASHES),
        st.tuples(st.sampled_from([None, 1, 3, 6]), st.sampled_from([None, 85, 100])),
    ),
    st.tuples(st.just("remove"), st.sampled_from(sorted(BANKS)), st.sampled_from(HASHES), st.none()),
    st.tuples(st.sampled_from(["archive", "define"]), st.sampled_from(sorted(BANKS)), st.just(""), st.none()),
)


@dataclass(slots=True)
class Reference:
    """What is in the banks, kept as plainly as can be: by bank and hash, its row, until when, and quality."""

    items: dict[str, dict[str, tuple[int, datetime | None, int]]] = field(
        default_factory=lambda: {name: {} for name in BANKS}
    )
    archived: frozenset[str] = frozenset()

    def copy(self) -> "Reference":
        return Reference({name: dict(items) for name, items in self.items.items()}, self.archived)

    def hits(self, files: list[dict[str, Any]], now: datetime) -> list[BankHit]:
        return [
            BankHit(name, item, file["id"], apart)
            for file in files
            for name in sorted(BANKS)
            if (found := self._near(name, file, now))
            for apart, item in [min(found)]
        ]

    def _near(self, name: str, file: dict[str, Any], now: datetime) -> list[tuple[int, int]]:
        distance = BANKS[name].get("distance", 31)
        least = BANKS[name].get("min_quality", 50)
        frames = zip(file["hashes"], file["quality"], strict=True)
        variants = [each for variants, quality in frames if quality >= least for each in variants]
        return [
            (apart, item)
            for text, (item, expires_at, quality) in self.items[name].items()
            for variant in variants
            if name not in self.archived
            if quality >= least and (expires_at is None or now < expires_at)
            if (apart := (int(text, 16) ^ int(variant, 16)).bit_count()) <= distance
        ]


def change(reference: Reference, step: tuple[str, str, str, Any], now: datetime) -> None:
    """Make a change through the services, and as plainly in the reference."""
    action, name, text, more = step
    items = reference.items[name]
    if action == "define":
        defined_bank(name, **BANKS[name])
        reference.archived -= {name}
    elif action == "archive":
        archive_bank(name=name, reason="test", actor=ANA, now=now)
        reference.archived |= {name}
    elif action == "remove":
        ids = [items[text][0]] if text in items else []
        remove_items(bank=name, ids=ids, reason="test", actor=ANA, now=now)
        items.pop(text, None)
    else:
        hours, quality = more
        expires_at = now + hours * HOUR if hours else None
        if banked(name, text, until=expires_at, quality=quality, now=now).added:
            row = BankItem.objects.get(bank_name=name, hash=bits_of_hex(text), removed_version=None)
            items[text] = (row.pk, expires_at, 100 if quality is None else quality)


def answers(version: int, files: list[dict[str, Any]], now: datetime) -> Iterator[list[BankHit]]:
    """What is answered by the database, and by memory folded entry by entry, all at once, and loaded."""
    event = {"media": files}
    yield list(find_bank_hits(event, version=version, now=now).hits)
    index = NO_BANKS
    for entry in iter_changes(until=version):
        index = index.after([entry])
    yield index.hits(media_of(event), now, read_frames=list)
    yield NO_BANKS.after(iter_changes(until=version)).hits(media_of(event), now, read_frames=list)
    yield load_banks(version).hits(media_of(event), now, read_frames=list)
    definitions = bank_definitions_as_of(version)
    yield hits_among(
        media_of(event), definitions, load_history(definitions), now=now, version=version, read_frames=list
    )


@pytest.mark.parametrize("tabled_from", [1, 20_000])
@settings(max_examples=20)
@given(steps=st.lists(CHANGES, max_size=12), hours=st.integers(min_value=0, max_value=20))
def test_memory_database_and_reference_agree(
    tabled_from: int, steps: list[tuple[str, str, str, Any]], hours: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr(hash_index, "MIN_TABLED", tabled_from)
        for name, given_fields in BANKS.items():
            defined_bank(name, **given_fields)
        reference = Reference()
        history = {current_version(): reference.copy()}
        for place, step in enumerate(steps):
            try:
                change(reference, step, NOW + place * HOUR)
            except BankArchived:
                continue
            history[current_version()] = reference.copy()
        now = NOW + hours * HOUR
        for version in sorted(history)[-3:]:
            for files in EVENTS:
                for told in answers(version, files, now):
                    assert told == history[version].hits(files, now)
        transaction.set_rollback(True)


def test_a_bank_too_large_for_the_database_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    defined_bank("small", action="block")
    defined_bank("large", action="block")
    banked("small", pdq(1))
    banked("large", pdq(1), pdq(2))
    event = {"media": [picture(pdq(1))]}
    monkeypatch.setattr(lookup, "MAX_COMPARISONS", 8)
    found = find_bank_hits(event, version=current_version(), now=NOW)
    assert [hit.bank for hit in found.hits] == ["small"]
    assert found.unseen == ["large"]
