"""Hits on lists and in banks as JSON values and back, for a message to a worker."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from scoring.rules.banks.search.hits import BankHit
from scoring.rules.banks.search.lookup import BankHits
from scoring.rules.lists.hits import ListHit
from scoring.timestamps import from_iso, to_iso


def data_of_hits(hits: Iterable[ListHit]) -> list[dict[str, Any]]:
    return [{**asdict(hit), "expires_at": hit.expires_at and to_iso(hit.expires_at)} for hit in hits]


def hits_from(data: Sequence[Mapping[str, Any]]) -> list[ListHit]:
    return [
        ListHit(**{**each, "expires_at": each["expires_at"] and from_iso(each["expires_at"])})
        for each in data
    ]


def data_of_bank_hits(found: BankHits) -> dict[str, Any]:
    return {"hits": [hit._asdict() for hit in found.hits], "unseen": list(found.unseen)}


def bank_hits_from(data: Mapping[str, Any]) -> BankHits:
    return BankHits([BankHit(**each) for each in data["hits"]], data["unseen"])
