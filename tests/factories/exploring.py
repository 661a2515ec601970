"""Decisions on payments with what exploration and breakers record in them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from scoring.log.append import append, append_new
from scoring.log.entries import Entry
from tests.factories.log import NOW, decided, received


def event(name: str, *, source: str = "shop", at: datetime = NOW, **fields: Any) -> Entry:
    """A stored receipt of a payment."""
    new = received(name, **fields)
    data = {**new.data, "source": source, "occurred_at": at - timedelta(minutes=1)}
    written, _ = append_new(
        [type(new)(f"payment/{source}/{name}", 0, new.type, data, metadata=new.metadata)], now=at
    )
    return written[0]


def decision(receipt: Entry, *, at: datetime = NOW, revision: int = 0, **data: Any) -> Entry:
    """A stored decision on it."""
    return append([decided(receipt, revision=revision, decided_at=at, **data)], now=at)[0]


def blocked_by_rules(*names: str) -> dict[str, Any]:
    """The data of a decision that active rules of these names blocked; without any, the model did."""
    findings = [
        {"kind": "rule", "name": name, "number": 1, "stage": "active", "outcome": "block"} for name in names
    ]
    return {"outcome": "block", "decided_by": "rule" if names else "model", "findings": findings}


def let_through(share: float = 0.1) -> dict[str, Any]:
    """The data of a would-be block that exploration let through."""
    exploration = {"share": share, "drawn": True, "propensity": share, "stopped_by": ""}
    return {"outcome": "allow", "initial": "block", "decided_by": "model", "exploration": exploration}


def decide_all(datas: Sequence[dict[str, Any]], *, seconds: float = 1, **given: Any) -> list[Entry]:
    """A payment for each of these decisions, one after the other from NOW on."""
    moments = [NOW + timedelta(seconds=seconds * place) for place in range(len(datas))]
    return [
        decision(event(f"T-{place}", at=at, **given), at=at, **data)
        for place, (at, data) in enumerate(zip(moments, datas, strict=True))
    ]
