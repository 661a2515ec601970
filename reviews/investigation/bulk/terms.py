"""What a bulk action does: the label, the verdict, or the list with the end of its entries."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from scoring.timestamps import from_iso, to_iso

LABEL, VERDICT, LIST, UNDO = "label", "verdict", "list", "undo"
KINDS: Final = (LABEL, VERDICT, LIST)


@dataclass(frozen=True, slots=True)
class LabelTerms:
    """A label of the event type; `policies`: those that a positive one names as broken."""

    value: str
    policies: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        return asdict(self) | {"policies": list(self.policies)}


@dataclass(frozen=True, slots=True)
class VerdictTerms:
    """A verdict, as `reviews.work.verdict_rules.Verdict`; `note`: the digest of its text in the vault."""

    value: str
    reason_code: str = ""
    note: str = ""
    policies: Mapping[str, str] = field(default_factory=dict)
    action: str = ""

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ListTerms:
    """A list, the field of the event type whose values it gets, and until when they are on it."""

    list_name: str
    field: str
    until: datetime

    def as_data(self) -> dict[str, Any]:
        return asdict(self) | {"until": to_iso(self.until)}


Terms = LabelTerms | VerdictTerms | ListTerms


def terms_of(kind: str, data: Mapping[str, Any]) -> Terms:
    """The terms of a logged action of a kind."""
    if kind == LABEL:
        return LabelTerms(data["value"], tuple(data["policies"]))
    if kind == VERDICT:
        return VerdictTerms(**data)
    return ListTerms(**{**data, "until": from_iso(data["until"])})
