"""The queue: how much waits, what comes next, and one button to take it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from reviews.errors import NothingToClaim
from reviews.models import Case, CaseQuerySet
from reviews.pages.undo import last_verdict
from reviews.ranking import DOUBLING, SAMPLE_WORTH
from reviews.services import claim_next, queue_summary
from scoring.catalog.registry import event_types
from scoring.decisions.models import Decision
from scoring.log.read import read_positions
from scoring.workspace.pages import Page, register_page

MOST_ROWS = 50


class Line(NamedTuple):
    """A waiting case, why its score is what it is, and who holds it until when ("" while it is free)."""

    case: Case
    reason: str
    held_by: str
    mine: bool

    @property
    def id(self) -> str:
        """The event's own id, as its sender gave it."""
        return self.case.event_stream.split("/", 2)[-1]


class Choice(NamedTuple):
    words: str
    link: str
    chosen: bool


@register_page
class QueuePage(Page):
    """What waits for a person, the most urgent first. POST takes the next case."""

    path, name, title = "queue/", "queue", "Review queue"
    permission = "reviews.view_case"
    template_name = "reviews/queue.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, reviewer = timezone.now(), self.request.user.get_username()
        chosen = {name: self.request.GET.get(name, "") for name in ("type", "why")}
        cases = list(waiting_cases(event_type=chosen["type"], why=chosen["why"])[: MOST_ROWS + 1])
        held = Case.objects.held_by(reviewer, now).order_by("-rank").first()
        return super().get_context_data(
            summary=queue_summary(reviewer=reviewer, now=now),
            lines=lines_of(cases[:MOST_ROWS], reviewer=reviewer, now=now),
            more=len(cases) > MOST_ROWS,
            filtered=any(chosen.values()),
            held=held,
            held_for=held.lease_until - now if held and held.lease_until else None,
            works=self.request.user.has_perm("reviews.work_case"),
            undoable=last_verdict(self.request, now=now),
            filters=[
                _choices(chosen, "why", {str(value): str(label) for value, label in Case.Why.choices}),
                _choices(chosen, "type", {name: name for name in _scored_types()}),
            ],
            doubling=DOUBLING,
            sample_worth=SAMPLE_WORTH,
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        self.require("reviews.work_case")
        return take_next(request, now=timezone.now())


def take_next(request: HttpRequest, *, now: datetime) -> HttpResponse:
    """To the page of the next case, which is claimed; to the queue when nothing waits."""
    try:
        case = claim_next(reviewer=request.user.get_username(), now=now)
    except NothingToClaim:
        messages.info(request, "Nothing is left to take: every case is decided, closed or held by somebody.")
        return redirect("admin:queue")
    return redirect("admin:case", position=case.event_position)


def waiting_cases(*, event_type: str = "", why: str = "") -> CaseQuerySet:
    """Waiting cases of a type and a cause ("" for any), the most urgent first."""
    wanted = {"event_type": event_type, "why": why}
    cases = Case.objects.waiting().filter(**{name: value for name, value in wanted.items() if value})
    return cases.order_by("-rank")


def lines_of(cases: Sequence[Case], *, reviewer: str, now: datetime) -> list[Line]:
    """Cases as the table shows them, in two queries."""
    reasons = leading_reasons([case.event_position for case in cases])
    return [
        Line(
            case=case,
            reason=reasons.get(case.event_position, ""),
            held_by=case.claimed_by if case.is_held(now) else "",
            mine=case.is_held_by(reviewer, now),
        )
        for case in cases
    ]


def leading_reasons(events: Sequence[int]) -> dict[int, str]:
    """What speaks loudest for or against each event (by position), as its latest decision told it."""
    latest = dict(
        Decision.objects.filter(event_position__in=events)
        .order_by("revision")
        .values_list("event_position", "position")
    )
    entries = read_positions(list(latest.values()))
    return {
        event: entry.data["reasons"][0]["text"]
        for event, entry in zip(latest, entries, strict=True)
        if entry.data["reasons"]
    }


def _scored_types() -> list[str]:
    return [name for name, kind in event_types().items() if kind.scored]


def _choices(chosen: dict[str, str], parameter: str, options: dict[str, str]) -> list[Choice]:
    """ "All" and each option, as links that keep the other filters; none where there is nothing to choose."""
    if len(options) < 2:
        return []
    every = {"": "all", **options}
    return [
        Choice(words, _query({**chosen, parameter: value}), chosen[parameter] == value)
        for value, words in every.items()
    ]


def _query(parameters: dict[str, str]) -> str:
    return "?" + urlencode({name: value for name, value in parameters.items() if value})
