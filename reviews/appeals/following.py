"""How appeals stand: for those who filed them, for the sender of the event, and for leads."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from reviews.models import Case
from reviews.work.consequences import is_granted
from reviews.work.verdict_rules import ALLOW
from scoring.intake.models import Event
from scoring.log.entries import Entry
from scoring.log.read import read_positions, read_stream
from scoring.timestamps import to_iso

PENDING, UPHELD, REDUCED = "pending", "upheld", "reduced"
OVERTURNED, WITHDRAWN = "overturned", "withdrawn"
STATUSES = (PENDING, UPHELD, REDUCED, OVERTURNED, WITHDRAWN)


class AppealStatus(NamedTuple):
    """An appeal. `party`: who appeals, "" if it does not say. `status`: one of STATUSES; the decision was
    upheld, replaced by a milder one (`reduced`), or overturned.
    """

    id: str
    party: str
    status: str
    received_at: datetime
    decided_at: datetime | None

    def as_data(self) -> dict[str, Any]:
        """As the API answers it."""
        decided = to_iso(self.decided_at) if self.decided_at else None
        return {
            "id": self.id,
            "party": self.party or None,
            "status": self.status,
            "received_at": to_iso(self.received_at),
            "decided_at": decided,
        }


def appeals_about(position: int) -> list[AppealStatus]:
    """The appeals against the decision on the event received at `position`, oldest first."""
    cases = list(Case.objects.filter(about=position, why=Case.Why.APPEAL).order_by("pk"))
    receipts = read_positions([case.pk for case in cases])
    return [_status(receipt, case) for receipt, case in zip(receipts, cases, strict=True)]


def appeal_of(appeal_stream: str) -> AppealStatus | None:
    """One appeal; None if it was not filed. It is pending until its case is opened, too."""
    stream = read_stream(appeal_stream)
    if not stream:
        return None
    return _status(stream[0], Case.objects.filter(pk=stream[0].position).first())


def appeal_in(receipt: Entry, case: Case) -> dict[str, Any]:
    """A decided appeal as the API answers it, with the event that it is `about`, None if there is none."""
    about = Event.objects.filter(position=case.about).first() if case.about else None
    names = {"type": about.type, "source": about.source, "id": about.external_id} if about else None
    return {**_status(receipt, case).as_data(), "about": names}


def status_of(case: Case) -> str:
    """How the appeal of a case stands."""
    if case.state == Case.State.CLOSED:
        return WITHDRAWN
    if case.decided_at is None:
        return PENDING
    if not is_granted(case, case.verdict):
        return UPHELD
    return OVERTURNED if case.action == ALLOW else REDUCED


def parties_of(receipts: Sequence[Entry]) -> dict[int, str]:
    """Who appeals, by the position of the appeal."""
    return {each.position: str(each.data["fields"].get("party", "")) for each in receipts}


def _status(receipt: Entry, case: Case | None) -> AppealStatus:
    return AppealStatus(
        id=str(receipt.data["id"]),
        party=str(receipt.data["fields"].get("party", "")),
        status=status_of(case) if case else PENDING,
        received_at=receipt.recorded_at,
        decided_at=case.decided_at if case else None,
    )
