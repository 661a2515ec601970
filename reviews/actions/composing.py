"""The bodies of the requests that actions send."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from reviews.appeals.following import appeal_in
from reviews.models import Case
from scoring.log.entries import Entry
from scoring.timestamps import to_iso

ACTION, TEST, APPEAL_DECIDED = "assay.action", "assay.action_test", "appeal.decided"


def body_of(
    case: Case, receipt: Entry, requested: Mapping[str, Any], *, currency: str, now: datetime
) -> dict[str, Any]:
    """The body of a request for a case; the texts of `requested` come in when it is sent.

    `receipt`: the event in its current version. An appeal that is decided has a type of its own, and says how
    it was decided.
    """
    is_appeal = case.why == Case.Why.APPEAL and case.decided_at is not None
    return {
        "type": APPEAL_DECIDED if is_appeal else ACTION,
        "timestamp": to_iso(now),
        "data": {
            "request": requested["request"],
            "action": requested["action"],
            "version": requested["number"],
            "event": event_names(receipt),
            "case": {
                "link": settings.PUBLIC_URL.rstrip("/") + reverse("admin:case", args=[case.pk]),
                "state": case.state,
                "verdict": case.verdict or None,
            },
            "parameters": requested["parameters"],
            "currency": currency,
            "requested_by": requested.get("reviewer"),
            **({"appeal": appeal_in(receipt, case)} if is_appeal else {}),
        },
    }


def trial_body(action: str, number: int, *, key: str, now: datetime) -> dict[str, Any]:
    """The body of a test."""
    return {
        "type": TEST,
        "timestamp": to_iso(now),
        "data": {"request": key, "action": action, "version": number},
    }


def event_names(receipt: Entry) -> dict[str, str]:
    """By what the sender knows an event."""
    return {name: str(receipt.data[name]) for name in ("type", "source", "id")}


def with_texts(content: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """A stored body with the texts that reviewers wrote."""
    data = content["data"]
    return (
        {**content, "data": {**data, "parameters": {**data["parameters"], **texts}}} if texts else {**content}
    )
